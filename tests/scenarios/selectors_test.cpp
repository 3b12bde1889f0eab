// Which packets an SA carries: narrowing, ports, lists of ranges; and what happens to those that it does not.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

class Selectors : public Stage {
 protected:
  bool udp_arrives(std::uint16_t from_port, std::uint16_t to_port) {
    const auto number = alice.application().send_udp({alice_inside, from_port}, {bob_inside, to_port});
    return eventually([&] { return bob.application().arrived(number) > 0; }, 2s);
  }
};

TEST_F(Selectors, AreNarrowedToWhatBothWant) {
  Pairing pairing = office();
  pairing.left.children[0].remote_ts = sim::selectors({"10.0.0.0/8"});
  pairing.right.children[0].remote_ts = sim::selectors({"10.1.0.0/24"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  const policy::ChildSaSpec& spec = alice.installed().begin()->second;
  EXPECT_EQ(policy::to_string(spec.local_ts), "10.1.0.0/24");
  EXPECT_EQ(policy::to_string(spec.remote_ts), "10.2.0.0/16");
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Selectors, PacketsOutsideTheNarrowedOnesGoNowhere) {
  Pairing pairing = office();
  pairing.right.children[0].remote_ts = sim::selectors({"10.1.0.0/24"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(alice_reaches_bob());
  EXPECT_FALSE(reaches(alice, IpAddress::v4(10, 1, 1, 1), bob_inside));
}

TEST_F(Selectors, LimitPorts) {
  Pairing pairing = office();
  pairing.left.children[0].remote_ts = pairing.right.children[0].local_ts =
      sim::selectors({"10.2.0.0/16[udp/2000-2999]"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(udp_arrives(1, 2000));
  EXPECT_TRUE(udp_arrives(1, 2999));
}

TEST_F(Selectors, CanBeListsOfRanges) {
  Pairing pairing = office();
  const auto lists = sim::selectors({"10.2.0.0/24", "10.2.9.0-10.2.9.99", "10.2.7.7"});
  pairing.left.children[0].remote_ts = pairing.right.children[0].local_ts = lists;
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(reaches(alice, alice_inside, IpAddress::v4(10, 2, 0, 200)));
  EXPECT_TRUE(reaches(alice, alice_inside, IpAddress::v4(10, 2, 9, 99)));
  EXPECT_TRUE(reaches(alice, alice_inside, IpAddress::v4(10, 2, 7, 7)));
}

TEST_F(Selectors, OnDemandPacketIsCoveredByWhatComesUp) {
  Pairing pairing = office();
  pairing.left.children[0].start_action = policy::StartAction::trap;
  pairing.right.children[0].local_ts = sim::selectors({"10.2.3.0/24", "10.2.0.0/24"});
  load(pairing);
  EXPECT_TRUE(reaches(alice, alice_inside, IpAddress::v4(10, 2, 3, 4), 5s));
}

TEST_F(Selectors, LargePacketsGoThroughUpToThePathMtu) {
  load(office());
  ASSERT_TRUE(comes_up());
  const auto fits = alice.application().ping(alice_inside, bob_inside, 1300);
  EXPECT_TRUE(eventually([&] { return alice.application().answered(fits); }, 2s));
  EXPECT_TRUE(alice.application().complaints().empty());
}

}  // namespace
}  // namespace sallyport::scenarios
