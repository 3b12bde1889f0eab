// alice is behind a NAT. She finds out, moves to port 4500, keeps its mapping alive, and survives when it forgets.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

using sim::NatBox;
using sim::NatSettings;

const IpAddress nat_address = IpAddress::v4(203, 0, 113, 7);

/// alice of the other stories is idle here; this one sits behind a NAT, and bob knows her by name alone.
class BehindNat : public Stage {
 protected:
  BehindNat() { secrecy = std::make_unique<sim::SecrecyWatch>(world); }

  Pairing roadwarrior() const {
    Pairing pairing =
        sim::pair_up("home", {home_address, "", "alice.example"}, {bob_address, "10.2.0.0/16", "bob.example"});
    pairing.right.remote_addrs.clear();
    pairing.right.children[0].remote_ts = sim::selectors({"192.168.1.0/24"});
    return pairing;
  }
  void load_both(const Pairing& pairing) {
    home.load(pairing.left_configuration());
    bob.load(pairing.right_configuration());
  }
  bool is_home_up() const {
    return home.installed().size() == 1 && bob.installed().size() == 1 && home.established_ike_sas() == 1 &&
           bob.established_ike_sas() == 1;
  }
  bool home_comes_up() {
    home.initiate("home");
    return eventually([&] { return is_home_up(); });
  }
  bool home_reaches_bob(Duration at_most = 2s) { return reaches(home, home_address, bob_inside, at_most); }
  bool bob_reaches_home(Duration at_most = 2s) { return reaches(bob, bob_inside, home_address, at_most); }

  const IpAddress home_address = IpAddress::v4(192, 168, 1, 2);
  Host& home = world.add<Host>("home", std::vector{home_address}, cryptography());
  NatBox& nat = world.add<NatBox>("nat", NatSettings{.outside = nat_address, .timeout = 60s});
  Link& home_link = world.connect(home, nat);
  Link& nat_link = internet.attach(nat, nat_address);
};

TEST_F(BehindNat, MovesToPort4500AndEncapsulates) {
  load_both(roadwarrior());
  ASSERT_TRUE(home_comes_up());
  EXPECT_TRUE(home.installed().begin()->second.udp_encap);
  EXPECT_TRUE(bob.installed().begin()->second.udp_encap);
  EXPECT_EQ(home.installed().begin()->second.local.port, 4500);
  EXPECT_TRUE(home_reaches_bob());
  EXPECT_TRUE(bob_reaches_home());
  EXPECT_EQ(nat.counters().not_udp, 0U);  // no raw ESP was tried
}

TEST_F(BehindNat, EachEndKnowsWhoIsBehindIt) {
  load_both(roadwarrior());
  ASSERT_TRUE(home_comes_up());
  EXPECT_TRUE(home.ike_sas()[0].nat_local);
  EXPECT_FALSE(home.ike_sas()[0].nat_remote);
  EXPECT_FALSE(bob.ike_sas()[0].nat_local);
  EXPECT_TRUE(bob.ike_sas()[0].nat_remote);
}

TEST_F(BehindNat, WithoutANatNothingIsEncapsulated) {
  load(office());
  ASSERT_TRUE(comes_up());
  EXPECT_FALSE(alice.installed().begin()->second.udp_encap);
  EXPECT_FALSE(alice.ike_sas()[0].nat_local || alice.ike_sas()[0].nat_remote);
}

TEST_F(BehindNat, EncapsulationCanBeForced) {
  Pairing pairing = office();
  pairing.left.encap = true;
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(alice.installed().begin()->second.udp_encap);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(BehindNat, KeepalivesHoldTheMappingOpen) {
  load_both(roadwarrior());
  ASSERT_TRUE(home_comes_up());
  pass(30min);
  EXPECT_GT(bob.counters().keepalives, 50U);
  EXPECT_TRUE(bob_reaches_home());
}

TEST_F(BehindNat, WithoutKeepalivesTheMappingIsLost) {
  sim::Configuration quiet = roadwarrior().left_configuration();
  quiet.ike.keep_alive = 0s;
  bob.load(roadwarrior().right_configuration());
  home.load(std::move(quiet));
  ASSERT_TRUE(home_comes_up());
  pass(10min);
  EXPECT_FALSE(bob_reaches_home());
}

TEST_F(BehindNat, SurvivesARebindingInTheMiddleOfTraffic) {
  load_both(roadwarrior());
  ASSERT_TRUE(home_comes_up());
  EXPECT_TRUE(home_reaches_bob());
  const auto before = bob.installed().begin()->second.remote;
  nat.rebind();
  EXPECT_FALSE(bob_reaches_home());  // nobody can know yet
  EXPECT_TRUE(home_reaches_bob());   // and this is how bob learns
  EXPECT_TRUE(bob_reaches_home());
  EXPECT_NE(bob.installed().begin()->second.remote, before);
  EXPECT_GE(bob.count<event::PeerAddressChanged>(), 1U);
}

TEST_F(BehindNat, SurvivesManyRebindings) {
  load_both(roadwarrior());
  ASSERT_TRUE(home_comes_up());
  for (int i = 0; i < 20; ++i) {
    nat.rebind();
    EXPECT_TRUE(home_reaches_bob());
    EXPECT_TRUE(bob_reaches_home());
  }
}

TEST_F(BehindNat, IkeFollowsARebindingToo) {
  load_both(roadwarrior());
  ASSERT_TRUE(home_comes_up());
  nat.rebind();
  EXPECT_TRUE(home_reaches_bob());
  EXPECT_EQ(bob.terminate("home"), 1U);
  EXPECT_TRUE(eventually([&] { return home.installed().empty(); }, 10s));
}

TEST_F(BehindNat, RebindingBetweenTheFirstMessagesIsSurvived) {
  load_both(roadwarrior());
  home.initiate("home");
  pass(30ms);
  nat.rebind();
  EXPECT_TRUE(eventually([&] { return is_home_up(); }, 2min));
  EXPECT_TRUE(home_reaches_bob());
}

TEST_F(BehindNat, ForgedPacketsFromElsewhereMoveNobody) {
  load_both(roadwarrior());
  ASSERT_TRUE(home_comes_up());
  EXPECT_TRUE(home_reaches_bob());
  const auto before = bob.installed().begin()->second.remote;
  auto& eve = world.add<sim::UdpHost>("eve", IpAddress::v4(203, 0, 113, 66));
  internet.attach(eve, eve.address());
  Bytes forged(64);
  store_be32(forged.data(), bob.installed().begin()->second.inbound.spi);
  store_be32(forged.data() + 4, 1000);
  eve.send_udp(4500, {bob_address, 4500}, forged);
  pass(1s);
  EXPECT_EQ(bob.worker()->counters().drops[datapath::DropReason::integrity], 1U);
  EXPECT_EQ(bob.installed().begin()->second.remote, before);
}

TEST_F(BehindNat, ReplayedPacketsFromElsewhereMoveNobody) {
  OnPathAttacker tap(bob_link);
  tap.record(100);
  load_both(roadwarrior());
  ASSERT_TRUE(home_comes_up());
  EXPECT_TRUE(home_reaches_bob());
  const auto before = bob.installed().begin()->second.remote;
  auto& eve = world.add<sim::UdpHost>("eve", IpAddress::v4(203, 0, 113, 66));
  internet.attach(eve, eve.address());
  for (const auto& recorded : tap.recorded())
    if (const auto udp = sim::parse_udp(recorded.packet); udp && recorded.direction == inward)
      eve.send_udp(4500, {bob_address, udp->destination.port}, udp->payload);
  pass(1s);
  EXPECT_EQ(bob.installed().begin()->second.remote, before);
  EXPECT_TRUE(bob_reaches_home());
}

TEST_F(BehindNat, TwoHostsBehindOneNatAreToldApart) {
  const IpAddress second_address = IpAddress::v4(192, 168, 1, 3);
  auto& lan = world.add<sim::Router>("lan");
  auto& first = world.add<Host>("first", std::vector{home_address}, cryptography());
  auto& second = world.add<Host>("second", std::vector{second_address}, cryptography());
  auto& box = world.add<NatBox>("box", NatSettings{.outside = IpAddress::v4(203, 0, 113, 8)});
  lan.add_route({IpAddress(), 0}, world.connect(box, lan));
  internet.attach(box, IpAddress::v4(203, 0, 113, 8));
  lan.attach(first, home_address);
  lan.attach(second, second_address);

  // bob knows both as one connection, by what their names have in common.
  Pairing one = roadwarrior();
  one.right.remote.id = policy::Identity::fqdn("*.example");
  const Pairing two =
      sim::pair_up("home", {second_address, "", "second.example"}, {bob_address, "10.2.0.0/16", "bob.example"});
  sim::Configuration bobs = one.right_configuration();
  bobs.keys = {one.left_configuration().keys[0], two.left_configuration().keys[0]};
  bob.load(std::move(bobs));
  first.load(one.left_configuration());
  second.load(two.left_configuration());
  first.initiate("home");
  second.initiate("home");
  ASSERT_TRUE(eventually([&] { return first.installed().size() == 1 && second.installed().size() == 1; }));
  EXPECT_TRUE(reaches(first, home_address, bob_inside));
  EXPECT_TRUE(reaches(second, second_address, bob_inside));
  EXPECT_TRUE(reaches(bob, bob_inside, second_address));
  EXPECT_TRUE(reaches(bob, bob_inside, home_address));
}

class NatBehaviours : public BehindNat, public testing::WithParamInterface<NatSettings::Behaviour> {};

TEST_P(NatBehaviours, EveryKindLetsItThrough) {
  auto& host = world.add<Host>("guest", std::vector{home_address}, cryptography());
  auto& box = world.add<NatBox>(
      "box", NatSettings{.outside = IpAddress::v4(203, 0, 113, 8), .mapping = GetParam(), .filtering = GetParam()});
  world.connect(host, box);
  internet.attach(box, IpAddress::v4(203, 0, 113, 8));
  host.load(roadwarrior().left_configuration());
  bob.load(roadwarrior().right_configuration());
  host.initiate("home");
  ASSERT_TRUE(eventually([&] { return host.installed().size() == 1; }));
  EXPECT_TRUE(reaches(host, home_address, bob_inside));
  EXPECT_TRUE(reaches(bob, bob_inside, home_address));
}
INSTANTIATE_TEST_SUITE_P(Of, NatBehaviours,
                         testing::Values(NatSettings::Behaviour::endpoint_independent,
                                         NatSettings::Behaviour::address_and_port_dependent));

}  // namespace
}  // namespace sallyport::scenarios
