// One message after the other gets lost, comes twice, or comes too late, and in the end it makes no difference.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

class LostMessages : public Stage {
 protected:
  void expect_nothing_stays() {
    load(office());
    alice.initiate("office");
    pass(10min);
    EXPECT_TRUE(is_all_gone());
    EXPECT_TRUE(alice.installed().empty());
    EXPECT_TRUE(bob.installed().empty());
    EXPECT_EQ(failure_of(alice), FailureKind::peer_unreachable);
  }
  void expect_all_well() {
    EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
    EXPECT_TRUE(both_reach_each_other());
  }
};

/// A message of the way up, and how often it may get lost: there are five repetitions, but a responder forgets an IKE
/// SA whose initiator does not prove itself within 30 s, and that is before the fourth.
struct Message {
  const char* name;
  ExchangeType exchange;
  bool is_response;
  std::size_t losses_survived;
};
class Lost : public LostMessages, public testing::WithParamInterface<Message> {};

TEST_P(Lost, OnceIsSentAgain) {
  mallory.take(OnPathAttacker::ike(GetParam().exchange, GetParam().is_response), 1);
  load(office());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(mallory.struck(), 1U);
  EXPECT_GE(alice.count<event::Retransmitted>(), 1U);
  expect_all_well();
}

TEST_P(Lost, AsOftenAsMayBeIsStillSentAgain) {
  mallory.take(OnPathAttacker::ike(GetParam().exchange, GetParam().is_response), GetParam().losses_survived);
  load(office());
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(alice.installed().size() == 1 && bob.installed().size() == 1);
  expect_all_well();
}

TEST_P(Lost, OnceMoreLeavesNothing) {
  mallory.take(OnPathAttacker::ike(GetParam().exchange, GetParam().is_response), GetParam().losses_survived + 1);
  expect_nothing_stays();
}

// Whatever one side has by the time that the other gives up, goes in the end.
TEST_P(Lost, ForGoodLeavesNothing) {
  mallory.take(OnPathAttacker::ike(GetParam().exchange, GetParam().is_response));
  expect_nothing_stays();
}

INSTANTIATE_TEST_SUITE_P(Each, Lost,
                         testing::Values(Message{"InitRequest", ExchangeType::ike_sa_init, request, 5},
                                         Message{"InitResponse", ExchangeType::ike_sa_init, response, 5},
                                         Message{"AuthRequest", ExchangeType::ike_auth, request, 3},
                                         Message{"AuthResponse", ExchangeType::ike_auth, response, 5}),
                         [](const auto& message) { return message.param.name; });

TEST_F(LostMessages, LaterChildIsRetriedToo) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.children.push_back(end.children[0]); });
  pairing.left.children[1].name = pairing.right.children[1].name = "lab";
  load(pairing);
  ASSERT_TRUE(alice.initiate("office", "lan"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 1); }));
  mallory.take(OnPathAttacker::ike(ExchangeType::create_child_sa, request), 1);
  mallory.take(OnPathAttacker::ike(ExchangeType::create_child_sa, response), 1);
  ASSERT_TRUE(alice.initiate("office", "lab"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 2); }));
  EXPECT_EQ(mallory.struck(), 2U);
  expect_all_well();
}

TEST_F(LostMessages, WhatThePeerSendsBeforeItsAnswerComesWaitsForIt) {
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_auth, response), 1);
  load(office());
  alice.initiate("office");
  ASSERT_TRUE(eventually([&] { return !bob.installed().empty(); }));
  const auto ping = bob.application().ping(bob_inside, alice_inside);
  pass(1s);
  EXPECT_EQ(alice.application().arrived(ping), 0U);
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  EXPECT_TRUE(eventually([&] { return bob.application().answered(ping); }, 100ms));
  EXPECT_EQ(alice.worker()->counters().drops.total(), 0U);
  expect_all_well();
}

TEST_F(LostMessages, SoItIsForALaterChild) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) {
    end.children.push_back(end.children[0]);
    end.children[1].name = "lab";
  });
  pairing.left.children[1].local_ts = pairing.right.children[1].remote_ts = sim::selectors({"10.11.0.0/16"});
  load(pairing);
  ASSERT_TRUE(alice.initiate("office", "lan"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 1); }));
  mallory.take(OnPathAttacker::ike(ExchangeType::create_child_sa, response), 1);
  ASSERT_TRUE(alice.initiate("office", "lab"));
  ASSERT_TRUE(eventually([&] { return bob.installed().size() == 2; }));
  const auto ping = bob.application().ping(bob_inside, IpAddress::v4(10, 11, 0, 1));
  pass(1s);
  EXPECT_EQ(alice.application().arrived(ping), 0U);
  ASSERT_TRUE(eventually([&] { return is_up(1, 2); }));
  EXPECT_TRUE(eventually([&] { return bob.application().answered(ping); }, 100ms));
}

TEST_F(LostMessages, ItWaitsNoLongerThanTheOfferStands) {
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_auth, response));
  load(office());
  alice.initiate("office");
  ASSERT_TRUE(eventually([&] { return !bob.installed().empty(); }));
  bob.application().ping(bob_inside, alice_inside);
  pass(10min);
  EXPECT_EQ(alice.worker()->counters().drops[datapath::DropReason::early_expired], 1U);
  EXPECT_EQ(alice.worker()->next_timeout(), std::nullopt);
}

TEST_F(LostMessages, LostDeleteIsSentAgain) {
  load(office());
  ASSERT_TRUE(comes_up());
  mallory.take(OnPathAttacker::ike(ExchangeType::informational, request), 2);
  alice.terminate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().empty() && bob.installed().empty(); }, 1min));
}

TEST_F(LostMessages, LostAnswerToADeleteMakesNoDifference) {
  load(office());
  ASSERT_TRUE(comes_up());
  mallory.take(OnPathAttacker::ike(ExchangeType::informational, response), 3);
  alice.terminate("office");
  pass(5min);
  EXPECT_TRUE(is_all_gone());
}

TEST_F(LostMessages, DeleteThatNeverArrivesIsMadeGoodByLiveness) {
  Pairing pairing = office();
  pairing.right.dpd_delay = 30s;
  load(pairing);
  ASSERT_TRUE(comes_up());
  alice_link.set_up(false);
  alice.terminate("office");
  pass(1s);
  alice_link.set_up(true);
  mallory.take(OnPathAttacker::only(outward, OnPathAttacker::ike()));
  pass(10min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(failure_of(bob), FailureKind::peer_unreachable);
}

TEST_F(LostMessages, EverythingTwiceIsAsGoodAsOnce) {
  alice_link.set_quality({.duplication = Chance::always()});
  bob_link.set_quality({.duplication = Chance::always()});
  load(office());
  ASSERT_TRUE(comes_up());
  const auto ping = alice.application().ping(alice_inside, bob_inside);
  pass(2s);
  EXPECT_TRUE(alice.application().answered(ping));
  EXPECT_EQ(bob.application().arrived(ping), 1U);  // the replay window takes the rest
  expect_all_well();
}

TEST_F(LostMessages, OldMessagesThatComeLateChangeNothing) {
  mallory.record(100);
  load(office());
  ASSERT_TRUE(comes_up());
  const auto keys = alice.installed().begin()->second.inbound.spi;
  EXPECT_GE(mallory.replay(OnPathAttacker::ike()), 4U);
  pass(5min);
  ASSERT_TRUE(is_up());
  EXPECT_EQ(alice.installed().begin()->second.inbound.spi, keys);
  expect_all_well();
}

TEST_F(LostMessages, AnswersThatOvertakeEachOtherDoNoHarm) {
  alice_link.set_quality({.reordering = Chance::percent(50), .hold_back = 5s});
  load(office());
  alice.initiate("office");
  pass(5min);
  alice_link.set_quality({});
  expect_all_well();
}

class BadLine : public LostMessages, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(BadLine, CarriesPacketsAllTheSame) {
  const sim::LinkQuality bad{.jitter = 20ms, .loss = Chance::percent(GetParam())};
  alice_link.set_quality(bad);
  Pairing pairing = office();
  pairing.left.children[0].start_action = policy::StartAction::start;
  pairing.left.keyingtries = 0;
  load(pairing);
  ASSERT_TRUE(eventually([&] { return is_up(); }, 1h));
  std::size_t arrived = 0;
  for (int i = 0; i < 100; ++i) arrived += alice_reaches_bob(100ms);
  const double both_ways = (1 - GetParam() / 100.0) * (1 - GetParam() / 100.0);
  EXPECT_NEAR(static_cast<double>(arrived), 100 * both_ways, 20);
}
INSTANTIATE_TEST_SUITE_P(LossInPercent, BadLine, testing::Values(0, 10, 20, 40), testing::PrintToStringParamName());

}  // namespace
}  // namespace sallyport::scenarios
