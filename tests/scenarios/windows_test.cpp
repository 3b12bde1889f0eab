// Windows larger than one (RFC 7296 §2.3): a gateway does not stall behind one slow exchange.
#include <fmt/format.h>

#include <set>

#include "tests/scenarios/stage.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;
using Rejected = event::MessageRejected::Reason;

const auto create_request = OnPathAttacker::ike(ExchangeType::create_child_sa, request);
const auto create_response = OnPathAttacker::ike(ExchangeType::create_child_sa, response);

constexpr std::size_t kChildren = 6;

class Windows : public Stage {
 protected:
  static Pairing with_many_children() {
    Pairing pairing = office();
    const auto add = [](policy::Connection& end, std::string_view ours, std::string_view theirs) {
      const policy::Child model = end.children[0];
      end.children.clear();
      for (std::size_t i = 0; i < kChildren; ++i) {
        policy::Child& child = end.children.emplace_back(model);
        child.name = fmt::format("lan-{}", i);
        child.local_ts = sim::selectors({fmt::format("{}.{}.0/24", ours, i)});
        child.remote_ts = sim::selectors({fmt::format("{}.{}.0/24", theirs, i)});
      }
    };
    add(pairing.left, "10.1", "10.2");
    add(pairing.right, "10.2", "10.1");
    return pairing;
  }
  void load_windows(const Pairing& pairing, std::uint32_t left, std::uint32_t right, std::size_t packet = 1280) {
    sim::Configuration of_left = pairing.left_configuration(), of_right = pairing.right_configuration();
    of_left.ike.window = left;
    of_right.ike.window = right;
    of_left.ike.fragment_size = of_right.ike.fragment_size = packet;
    of_left.ike.log_keys = true;
    alice.load(std::move(of_left));
    bob.load(std::move(of_right));
  }
  void load_windows(std::uint32_t left, std::uint32_t right) { load_windows(with_many_children(), left, right); }
  void bring_up() {
    load_windows(8, 8);
    alice.initiate("office");
    ASSERT_TRUE(eventually([&] { return all_are_up(); }, 2s));
  }
  static void rekey_all(Host& host) {
    for (std::size_t i = 0; i < kChildren; ++i) EXPECT_TRUE(host.rekey("office", fmt::format("lan-{}", i)));
  }
  bool all_are_up() const { return alice.installed().size() == kChildren && bob.installed().size() == kChildren; }
  static std::size_t rejected(const Host& host, Rejected reason) {
    return static_cast<std::size_t>(std::ranges::count_if(host.events(), [&](const event::Event& event) {
      const auto* rejection = std::get_if<event::MessageRejected>(&event);
      return rejection && rejection->reason == reason;
    }));
  }
  /// How many times as long as a message to bob and back it takes until all Child SAs are there.
  std::int64_t round_trips() {
    alice_link.set_quality({.delay = 500ms});
    const Instant begun = world.now();
    alice.initiate("office");
    EXPECT_TRUE(eventually([&] { return all_are_up(); }, 1min));
    return (world.now() - begun) / 1s;
  }
  /// bob says that its window is of so many octets that are all the same.
  void make_bob_say(std::size_t size, std::uint8_t octet) {
    voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_auth, response), [=](w::PayloadChain& payloads) {
      w::PayloadChain other;
      for (const w::Payload& payload : payloads) {
        const auto* notify = std::get_if<w::NotifyPayload>(&payload.body);
        if (notify && notify->type == w::NotifyType::set_window_size)
          other.add(w::NotifyPayload{.type = w::NotifyType::set_window_size, .data = Bytes(size, octet)});
        else
          other.add(payload);
      }
      payloads = std::move(other);
    });
  }
  /// The most requests that alice had on their way at once.
  std::size_t most_at_once(ExchangeType exchange) const {
    std::set<std::uint32_t> open;
    std::size_t most = 0;
    for (const auto& each : mallory.recorded()) {
      const auto sniffed = sim::sniff(each.packet);
      if (each.direction == outward && sniffed.is_ike(exchange, request)) open.insert(sniffed.ike.message_id);
      if (each.direction == inward && sniffed.is_ike(exchange, response)) open.erase(sniffed.ike.message_id);
      most = std::max(most, open.size());
    }
    return most;
  }

  Ventriloquist voice{mallory, alice, cryptography().provider};
};

// ---- How many there are ----

TEST_F(Windows, LetChildSasBeMadeAtOnce) {
  load_windows(8, 8);
  mallory.record(1000);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return all_are_up(); }, 2s));
  EXPECT_EQ(most_at_once(ExchangeType::create_child_sa), kChildren - 1);
}

TEST_F(Windows, MakeManyChildSasWithinTheTimeOfOne) {
  load_windows(8, 8);
  EXPECT_EQ(round_trips(), 3);  // IKE_SA_INIT, IKE_AUTH with the first, all others
}

TEST_F(Windows, OfOneMakeOneChildSaAfterTheOther) {
  load_windows(8, 1);
  EXPECT_EQ(round_trips(), 2 + kChildren - 1);
}

TEST_F(Windows, AreNoLargerThanThePeerSaidItsIs) {
  load_windows(8, 3);
  mallory.record(1000);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return all_are_up(); }, 2s));
  EXPECT_EQ(most_at_once(ExchangeType::create_child_sa), 3U);
}

TEST_F(Windows, AreNoLargerThanOurOwn) {
  load_windows(2, 8);
  mallory.record(1000);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return all_are_up(); }, 2s));
  EXPECT_EQ(most_at_once(ExchangeType::create_child_sa), 2U);
}

TEST_F(Windows, AreOfOneWithAPeerThatSaysNothing) {
  load_windows(8, 1);
  mallory.record(1000);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return all_are_up(); }, 5s));
  EXPECT_EQ(most_at_once(ExchangeType::create_child_sa), 1U);
}

TEST_F(Windows, AreOfTheResponderToo) {
  bring_up();
  alice_link.set_quality({.delay = 500ms});
  rekey_all(bob);
  EXPECT_TRUE(eventually([&] { return bob.count<event::ChildSaRekeyed>() == kChildren; }, 1500ms));
}

TEST_F(Windows, OfNothingAreOfOne) {
  make_bob_say(4, 0);
  load_windows(8, 8);
  mallory.record(1000);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return all_are_up(); }, 5s));
  EXPECT_EQ(most_at_once(ExchangeType::create_child_sa), 1U);
}

TEST_F(Windows, WithoutBoundsAreBounded) {
  make_bob_say(4, 0xff);
  load_windows(3, 8);
  mallory.record(1000);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return all_are_up(); }, 5s));
  EXPECT_EQ(most_at_once(ExchangeType::create_child_sa), 3U);
}

TEST_F(Windows, OfNoSizeAreOfOne) {
  make_bob_say(3, 1);
  load_windows(8, 8);
  mallory.record(1000);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return all_are_up(); }, 5s));
  EXPECT_EQ(most_at_once(ExchangeType::create_child_sa), 1U);
}

// ---- Lines that lose and reorder ----

TEST_F(Windows, DoNotStallBehindARequestThatGetsLost) {
  load_windows(8, 8);
  mallory.take(create_request, 1);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return bob.installed().size() == kChildren - 1; }, 2s));
  EXPECT_TRUE(eventually([&] { return alice.installed().size() == kChildren - 1; }, 1s));
  EXPECT_TRUE(eventually([&] { return all_are_up(); }, 10s));
}

TEST_F(Windows, DoNotStallBehindAnswersThatGetLost) {
  load_windows(8, 8);
  mallory.take(create_response, 2);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().size() == kChildren - 2; }, 2s));
  EXPECT_TRUE(eventually([&] { return all_are_up(); }, 10s));
  EXPECT_EQ(bob.count<event::ChildSaInstalled>(), kChildren);  // asked again, answered again
  EXPECT_EQ(rejected(bob, Rejected::repeated), 2U);
}

TEST_F(Windows, DoNotTakeWhatComesTwiceForSomethingNew) {
  bring_up();
  mallory.record(1000);
  rekey_all(alice);
  pass(1s);
  const std::size_t made = bob.count<event::ChildSaInstalled>();
  EXPECT_EQ(mallory.replay(OnPathAttacker::only(outward, create_request)), kChildren);
  pass(1s);
  EXPECT_EQ(rejected(bob, Rejected::repeated), kChildren);
  EXPECT_EQ(bob.count<event::ChildSaInstalled>(), made);
  EXPECT_TRUE(is_up(1, kChildren + kChildren));  // the older ones have their grace
}

TEST_F(Windows, OverABadLineBringAllUpOnce) {
  load_windows(8, 8);
  alice_link.set_quality({.delay = 50ms,
                          .jitter = 200ms,
                          .loss = Chance::percent(30),
                          .duplication = Chance::percent(20),
                          .reordering = Chance::percent(30),
                          .hold_back = 1s});
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return all_are_up(); }, 3min));
  alice_link.set_quality({});
  pass(1min);
  EXPECT_TRUE(is_up(1, kChildren));
}

TEST_F(Windows, TakeLongMessagesInPiecesThatComeMixedUp) {
  Pairing pairing = with_many_children();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.fragmentation = policy::Fragmentation::force; });
  load_windows(pairing, 8, 8, 160);
  alice_link.set_quality(
      {.delay = 20ms, .jitter = 100ms, .duplication = Chance::percent(20), .reordering = Chance::percent(50)});
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return all_are_up(); }, 1min));
  pass(1min);
  rekey_all(alice);
  rekey_all(bob);
  alice_link.set_quality({});
  pass(1min);
  EXPECT_TRUE(is_up(1, kChildren));
}

// ---- Peers that do not keep to them ----

TEST_F(Windows, DoNotTakeARequestBeyondThem) {
  bring_up();
  voice.renumber(OnPathAttacker::only(outward, create_request), 8, 1);
  alice.rekey("office", "lan-3");
  pass(2s);
  EXPECT_EQ(rejected(bob, Rejected::unexpected_message_id), 1U);
  EXPECT_EQ(bob.count<event::ChildSaRekeyed>(), 0U);
  pass(10s);  // asked again as it should have been
  EXPECT_EQ(bob.count<event::ChildSaRekeyed>(), 1U);
}

TEST_F(Windows, TakeARequestAtTheirVeryEnd) {
  bring_up();
  voice.renumber(OnPathAttacker::only(outward, create_request), 7, 1);
  alice.rekey("office", "lan-3");
  pass(2s);
  EXPECT_EQ(rejected(bob, Rejected::unexpected_message_id), 0U);
  EXPECT_EQ(bob.count<event::ChildSaRekeyed>(), 1U);
  EXPECT_EQ(rejected(alice, Rejected::unexpected_message_id), 1U);  // that is no answer to anything
}

TEST_F(Windows, DoNotTakeOtherContentForARequestThatWasAnswered) {
  bring_up();
  voice.renumber(OnPathAttacker::only(outward, create_request), -2, 1);
  mallory.record(1000);
  alice.rekey("office", "lan-3");
  pass(2s);
  EXPECT_EQ(rejected(bob, Rejected::unexpected_message_id), 1U);
  EXPECT_EQ(rejected(bob, Rejected::repeated), 0U);
  EXPECT_EQ(bob.count<event::ChildSaRekeyed>(), 0U);
  EXPECT_TRUE(std::ranges::none_of(mallory.recorded(), [](const auto& each) { return each.direction == inward; }));
  pass(10s);
  EXPECT_EQ(bob.count<event::ChildSaRekeyed>(), 1U);
}

// ---- What is alone on its way ----

TEST_F(Windows, AreEmptyBeforeTheIkeSaIsRekeyed) {
  bring_up();
  mallory.record(1000);
  rekey_all(alice);
  ASSERT_TRUE(alice.rekey("office"));
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 0U);
  EXPECT_TRUE(eventually([&] { return alice.count<event::IkeSaRekeyed>() == 1; }, 5s));
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), kChildren);
  EXPECT_EQ(most_at_once(ExchangeType::create_child_sa), kChildren);
  pass(1min);
  EXPECT_TRUE(is_up(1, kChildren));
}

TEST_F(Windows, OfTheNextIkeSaBeginWithOneAndAreToldAgain) {
  alice.keep_crash_secret({});  // there is nothing else to say on it
  bob.keep_crash_secret({});
  bring_up();
  ASSERT_TRUE(alice.rekey("office"));
  pass(500ms);
  mallory.record(1000);
  alice_link.set_quality({.delay = 500ms});
  rekey_all(alice);
  pass(500ms);
  EXPECT_EQ(most_at_once(ExchangeType::create_child_sa), 1U);
  pass(1min);  // that request and its answer have said how large they are
  alice_link.set_quality({});
  rekey_all(alice);
  pass(1min);
  EXPECT_EQ(most_at_once(ExchangeType::create_child_sa), kChildren);
  EXPECT_TRUE(is_up(1, kChildren));
}

TEST_F(Windows, AreEmptyBeforeTheIkeSaIsClosed) {
  bring_up();
  rekey_all(alice);
  alice.terminate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().empty() && bob.installed().empty(); }, 5s));
  pass(2min);
  EXPECT_TRUE(is_all_gone());
}

TEST_F(Windows, LeaveAdditionalKeyExchangesTheirRoomWhateverIsConfiguredMeanwhile) {
  Pairing pairing = with_many_children();
  const Pairing plain = pairing;
  sim::at_both_ends(pairing, [](policy::Connection& end) {
    end.children[1].esp_proposals = sim::proposals(policy::Protocol::esp, {"aes128gcm16-x25519-ke1_ecp256-ke2_ecp384"});
  });
  load_windows(pairing, 8, 8);
  alice_link.set_quality({.delay = 500ms});
  mallory.record(1000);
  alice.initiate("office");
  ASSERT_TRUE(eventually([&] { return most_at_once(ExchangeType::create_child_sa) == 1; }, 5s));
  alice.load(plain.left_configuration());
  pass(5s);
  EXPECT_EQ(most_at_once(ExchangeType::ike_followup_ke), 1U);
  pass(1min);  // as it is configured now bob does not make that one
  EXPECT_TRUE(is_up(1, kChildren - 1));
}

// ---- Several that are about the same ----

TEST_F(Windows, AtBothEndsRenewTheSameChildSasAtOnce) {
  bring_up();
  for (int round = 0; round < 5; ++round) {
    alice_link.set_quality({.delay = 50ms, .jitter = 50ms, .reordering = Chance::percent(50), .hold_back = 200ms});
    rekey_all(alice);
    rekey_all(bob);
    pass(1min);
    EXPECT_TRUE(is_up(1, kChildren)) << round;
  }
}

TEST_F(Windows, AtBothEndsRenewChildSasAndTheIkeSaAtOnce) {
  bring_up();
  for (int round = 0; round < 5; ++round) {
    rekey_all(alice);
    bob.rekey("office");
    alice.rekey("office");
    rekey_all(bob);
    pass(3min);
    EXPECT_TRUE(is_up(1, kChildren)) << round;
  }
}

TEST_F(Windows, LetWhatIsBeingRenewedBeClosed) {
  bring_up();
  alice_link.set_quality({.delay = 200ms});
  rekey_all(alice);
  alice.terminate("office", "lan-0");
  alice.terminate("office", "lan-4");
  pass(1min);
  EXPECT_TRUE(is_up(1, kChildren - 2));
}

TEST_F(Windows, LeaveTheIkeSaToThoseThatAreStillUnderWay) {
  Pairing pairing = with_many_children();
  pairing.right.children.erase(pairing.right.children.begin(), pairing.right.children.begin() + 2);
  load_windows(pairing, 8, 8);
  alice_link.set_quality({.delay = 100ms});
  mallory.take(OnPathAttacker::only(inward,
                                    [](Direction, const sim::Sniffed& sniffed) {
                                      return sniffed.is_ike(ExchangeType::create_child_sa, response) &&
                                             sniffed.ike.message_id > 2;
                                    }),
               kChildren - 2);
  alice.initiate(
      "office");  // IKE_AUTH's Child SA is refused, and so is the next one, long before the others are answered
  pass(1min);
  EXPECT_TRUE(is_up(1, kChildren - 2));
  EXPECT_EQ(alice.count<event::IkeSaClosed>(), 0U);
}

TEST_F(Windows, GoAlongToAnotherAddress) {
  Pairing pairing = with_many_children();
  pairing.left.local_addrs.clear();
  pairing.right.local_addrs.clear();
  pairing.right.remote_addrs.clear();
  load_windows(pairing, 8, 8);
  alice.initiate("office");
  ASSERT_TRUE(eventually([&] { return all_are_up(); }, 2s));
  alice_link.set_up(false);
  rekey_all(alice);
  pass(1s);
  const IpAddress elsewhere = IpAddress::v4(192, 0, 2, 77);
  internet.add_route({elsewhere, elsewhere.bits()}, alice_link);
  alice_link.set_up(true);
  alice.change_addresses({elsewhere});
  pass(1min);
  EXPECT_TRUE(is_up(1, kChildren));
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), kChildren);
}

}  // namespace
}  // namespace sallyport::scenarios
