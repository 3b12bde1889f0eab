// AH instead of ESP: what passes can be read by all, and altered by none.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

class Ah : public Stage {
 protected:
  /// Everybody may read this.
  Ah() { secrecy.reset(); }
  void TearDown() override {
    secrecy = std::make_unique<sim::SecrecyWatch>(world);
    Stage::TearDown();
  }

  static Pairing with_ah(std::string_view proposal = "sha256", policy::Mode mode = policy::Mode::tunnel) {
    Pairing pairing = office();
    sim::at_both_ends(pairing, [&](policy::Connection& end) {
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

TEST_F(Ah, ProtectsATunnel) {
  load(with_ah());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.installed().begin()->second.suite.protocol, policy::Protocol::ah);
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_GT(packets_of(alice, sim::Sniffed::Kind::ah), 0U);
  EXPECT_EQ(packets_of(alice, sim::Sniffed::Kind::esp), 0U);
}

TEST_F(Ah, ProtectsTwoHosts) {
  load(with_ah("sha512-esn", policy::Mode::transport));
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(bob.installed().begin()->second.mode, policy::Mode::transport);
  EXPECT_TRUE(reaches(alice, alice_address, bob_address));
  EXPECT_TRUE(reaches(bob, bob_address, alice_address));
}

TEST_F(Ah, IsClosedAndMadeAgain) {
  load(with_ah());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.terminate("office", "lan"), 1U);
  EXPECT_TRUE(eventually([&] { return is_up(1, 0); }));
  EXPECT_FALSE(alice_reaches_bob());
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ah, HasNothingInCommonWithEsp) {
  Pairing pairing = with_ah();
  pairing.right.children[0] = office().right.children[0];
  load(pairing);
  EXPECT_FALSE(comes_up());
  EXPECT_EQ(failure_of(alice), FailureKind::no_proposal_chosen);
  EXPECT_TRUE(alice.installed().empty());
}

TEST_F(Ah, IsRefusedWhereUdpWouldBeNeeded) {
  Pairing pairing = with_ah();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.encap = true; });
  load(pairing);
  EXPECT_FALSE(comes_up());
  EXPECT_EQ(failure_of(alice), FailureKind::system_refused);
  EXPECT_TRUE(alice.installed().empty() && bob.installed().empty());
}

}  // namespace
}  // namespace sallyport::scenarios
