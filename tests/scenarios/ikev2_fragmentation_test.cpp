// RFC 7383: long messages of IKEv2 in fragments; what gets lost of them, comes twice, out of order, or from somebody
// else, and a path that takes small packets alone.
#include "diagnose/ladder.h"
#include "sim/damage.h"
#include "tests/scenarios/stage.h"
#include "tests/scenarios/ventriloquist.h"
#include "wire/ikev2/message.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;
using policy::Fragmentation;

bool is_fragment(const sim::Sniffed& packet) {
  return packet.kind == sim::Sniffed::Kind::ike && packet.ike.next_payload == w::number(w::PayloadType::skf);
}
OnPathAttacker::Choice fragments() {
  return [](Direction, const sim::Sniffed& packet) { return is_fragment(packet); };
}
/// Of whatever message, the fragment of that number.
OnPathAttacker::Choice fragment(std::uint8_t number) {
  return
      [number](Direction, const sim::Sniffed& packet) { return is_fragment(packet) && packet.content[33] == number; };
}
/// What a path with this MTU, and nobody who says so, does not let through.
OnPathAttacker::Choice larger_than(std::size_t octets) {
  return [octets](Direction, const sim::Sniffed& packet) {
    return packet.kind == sim::Sniffed::Kind::ike && packet.content.size() + 28 > octets;
  };
}

class Ikev2Fragmentation : public Stage {
 protected:
  static Pairing in_fragments(Fragmentation left = Fragmentation::yes, Fragmentation right = Fragmentation::yes) {
    Pairing pairing = office();
    pairing.left.fragmentation = left;
    pairing.right.fragmentation = right;
    return pairing;
  }
  /// So small that IKE_AUTH needs several packets.
  void load_small(const Pairing& pairing, std::size_t packet = 160) {
    sim::Configuration left = pairing.left_configuration(), right = pairing.right_configuration();
    left.ike.fragment_size = right.ike.fragment_size = packet;
    alice.load(std::move(left));
    bob.load(std::move(right));
  }
  /// Offers that make a message of some two thousand octets.
  static Pairing with_much_to_say() {
    Pairing pairing = in_fragments();
    sim::at_both_ends(pairing, [](policy::Connection& end) {
      auto& selectors = end.children[0].local_ts;
      const std::string network = end.local.id == policy::Identity::fqdn("alice.example") ? "10.1." : "10.2.";
      selectors.clear();
      for (int i = 0; i < 90; ++i) selectors.push_back(sim::selectors({network + std::to_string(i) + ".0/25"}).front());
    });
    pairing.left.children[0].remote_ts = pairing.right.children[0].local_ts;
    pairing.right.children[0].remote_ts = pairing.left.children[0].local_ts;
    return pairing;
  }
  /// That it sent; of one number, or all.
  std::size_t fragments_of(Host& host, std::uint8_t number = 0) const {
    return static_cast<std::size_t>(std::ranges::count_if(world.trace().packets(), [&](const auto& packet) {
      const auto sniffed = sim::sniff(packet.bytes);
      return is_fragment(sniffed) && (number == 0 || sniffed.content[33] == number) &&
             sniffed.source.address == host.address() && world.trace().links()[packet.link.value].a == host.name();
    }));
  }
  std::size_t rejected(const Host& host, event::MessageRejected::Reason reason) const {
    std::size_t count = 0;
    for (const auto& each : host.events())
      if (const auto* rejection = std::get_if<event::MessageRejected>(&each)) count += rejection->reason == reason;
    return count;
  }
};

TEST_F(Ikev2Fragmentation, CutsWhatIsTooLongForBothSides) {
  load_small(in_fragments());
  ASSERT_TRUE(comes_up());
  EXPECT_GE(fragments_of(alice), 2U);
  EXPECT_GE(fragments_of(bob), 2U);
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_NE(
      diagnose::draw_ladder({bob.events().begin(), bob.events().end()}, 100).find("pieces, each protected by itself"),
      std::string::npos);
}

TEST_F(Ikev2Fragmentation, MakesNoPacketLargerThanTheSettingSays) {
  load_small(in_fragments());
  ASSERT_TRUE(comes_up());
  std::size_t protected_ones = 0;
  for (const auto& packet : world.trace().packets()) {
    const auto sniffed = sim::sniff(packet.bytes);
    if (sniffed.kind != sim::Sniffed::Kind::ike || sniffed.ike.exchange_type == w::number(ExchangeType::ike_sa_init))
      continue;
    ++protected_ones;
    EXPECT_LE(packet.bytes.size(), 160U);
  }
  EXPECT_GT(protected_ones, 3U);
}

TEST_F(Ikev2Fragmentation, IsNotUsedForWhatFits) {
  load(in_fragments());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(fragments_of(alice) + fragments_of(bob), 0U);
}

TEST_F(Ikev2Fragmentation, IsUsedBetweenTwoThatHaveAnnouncedItAlone) {
  for (const auto& [left, right] :
       {std::pair{Fragmentation::yes, Fragmentation::no}, std::pair{Fragmentation::no, Fragmentation::yes},
        std::pair{Fragmentation::force, Fragmentation::no}}) {
    load_small(in_fragments(left, right));
    ASSERT_TRUE(comes_up());
    EXPECT_EQ(fragments_of(alice) + fragments_of(bob), 0U);
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

TEST_F(Ikev2Fragmentation, IsTakenAndNotSentWithAccept) {
  load_small(in_fragments(Fragmentation::yes, Fragmentation::accept));
  ASSERT_TRUE(comes_up());
  EXPECT_GE(fragments_of(alice), 2U);
  EXPECT_EQ(fragments_of(bob), 0U);
}

TEST_F(Ikev2Fragmentation, LastsThroughTheRenewalOfTheIkeSa) {
  load_small(in_fragments());
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(alice.rekey("office"));
  ASSERT_TRUE(eventually([&] { return alice.count<event::IkeSaRekeyed>() == 1 && is_up(); }, 2min));
  const std::size_t before = fragments_of(bob);
  ASSERT_TRUE(bob.rekey("office", "lan"));
  ASSERT_TRUE(eventually([&] { return alice.count<event::ChildSaRekeyed>() >= 1; }, 2min));
  EXPECT_GT(fragments_of(bob), before);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev2Fragmentation, OvercomesTheLossOfAnyFragment) {
  for (std::uint8_t number = 1; number <= 2; ++number) {
    mallory.take(OnPathAttacker::only(outward, fragment(number)), 1);
    mallory.take(OnPathAttacker::only(inward, fragment(number)), 1);
    load_small(in_fragments());
    alice.initiate("office");
    pass(1min);
    ASSERT_TRUE(is_up()) << static_cast<int>(number);
    mallory.forget_rules();
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 3min));
  }
  EXPECT_EQ(mallory.struck(), 4U);
}

TEST_F(Ikev2Fragmentation, AnsweredRequestsAreAnsweredAgainForTheirFirstFragmentAlone) {
  mallory.take(OnPathAttacker::only(inward, fragments()), 2);  // the whole answer
  load_small(in_fragments());
  alice.initiate("office");
  pass(1min);
  ASSERT_TRUE(is_up());
  const std::size_t request_pieces = fragments_of(alice) / 2;
  EXPECT_EQ(fragments_of(alice), 2 * request_pieces);
  EXPECT_EQ(rejected(bob, event::MessageRejected::Reason::repeated), request_pieces);
  EXPECT_GT(request_pieces, 1U);
  EXPECT_EQ(fragments_of(bob, 1), 2U);  // not once for each piece of the request
}

TEST_F(Ikev2Fragmentation, TakesFragmentsTwiceAndInAnyOrder) {
  alice_link.set_quality({.duplication = Chance::percent(50), .reordering = Chance::percent(50), .hold_back = 50ms});
  load_small(in_fragments());
  alice.initiate("office");
  pass(2min);
  alice_link.set_quality({});
  ASSERT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev2Fragmentation, GetsThroughABadLine) {
  alice_link.set_quality({.jitter = 20ms, .loss = Chance::percent(20)});
  Pairing pairing = in_fragments();
  pairing.left.children[0].start_action = policy::StartAction::start;
  pairing.left.keyingtries = 0;
  load_small(pairing);
  ASSERT_TRUE(eventually([&] { return is_up(); }, 1h));
}

TEST_F(Ikev2Fragmentation, AlteredFragmentsAreAsGoodAsLostOnes) {
  mallory.alter(fragment(2), [](Bytes& packet) { packet[80] ^= 1; }, 1);
  mallory.alter(OnPathAttacker::only(inward, fragment(1)), [](Bytes& packet) { packet[80] ^= 1; }, 1);
  load_small(in_fragments());
  alice.initiate("office");
  pass(1min);
  EXPECT_EQ(mallory.struck(), 2U);
  EXPECT_TRUE(is_up());
  EXPECT_EQ(rejected(bob, event::MessageRejected::Reason::not_authentic), 1U);
  EXPECT_EQ(rejected(alice, event::MessageRejected::Reason::not_authentic), 1U);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev2Fragmentation, ForgedFragmentsCostADropAndNothingElse) {
  mallory.record(100);
  load_small(in_fragments());
  ASSERT_TRUE(comes_up());
  const auto recorded = mallory.recorded();
  const auto last =
      std::ranges::find_if(recorded, [](const auto& each) { return is_fragment(sim::sniff(each.packet)); });
  ASSERT_NE(last, recorded.end());
  const auto like = sim::sniff(last->packet);
  for (std::uint32_t i = 0; i < 2000; ++i) {
    wire::IkeHeader header = like.ike;
    header.message_id = 2 + i % 3;
    const w::SkfPayload skf{.first_inner = w::PayloadType::nonce,
                            .fragment_number = static_cast<std::uint16_t>(1 + i % 7),
                            .total_fragments = static_cast<std::uint16_t>(7 + i % 500),
                            .body = Bytes(100 + i % 900, 0x55)};
    Bytes content(4);  // the non-ESP marker of port 4500
    append(content, *w::serialize_message(header, w::PayloadChain().add(skf)));
    mallory.inject(last->direction, sim::build_udp(like.source, like.destination, content));
  }
  pass(1s);
  EXPECT_GT(rejected(bob, event::MessageRejected::Reason::not_authentic), 100U);
  EXPECT_TRUE(is_up());
  ASSERT_TRUE(alice.rekey("office", "lan"));
  ASSERT_TRUE(eventually([&] { return alice.count<event::ChildSaRekeyed>() == 1; }, 1min));
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev2Fragmentation, MutatedAndReplayedFragmentsDoNoHarm) {
  SeededRandom random(3);
  mallory.record(500);
  load_small(in_fragments());
  ASSERT_TRUE(comes_up());
  const auto recorded = mallory.recorded();
  for (const auto& packet : recorded)
    for (int i = 0; i < 20; ++i) mallory.inject(packet.direction, sim::mutate(packet.packet, random));
  EXPECT_GT(mallory.replay(fragments()), 0U);
  pass(2min);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev2Fragmentation, APathThatTakesSmallPacketsAloneGetsThem) {
  mallory.take(larger_than(600));
  load(with_much_to_say());
  alice.initiate("office");
  pass(1min);
  ASSERT_TRUE(is_up());
  EXPECT_GE(fragments_of(alice), 4U);
  EXPECT_GE(fragments_of(bob), 4U);
  EXPECT_TRUE(both_reach_each_other());
}

// The way there is wide and the way back is not: the responder learns it from what the initiator asks again.
TEST_F(Ikev2Fragmentation, AResponderCutsSmallerWhatIsAskedForAgain) {
  mallory.take(OnPathAttacker::only(inward, larger_than(600)));
  load(with_much_to_say());
  alice.initiate("office");
  pass(1min);
  ASSERT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev2Fragmentation, APathThatTakesNotEvenThoseLeavesNothing) {
  mallory.take(larger_than(500));
  load(with_much_to_say());
  alice.initiate("office");
  pass(10min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(failure_of(alice), FailureKind::peer_unreachable);
}

TEST_F(Ikev2Fragmentation, WhatDoesNotBecomeCompleteIsForgotten) {
  load_small(in_fragments());
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(both_reach_each_other());  // bob asks nothing, which would have alice say it again at once
  mallory.take(OnPathAttacker::only(outward, fragment(2)));
  ASSERT_TRUE(alice.rekey("office", "lan"));
  pass(31s);
  mallory.forget_rules();
  mallory.take(OnPathAttacker::only(outward, fragment(1)));  // one of before would make it whole
  pass(30s);
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), 0U);
  mallory.forget_rules();
  EXPECT_TRUE(eventually([&] { return alice.count<event::ChildSaRekeyed>() == 1; }, 2min));
}

TEST_F(Ikev2Fragmentation, AMessageBeyondMaxPacketIsNotPutTogether) {
  const Pairing pairing = with_much_to_say();
  sim::Configuration left = pairing.left_configuration(), right = pairing.right_configuration();
  right.ike.max_packet = 1500;
  alice.load(std::move(left));
  bob.load(std::move(right));
  alice.initiate("office");
  pass(10min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_GT(rejected(bob, event::MessageRejected::Reason::malformed), 0U);
  EXPECT_FALSE(alice_reaches_bob());
}

}  // namespace
}  // namespace sallyport::scenarios
