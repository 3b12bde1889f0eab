// How sessions come up in IKEv1: two phases, two modes, several Quick Modes.
#include "tests/scenarios/ikev1.h"

namespace sallyport::scenarios {
namespace {

class Ikev1 : public Stage {
 protected:
  std::size_t messages(V1 exchange) const {
    return static_cast<std::size_t>(std::ranges::count_if(world.trace().packets(), [&](const auto& packet) {
      return world.trace().links()[packet.link.value].a == "alice" && is_ikev1(sim::sniff(packet.bytes), exchange);
    }));
  }
};

TEST_F(Ikev1, MainModeAndQuickModeBringPacketsThroughInBothDirections) {
  load(in_ikev1(office()));
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_EQ(alice.ike_sas().front().version, 1);
  EXPECT_EQ(messages(V1::main_mode), 6U);
  EXPECT_EQ(messages(V1::quick_mode), 3U);
  EXPECT_EQ(messages(V1::informational), 0U);
}

TEST_F(Ikev1, AggressiveModeTakesThreeMessages) {
  load(in_ikev1(office(), true));
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_EQ(messages(V1::aggressive_mode), 3U);
  EXPECT_EQ(messages(V1::quick_mode), 3U);
}

/// The header that it stands in is protected by nothing.
TEST_F(Ikev1, TheCommitBitIsAccepted) {
  constexpr std::size_t flags = 20 + 8 + 19;  // behind IP, UDP and 19 octets of IKE
  mallory.alter(ikev1(V1::quick_mode), [](Bytes& packet) { packet[flags] |= 0x02; });
  load(in_ikev1(office()));
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(mallory.struck(), 3U);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev1, TransportModeIsBetweenTheHostsThemselves) {
  Pairing pairing = in_ikev1(office());
  sim::use_transport_mode(pairing);
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.installed().begin()->second.mode, policy::Mode::transport);
  EXPECT_TRUE(reaches(alice, alice_address, bob_address));
  EXPECT_TRUE(reaches(bob, bob_address, alice_address));
}

TEST_F(Ikev1, ChildrenShareTheIsakmpSaAndComeUpSideBySide) {
  Pairing pairing = in_ikev1(office());
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.children.push_back(end.children[0]); });
  pairing.left.children[1].name = pairing.right.children[1].name = "lab";
  pairing.left.children[1].local_ts = pairing.right.children[1].remote_ts = sim::selectors({"10.11.0.0/16"});
  pairing.left.children[1].remote_ts = pairing.right.children[1].local_ts = sim::selectors({"10.12.0.0/16"});
  load(pairing);
  ASSERT_TRUE(comes_up("office", 2));
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_TRUE(reaches(bob, IpAddress::v4(10, 12, 0, 1), IpAddress::v4(10, 11, 0, 1)));
}

TEST_F(Ikev1, SeveralPrefixesBecomeSeveralQuickModes) {
  Pairing pairing = in_ikev1(office());
  pairing.left.children[0].local_ts = pairing.right.children[0].remote_ts =
      sim::selectors({"10.1.0.0/16", "10.3.0.0/16"});
  load(pairing);
  ASSERT_TRUE(comes_up("office", 2));
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_TRUE(reaches(alice, IpAddress::v4(10, 3, 0, 1), bob_inside));
}

TEST_F(Ikev1, TheResponderMayBeginQuickModesOfItsOwn) {
  Pairing pairing = in_ikev1(office());
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.children.push_back(end.children[0]); });
  pairing.left.children[1].name = pairing.right.children[1].name = "lab";
  pairing.left.children[1].local_ts = pairing.right.children[1].remote_ts = sim::selectors({"10.11.0.0/16"});
  load(pairing);
  ASSERT_TRUE(alice.initiate("office", "lan"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 1); }));
  ASSERT_TRUE(bob.initiate("office", "lab"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 2); }));
  EXPECT_TRUE(reaches(bob, bob_inside, IpAddress::v4(10, 11, 0, 1)));
}

TEST_F(Ikev1, SelectorsHoldPortsAndProtocols) {
  Pairing pairing = in_ikev1(office());
  pairing.left.children[0].local_ts = pairing.right.children[0].remote_ts = sim::selectors({"10.1.0.0/16[udp]"});
  pairing.left.children[0].remote_ts = pairing.right.children[0].local_ts = sim::selectors({"10.2.0.1[udp/2000]"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(to_string(bob.installed().begin()->second.local_ts), "10.2.0.1/32[udp/2000]");
}

TEST_F(Ikev1, OnDemandLosesNotEvenTheFirstPacket) {
  Pairing pairing = in_ikev1(office());
  pairing.left.children[0].start_action = policy::StartAction::trap;
  load(pairing);
  EXPECT_TRUE(alice_reaches_bob(5s));
}

TEST_F(Ikev1, BothEndsAtOnceEndWithMatchingSas) {
  load(in_ikev1(office()));
  alice.initiate("office");
  bob.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev1, AResponderThatLeavesTheVersionOpenAcceptsEither) {
  Pairing pairing = in_ikev1(office());
  pairing.right.version = policy::IkeVersion::any;
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(bob.ike_sas().front().version, 1);
}

TEST_F(Ikev1, TerminatingTellsThePeer) {
  load(in_ikev1(office()));
  ASSERT_TRUE(comes_up());
  alice.terminate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().empty() && bob.installed().empty(); }, 1s));
  pass(2min);
  EXPECT_TRUE(is_all_gone());
}

TEST_F(Ikev1, TerminatingOneChildLeavesTheIsakmpSa) {
  load(in_ikev1(office()));
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(bob.terminate("office", "lan"), 1U);
  EXPECT_TRUE(eventually([&] { return is_up(1, 0); }, 1s));
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(alice_reaches_bob());
}

TEST_F(Ikev1, TheSmallerLifetimeCounts) {
  Pairing pairing = in_ikev1(office());
  pairing.right.children[0].life_time = policy::Seconds(100);
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.children[0].rekey_time = policy::Seconds(0); });
  load(pairing);
  ASSERT_TRUE(comes_up());
  pass(90s);
  EXPECT_TRUE(is_up());
  pass(20s);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
}

TEST_F(Ikev1, ARestartedPeerIsTakenAtItsWord) {
  Pairing pairing = in_ikev1(office());
  load(pairing);
  ASSERT_TRUE(comes_up());
  alice.restart();
  ASSERT_TRUE(alice.initiate("office"));
  EXPECT_TRUE(eventually([&] { return is_up(); }));
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev1, EspWithoutEncryptionStillProvesWhoSpeaks) {
  secrecy.reset();  // it hides nothing
  Pairing pairing = in_ikev1(office());
  sim::at_both_ends(pairing, [](policy::Connection& end) {
    end.children[0].esp_proposals = sim::proposals(policy::Protocol::esp, {"null-sha256-noesn"});
  });
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
  mallory.alter(OnPathAttacker::esp(), [](Bytes& packet) { packet.back() ^= 1; });
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_EQ(bob.worker()->counters().drops[datapath::DropReason::integrity], 1U);
  secrecy = std::make_unique<sim::SecrecyWatch>(world);
}

struct Words {
  const char *ike, *esp;
};
class Ikev1With : public Stage, public testing::WithParamInterface<Words> {};

TEST_P(Ikev1With, TheseAlgorithms) {
  for (const bool aggressive : {false, true}) {
    Pairing pairing = in_ikev1(office(), aggressive);
    sim::at_both_ends(pairing, [](policy::Connection& end) {
      end.proposals = sim::proposals(policy::Protocol::ike, {GetParam().ike});
      end.children[0].esp_proposals = sim::proposals(policy::Protocol::esp, {GetParam().esp});
    });
    load(pairing);
    ASSERT_TRUE(comes_up());
    EXPECT_TRUE(both_reach_each_other());
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Suites, Ikev1With,
    testing::Values(Words{"aes128-sha256-modp2048", "aes128-sha256"}, Words{"aes256-sha512-ecp521", "aes256gcm16-esn"},
                    Words{"aes192-sha384-ecp256", "aes192-sha384-modp2048-noesn"},
                    Words{"3des-md5-modp1024", "3des-md5"}, Words{"aes128-md5-modp768", "3des-sha1"},
                    Words{"3des-sha1-modp1536", "aes128ctr-sha256-ecp256"},
                    Words{"aes128-sha1-modp1024", "aes128gcm8-modp1024"},
                    Words{"aes128-sha256-modp2048", "aes128ccm8-esn"}, Words{"aes128-sha256-modp2048", "aes192ccm12"},
                    Words{"aes128-sha256-modp2048", "aes256ccm16-modp2048"},
                    Words{"aes128-sha256-modp2048", "aes128-aesxcbc"}));

// IKEv1 has no numbers for CMAC, ChaCha20-Poly1305 and implicit IVs: of a proposal they are left out.
TEST_F(Ikev1, AlgorithmsWithoutNumbersAreNotOffered) {
  Pairing pairing = in_ikev1(office());
  const auto left = [](const char* first, const char* second) {
    return sim::proposals(policy::Protocol::esp, {first, second});
  };
  sim::at_both_ends(pairing, [&](policy::Connection& end) {
    end.children[0].esp_proposals = left("aes128gcm16iiv-chacha20poly1305", "aes128-aescmac-aesxcbc");
  });
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(to_string(alice.installed().begin()->second.suite), "aes128-aesxcbc");
  alice.terminate("office");
  ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  sim::at_both_ends(pairing, [&](policy::Connection& end) {
    end.children[0].esp_proposals = left("aes128gcm16iiv", "aes128-aescmac");
  });
  load(pairing);
  EXPECT_FALSE(comes_up());
  EXPECT_TRUE(alice.installed().empty() && bob.installed().empty());
}

}  // namespace
}  // namespace sallyport::scenarios
