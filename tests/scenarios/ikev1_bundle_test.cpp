// AH and ESP together, as one Child SA of IKEv1.
#include "tests/scenarios/ikev1.h"
#include "wire/ip_header.h"

namespace sallyport::scenarios {
namespace {

using policy::Protocol;

class Ikev1Bundle : public Stage {
 protected:
  static Pairing bundled(policy::Mode mode = policy::Mode::tunnel, std::string_view esp = "aes128-sha256",
                         std::string_view ah = "sha256") {
    Pairing pairing = in_ikev1(office());
    sim::at_both_ends(pairing, [&](policy::Connection& end) {
      policy::Child& child = end.children[0];
      child.esp_proposals = sim::proposals(Protocol::esp, {esp});
      child.ah_proposals = sim::proposals(Protocol::ah, {ah});
      child.mode = mode;
      if (mode == policy::Mode::tunnel) return;
      child.local_ts = child.remote_ts = {policy::SelectorTemplate{.dynamic = true}};
    });
    return pairing;
  }
  static const policy::ChildSaSpec& only_child(const Host& host) { return host.installed().begin()->second; }
};

TEST_F(Ikev1Bundle, ProtectsATunnelByBothProtocols) {
  load(bundled());
  ASSERT_TRUE(comes_up());
  const auto& spec = only_child(alice);
  EXPECT_EQ(spec.suite.protocol, Protocol::esp);
  ASSERT_TRUE(spec.bundled_ah);
  EXPECT_EQ(spec.bundled_ah->suite.protocol, Protocol::ah);
  EXPECT_NE(spec.inbound.spi, spec.bundled_ah->inbound.spi);
  EXPECT_NE(spec.inbound.integrity_key, spec.bundled_ah->inbound.integrity_key);
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_GT(packets_of(alice, sim::Sniffed::Kind::ah), 0U);
  EXPECT_EQ(packets_of(alice, sim::Sniffed::Kind::esp), 0U);  // the tunnel's header is followed by AH
}

TEST_F(Ikev1Bundle, ProtectsTwoHosts) {
  load(bundled(policy::Mode::transport, "aes256gcm16-esn", "sha512-esn"));
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(reaches(alice, alice_address, bob_address));
  EXPECT_TRUE(reaches(bob, bob_address, alice_address));
}

TEST_F(Ikev1Bundle, HasForwardSecrecyForBoth) {
  load(bundled(policy::Mode::tunnel, "aes128-sha256-modp2048"));
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(only_child(bob).suite.key_exchange, crypto::KeyExchangeMethod::modp2048);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev1Bundle, IsShownWithBothPairsOfSpis) {
  load(bundled());
  ASSERT_TRUE(comes_up());
  const auto sas = alice.ike_sas();
  const auto& child = sas.at(0).children.at(0);
  ASSERT_TRUE(child.bundled_ah);
  EXPECT_EQ(child.bundled_ah->spi_in, only_child(alice).bundled_ah->inbound.spi);
  EXPECT_EQ(child.bundled_ah->spi_out, only_child(bob).bundled_ah->inbound.spi);
}

TEST_F(Ikev1Bundle, IsDeletedByEitherSideAsAWhole) {
  load(bundled());
  for (Host* closer : {&alice, &bob}) {
    ASSERT_TRUE(comes_up());
    EXPECT_EQ(closer->terminate("office", "lan"), 1U);
    EXPECT_TRUE(eventually([&] { return is_up(1, 0); }));
    EXPECT_FALSE(alice_reaches_bob());
  }
}

TEST_F(Ikev1Bundle, OvercomesLostMessages) {
  for (std::size_t number = 1; number <= 3; ++number) {
    mallory.take(ikev1_message(V1::quick_mode, number), 1);
    load(bundled());
    alice.initiate("office");
    pass(1min);
    ASSERT_TRUE(is_up()) << number;
    EXPECT_TRUE(both_reach_each_other());
    mallory.forget_rules();
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 3min));
  }
}

// ---- What one side alone wants

TEST_F(Ikev1Bundle, IsRefusedByWhoWantsEspAlone) {
  Pairing pairing = bundled();
  pairing.right.children[0].ah_proposals.clear();
  load(pairing);
  EXPECT_FALSE(comes_up());
  EXPECT_EQ(failure_of(alice), FailureKind::no_proposal_chosen);
  const auto* refused = bob.latest<event::NegotiationFailed>();
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->failure.peer_bundle);
  EXPECT_FALSE(refused->failure.our_bundle);
  EXPECT_TRUE(alice.installed().empty() && bob.installed().empty());
}

TEST_F(Ikev1Bundle, IsRefusedByWhoWantsAhAlone) {
  Pairing pairing = bundled();
  pairing.right.children[0].esp_proposals.clear();
  load(pairing);
  EXPECT_FALSE(comes_up());
  EXPECT_EQ(failure_of(bob), FailureKind::no_proposal_chosen);
  EXPECT_TRUE(alice.installed().empty() && bob.installed().empty());
}

TEST_F(Ikev1Bundle, IsInsistedOn) {
  for (const bool without_esp : {false, true}) {
    Pairing pairing = bundled();
    auto& child = pairing.left.children[0];
    (without_esp ? child.esp_proposals : child.ah_proposals).clear();
    load(pairing);
    EXPECT_FALSE(comes_up());
    const auto* refused = bob.latest<event::NegotiationFailed>();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->failure.kind, FailureKind::no_proposal_chosen);
    EXPECT_TRUE(refused->failure.our_bundle);
    EXPECT_FALSE(refused->failure.peer_bundle);
    EXPECT_TRUE(alice.installed().empty() && bob.installed().empty());
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 5min));
  }
}

TEST_F(Ikev1Bundle, NeedsAgreementOnAhToo) {
  Pairing pairing = bundled();
  pairing.right.children[0].ah_proposals = sim::proposals(Protocol::ah, {"sha512"});
  load(pairing);
  EXPECT_FALSE(comes_up());
  EXPECT_EQ(failure_of(bob), FailureKind::no_proposal_chosen);
  EXPECT_TRUE(alice.installed().empty());
}

TEST_F(Ikev1Bundle, IsRefusedWhereUdpWouldBeNeeded) {
  Pairing pairing = bundled();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.encap = true; });
  load(pairing);
  EXPECT_FALSE(comes_up());
  EXPECT_EQ(failure_of(alice), FailureKind::system_refused);
  EXPECT_TRUE(alice.installed().empty() && bob.installed().empty());
}

// ---- On the wire

TEST_F(Ikev1Bundle, AlteredPacketsAreDropped) {
  load(bundled());
  ASSERT_TRUE(comes_up());
  const auto ah = [](Direction direction, const sim::Sniffed& packet) {
    return direction == outward && packet.kind == sim::Sniffed::Kind::ah;
  };
  mallory.alter(ah, [](Bytes& packet) { packet.back() ^= 1; }, 1);
  EXPECT_FALSE(alice_reaches_bob());
  const auto id = only_child(bob).id;
  EXPECT_EQ(bob.worker()->status(id)->bundled_ah->counters.drops[datapath::DropReason::integrity], 1U);
  EXPECT_TRUE(alice_reaches_bob());
}

TEST_F(Ikev1Bundle, EspThatHasLostItsAhIsDropped) {
  load(bundled());
  ASSERT_TRUE(comes_up());
  const auto ah = [](Direction direction, const sim::Sniffed& packet) {
    return direction == outward && packet.kind == sim::Sniffed::Kind::ah;
  };
  // As if AH had never been there: next header is ESP's, its own header is cut out.
  mallory.alter(
      ah,
      [](Bytes& packet) {
        const std::size_t header = (packet[21] + 2u) * 4;
        wire::set_protocol(packet.data(), 9, wire::IpProtocol{packet[20]});
        packet.erase(packet.begin() + 20, packet.begin() + 20 + static_cast<std::ptrdiff_t>(header));
        wire::set_packet_size(packet.data(), packet.size());
      },
      1);
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_EQ(bob.worker()->counters().drops[datapath::DropReason::incomplete_bundle], 1U);
}

}  // namespace
}  // namespace sallyport::scenarios
