// Peers that are called by name: looked up before each IKE SA that is begun, so that one whose address has changed is
// found where it is now; and what is said when a name stands for nothing.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

const IpAddress bobs_new_address = IpAddress::v4(203, 0, 113, 9);

class PeersByName : public Stage {
 protected:
  PeersByName() {
    alice.set_name("bob.example.net", {bob_address});
    bob.set_name("alice.example.net", {alice_address});
  }
  static Pairing by_name() {
    Pairing pairing = office();
    pairing.left.remote_addrs.clear();
    pairing.left.remote_names = {"bob.example.net"};
    pairing.left.dpd_delay = 30s;
    return pairing;
  }
  static void keep_up(policy::Connection& end) {
    end.children[0].keep = policy::Keep::up;
    end.children[0].start_action = end.children[0].close_action = policy::StartAction::start;
    end.children[0].dpd_action = policy::DpdAction::restart;
  }
  node::ConnectionStatus status() const { return alice.node()->status().front(); }
};

TEST_F(PeersByName, AreLookedUpAndCalled) {
  load(by_name());
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_EQ(alice.ike_sas().front().remote.address, bob_address);
}

TEST_F(PeersByName, InTransportModeTheirPolicyFollowsTheAddress) {
  Pairing pairing = by_name();
  sim::use_transport_mode(pairing);
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(reaches(alice, alice_address, bob_address));
}

TEST_F(PeersByName, MayComeThemselvesFromWhereTheirNameSaysThatTheyAre) {
  load(by_name());
  pass(1s);
  bob.initiate("office");
  EXPECT_TRUE(eventually([&] { return is_up(); }));
}

TEST_F(PeersByName, MayNotComeFromElsewhere) {
  alice.set_name("bob.example.net", {IpAddress::v4(198, 51, 100, 77)});
  load(by_name());
  pass(1s);
  bob.initiate("office");
  pass(1min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(failure_of(alice), FailureKind::no_matching_connection);
}

TEST_F(PeersByName, WhoMovedAndComesIsKnownAtTheNextTry) {
  alice.set_name("bob.example.net", {IpAddress::v4(198, 51, 100, 77)});
  load(by_name());
  pass(1min);
  alice.set_name("bob.example.net", {bob_address});
  bob.initiate("office");  // refused, and looked up again
  pass(1s);
  bob.initiate("office");
  EXPECT_TRUE(eventually([&] { return is_up(); }));
}

TEST_F(PeersByName, StrangersDoNotMakeUsAskAllTheTime) {
  alice.set_name("bob.example.net", {IpAddress::v4(198, 51, 100, 77)});
  load(by_name());
  const std::size_t before = alice.lookups();
  for (int i = 0; i < 300; ++i) {
    bob.initiate("office");
    pass(1s);
  }
  EXPECT_LE(alice.lookups() - before, 11U);
}

TEST_F(PeersByName, ANameThatStandsForNothingIsTheReason) {
  alice.set_name("bob.example.net", {});
  load(by_name());
  alice.initiate("office");
  pass(5s);
  ASSERT_TRUE(alice.latest<event::NegotiationFailed>());
  const event::Failure& why = alice.latest<event::NegotiationFailed>()->failure;
  EXPECT_EQ(why.kind, FailureKind::name_unresolved);
  EXPECT_EQ(why.name, "bob.example.net");
  EXPECT_EQ(why.message, "no such name");
  EXPECT_EQ(status().why->kind, FailureKind::name_unresolved);
  EXPECT_TRUE(is_all_gone());
  alice.set_name("bob.example.net", {bob_address});
  EXPECT_TRUE(comes_up());
}

TEST_F(PeersByName, NothingOfWhatTheyProtectLeavesInClearMeanwhile) {
  alice.set_name("bob.example.net", {});
  load(by_name());
  EXPECT_FALSE(alice_reaches_bob());
  pass(1min);
}

TEST_F(PeersByName, StatusSaysWhatTheyStandForAndThatTheyAreAwaited) {
  load(by_name());
  pass(1s);
  ASSERT_EQ(status().names.size(), 1U);
  EXPECT_EQ(status().names[0].name, "bob.example.net");
  EXPECT_THAT(status().names[0].answer.addresses, testing::ElementsAre(bob_address));
  alice.initiate("office");
  EXPECT_EQ(status().state, node::ConnectionStatus::State::connecting);
  EXPECT_TRUE(status().awaits_names);
  EXPECT_TRUE(status().names[0].asked);
  EXPECT_TRUE(eventually([&] { return is_up(); }));
  EXPECT_FALSE(status().awaits_names);
}

TEST_F(PeersByName, WhoIsClosedByHandMeanwhileIsNotCalled) {
  load(by_name());
  pass(1s);
  alice.initiate("office");
  EXPECT_EQ(alice.terminate("office"), 1U);
  EXPECT_EQ(failure_of(alice), FailureKind::closed_by_user);
  pass(1min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_TRUE(comes_up());
}

TEST_F(PeersByName, ANameThatFailsNowStandsForWhatItStoodFor) {
  load(by_name());
  pass(1s);
  alice.set_name("bob.example.net", {});
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(status().names[0].answer.error, "no such name");
  EXPECT_THAT(status().names[0].answer.addresses, testing::ElementsAre(bob_address));
}

/// Whatever the name stands for by now: what is protected stays so while the IKE SA is there.
TEST_F(PeersByName, AnotherAddressMeanwhileTakesNothingAwayFromTheIkeSa) {
  Pairing pairing = by_name();
  sim::use_transport_mode(pairing);
  pairing.left.keyingtries = 0;
  load(pairing);
  ASSERT_TRUE(comes_up());
  alice.set_name("bob.example.net", {bobs_new_address});
  pass(40s);
  auto& stranger = world.add<Host>("stranger", std::vector{IpAddress::v4(203, 0, 113, 66)}, cryptography());
  internet.attach(stranger, IpAddress::v4(203, 0, 113, 66));
  const Pairing strangers =
      sim::pair_up("strangers", {IpAddress::v4(203, 0, 113, 66), "10.9.0.0/16", "stranger.example"},
                   {alice_address, "10.1.0.0/16", "alice.example"});
  stranger.load(strangers.left_configuration());
  stranger.initiate("strangers");  // refused, and names are looked up
  pass(5s);
  EXPECT_THAT(status().names[0].answer.addresses, testing::ElementsAre(bobs_new_address));
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(reaches(alice, alice_address, bob_address));
}

TEST_F(PeersByName, OurOwnAddressMayHaveOneToo) {
  alice.set_name("alice.example.net", {alice_address});
  Pairing pairing = by_name();
  pairing.left.local_addrs.clear();
  pairing.left.local_names = {"alice.example.net"};
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(PeersByName, OurOwnNameThatStandsForNothingIsTheReason) {
  Pairing pairing = by_name();
  pairing.left.local_addrs.clear();
  pairing.left.local_names = {"alice.example.net"};
  load(pairing);
  alice.initiate("office");
  pass(5s);
  ASSERT_TRUE(alice.latest<event::NegotiationFailed>());
  EXPECT_EQ(alice.latest<event::NegotiationFailed>()->failure.kind, FailureKind::name_unresolved);
  EXPECT_EQ(alice.latest<event::NegotiationFailed>()->failure.name, "alice.example.net");
  EXPECT_TRUE(is_all_gone());
}

TEST_F(PeersByName, AreLookedUpLessAndLessOftenWhileTheyDoNotAnswer) {
  Pairing pairing = by_name();
  keep_up(pairing.left);
  load(pairing);
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  bob.crash();
  pass(10min);
  const std::size_t before = alice.lookups();
  pass(1h);
  EXPECT_GE(alice.lookups() - before, 5U);
  EXPECT_LE(alice.lookups() - before, 60U);
}

TEST_F(PeersByName, WhoStopsAnsweringAndIsElsewhereIsFoundThere) {
  Pairing pairing = by_name();
  keep_up(pairing.left);
  pairing.right.local_addrs.clear();
  load(pairing);
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  bob.crash();
  internet.attach(bob, bobs_new_address);
  bob.change_address(bobs_new_address);
  bob.start();
  pass(2min);
  alice.set_name("bob.example.net", {bobs_new_address});
  EXPECT_TRUE(eventually([&] { return is_up() && alice.ike_sas().front().remote.address == bobs_new_address; }, 10min));
}

TEST_F(PeersByName, OfSeveralAddressesEachHasItsTurn) {
  alice.set_name("bob.example.net", {IpAddress::v4(198, 51, 100, 77), bob_address});
  Pairing pairing = by_name();
  keep_up(pairing.left);
  load(pairing);
  EXPECT_TRUE(eventually([&] { return is_up(); }, 10min));
}

TEST_F(PeersByName, WhatCannotBeLookedUpAgainIsTriedWhereItWas) {
  Pairing pairing = by_name();
  pairing.left.remote_addrs = {policy::AddressRange::host(bob_address)};
  alice.set_name("bob.example.net", {});
  load(pairing);
  EXPECT_TRUE(comes_up());
}

TEST_F(PeersByName, AReloadThatChangesNothingTouchesNothing) {
  load(by_name());
  ASSERT_TRUE(comes_up());
  load(by_name());
  pass(1min);
  EXPECT_TRUE(is_up());
  EXPECT_EQ(alice.count<event::IkeSaEstablished>(), 1U);
}

TEST_F(PeersByName, AReloadOfAChildKeepsWhatTheNameStandsFor) {
  Pairing pairing = by_name();
  load(pairing);
  ASSERT_TRUE(comes_up());
  pairing.left.children[0].rekey_time = 1800s;
  alice.load(pairing.left_configuration());
  EXPECT_TRUE(eventually([&] { return is_up(); }));
  EXPECT_EQ(alice.count<event::IkeSaEstablished>(), 1U);
  EXPECT_THAT(status().names[0].answer.addresses, testing::ElementsAre(bob_address));
  EXPECT_EQ(alice.node()->find("office")->remote_resolved, 1U);
}

TEST_F(PeersByName, AnotherNameIsAnotherConnection) {
  Pairing pairing = by_name();
  load(pairing);
  ASSERT_TRUE(comes_up());
  pairing.left.remote_names = {"robert.example.net"};
  const auto plan = alice.node()->plan({std::make_shared<policy::Connection>(pairing.left)});
  ASSERT_EQ(plan.restarted.size(), 1U);
  ASSERT_EQ(plan.restarted[0].why.size(), 1U);
  EXPECT_EQ(plan.restarted[0].why[0].key, "remote_addrs");
}

TEST_F(PeersByName, AnAnswerThatComesInTheMiddleOfIkeAuthBreaksNothing) {
  load(by_name());
  pass(1s);
  alice.set_name("bob.example.net", {bob_address, bobs_new_address});
  bob.initiate("office");  // alice is the responder when the answer comes
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return is_up(); }));
  EXPECT_TRUE(both_reach_each_other());
}

}  // namespace
}  // namespace sallyport::scenarios
