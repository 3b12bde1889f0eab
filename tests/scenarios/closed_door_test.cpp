// What a policy protects leaves by ESP or not at all, and enters by ESP or not at all: before the session is up, while
// it is down, and when the daemon has died. The secrecy watch of the stage sees each packet on each link.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

class ClosedDoor : public Stage {
 protected:
  /// A message for bob's network as it looks in clear, from the side of the internet.
  Bytes in_clear() {
    Bytes payload(sim::Application::marker.begin(), sim::Application::marker.end());
    payload.resize(64);
    return sim::build_udp({alice_inside, 1}, {bob_inside, 2}, payload);
  }
};

TEST_F(ClosedDoor, NothingLeavesBeforeTheSessionIsUp) {
  load(office());
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_EQ(world.trace().packets_seen(), 0U);
  EXPECT_EQ(alice.worker()->counters().drops[datapath::DropReason::no_sa], 1U);
}

TEST_F(ClosedDoor, NothingLeavesAfterItWasClosed) {
  load(office());
  ASSERT_TRUE(comes_up());
  alice.terminate("office");
  pass(5s);
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_FALSE(bob_reaches_alice());
}

TEST_F(ClosedDoor, NothingLeavesAfterTheDaemonDied) {
  load(office());
  ASSERT_TRUE(comes_up());
  alice.crash();
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_EQ(alice.counters().blocked_out, 1U);
}

TEST_F(ClosedDoor, NothingLeavesWhileTheDaemonStarts) {
  load(office());
  alice.crash();
  alice.application().ping(alice_inside, bob_inside);
  alice.restart();
  alice.application().ping(alice_inside, bob_inside);
  pass(10s);
  EXPECT_EQ(world.trace().packets_seen(), 0U);
}

TEST_F(ClosedDoor, NothingLeavesWhileANegotiationFails) {
  Pairing pairing = office();
  pairing.left.children[0].start_action = policy::StartAction::trap;
  pairing.right_secret = "something else";
  load(pairing);
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(alice_reaches_bob(3s));
  }
}

TEST_F(ClosedDoor, NothingEntersInClear) {
  load(office());
  for (const bool up : {false, true}) {
    ASSERT_TRUE(!up || comes_up());
    bob_link.inject(inward, in_clear());
    pass(1s);
    EXPECT_TRUE(bob.application().arrivals().empty());
  }
  EXPECT_EQ(bob.counters().blocked_in, 2U);
}

TEST_F(ClosedDoor, NothingEntersInClearAfterTheDaemonDied) {
  load(office());
  bob.crash();
  bob_link.inject(inward, in_clear());
  pass(1s);
  EXPECT_EQ(bob.counters().blocked_in, 1U);
  EXPECT_TRUE(bob.application().arrivals().empty());
}

TEST_F(ClosedDoor, WhatNoPolicyNamesPassesInClear) {
  load(office());
  secrecy.reset();
  secrecy = std::make_unique<sim::SecrecyWatch>(world);
  const auto to_a_stranger = alice.application().send_udp({alice_address, 1}, {IpAddress::v4(203, 0, 113, 50), 2});
  pass(1s);
  EXPECT_EQ(bob.application().arrived(to_a_stranger), 0U);
  EXPECT_EQ(secrecy->violations().size(), 1U);  // the watch has eyes
  secrecy = std::make_unique<sim::SecrecyWatch>(world);
}

TEST_F(ClosedDoor, ANarrowedSessionLeavesNoGapBesideIt) {
  Pairing pairing = office();
  pairing.right.children[0].remote_ts = sim::selectors({"10.1.0.0/24"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_FALSE(reaches(alice, IpAddress::v4(10, 1, 9, 9), bob_inside));
}

TEST_F(ClosedDoor, RemovedPoliciesOpenItAgain) {
  load(office());
  EXPECT_FALSE(alice_reaches_bob());
  alice.load({});
  EXPECT_THAT(secrecy->violations(), IsEmpty());
  alice.application().send_udp({alice_inside, 1}, {bob_inside, 2});
  pass(1s);
  EXPECT_EQ(secrecy->violations().size(), 1U);
  secrecy = std::make_unique<sim::SecrecyWatch>(world);
}

}  // namespace
}  // namespace sallyport::scenarios
