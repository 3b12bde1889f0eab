// RFC 8019: a gateway under attack lets its peers solve puzzles before it works for them, and they do.
#include "tests/scenarios/counting_provider.h"
#include "tests/scenarios/flood.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;
using Reason = event::MessageRejected::Reason;

class ClientPuzzles : public FloodStage {
 protected:
  static Pairing with_gate() {
    Pairing pairing = sim::pair_up("office", {alice_address, "10.1.0.0/16", "alice.example"},
                                   {gate_address, "10.2.0.0/16", "gate.example"});
    pairing.right.remote_addrs.clear();
    return pairing;
  }
  /// The gate asks for puzzles from `threshold` half-open ones on.
  static ike::Settings gate_settings(std::uint32_t threshold = 0, std::uint8_t difficulty = 12) {
    ike::Settings settings;
    settings.cookie_threshold = std::min(threshold, settings.cookie_threshold);
    settings.puzzle_threshold = threshold;
    settings.puzzle_difficulty = difficulty;
    return settings;
  }
  void load_gate(const Pairing& pairing, const ike::Settings& gates, const ike::Settings& alices = {}) {
    sim::Configuration left = pairing.left_configuration(), right = pairing.right_configuration();
    left.ike = alices;
    right.ike = gates;
    alice.load(std::move(left));
    gate.load(std::move(right));
  }
  bool gets_in(Duration at_most = 5s) {
    alice.initiate("office");
    return eventually([&] { return alice.installed().size() == 1 && gate.installed().size() == 1; }, at_most) &&
           reaches(alice, alice_inside, bob_inside);
  }
  /// In messages of alice's, of what mallory has recorded, not encrypted.
  template <class Body>
  std::size_t count_sent(ExchangeType exchange) const {
    std::size_t count = 0;
    for (const auto& each : mallory.recorded()) {
      const auto sniffed = sim::sniff(each.packet);
      if (each.direction != outward || !sniffed.is_ike(exchange, request)) continue;
      count += w::parse_message(sniffed.content).value().payloads.count<Body>();
    }
    return count;
  }
  const ike::Engine& engine() const { return gate.node()->engine(); }

  static inline const IpAddress gate_address = IpAddress::v4(198, 51, 100, 9);
  CountingProvider counting{cryptography().provider};
  Host& gate = world.add<Host>("gate", std::vector{gate_address}, sim::Cryptography{counting, cryptography().ciphers});
  Link& gate_link = internet.attach(gate, gate_address);
};

TEST_F(ClientPuzzles, AreSolvedBesideTheCookieAndBeforeIkeAuth) {
  load_gate(with_gate(), gate_settings());
  mallory.record(100);
  EXPECT_TRUE(gets_in());
  EXPECT_EQ(rejections(gate, Reason::puzzle_demanded), 1U);
  EXPECT_EQ(rejections(gate, Reason::puzzle_unsolved), 0U);
  EXPECT_EQ(count_sent<w::PuzzleSolutionPayload>(ExchangeType::ike_sa_init), 1U);
  EXPECT_EQ(count_sent<w::PuzzleSolutionPayload>(ExchangeType::ike_auth), 1U);
  EXPECT_EQ(counting.shared_secrets(), 1U);
}

TEST_F(ClientPuzzles, AreNotAskedForWhereThereIsRoom) {
  load_gate(with_gate(), ike::Settings{});
  EXPECT_TRUE(gets_in());
  EXPECT_EQ(rejections(gate, Reason::puzzle_demanded) + rejections(gate, Reason::cookie_demanded), 0U);
}

TEST_F(ClientPuzzles, ThatNobodyAskedForAreIgnored) {
  const Bytes original = a_first_message(with_gate(), gate);
  ike::Settings with_cookies;
  with_cookies.cookie_threshold = 0;
  load_gate(with_gate(), with_cookies);
  gate.restart();
  Squatter& squatter = a_squatter(original);
  squatter.ask(1);
  pass(100ms);
  EXPECT_EQ(squatter.return_cookies(Bytes(16, 7)), 1U);
  pass(100ms);
  EXPECT_EQ(engine().half_open(), 1U);
  EXPECT_EQ(rejections(gate, Reason::puzzle_unsolved), 0U);
}

TEST_F(ClientPuzzles, CostNoDiffieHellmanBeforeTheSecondIsSolved) {
  load_gate(with_gate(), gate_settings());
  const auto spoil_first_key = [](Bytes& packet) {
    const auto message = static_cast<std::size_t>(sim::sniff(packet).content.data() - packet.data());
    packet[message + wire::ike_header_size + w::generic_header_size] ^= 0x40;
  };
  mallory.alter(OnPathAttacker::ike(ExchangeType::ike_auth, request), spoil_first_key, 1);
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_auth, request), 2);
  alice.initiate("office");
  pass(2s);
  EXPECT_EQ(rejections(gate, Reason::puzzle_unsolved), 1U);
  EXPECT_EQ(counting.shared_secrets(), 0U);
  EXPECT_TRUE(eventually([&] { return gate.installed().size() == 1; }));
  EXPECT_EQ(counting.shared_secrets(), 1U);
}

TEST_F(ClientPuzzles, OnceSolvedNeedNoSecondSolutionForAMessageThatIsNotAuthentic) {
  load_gate(with_gate(), gate_settings());
  mallory.alter(OnPathAttacker::ike(ExchangeType::ike_auth, request), [](Bytes& packet) { packet.back() ^= 1; }, 1);
  alice.initiate("office");
  pass(1s);
  EXPECT_EQ(rejections(gate, Reason::not_authentic), 1U);
  EXPECT_EQ(counting.shared_secrets(), 1U);
  EXPECT_TRUE(eventually([&] { return gate.installed().size() == 1; }));
  EXPECT_EQ(counting.shared_secrets(), 1U);
}

TEST_F(ClientPuzzles, MayHaveADifficultyOfTheInitiatorsChoice) {
  load_gate(with_gate(), gate_settings(0, 0));
  EXPECT_TRUE(gets_in());
}

TEST_F(ClientPuzzles, GoWithTheFirstFragmentOfIkeAuth) {
  Pairing pairing = with_gate();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.fragmentation = policy::Fragmentation::yes; });
  ike::Settings small = gate_settings();
  small.fragment_size = 160;
  load_gate(pairing, small, small);
  mallory.record(100);
  EXPECT_TRUE(gets_in());
  EXPECT_GT(count_sent<w::SkfPayload>(ExchangeType::ike_auth), 1U);
  EXPECT_EQ(count_sent<w::PuzzleSolutionPayload>(ExchangeType::ike_auth), 1U);
  EXPECT_EQ(rejections(gate, Reason::puzzle_unsolved), 0U);
}

TEST_F(ClientPuzzles, StaySolvedWhenAnotherGroupIsAskedFor) {
  Pairing pairing = with_gate();
  pairing.left.proposals = sim::proposals(policy::Protocol::ike, {"aes128-sha256-x25519-ecp256"});
  pairing.right.proposals = sim::proposals(policy::Protocol::ike, {"aes128-sha256-ecp256"});
  load_gate(pairing, gate_settings());
  EXPECT_TRUE(gets_in());
  EXPECT_EQ(rejections(gate, Reason::puzzle_demanded), 1U);
}

TEST_F(ClientPuzzles, AreFollowedByIkeIntermediateWithoutASecondOne) {
  Pairing pairing = with_gate();
  sim::at_both_ends(pairing, [](policy::Connection& end) {
    end.proposals = sim::proposals(policy::Protocol::ike, {"aes128-sha256-x25519-ke1_ecp256"});
  });
  load_gate(pairing, gate_settings());
  EXPECT_TRUE(gets_in());
}

TEST_F(ClientPuzzles, AreSearchedForALittleAtATime) {
  load_gate(with_gate(), gate_settings(0, 18));  // 12 where there is room: some sixteen thousand tries
  mallory.record(100);
  alice.initiate("office");
  ASSERT_TRUE(eventually([&] { return gate.installed().size() == 1; }));
  std::vector<Instant> asked, answered;
  for (const auto& each : mallory.recorded()) {
    const auto sniffed = sim::sniff(each.packet);
    if (sniffed.is_ike(ExchangeType::ike_sa_init, request)) asked.push_back(each.at);
    if (sniffed.is_ike(ExchangeType::ike_sa_init, response)) answered.push_back(each.at);
  }
  ASSERT_EQ(asked.size(), 2U);
  const Duration line = 10ms;
  EXPECT_GT(asked[1] - answered[0], line + 5ms);  // each time that it was laid aside took a millisecond
}

TEST_F(ClientPuzzles, ThatTheInitiatorHasNoPatienceForLetItInNowAndThen) {
  ike::Settings no_patience;
  no_patience.puzzle_limit = 0;
  load_gate(with_gate(), gate_settings(), no_patience);
  std::size_t in = 0, declined = 0;
  for (int i = 0; i < 8; ++i) {
    alice.initiate("office");
    if (eventually([&] { return !alice.installed().empty(); }, 3min))
      ++in;
    else if (failure_of(alice) == FailureKind::puzzle_declined)
      ++declined;
    alice.restart();
    gate.restart();
  }
  EXPECT_GT(in, 0U);
  EXPECT_EQ(in + declined, 8U);
}

TEST_F(ClientPuzzles, ThatTheInitiatorDeclinesAreToldAsTheReason) {
  const Pairing pairing = with_gate();
  const Bytes original = a_first_message(pairing, gate);
  ike::Settings narrow = gate_settings(8, 16), no_patience;
  narrow.half_open_limit = 10;  // the rest is for those who solve
  narrow.half_open_timeout = 10min;
  no_patience.puzzle_limit = 9;
  load_gate(pairing, narrow, no_patience);
  gate.restart();
  alice.restart();
  Squatter& squatter = a_squatter(original);
  squatter.ask(8);
  pass(100ms);
  squatter.return_cookies();
  pass(100ms);
  ASSERT_EQ(engine().half_open(), 8U);
  const std::size_t before = alice.count<event::NegotiationFailed>();
  alice.initiate("office");
  ASSERT_TRUE(eventually([&] { return alice.count<event::NegotiationFailed>() == before + 1; }, 5min));
  EXPECT_EQ(failure_of(alice), FailureKind::puzzle_declined);
  EXPECT_EQ(alice.latest<event::NegotiationFailed>()->failure.zero_bits, 10U);
}

TEST_F(ClientPuzzles, LetWhoeverSolvesThemInThroughManyWhoDoNot) {
  const Pairing pairing = with_gate();
  const Bytes original = a_first_message(pairing, gate);
  ike::Settings narrow = gate_settings(20);
  narrow.half_open_limit = 80;
  load_gate(pairing, narrow);
  gate.restart();
  std::vector<Squatter*> squatters;
  for (int i = 0; i < 20; ++i) squatters.push_back(&a_squatter(original));
  for (int round = 0; round < 12; ++round) {
    for (Squatter* squatter : squatters) {
      squatter->ask(3);
      squatter->return_cookies(round % 2 == 0 ? std::nullopt : std::optional(Bytes(16, 7)));
    }
    pass(100ms);
  }
  EXPECT_GT(rejections(gate, Reason::puzzle_unsolved), 0U);
  EXPECT_EQ(engine().half_open(), 60U);  // the rest is for those who solve
  EXPECT_TRUE(gets_in());
}

}  // namespace
}  // namespace sallyport::scenarios
