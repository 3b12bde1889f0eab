// keep: a child stays up, or on demand, for ever, whatever becomes of its peer and of the way to it; tries that fail
// are made less and less often; and what is closed by hand stays closed.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

using policy::Keep;

class KeptUp : public Stage {
 protected:
  /// alice keeps it so; as the configuration fills in what follows from the word.
  static Pairing kept(Keep keep) {
    Pairing pairing = office();
    pairing.left.dpd_delay = 30s;
    policy::Child& child = pairing.left.children[0];
    child.keep = keep;
    const bool up = keep == Keep::up;
    child.start_action = child.close_action = up ? policy::StartAction::start : policy::StartAction::trap;
    child.dpd_action = up ? policy::DpdAction::restart : policy::DpdAction::trap;
    return pairing;
  }
  std::size_t tries() const {
    return static_cast<std::size_t>(std::ranges::count_if(alice.events(), [](const event::Event& event) {
      const auto* logged = std::get_if<event::MessageLogged>(&event);
      return logged && logged->direction == event::Direction::sent && logged->message.request &&
             logged->message.exchange == "IKE_SA_INIT";
    }));
  }
  node::ConnectionStatus status() const { return alice.node()->status().front(); }
};

TEST_F(KeptUp, ComesUpByItself) {
  load(kept(Keep::up));
  EXPECT_TRUE(eventually([&] { return is_up(); }));
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_THAT(status().waiting, IsEmpty());
}

TEST_F(KeptUp, APeerThatRestartsIsBackSoonAfterItIsMissed) {
  load(kept(Keep::up));
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  bob.restart();
  EXPECT_TRUE(eventually([&] { return is_up() && both_reach_each_other(); }, 5min));
}

TEST_F(KeptUp, APeerThatIsOffForHoursIsBackMinutesAfterItIsOn) {
  load(kept(Keep::up));
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  bob.crash();
  pass(5h);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_EQ(status().state, node::ConnectionStatus::State::down);
  bob.start();
  EXPECT_TRUE(eventually([&] { return is_up(); }, 8min));
  EXPECT_THAT(status().waiting, IsEmpty());
}

TEST_F(KeptUp, TriesAreFewWhenTheyKeepFailingAndStatusSaysWhenTheNextOneIs) {
  Pairing pairing = kept(Keep::up);
  pairing.right_secret = "another";
  load(pairing);
  pass(2h);
  EXPECT_LE(tries(), 45U);
  EXPECT_GE(tries(), 20U);
  ASSERT_EQ(status().waiting.size(), 1U);
  EXPECT_EQ(status().waiting[0].child, "lan");
  EXPECT_GE(status().waiting[0].failures + 1, tries());
  EXPECT_GT(status().waiting[0].until, world.now());
  EXPECT_LE(status().waiting[0].until, world.now() + 5min);
  ASSERT_TRUE(status().why);
  EXPECT_EQ(status().why->kind, FailureKind::authentication_failed);
  pairing.right_secret = pairing.left_secret;
  bob.load(pairing.right_configuration());
  EXPECT_TRUE(eventually([&] { return is_up(); }, 6min));
}

/// The answer to alice's Delete comes when she has long begun anew, to no avail so far: it is about the past.
TEST_F(KeptUp, ALateAnswerToADeleteForgetsNothingThatWasBegunAnew) {
  load(kept(Keep::up));
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  mallory.take(OnPathAttacker::ike(ExchangeType::informational, response), 1);
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_sa_init, request));
  alice.terminate("office");
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(alice.installed().empty());
  mallory.forget_rules();
  EXPECT_TRUE(eventually([&] { return is_up(); }, 10min));
}

TEST_F(KeptUp, APeerThatClosesItAtOnceEachTimeIsNotPlagued) {
  load(kept(Keep::up));
  std::size_t closed = 0;
  for (const Instant end = world.now() + 2h; world.now() < end;)
    if (eventually([&] { return bob.established_ike_sas() == 1 && !bob.installed().empty(); }, 10min)) {
      pass(1s);
      bob.terminate("office");
      ++closed;
      pass(1s);
    }
  EXPECT_LE(closed, 45U);
  EXPECT_GE(closed, 20U);
  EXPECT_TRUE(eventually([&] { return is_up(); }, 6min));
  pass(10min);  // and when it has been up for a while, that is forgotten
  bob.terminate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().empty(); }));
  EXPECT_TRUE(eventually([&] { return is_up(); }, 10s));
}

TEST_F(KeptUp, APeerThatClosesTheChildAloneGetsItAgain) {
  load(kept(Keep::up));
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  pass(2min);
  bob.terminate("office", "lan");
  ASSERT_TRUE(eventually([&] { return bob.installed().empty(); }));
  EXPECT_TRUE(eventually([&] { return is_up(); }, 10s));
}

TEST_F(KeptUp, WhatIsClosedByHandStaysClosedUntilItIsBroughtUpAgain) {
  load(kept(Keep::up));
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  alice.terminate("office");
  pass(1h);
  EXPECT_TRUE(is_all_gone());
  EXPECT_THAT(status().waiting, IsEmpty());
  ASSERT_TRUE(comes_up());
  pass(2min);
  bob.terminate("office");
  ASSERT_TRUE(eventually([&] { return bob.installed().empty(); }));
  EXPECT_TRUE(eventually([&] { return is_up(); }, 10s));
}

TEST_F(KeptUp, ByHandWhileThePeerIsOffGoesOnUntilItIsOn) {
  load(kept(Keep::up));
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  alice.terminate("office");
  pass(1min);
  bob.crash();
  alice.initiate("office");
  pass(1h);
  bob.start();
  EXPECT_TRUE(eventually([&] { return is_up(); }, 8min));
}

TEST_F(KeptUp, ByBothEndsSettlesOnOne) {
  Pairing pairing = kept(Keep::up);
  pairing.right.dpd_delay = 30s;
  for (auto key : {&policy::Child::start_action, &policy::Child::close_action})
    pairing.right.children[0].*key = policy::StartAction::start;
  pairing.right.children[0].dpd_action = policy::DpdAction::restart;
  pairing.right.children[0].keep = Keep::up;
  load(pairing);
  ASSERT_TRUE(eventually([&] { return is_up(); }, 2min));
  for (Host* host : {&alice, &bob, &alice}) {
    host->restart();
    EXPECT_TRUE(eventually([&] { return is_up() && both_reach_each_other(); }, 5min));
  }
  alice_link.set_up(false);
  pass(20min);
  alice_link.set_up(true);
  EXPECT_TRUE(eventually([&] { return is_up() && both_reach_each_other(); }, 8min));
}

TEST_F(KeptUp, OnDemandComesUpForAPacketEachTimeItIsMissing) {
  load(kept(Keep::on_demand));
  pass(1min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(status().state, node::ConnectionStatus::State::on_demand);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(alice_reaches_bob(5s));
    bob.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 1min));
    pass(1min);
    EXPECT_EQ(status().state, node::ConnectionStatus::State::on_demand);
  }
}

TEST_F(KeptUp, OnDemandAndThePeerRefusesIsNotTriedForEachPacket) {
  Pairing pairing = kept(Keep::on_demand);
  pairing.right_secret = "another";
  load(pairing);
  for (int i = 0; i < 600; ++i) {
    alice.application().ping(alice_inside, bob_inside);
    pass(1s);
  }
  EXPECT_LE(tries(), 40U);
  EXPECT_GE(tries(), 15U);
  ASSERT_EQ(status().waiting.size(), 1U);
  pairing.right_secret = pairing.left_secret;
  bob.load(pairing.right_configuration());
  pass(31s);
  EXPECT_TRUE(alice_reaches_bob(5s));
  EXPECT_THAT(status().waiting, IsEmpty());
}

}  // namespace
}  // namespace sallyport::scenarios
