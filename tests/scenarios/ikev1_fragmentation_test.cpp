// Long messages in fragments: what gets lost of them, comes twice, out of order, or from somebody else.
#include "sim/damage.h"
#include "tests/scenarios/ikev1.h"
#include "wire/ikev1/message.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev1;
using policy::Fragmentation;

bool is_fragment(const sim::Sniffed& packet) {
  return packet.kind == sim::Sniffed::Kind::ike && packet.ike.next_payload == w::number(w::PayloadType::fragment);
}
OnPathAttacker::Choice fragments() {
  return [](Direction, const sim::Sniffed& packet) { return is_fragment(packet); };
}
/// Of whatever message, the fragment of that number.
OnPathAttacker::Choice fragment(std::uint8_t number) {
  return
      [number](Direction, const sim::Sniffed& packet) { return is_fragment(packet) && packet.content[34] == number; };
}

class Ikev1Fragmentation : public Stage {
 protected:
  /// So small that Main Mode's messages from the third on, and Quick Mode's, need several.
  static Pairing in_fragments(Fragmentation left = Fragmentation::yes, Fragmentation right = Fragmentation::yes,
                              bool aggressive = false) {
    Pairing pairing = in_ikev1(office(), aggressive);
    pairing.left.fragmentation = left;
    pairing.right.fragmentation = right;
    return pairing;
  }
  void load_small(const Pairing& pairing) {
    sim::Configuration left = pairing.left_configuration(), right = pairing.right_configuration();
    left.ike.fragment_size = right.ike.fragment_size = 160;
    alice.load(std::move(left));
    bob.load(std::move(right));
  }
  std::size_t fragments_of(Host& host) const {
    return static_cast<std::size_t>(std::ranges::count_if(world.trace().packets(), [&](const auto& packet) {
      const auto sniffed = sim::sniff(packet.bytes);
      return is_fragment(sniffed) && sniffed.source.address == host.address() &&
             world.trace().links()[packet.link.value].a == host.name();
    }));
  }
  /// A fragment of the ISAKMP SA that alice and bob have, or are making.
  static Bytes forged(const sim::Sniffed& like, std::uint16_t id, std::uint8_t number, bool is_last, std::size_t size) {
    const wire::IkeHeader header{.initiator_spi = like.ike.initiator_spi,
                                 .responder_spi = like.ike.responder_spi,
                                 .major_version = 1,
                                 .exchange_type = like.ike.exchange_type};
    const w::FragmentPayload payload{
        .id = id, .fragment_number = number, .is_last = is_last, .data = Bytes(size, 0x55)};
    return sim::build_udp(like.source, like.destination, *w::serialize_message(header, w::PayloadChain().add(payload)));
  }
};

TEST_F(Ikev1Fragmentation, CutsWhatIsTooLongForBothSides) {
  for (const bool aggressive : {false, true}) {
    load_small(in_fragments(Fragmentation::yes, Fragmentation::yes, aggressive));
    ASSERT_TRUE(comes_up()) << aggressive;
    EXPECT_GE(fragments_of(alice), 2U);
    EXPECT_GE(fragments_of(bob), 2U);
    EXPECT_TRUE(both_reach_each_other());
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

TEST_F(Ikev1Fragmentation, MakesNoPacketLargerThanTheSettingSays) {
  load_small(in_fragments());
  ASSERT_TRUE(comes_up());
  for (const auto& packet : world.trace().packets()) {
    const auto sniffed = sim::sniff(packet.bytes);
    const bool first = sniffed.kind == sim::Sniffed::Kind::ike && sniffed.ike.responder_spi == 0;
    if (!is_fragment(sniffed) || first) continue;
    EXPECT_LE(packet.bytes.size(), 160U);
  }
}

TEST_F(Ikev1Fragmentation, IsNotUsedForWhatFits) {
  load(in_fragments());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(fragments_of(alice) + fragments_of(bob), 0U);
}

TEST_F(Ikev1Fragmentation, IsNotUsedTowardsAPeerThatDoesNotSayIt) {
  load_small(in_fragments(Fragmentation::yes, Fragmentation::no));
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(fragments_of(alice) + fragments_of(bob), 0U);
}

TEST_F(Ikev1Fragmentation, IsAnnouncedAndNotUsedWithAccept) {
  load_small(in_fragments(Fragmentation::yes, Fragmentation::accept));
  ASSERT_TRUE(comes_up());
  EXPECT_GE(fragments_of(alice), 2U);
  EXPECT_EQ(fragments_of(bob), 0U);
}

TEST_F(Ikev1Fragmentation, BeginsWithTheFirstMessageWhereItIsForced) {
  mallory.record(2);
  load_small(in_fragments(Fragmentation::force, Fragmentation::no));  // who is forced does not ask
  ASSERT_TRUE(comes_up());
  const auto first = sim::sniff(mallory.recorded().front().packet);
  EXPECT_TRUE(is_fragment(first) || fragments_of(alice) > 4U);
  EXPECT_EQ(bob.established_ike_sas(), 1U);
  EXPECT_EQ(fragments_of(bob), 0U);
}

TEST_F(Ikev1Fragmentation, OvercomesTheLossOfAnyFragment) {
  for (std::uint8_t number = 1; number <= 3; ++number) {
    mallory.take(fragment(number), 2);
    load_small(in_fragments());
    alice.initiate("office");
    pass(2min);
    ASSERT_TRUE(is_up()) << static_cast<int>(number);
    mallory.forget_rules();
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 3min));
  }
  EXPECT_EQ(mallory.struck(), 6U);
}

TEST_F(Ikev1Fragmentation, TakesFragmentsTwiceAndInAnyOrder) {
  alice_link.set_quality({.duplication = Chance::percent(50), .reordering = Chance::percent(50), .hold_back = 50ms});
  load_small(in_fragments());
  alice.initiate("office");
  pass(5min);
  alice_link.set_quality({});
  ASSERT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev1Fragmentation, GetsThroughABadLine) {
  alice_link.set_quality({.jitter = 20ms, .loss = Chance::percent(20)});
  Pairing pairing = in_fragments();
  pairing.left.children[0].start_action = policy::StartAction::start;
  pairing.left.keyingtries = 0;
  load_small(pairing);
  ASSERT_TRUE(eventually([&] { return is_up(); }, 1h));
}

TEST_F(Ikev1Fragmentation, ForgedFragmentsAreAsGoodAsLostOnes) {
  mallory.alter(fragment(2), [](Bytes& packet) { packet[70] ^= 1; }, 1);
  load_small(in_fragments());
  alice.initiate("office");
  pass(2min);
  EXPECT_EQ(mallory.struck(), 1U);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev1Fragmentation, SurvivesAFloodOfFragmentsOfItsOwnCookies) {
  mallory.record(100);
  load_small(in_fragments());
  ASSERT_TRUE(comes_up());
  const auto last = sim::sniff(mallory.recorded().back().packet);
  ASSERT_EQ(last.kind, sim::Sniffed::Kind::ike);
  const auto direction = mallory.recorded().back().direction;
  for (int i = 0; i < 5000; ++i)
    mallory.inject(direction, forged(last, static_cast<std::uint16_t>(i), static_cast<std::uint8_t>(1 + i % 250),
                                     i % 3 == 0, 100 + static_cast<std::size_t>(i % 1000)));
  pass(1s);
  EXPECT_TRUE(is_up());
  alice.terminate("office", "lan");
  EXPECT_TRUE(eventually([&] { return is_up(1, 0); }, 1min));
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev1Fragmentation, SurvivesAFloodOfFirstFragments) {
  sim::Sniffed like;
  like.ike.exchange_type = w::number(V1::main_mode);
  like.source = {alice_address, 500};
  like.destination = {bob_address, 500};
  load_small(in_fragments(Fragmentation::force));
  for (std::uint64_t i = 1; i <= 5000; ++i) {
    like.ike.initiator_spi = i;
    mallory.inject(outward, forged(like, 1, static_cast<std::uint8_t>(1 + i % 200), i % 2 == 0, 1000));
  }
  pass(1s);
  EXPECT_TRUE(bob.ike_sas().empty());
  ASSERT_TRUE(comes_up());
}

TEST_F(Ikev1Fragmentation, MutatedFragmentsDoNoHarm) {
  SeededRandom random(3);
  mallory.record(500);
  load_small(in_fragments(Fragmentation::force, Fragmentation::force));
  ASSERT_TRUE(comes_up());
  const auto recorded = mallory.recorded();
  for (const auto& packet : recorded)
    for (int i = 0; i < 20; ++i) mallory.inject(packet.direction, sim::mutate(packet.packet, random));
  EXPECT_GT(mallory.replay(fragments()), 0U);
  pass(2min);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

}  // namespace
}  // namespace sallyport::scenarios
