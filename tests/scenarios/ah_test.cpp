// AH instead of ESP: what passes can be read by all, and altered by none. In each version of IKE that is built.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

class Ah : public Stage, public testing::WithParamInterface<policy::IkeVersion> {
 protected:
  /// Everybody may read this.
  Ah() { secrecy.reset(); }
  void TearDown() override {
    secrecy = std::make_unique<sim::SecrecyWatch>(world);
    Stage::TearDown();
  }

  static OnPathAttacker::Choice ah() {
    return [](Direction, const sim::Sniffed& packet) { return packet.kind == sim::Sniffed::Kind::ah; };
  }
  static Pairing with_ah(std::string_view proposal = "sha256", policy::Mode mode = policy::Mode::tunnel) {
    Pairing pairing = office();
    sim::at_both_ends(pairing, [&](policy::Connection& end) {
      end.version = GetParam();
      policy::Child& child = end.children[0];
      child.esp_proposals.clear();
      child.ah_proposals = sim::proposals(policy::Protocol::ah, {proposal});
      child.mode = mode;
      if (mode == policy::Mode::tunnel) return;
      child.local_ts = child.remote_ts = {policy::SelectorTemplate{.dynamic = true}};
    });
    return pairing;
  }
};

TEST_P(Ah, ProtectsATunnel) {
  load(with_ah());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.installed().begin()->second.suite.protocol, policy::Protocol::ah);
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_GT(packets_of(alice, sim::Sniffed::Kind::ah), 0U);
  EXPECT_EQ(packets_of(alice, sim::Sniffed::Kind::esp), 0U);
}

TEST_P(Ah, ProtectsTwoHosts) {
  load(with_ah("sha512-esn", policy::Mode::transport));
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(bob.installed().begin()->second.mode, policy::Mode::transport);
  EXPECT_TRUE(reaches(alice, alice_address, bob_address));
  EXPECT_TRUE(reaches(bob, bob_address, alice_address));
}

TEST_P(Ah, ProtectsWithTheMacsOfAes) {
  // CMAC has no number in IKEv1.
  const bool v1 = GetParam() == policy::IkeVersion::v1;
  for (const char* proposal : {"aesxcbc", "aes128gmac-esn", "aes192gmac", "aes256gmac", v1 ? "md5" : "aescmac"}) {
    load(with_ah(proposal));
    ASSERT_TRUE(comes_up()) << proposal;
    EXPECT_TRUE(both_reach_each_other()) << proposal;
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

TEST_P(Ah, IsClosedAndMadeAgain) {
  load(with_ah());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.terminate("office", "lan"), 1U);
  EXPECT_TRUE(eventually([&] { return is_up(1, 0); }));
  EXPECT_FALSE(alice_reaches_bob());
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_P(Ah, HasNothingInCommonWithEsp) {
  Pairing pairing = with_ah();
  pairing.right.children[0] = office().right.children[0];
  load(pairing);
  EXPECT_FALSE(comes_up());
  EXPECT_EQ(failure_of(alice), FailureKind::no_proposal_chosen);
  EXPECT_TRUE(alice.installed().empty());
}

TEST_P(Ah, IsRefusedWhereUdpWouldBeNeeded) {
  Pairing pairing = with_ah();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.encap = true; });
  load(pairing);
  EXPECT_FALSE(comes_up());
  EXPECT_EQ(failure_of(alice), FailureKind::system_refused);
  EXPECT_TRUE(alice.installed().empty() && bob.installed().empty());
}

TEST_P(Ah, IsRefusedBehindANat) {
  const IpAddress home_address = IpAddress::v4(192, 168, 1, 2), outside = IpAddress::v4(203, 0, 113, 7);
  Host& home = world.add<Host>("home", std::vector{home_address}, cryptography());
  auto& nat = world.add<sim::NatBox>("nat", sim::NatSettings{.outside = outside});
  world.connect(home, nat);
  internet.attach(nat, outside);
  Pairing pairing = with_ah();
  pairing.left.local_addrs = {policy::AddressRange::host(home_address)};
  pairing.right.remote_addrs.clear();
  home.load(pairing.left_configuration());
  bob.load(pairing.right_configuration());
  home.initiate("office");
  pass(1min);
  EXPECT_TRUE(home.installed().empty() && bob.installed().empty());
  EXPECT_EQ(home.established_ike_sas() + bob.established_ike_sas(), 0U);
  EXPECT_EQ(failure_of(home), FailureKind::system_refused);
}

TEST_P(Ah, DropsWhatWasAltered) {
  load(with_ah());
  ASSERT_TRUE(comes_up());
  const auto drops = [&](datapath::DropReason reason) { return bob.worker()->counters().drops[reason]; };
  mallory.alter(OnPathAttacker::only(outward, ah()), [](Bytes& packet) { packet.back() ^= 1; }, 1);
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_EQ(drops(datapath::DropReason::integrity), 1U);
  // The source address is covered as well.
  mallory.alter(
      OnPathAttacker::only(outward, ah()),
      [](Bytes& packet) {
        const auto ip = sim::parse_ip(packet);
        sim::IpFields fields = ip->fields;
        fields.source = IpAddress::v4(192, 0, 2, 9);
        packet = sim::build_ip(fields, to_bytes(ip->payload));
      },
      1);
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_EQ(drops(datapath::DropReason::integrity), 2U);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_P(Ah, DropsWhatIsRepeated) {
  load(with_ah());
  ASSERT_TRUE(comes_up());
  mallory.record(100);
  const auto ping = alice.application().ping(alice_inside, bob_inside);
  pass(1s);
  EXPECT_EQ(mallory.replay(OnPathAttacker::only(outward, ah())), 1U);
  pass(1s);
  EXPECT_EQ(bob.application().arrived(ping), 1U);
  EXPECT_EQ(bob.worker()->counters().drops[datapath::DropReason::replay], 1U);
}

TEST_P(Ah, HasNoAlgorithmInCommon) {
  Pairing pairing = with_ah("sha256");
  pairing.right.children[0].ah_proposals = sim::proposals(policy::Protocol::ah, {"sha1"});
  load(pairing);
  EXPECT_FALSE(comes_up());
  EXPECT_EQ(failure_of(alice), FailureKind::no_proposal_chosen);
  EXPECT_TRUE(alice.installed().empty() && bob.installed().empty());
}

TEST_P(Ah, LetsNothingThroughInClear) {
  load(with_ah());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.terminate("office"), 1U);
  EXPECT_TRUE(eventually([&] { return bob.installed().empty(); }));
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_EQ(packets_of(alice, sim::Sniffed::Kind::other), 0U);
}

constexpr policy::IkeVersion versions[] = {
#if SALLYPORT_HAS_IKEV1
    policy::IkeVersion::v1,
#endif
#if SALLYPORT_HAS_IKEV2
    policy::IkeVersion::v2,
#endif
};
INSTANTIATE_TEST_SUITE_P(Version, Ah, testing::ValuesIn(versions),
                         [](const auto& each) { return "v" + std::to_string(static_cast<int>(each.param)); });

}  // namespace
}  // namespace sallyport::scenarios
