// The peer dies, restarts, or forgets: what is left at the other end goes, and what is wanted comes back.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

class LosingThePeer : public Stage {
 protected:
  Pairing watchful() const {
    Pairing pairing = office();
    sim::at_both_ends(pairing, [](policy::Connection& end) { end.dpd_delay = 30s; });
    return pairing;
  }
};

TEST_F(LosingThePeer, DeadPeerIsFound) {
  load(watchful());
  ASSERT_TRUE(comes_up());
  bob.crash();
  pass(4min);
  EXPECT_TRUE(alice.ike_sas().empty());
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_EQ(failure_of(alice), FailureKind::peer_unreachable);
}

TEST_F(LosingThePeer, WithoutLivenessNobodyNotices) {
  load(office());
  ASSERT_TRUE(comes_up());
  pass(2min);
  bob.crash();
  pass(30min);
  EXPECT_EQ(alice.established_ike_sas(), 1U);
}

TEST_F(LosingThePeer, LivingPeerIsKept) {
  load(watchful());
  ASSERT_TRUE(comes_up());
  pass(30min);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(LosingThePeer, TrafficIsLifeEnough) {
  load(watchful());
  ASSERT_TRUE(comes_up());
  pass(40s);
  EXPECT_TRUE(both_reach_each_other());
  const std::size_t before = packets_of(alice, sim::Sniffed::Kind::ike);
  for (int i = 0; i < 60; ++i) {
    pass(20s);
    EXPECT_TRUE(both_reach_each_other());
  }
  EXPECT_EQ(packets_of(alice, sim::Sniffed::Kind::ike), before);
}

TEST_F(LosingThePeer, CutLineBroughtBackInTimeCostsNothing) {
  load(watchful());
  ASSERT_TRUE(comes_up());
  pass(20s);
  bob_link.set_up(false);
  pass(1min);
  bob_link.set_up(true);
  pass(2min);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

// alice's own packets are lost while bob's arrive. Her last try alone would be 90 s after the first, and she would give
// up after 165 s.

TEST_F(LosingThePeer, OneThatIsHeardIsNotGivenUpForALostAnswer) {
  load(office());
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(both_reach_each_other());  // so bob has no question left
  const auto ike_sa = alice.ike_sas().front().id;
  alice_link.quality(outward).up = false;
  ASSERT_TRUE(alice.rekey("office", "lan"));
  for (int i = 0; i < 40; ++i) {
    bob.application().send_udp({bob_inside, 7}, {alice_inside, 7});
    pass(5s);
  }
  alice_link.quality(outward).up = true;
  EXPECT_TRUE(eventually([&] { return alice.count<event::ChildSaRekeyed>() == 1; }, 3min));
  ASSERT_EQ(alice.established_ike_sas(), 1U);
  EXPECT_EQ(alice.ike_sas().front().id, ike_sa);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(LosingThePeer, OneThatIsHeardAndNeverAnswersIsGivenUpInTheEnd) {
  load(office());
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(both_reach_each_other());  // so bob has no question left
  alice_link.quality(outward).up = false;
  ASSERT_TRUE(alice.rekey("office", "lan"));
  for (int i = 0; i < 160; ++i) {
    bob.application().send_udp({bob_inside, 7}, {alice_inside, 7});
    pass(5s);
  }
  EXPECT_TRUE(alice.ike_sas().empty());
  EXPECT_EQ(failure_of(alice), FailureKind::peer_unreachable);
  bob.crash();  // nobody has told it
}

TEST_F(LosingThePeer, WhatWaitsForItsAnswerIsSaidAgainAsSoonAsThePeerAsksSomething) {
  Pairing pairing = office();
  pairing.right.dpd_delay = 120s;
  load(pairing);
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(both_reach_each_other());  // so bob has no question left
  alice_link.quality(outward).up = false;
  ASSERT_TRUE(alice.rekey("office", "lan"));
  pass(100s);
  alice_link.quality(outward).up = true;
  EXPECT_TRUE(eventually([&] { return alice.count<event::ChildSaRekeyed>() == 1; }, 25s));
}

TEST_F(LosingThePeer, DpdActionRestartBringsItBack) {
  Pairing pairing = watchful();
  pairing.left.children[0].dpd_action = policy::DpdAction::restart;
  pairing.left.keyingtries = 0;
  load(pairing);
  ASSERT_TRUE(comes_up());
  bob.crash();
  pass(10min);
  EXPECT_TRUE(alice.installed().empty());
  bob.restart();
  EXPECT_TRUE(eventually([&] { return is_up(); }, 15min));
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(LosingThePeer, DpdActionRestartIsNoAttemptThatFailed) {
  Pairing pairing = watchful();
  pairing.left.children[0].dpd_action = policy::DpdAction::restart;
  load(pairing);
  ASSERT_TRUE(comes_up());
  bob.crash();
  ASSERT_TRUE(eventually([&] { return alice.installed().empty(); }, 10min));
  bob.restart();
  EXPECT_TRUE(eventually([&] { return is_up(); }, 1min));
}

TEST_F(LosingThePeer, DpdActionTrapWaitsForTraffic) {
  Pairing pairing = watchful();
  pairing.left.children[0].dpd_action = policy::DpdAction::trap;
  load(pairing);
  ASSERT_TRUE(comes_up());
  bob.crash();
  pass(10min);
  bob.restart();
  pass(10min);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(alice_reaches_bob(5s));
  EXPECT_TRUE(is_up());
}

TEST_F(LosingThePeer, DpdActionClearDoesNotComeUpForTraffic) {
  load(watchful());
  ASSERT_TRUE(comes_up());
  bob.crash();
  pass(10min);
  bob.restart();
  EXPECT_FALSE(alice_reaches_bob(5s));
  EXPECT_TRUE(alice.installed().empty());
}

TEST_F(LosingThePeer, WhatIsClosedByHandWaitsForNoTraffic) {
  Pairing pairing = watchful();
  pairing.left.children[0].dpd_action = policy::DpdAction::trap;
  load(pairing);
  ASSERT_TRUE(comes_up());
  alice.terminate("office");
  pass(10s);
  EXPECT_FALSE(alice_reaches_bob(5s));
  EXPECT_TRUE(alice.installed().empty());
}

TEST_F(LosingThePeer, InitialContactClearsWhatACrashLeftBehind) {
  load(office());
  ASSERT_TRUE(comes_up());
  alice.crash();
  alice.restart();
  ASSERT_TRUE(alice.initiate("office"));
  pass(1min);
  EXPECT_TRUE(is_up());
  EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(LosingThePeer, InitialContactSparesOtherPeers) {
  const IpAddress carol_address = IpAddress::v4(203, 0, 113, 3);
  auto& carol = world.add<Host>("carol", std::vector{carol_address}, cryptography());
  internet.attach(carol, carol_address);
  const Pairing carols = sim::pair_up("carols", {carol_address, "10.3.0.0/16", "carol.example"},
                                      {bob_address, "10.2.0.0/16", "bob.example"});
  load(office());
  sim::Configuration bobs = office().right_configuration();
  bobs.connections.push_back(carols.right_configuration().connections[0]);
  bobs.keys.push_back(carols.right_configuration().keys[0]);
  bob.load(std::move(bobs));
  carol.load(carols.left_configuration());
  carol.initiate("carols");
  alice.initiate("office");
  ASSERT_TRUE(eventually([&] { return bob.installed().size() == 2; }));
  alice.crash();
  alice.restart();
  alice.initiate("office");
  pass(1min);
  EXPECT_EQ(bob.installed().size(), 2U);
  EXPECT_TRUE(reaches(carol, IpAddress::v4(10, 3, 0, 1), bob_inside));
  EXPECT_TRUE(alice_reaches_bob());
}

TEST_F(LosingThePeer, CrashOfTheResponderIsHealedByTheNextPacketOnDemand) {
  Pairing pairing = watchful();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.children[0].start_action = policy::StartAction::trap; });
  load(pairing);
  EXPECT_TRUE(alice_reaches_bob(5s));
  bob.crash();
  bob.restart();
  pass(5min);
  EXPECT_TRUE(alice_reaches_bob(5s));
  EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
}

TEST_F(LosingThePeer, EspOfAForgottenSaIsDroppedInSilenceByWhoKeepsNoSecret) {
  bob.keep_crash_secret("");
  load(office());
  ASSERT_TRUE(comes_up());
  bob.crash();
  bob.restart();
  const std::size_t before = packets_of(bob, sim::Sniffed::Kind::ike);
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_EQ(bob.worker()->counters().drops[datapath::DropReason::unknown_spi], 1U);
  EXPECT_EQ(packets_of(bob, sim::Sniffed::Kind::ike), before);
}

TEST_F(LosingThePeer, ReloadThatChangesNothingKeepsTheSas) {
  load(office());
  ASSERT_TRUE(comes_up());
  const auto spi = alice.installed().begin()->second.inbound.spi;
  load(office());
  pass(1min);
  ASSERT_TRUE(is_up());
  EXPECT_EQ(alice.installed().begin()->second.inbound.spi, spi);
}

TEST_F(LosingThePeer, ReloadWithoutTheConnectionClosesItAtBothEnds) {
  load(office());
  ASSERT_TRUE(comes_up());
  alice.load({});
  pass(1min);
  EXPECT_TRUE(is_all_gone());
}

}  // namespace
}  // namespace sallyport::scenarios
