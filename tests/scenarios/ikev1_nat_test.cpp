// IKEv1 behind a NAT: found out by hashes, moved to port 4500, ESP inside UDP (RFC 3947).
#include "tests/scenarios/ikev1.h"

namespace sallyport::scenarios {
namespace {

const IpAddress ikev1_nat_address = IpAddress::v4(203, 0, 113, 7);

/// One end sits behind a NAT, and bob knows it by name alone.
class Ikev1BehindNat : public Stage, public testing::WithParamInterface<bool> {
 protected:
  Ikev1BehindNat() { secrecy = std::make_unique<sim::SecrecyWatch>(world); }

  Pairing roadwarrior() const {
    Pairing pairing =
        in_ikev1(sim::pair_up("home", {home_address, "", "alice.example"}, {bob_address, "10.2.0.0/16", "bob.example"}),
                 GetParam());
    pairing.right.remote_addrs.clear();
    pairing.right.remote.id = policy::Identity::fqdn("alice.example");
    pairing.right.children[0].remote_ts = sim::selectors({"192.168.1.0/24"});
    return pairing;
  }
  bool home_comes_up(const Pairing& pairing) {
    home.load(pairing.left_configuration());
    bob.load(pairing.right_configuration());
    home.initiate("home");
    return eventually([&] {
      return home.installed().size() == 1 && bob.installed().size() == 1 && home.established_ike_sas() == 1 &&
             bob.established_ike_sas() == 1;
    });
  }

  const IpAddress home_address = IpAddress::v4(192, 168, 1, 2);
  Host& home = world.add<Host>("home", std::vector{home_address}, cryptography());
  sim::NatBox& nat = world.add<sim::NatBox>("nat", sim::NatSettings{.outside = ikev1_nat_address, .timeout = 60s});
  Link& home_link = world.connect(home, nat);
  Link& nat_link = internet.attach(nat, ikev1_nat_address);
};

TEST_P(Ikev1BehindNat, MayBeginOnPort4500) {
  Pairing pairing = roadwarrior();
  pairing.left.local_port = pairing.left.remote_port = 4500;
  ASSERT_TRUE(home_comes_up(pairing));
  EXPECT_TRUE(home.installed().begin()->second.udp_encap);
  EXPECT_TRUE(reaches(home, home_address, bob_inside));
  for (const auto& packet : world.trace().packets()) {
    const auto sniffed = sim::sniff(packet.bytes);
    EXPECT_TRUE(sniffed.kind != sim::Sniffed::Kind::ike || sniffed.source.port != 500);
  }
}

TEST_P(Ikev1BehindNat, MovesToPort4500AndEncapsulates) {
  ASSERT_TRUE(home_comes_up(roadwarrior()));
  EXPECT_TRUE(home.installed().begin()->second.udp_encap);
  EXPECT_TRUE(bob.installed().begin()->second.udp_encap);
  EXPECT_EQ(home.installed().begin()->second.local.port, 4500);
  EXPECT_TRUE(home.ike_sas()[0].nat_local);
  EXPECT_FALSE(home.ike_sas()[0].nat_remote);
  EXPECT_FALSE(bob.ike_sas()[0].nat_local);
  EXPECT_TRUE(bob.ike_sas()[0].nat_remote);
  EXPECT_TRUE(reaches(home, home_address, bob_inside));
  EXPECT_TRUE(reaches(bob, bob_inside, home_address));
  EXPECT_EQ(nat.counters().not_udp, 0U);  // no raw ESP was tried
}

TEST_P(Ikev1BehindNat, KeepsItsMappingAlive) {
  ASSERT_TRUE(home_comes_up(roadwarrior()));
  pass(10min);
  EXPECT_TRUE(reaches(bob, bob_inside, home_address));
  EXPECT_GT(bob.counters().keepalives, 20U);
}

TEST_P(Ikev1BehindNat, SurvivesALostMapping) {
  Pairing pairing = roadwarrior();
  pairing.left.dpd_delay = policy::Seconds(10);
  ASSERT_TRUE(home_comes_up(pairing));
  nat.rebind();
  pass(1min);
  EXPECT_TRUE(reaches(home, home_address, bob_inside));
  EXPECT_TRUE(reaches(bob, bob_inside, home_address));
}

TEST_P(Ikev1BehindNat, TransportModeWorksThroughIt) {
  Pairing pairing = roadwarrior();
  sim::use_transport_mode(pairing);
  pairing.right.children[0].remote_ts = {policy::SelectorTemplate{.dynamic = true, .fixed = {}}};
  ASSERT_TRUE(home_comes_up(pairing));
  EXPECT_TRUE(reaches(home, home_address, bob_address));
}

TEST_P(Ikev1BehindNat, EncapsulationCanBeForced) {
  Pairing pairing = in_ikev1(office(), GetParam());
  pairing.left.encap = true;
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(alice.installed().begin()->second.udp_encap);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_P(Ikev1BehindNat, MovesToPort4500WhereTheResponderWantsEncapsulation) {
  Pairing pairing = in_ikev1(office(), GetParam());
  pairing.right.encap = true;
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.installed().begin()->second.local.port, 4500);
  EXPECT_EQ(alice.installed().begin()->second.remote.port, 4500);
  EXPECT_EQ(bob.installed().begin()->second.local.port, 4500);
  EXPECT_TRUE(both_reach_each_other());
}

INSTANTIATE_TEST_SUITE_P(Modes, Ikev1BehindNat, testing::Bool(),
                         [](const auto& aggressive) { return aggressive.param ? "Aggressive" : "Main"; });

}  // namespace
}  // namespace sallyport::scenarios
