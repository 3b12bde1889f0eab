// Another configuration is loaded while connections are up: what means the same is not touched, what has changed goes
// and comes back as it is configured now, and nothing else. In each version of IKE that is built.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

using policy::Keep;
using policy::Seconds;
using testing::ElementsAre;

class Reload : public Stage, public testing::WithParamInterface<policy::IkeVersion> {
 protected:
  /// With a second child, between other networks.
  static Pairing with_annex() {
    Pairing pairing = office();
    sim::at_both_ends(pairing, [](policy::Connection& end) {
      end.version = GetParam();
      policy::Child annex = end.children[0];
      annex.name = "annex";
      end.children.push_back(std::move(annex));
    });
    pairing.left.children[1].local_ts = pairing.right.children[1].remote_ts = sim::selectors({"10.11.0.0/16"});
    pairing.left.children[1].remote_ts = pairing.right.children[1].local_ts = sim::selectors({"10.12.0.0/16"});
    return pairing;
  }
  static Pairing plain() {
    Pairing pairing = office();
    sim::at_both_ends(pairing, [](policy::Connection& end) { end.version = GetParam(); });
    return pairing;
  }
  void bring_up(const Pairing& pairing) {
    load(pairing);
    ASSERT_TRUE(comes_up("office", pairing.left.children.size()));
  }
  /// alice's administrator changes her side.
  void reload_alice(const Pairing& pairing) { alice.load(pairing.left_configuration()); }

  static policy::ChildSaId installed_of(const Host& host, std::string_view child) {
    for (const auto& [id, spec] : host.installed())
      if (spec.child == child) return id;
    return {};
  }
  std::size_t messages_sent() const { return alice.count<event::MessageLogged>(); }
  bool annex_works() { return reaches(alice, annex_here, annex_there) && reaches(bob, annex_there, annex_here); }
  /// The exchange by which a Child SA is made behind the first.
  static OnPathAttacker::Choice answers_to_further_children() {
    return OnPathAttacker::only(inward, [](Direction, const sim::Sniffed& packet) {
      return packet.kind == sim::Sniffed::Kind::ike &&
             packet.ike.exchange_type ==
                 (GetParam() == policy::IkeVersion::v1 ? 32 : static_cast<int>(ExchangeType::create_child_sa));
    });
  }
  static OnPathAttacker::Choice informational(Direction direction) {
    return OnPathAttacker::only(direction, [](Direction, const sim::Sniffed& packet) {
      return packet.kind == sim::Sniffed::Kind::ike &&
             packet.ike.exchange_type ==
                 (GetParam() == policy::IkeVersion::v1 ? 5 : static_cast<int>(ExchangeType::informational));
    });
  }

  static inline const IpAddress annex_here = IpAddress::v4(10, 11, 0, 1), annex_there = IpAddress::v4(10, 12, 0, 1);
};

// ---- What does not change

TEST_P(Reload, OfTheSameTouchesNothing) {
  Pairing pairing = with_annex();
  ASSERT_NO_FATAL_FAILURE(bring_up(pairing));
  const auto child = alice.installed().begin()->first;
  const auto messages = messages_sent();
  pairing.left.origins[""] = {"office.toml", 7, 1};  // moved in its file, no more
  pairing.left.children[1].origins["local_ts"] = {"office.toml", 9, 1};
  reload_alice(pairing);
  pass(10s);
  EXPECT_EQ(messages_sent(), messages);
  ASSERT_EQ(alice.installed().size(), 2U);
  EXPECT_EQ(alice.installed().begin()->first, child);
  EXPECT_EQ(alice.count<event::ChildSaRemoved>(), 0U);
}

// ---- Children

TEST_P(Reload, AChangedChildAloneIsRestarted) {
  Pairing pairing = with_annex();
  ASSERT_NO_FATAL_FAILURE(bring_up(pairing));
  const auto lan = installed_of(alice, "lan"), annex = installed_of(alice, "annex");
  const auto ike_sa = alice.ike_sas().front().id;
  pairing.left.children[1].replay_window = 128;
  reload_alice(pairing);
  pass(5s);
  EXPECT_EQ(installed_of(alice, "lan"), lan);
  EXPECT_NE(installed_of(alice, "annex"), annex);
  EXPECT_NE(installed_of(alice, "annex"), policy::ChildSaId{});
  EXPECT_EQ(alice.ike_sas().front().id, ike_sa);
  EXPECT_EQ(alice.latest<event::ChildSaRemoved>()->why.kind, FailureKind::reconfigured);
  EXPECT_EQ(bob.latest<event::ChildSaRemoved>()->why.kind, FailureKind::closed_by_peer);
  EXPECT_TRUE(is_up(1, 2));
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_TRUE(annex_works());
}

TEST_P(Reload, ARemovedChildGoesAlone) {
  Pairing pairing = with_annex();
  ASSERT_NO_FATAL_FAILURE(bring_up(pairing));
  const auto lan = installed_of(alice, "lan");
  pairing.left.children.pop_back();
  reload_alice(pairing);
  EXPECT_TRUE(eventually([&] { return is_up(1, 1); }, 5s));
  EXPECT_EQ(installed_of(alice, "lan"), lan);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_P(Reload, AnAddedChildComesUpOnTheSameIkeSa) {
  Pairing pairing = with_annex();
  const Pairing whole = pairing;
  pairing.left.children.pop_back();
  bob.load(whole.right_configuration());
  alice.load(pairing.left_configuration());
  ASSERT_TRUE(comes_up());
  const auto lan = installed_of(alice, "lan");
  pairing = whole;
  pairing.left.children[1].start_action = policy::StartAction::start;
  reload_alice(pairing);
  EXPECT_TRUE(eventually([&] { return is_up(1, 2); }, 5s));
  EXPECT_EQ(installed_of(alice, "lan"), lan);
  EXPECT_TRUE(annex_works());
}

/// bob has begun it: alice closes what has changed, and leaves it to him to come again.
TEST_P(Reload, WhatThePeerHasBegunIsClosedAndNotBegun) {
  Pairing pairing = plain();
  load(pairing);
  bob.initiate("office");
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  pairing.left.children[0].replay_window = 128;
  reload_alice(pairing);
  EXPECT_TRUE(eventually([&] { return alice.installed().empty() && bob.installed().empty(); }, 5s));
  pass(10s);
  EXPECT_TRUE(alice.installed().empty());
  bob.initiate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().size() == 1; }));
}

/// The answer to what alice offered before comes when she has already been told otherwise.
TEST_P(Reload, AChildThatIsBeingNegotiatedComesUpAsItIsConfiguredNow) {
  Pairing pairing = with_annex();
  load(pairing);
  alice.initiate("office", "lan");
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  mallory.take(answers_to_further_children());
  alice.initiate("office", "annex");
  pass(1s);
  pairing.left.children[1].remote_ts = sim::selectors({"10.12.0.0/24"});
  reload_alice(pairing);
  mallory.forget_rules();
  const auto is_narrow = [&] {
    const auto annex = alice.installed().find(installed_of(alice, "annex"));
    return annex != alice.installed().end() && alice.installed().size() == 2 &&
           annex->second.remote_ts.front().addresses == *policy::AddressRange::parse("10.12.0.0/24");
  };
  EXPECT_TRUE(eventually(is_narrow, 3min));
  EXPECT_TRUE(eventually([&] { return is_up(1, 2); }, 4min));  // what came of the first is gone at both ends
  EXPECT_TRUE(annex_works());
}

TEST_P(Reload, AChildThatIsBeingNegotiatedAndGoneDoesNotStay) {
  Pairing pairing = with_annex();
  load(pairing);
  alice.initiate("office", "lan");
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  mallory.take(answers_to_further_children());
  alice.initiate("office", "annex");
  pass(1s);
  pairing.left.children.pop_back();
  reload_alice(pairing);
  mallory.forget_rules();
  EXPECT_TRUE(eventually([&] { return is_up(); }, 4min));
  pass(1min);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

// ---- Connections

TEST_P(Reload, AChangedConnectionGoesAndComesBack) {
  Pairing pairing = with_annex();
  ASSERT_NO_FATAL_FAILURE(bring_up(pairing));
  const auto before = alice.ike_sas().front().id;
  pairing.left.dpd_delay = 77s;
  reload_alice(pairing);
  EXPECT_EQ(alice.node()->connections().front()->dpd_delay, Seconds(77));
  EXPECT_TRUE(eventually([&] { return is_up(1, 2) && alice.ike_sas().front().id != before; }, 20s));
  EXPECT_EQ(alice.latest<event::ChildSaRemoved>()->why.kind, FailureKind::reconfigured);
  EXPECT_EQ(alice.latest<event::IkeSaClosed>()->why.kind, FailureKind::reconfigured);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_P(Reload, ARemovedConnectionIsClosedAndSaysSo) {
  ASSERT_NO_FATAL_FAILURE(bring_up(plain()));
  alice.load({});
  EXPECT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  EXPECT_EQ(alice.latest<event::IkeSaClosed>()->why.kind, FailureKind::reconfigured);
}

/// bob is asked by the old connection, and has none when alice proves who she is.
TEST_P(Reload, WhoHasBegunWithAConnectionThatIsGoneDoesNotGetIn) {
  load(plain());
  const bool v1 = GetParam() == policy::IkeVersion::v1;
  mallory.take(OnPathAttacker::only(outward, [v1](Direction, const sim::Sniffed& packet) {
    return packet.kind == sim::Sniffed::Kind::ike &&
           (v1 ? (packet.ike.flags & 1) != 0 : packet.ike.exchange_type == static_cast<int>(ExchangeType::ike_auth));
  }));
  alice.initiate("office");
  pass(1s);
  bob.load({});
  mallory.forget_rules();
  pass(1min);
  EXPECT_TRUE(bob.installed().empty());
  EXPECT_EQ(bob.established_ike_sas(), 0U);
  EXPECT_TRUE(alice.installed().empty());
}

// ---- Wishes

/// alice's Deletes are answered late: by then the connection is being begun anew, to no avail so far.
TEST_P(Reload, ALateAnswerToADeleteForgetsNothingThatWasBegunAnew) {
  Pairing pairing = plain();
  pairing.left.children[0].keep = Keep::up;
  pairing.left.children[0].start_action = pairing.left.children[0].close_action = policy::StartAction::start;
  pairing.left.children[0].dpd_action = policy::DpdAction::restart;
  load(pairing);
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  mallory.take(informational(inward), 1);
  const auto is_first_message = [](Direction, const sim::Sniffed& packet) {
    return packet.kind == sim::Sniffed::Kind::ike && packet.ike.responder_spi == 0;
  };
  mallory.take(is_first_message);
  pairing.left.dpd_delay = 77s;
  reload_alice(pairing);
  pass(5min);
  EXPECT_TRUE(alice.installed().empty());
  mallory.forget_rules();
  EXPECT_TRUE(eventually([&] { return is_up(); }, 10min));
}

// ---- What it says beforehand

TEST_P(Reload, APlanSaysWhatWouldHappenAndWhy) {
  const Pairing before = with_annex();
  ASSERT_NO_FATAL_FAILURE(bring_up(before));
  Pairing after = before;
  after.left.children[1].remote_ts = sim::selectors({"10.12.0.0/24"});
  after.left.children[1].origins["remote_ts"] = {"office.toml", 12, 5};
  after.left.children.push_back(after.left.children[0]);
  after.left.children[2].name = "lab";
  policy::Connection branch = before.left;
  branch.name = "branch";
  const node::LoadPlan plan = alice.node()->plan(
      {std::make_shared<const policy::Connection>(after.left), std::make_shared<const policy::Connection>(branch)});
  EXPECT_THAT(plan.kept, ElementsAre("office"));
  ASSERT_EQ(plan.restarted.size(), 1U);
  EXPECT_EQ(plan.restarted[0].name(), "office/annex");
  ASSERT_EQ(plan.restarted[0].why.size(), 1U);
  EXPECT_EQ(to_string(plan.restarted[0].why[0]), "remote_ts at office.toml:12:5");
  ASSERT_EQ(plan.added.size(), 2U);
  EXPECT_EQ(plan.added[0].name(), "office/lab");
  EXPECT_EQ(plan.added[1].name(), "branch");
  EXPECT_THAT(plan.removed, IsEmpty());
  EXPECT_TRUE(is_up(1, 2));  // and nothing has
}

constexpr policy::IkeVersion versions[] = {
#if SALLYPORT_HAS_IKEV1
    policy::IkeVersion::v1,
#endif
#if SALLYPORT_HAS_IKEV2
    policy::IkeVersion::v2,
#endif
};
INSTANTIATE_TEST_SUITE_P(Version, Reload, testing::ValuesIn(versions),
                         [](const auto& each) { return "v" + std::to_string(static_cast<int>(each.param)); });

}  // namespace
}  // namespace sallyport::scenarios
