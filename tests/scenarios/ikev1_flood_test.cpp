// Strangers by the million who speak IKEv1, which has no cookies to ask them for: what they can make a gateway hold and
// compute is bounded, and in Main Mode whoever is honest still gets in.
#include <fmt/format.h>
#include <malloc.h>

#include "tests/scenarios/counting_provider.h"
#include "tests/scenarios/flood.h"
#include "tests/scenarios/ikev1.h"

namespace sallyport::scenarios {
namespace {

class Ikev1Flood : public FloodStage {
 protected:
  /// Between alice, wherever she is, and the gateway.
  static Pairing open_to_all(bool aggressive) {
    Pairing pairing = in_ikev1(sim::pair_up("office", {alice_address, "10.1.0.0/16", "alice.example"},
                                            {gate_address, "10.2.0.0/16", "gate.example"}),
                               aggressive);
    pairing.right.remote_addrs.clear();
    sim::at_both_ends(pairing, [](policy::Connection& end) {  // little to read in a million of them
      end.proposals = sim::proposals(policy::Protocol::ike, {"aes128-sha256-ecp256"});
    });
    return pairing;
  }
  void load_gate(const Pairing& pairing) {
    alice.load(pairing.left_configuration());
    gate.load(pairing.right_configuration());
  }
  Bytes a_first_message(bool aggressive) { return FloodStage::a_first_message(open_to_all(aggressive), gate); }
  bool alice_gets_in(Duration at_most) {
    alice.initiate("office");
    return eventually([&] { return alice.installed().size() == 1; }, at_most) &&
           reaches(alice, alice_inside, bob_inside);
  }
  const ike::Engine& engine() const { return gate.node()->engine(); }

  static inline const IpAddress gate_address = IpAddress::v4(198, 51, 100, 9);
  CountingProvider counting{cryptography().provider};
  Host& gate = world.add<Host>("gate", std::vector{gate_address}, sim::Cryptography{counting, cryptography().ciphers});
  Link& gate_link = internet.attach(gate, gate_address);
};

TEST_F(Ikev1Flood, MillionSpoofedMainModesHoldNoMoreThanTheBoundAndComputeNothing) {
  const Bytes original = a_first_message(false);
  EXPECT_EQ(flood_for_100_seconds(original, gate), ike::Settings{}.half_open_limit);
  EXPECT_EQ(counting.key_pairs(), 0U);
  EXPECT_EQ(counting.shared_secrets(), 0U);
  pass(2min);
  EXPECT_EQ(engine().sessions(), 0U);
}

TEST_F(Ikev1Flood, MillionSpoofedAggressiveModesAreAnsweredAtARate) {
  const Bytes original = a_first_message(true);
  const ike::Settings settings;
  EXPECT_LE(flood_for_100_seconds(original, gate), settings.half_open_limit);
  EXPECT_GT(counting.shared_secrets(), 0U);
  EXPECT_LE(counting.shared_secrets(), 101 * settings.aggressive_per_second);
  EXPECT_EQ(counting.key_pairs(), counting.shared_secrets());
  pass(2min);
  EXPECT_EQ(engine().sessions(), 0U);
}

TEST_F(Ikev1Flood, HonestMainModeGetsInThroughIt) {
  flood(40'000, 20s, a_first_message(false));
  pass(10s);
  EXPECT_EQ(engine().half_open(), ike::Settings{}.half_open_limit);
  EXPECT_TRUE(alice_gets_in(5s));
  EXPECT_EQ(counting.shared_secrets(), 1U);
}

TEST_F(Ikev1Flood, OfMainModeDoesNotPushOutWhoeverHasAnswered) {
  const Bytes original = a_first_message(false);
  mallory.take(ikev1_message(V1::main_mode, 5));
  alice.initiate("office");
  pass(100ms);
  ASSERT_EQ(engine().half_open(), 1U);
  ASSERT_EQ(counting.shared_secrets(), 1U);
  flood(5'000, 1s, original);
  pass(2s);
  mallory.forget_rules();
  EXPECT_TRUE(eventually([&] { return alice.established_ike_sas() == 1; }, 10s));
  EXPECT_EQ(counting.shared_secrets(), 1U);  // the same ISAKMP SA
}

TEST_F(Ikev1Flood, InSomebodysNameDoesNotShutHimOut) {
  const Bytes original = a_first_message(false);
  eve.flood(500, 1s, [original](RandomSource& random) {
    const auto udp = *sim::parse_udp(original);
    Bytes message = to_bytes(udp.payload);
    random.fill(ByteSpan(message).first(8));
    return sim::build_udp({alice_address, 500}, udp.destination, message);
  });
  pass(5s);
  EXPECT_EQ(engine().half_open(), 500U);
  EXPECT_TRUE(alice_gets_in(5s));
}

TEST_F(Ikev1Flood, OfWhoeverAnswersAndFinishesNothingIsBlocked) {
  const Pairing pairing = open_to_all(false);
  sim::Configuration narrow = pairing.right_configuration();
  narrow.ike.block_threshold = 3;
  alice.load(pairing.left_configuration());
  gate.load(std::move(narrow));
  for (int i = 0; i < 4; ++i) {
    mallory.forget_rules();
    mallory.take(ikev1_message(V1::main_mode, 5));  // the hash, by which it would be known
    alice.initiate("office");
    pass(2500ms);
    alice.restart();
  }
  EXPECT_EQ(engine().half_open(), 3U);
  EXPECT_GT(rejections(gate, event::MessageRejected::Reason::source_limit), 0U);
  mallory.forget_rules();
  pass(ike::Settings{}.half_open_timeout);
  EXPECT_TRUE(alice_gets_in(5s));
}

TEST_F(Ikev1Flood, OfAggressiveModeLeavesMainModeOpen) {
  const Bytes original = a_first_message(true);
  load_gate([&] {
    Pairing pairing = open_to_all(true);
    pairing.left.aggressive = false;  // who answers Aggressive Mode answers Main Mode too
    return pairing;
  }());
  flood(40'000, 20s, original);
  pass(10s);
  EXPECT_TRUE(alice_gets_in(5s));
}

TEST_F(Ikev1Flood, DiffieHellmanWaitsForMessageThree) {
  load_gate(open_to_all(false));
  mallory.take(ikev1_message(V1::main_mode, 3));
  alice.initiate("office");
  pass(1s);
  EXPECT_EQ(engine().half_open(), 1U);
  EXPECT_EQ(counting.key_pairs() + counting.shared_secrets(), 0U);
  mallory.forget_rules();
  EXPECT_TRUE(eventually([&] { return counting.shared_secrets() == 1; }, 10s));
}

TEST_F(Ikev1Flood, FromAddressesThatNoConnectionNamesGetsNoState) {
  const Bytes original = a_first_message(false);
  Pairing pairing = open_to_all(false);
  pairing.right.remote_addrs = {policy::AddressRange::host(alice_address)};
  load_gate(pairing);
  flood(200, 1s, original);
  pass(5s);
  EXPECT_EQ(engine().sessions(), 0U);
  EXPECT_EQ(counting.key_pairs(), 0U);
}

TEST_F(Ikev1Flood, WhatFailsBeforeItIsProvedLeavesNothingBehind) {
  Pairing pairing = open_to_all(false);
  alice.load(pairing.left_configuration());
  sim::Configuration no_key = pairing.right_configuration();
  no_key.keys.clear();
  gate.load(no_key);
  alice.initiate("office");
  pass(1s);
  EXPECT_EQ(gate.count<event::NegotiationFailed>(), 1U);
  EXPECT_EQ(engine().sessions(), 0U);
  EXPECT_EQ(counting.key_pairs(), 0U);
}

/// What one stranger makes a gateway remember, on the way to each state in which nobody has proved anything yet: as
/// much for one connection as for thousands that may be meant.
struct Unproved {
  const char* name;
  bool aggressive;
  std::size_t lost;  // of the exchange, the message that does not arrive
};
class Ikev1Strangers : public Ikev1Flood, public testing::WithParamInterface<Unproved> {
 protected:
  /// Octets that alice's beginning costs all of this world, where `connections` could be meant.
  std::size_t cost_among(std::size_t connections) {
    const auto& [name, aggressive, lost] = GetParam();
    const Pairing pairing = open_to_all(aggressive);
    sim::Configuration many = pairing.right_configuration();
    for (std::size_t i = 1; i < connections; ++i) {
      policy::Connection other = pairing.right;
      other.name = fmt::format("branch-{}", i);
      other.remote.id = *policy::Identity::parse(fmt::format("branch-{}.example", i));
      many.connections.push_back(std::make_shared<const policy::Connection>(std::move(other)));
    }
    many.keys.front().owners.clear();  // one for all of them: none is ruled out by it
    alice.load(pairing.left_configuration());
    gate.load(std::move(many));
    mallory.take(ikev1_message(V1::main_mode, lost));
    mallory.take(ikev1_message(V1::aggressive_mode, lost));
    world.trace().keep(0);
    pass(1s);
    const std::size_t before = mallinfo2().uordblks;
    alice.initiate("office");
    pass(100ms);
    EXPECT_EQ(engine().half_open(), 1U);
    const std::size_t after = mallinfo2().uordblks;
    alice.terminate("office");
    pass(10min);
    EXPECT_EQ(engine().sessions(), 0U);
    mallory.forget_rules();
    return after - std::min(after, before);
  }
};

TEST_P(Ikev1Strangers, AreNoMoreWorthRememberingWhereThereAreManyConnections) {
  if (mallinfo2().uordblks == 0) GTEST_SKIP() << "this allocator does not count";
  cost_among(1);  // what comes once
  const std::size_t among_one = cost_among(1);
  EXPECT_GT(among_one, 1024U);
  EXPECT_LT(cost_among(4000), among_one + 16 * 1024);  // 4000 pointers would be 62 KiB
}

INSTANTIATE_TEST_SUITE_P(At, Ikev1Strangers,
                         testing::Values(Unproved{"Message2", false, 2}, Unproved{"Message4", false, 4},
                                         Unproved{"Message2OfAggressiveMode", true, 2}),
                         [](const auto& state) { return std::string(state.param.name); });

/// What the gateway sends to somebody else because of short messages in his name, behind a first message in his name.
class Ikev1Reflection : public Ikev1Flood {
 protected:
  /// A thousand messages of phase 2 with the responder's cookie, or without it.
  std::size_t answers_to_a_thousand(bool with_cookie) {
    const Bytes original = a_first_message(true);
    const auto udp = sim::parse_udp(original);
    Bytes message = to_bytes(udp->payload);
    gate.on_packet(0, sim::build_udp(victim, udp->destination, message, udp->fields));
    pass(1ms);
    const Bytes answer = to_bytes(to_victim().at(0).content);
    message.resize(wire::ike_header_size + 16);
    std::ranges::fill(ByteSpan(message).subspan(8, 8), std::uint8_t{0});
    if (with_cookie) std::ranges::copy(ByteView(answer).subspan(8, 8), message.begin() + 8);
    message[16] = 8;  // HASH
    message[18] = wire::ikev1::number(V1::quick_mode);
    message[19] = wire::ikev1::flag_encryption;
    store_be32(&message[24], static_cast<std::uint32_t>(message.size()));
    for (std::uint32_t i = 1; i <= 1000; ++i) {
      store_be32(&message[20], i);
      gate.on_packet(0, sim::build_udp(victim, udp->destination, message, udp->fields));
    }
    pass(1ms);
    return to_victim().size() - 1;
  }
  std::vector<sim::Sniffed> to_victim() const {
    std::vector<sim::Sniffed> found;
    for (const auto& packet : world.trace().packets())
      if (const auto sniffed = sim::sniff(packet.bytes);
          sniffed.destination.address == victim.address && world.trace().links()[packet.link.value].a == gate.name())
        found.push_back(sniffed);
    return found;
  }

  static inline const policy::Endpoint victim{IpAddress::v4(203, 0, 113, 99), 500};
};

TEST_F(Ikev1Reflection, WhoHasNotHeardUsGetsNothingMore) { EXPECT_EQ(answers_to_a_thousand(false), 0U); }

TEST_F(Ikev1Reflection, WhoHasGetsNoMoreThanWeWouldRepeat) {
  EXPECT_EQ(answers_to_a_thousand(true), ike::Settings{}.retransmit_tries);
}

#if SALLYPORT_HAS_IKEV2
TEST_F(Ikev1Flood, LeavesIkev2Open) {
  const Bytes original = a_first_message(false);
  Pairing modern = sim::pair_up("office", {alice_address, "10.1.0.0/16", "alice.example"},
                                {gate_address, "10.2.0.0/16", "gate.example"});
  modern.right.name = "modern";
  modern.right.remote_addrs.clear();
  Pairing old = open_to_all(false);
  old.right.children[0].local_ts = sim::selectors({"10.3.0.0/16"});  // not the same traffic
  sim::Configuration both = old.right_configuration();
  const sim::Configuration more = modern.right_configuration();
  both.connections.insert(both.connections.end(), more.connections.begin(), more.connections.end());
  alice.load(modern.left_configuration());
  gate.load(both);
  flood(40'000, 20s, original);
  pass(10s);
  EXPECT_TRUE(alice_gets_in(5s));
}
#endif

}  // namespace
}  // namespace sallyport::scenarios
