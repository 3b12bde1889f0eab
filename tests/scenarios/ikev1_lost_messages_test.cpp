// One message after the other gets lost, comes twice, or comes too late: IKEv1 has no acknowledgements, and in the end
// it makes no difference.
#include "tests/scenarios/ikev1.h"

namespace sallyport::scenarios {
namespace {

class Ikev1LostMessages : public Stage {
 protected:
  void expect_all_well() {
    EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
    EXPECT_TRUE(both_reach_each_other());
  }
};

struct LostMessage {
  const char* name;
  V1 exchange;
  std::size_t number;
};
class Ikev1Lost : public Ikev1LostMessages, public testing::WithParamInterface<LostMessage> {};

TEST_P(Ikev1Lost, TwiceIsSentAgain) {
  mallory.take(ikev1_message(GetParam().exchange, GetParam().number), 2);
  load(in_ikev1(office(), GetParam().exchange == V1::aggressive_mode));
  alice.initiate("office");
  pass(1min);
  ASSERT_TRUE(is_up());
  EXPECT_EQ(mallory.struck(), 2U);
  expect_all_well();
}

// One of the responder's counts as lost for good until its ISAKMP SA is forgotten: then there is another.
TEST_P(Ikev1Lost, ForGoodLeavesNothingThatTheOtherDoesNotHave) {
  mallory.take(ikev1_message(GetParam().exchange, GetParam().number));
  load(in_ikev1(office(), GetParam().exchange == V1::aggressive_mode));
  alice.initiate("office");
  pass(20min);
  EXPECT_EQ(alice.installed().size(), bob.installed().size());
  EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Each, Ikev1Lost,
                         testing::Values(LostMessage{"Main1", V1::main_mode, 1}, LostMessage{"Main2", V1::main_mode, 2},
                                         LostMessage{"Main3", V1::main_mode, 3}, LostMessage{"Main4", V1::main_mode, 4},
                                         LostMessage{"Main5", V1::main_mode, 5}, LostMessage{"Main6", V1::main_mode, 6},
                                         LostMessage{"Aggressive1", V1::aggressive_mode, 1},
                                         LostMessage{"Aggressive2", V1::aggressive_mode, 2},
                                         LostMessage{"Aggressive3", V1::aggressive_mode, 3},
                                         LostMessage{"Quick1", V1::quick_mode, 1},
                                         LostMessage{"Quick2", V1::quick_mode, 2},
                                         LostMessage{"Quick3", V1::quick_mode, 3}),
                         [](const auto& message) { return message.param.name; });

TEST_F(Ikev1LostMessages, ALostDeleteIsRepeated) {
  load(in_ikev1(office()));
  ASSERT_TRUE(comes_up());
  mallory.take(ikev1(V1::informational), 2);
  alice.terminate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().empty() && bob.installed().empty(); }, 1min));
}

TEST_F(Ikev1LostMessages, ALostDeleteOfAChildIsRepeated) {
  load(in_ikev1(office()));
  ASSERT_TRUE(comes_up());
  mallory.take(ikev1(V1::informational), 1);
  alice.terminate("office", "lan");
  EXPECT_TRUE(eventually([&] { return is_up(1, 0); }, 1min));
}

TEST_F(Ikev1LostMessages, EverythingTwiceIsAsGoodAsOnce) {
  alice_link.set_quality({.duplication = Chance::always()});
  bob_link.set_quality({.duplication = Chance::always()});
  load(in_ikev1(office()));
  ASSERT_TRUE(comes_up());
  expect_all_well();
}

TEST_F(Ikev1LostMessages, OldMessagesThatComeLateChangeNothing) {
  mallory.record(100);
  load(in_ikev1(office()));
  ASSERT_TRUE(comes_up());
  const auto keys = alice.installed().begin()->second.inbound.spi;
  EXPECT_GE(mallory.replay(OnPathAttacker::ike()), 9U);
  pass(10min);
  EXPECT_GE(mallory.replay(OnPathAttacker::ike()), 9U);
  pass(10min);
  ASSERT_TRUE(is_up());
  EXPECT_EQ(alice.installed().begin()->second.inbound.spi, keys);
  expect_all_well();
}

TEST_F(Ikev1LostMessages, MessagesThatOvertakeEachOtherDoNoHarm) {
  alice_link.set_quality({.reordering = Chance::percent(50), .hold_back = 5s});
  load(in_ikev1(office()));
  alice.initiate("office");
  pass(5min);
  alice_link.set_quality({});
  ASSERT_TRUE(is_up());
  expect_all_well();
}

class Ikev1BadLine : public Ikev1LostMessages, public testing::WithParamInterface<std::tuple<bool, std::uint32_t>> {};

TEST_P(Ikev1BadLine, IsOvercome) {
  const auto [aggressive, loss] = GetParam();
  alice_link.set_quality({.jitter = 20ms, .loss = Chance::percent(loss)});
  Pairing pairing = in_ikev1(office(), aggressive);
  pairing.left.children[0].start_action = policy::StartAction::start;
  pairing.left.keyingtries = 0;
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.dpd_delay = policy::Seconds(30); });
  load(pairing);
  ASSERT_TRUE(eventually([&] { return is_up(); }, 1h));
  alice_link.set_quality({});
  pass(5min);
  EXPECT_TRUE(is_up());
  expect_all_well();
}
INSTANTIATE_TEST_SUITE_P(LossInPercent, Ikev1BadLine,
                         testing::Combine(testing::Bool(), testing::Values(0, 10, 20, 40)));

TEST_F(Ikev1LostMessages, WhatThePeerSendsBeforeItsAnswerComesWaitsForIt) {
  mallory.take(ikev1_message(V1::quick_mode, 2), 1);
  load(in_ikev1(office()));
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

TEST_F(Ikev1LostMessages, ItWaitsNoLongerThanTheOfferStands) {
  mallory.take(ikev1_message(V1::quick_mode, 2));
  load(in_ikev1(office()));
  alice.initiate("office");
  ASSERT_TRUE(eventually([&] { return !bob.installed().empty(); }));
  bob.application().ping(bob_inside, alice_inside);
  pass(20min);
  EXPECT_EQ(alice.worker()->counters().drops[datapath::DropReason::early_expired], 1U);
  EXPECT_EQ(alice.worker()->next_timeout(), std::nullopt);
}

TEST_F(Ikev1LostMessages, ASilentPeerIsFoundDead) {
  Pairing pairing = in_ikev1(office());
  pairing.left.dpd_delay = policy::Seconds(30);
  load(pairing);
  ASSERT_TRUE(comes_up());
  pass(10min);
  ASSERT_TRUE(is_up());  // who answers is alive
  bob.crash();
  pass(5min);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_EQ(failure_of(alice), FailureKind::peer_unreachable);
}

}  // namespace
}  // namespace sallyport::scenarios
