// When the two ends do not agree in IKEv1: as far as the protocol lets them, both know what was wrong. And what
// strangers say without protection, or too often, changes nothing and costs little.
#include "diagnose/explanation.h"
#include "tests/scenarios/ikev1.h"

namespace sallyport::scenarios {
namespace {

using policy::Protocol;
using testing::HasSubstr;

class Ikev1Refusals : public Stage {
 protected:
  void expect_refusal(FailureKind at_alice, FailureKind at_bob) {
    expect_nothing_comes_up();
    EXPECT_EQ(reason_of(alice), at_alice);
    EXPECT_EQ(reason_of(bob), at_bob);
  }
  /// The first failure: later ones are of repetitions.
  static std::optional<FailureKind> reason_of(const Host& host) {
    for (const event::Event& each : host.events())
      if (const auto* failed = std::get_if<event::NegotiationFailed>(&each)) return failed->failure.kind;
    return failure_of(host);
  }
  /// What an administrator is told of it.
  static std::string words_of(const Host& host) {
    for (const event::Event& each : host.events())
      if (const auto* failed = std::get_if<event::NegotiationFailed>(&each))
        return diagnose::explain(failed->failure, nullptr).sentence;
    const auto* closed = host.latest<event::IkeSaClosed>();
    return closed ? diagnose::explain(closed->why, nullptr).sentence : "";
  }
};

TEST_F(Ikev1Refusals, WrongSecretInMainMode) {
  Pairing pairing = in_ikev1(office());
  pairing.right_secret = "open sesamE";
  load(pairing);
  expect_refusal(FailureKind::authentication_failed, FailureKind::authentication_failed);
}

TEST_F(Ikev1Refusals, WrongSecretInAggressiveMode) {
  Pairing pairing = in_ikev1(office(), true);
  pairing.right_secret = "open sesamE";
  load(pairing);
  expect_refusal(FailureKind::authentication_failed, FailureKind::authentication_failed);
  EXPECT_THAT(words_of(alice), HasSubstr("its proof does not fit our pre-shared key"));
  EXPECT_THAT(words_of(bob), HasSubstr("refused our proof of identity as bob.example (AUTHENTICATION-FAILED)"));
}

TEST_F(Ikev1Refusals, WrongSecretAndAnInitiatorThatSaysNothingOfIt) {
  Pairing pairing = in_ikev1(office(), true);
  pairing.right_secret = "open sesamE";
  load(pairing);
  mallory.take(ikev1(V1::informational));
  expect_refusal(FailureKind::authentication_failed, FailureKind::authentication_failed);
  EXPECT_THAT(words_of(bob), HasSubstr("falls silent at our proof of identity as bob.example"));
}

TEST_F(Ikev1Refusals, WrongSecretAndAResponderThatSaysNothingOfIt) {
  Pairing pairing = in_ikev1(office());
  pairing.right_secret = "open sesamE";
  load(pairing);
  mallory.take(ikev1(V1::informational));
  expect_refusal(FailureKind::authentication_failed, FailureKind::authentication_failed);
  EXPECT_THAT(words_of(alice), HasSubstr("falls silent at our proof of identity as alice.example"));
  EXPECT_THAT(words_of(bob), HasSubstr("cannot be read: most likely its pre-shared key is not ours for alice.example"));
}

TEST_F(Ikev1Refusals, NoSecretAtTheResponder) {
  load(in_ikev1(office()));
  sim::Configuration without = in_ikev1(office()).right_configuration();
  without.keys.clear();
  bob.load(std::move(without));
  expect_refusal(FailureKind::authentication_failed, FailureKind::secret_missing);
}

TEST_F(Ikev1Refusals, NoCommonProposalOfPhase1) {
  Pairing pairing = in_ikev1(office());
  pairing.left.proposals = sim::proposals(Protocol::ike, {"aes128-sha256-modp2048"});
  pairing.right.proposals = sim::proposals(Protocol::ike, {"aes256-sha256-modp2048"});
  load(pairing);
  expect_refusal(FailureKind::no_proposal_chosen, FailureKind::no_proposal_chosen);
  const auto* failed = bob.latest<event::NegotiationFailed>();
  EXPECT_THAT(diagnose::explain(failed->failure, nullptr).sentence, HasSubstr("aes128-sha256-modp2048"));
}

TEST_F(Ikev1Refusals, NothingThatIkev1CanSay) {
  Pairing pairing = in_ikev1(office());
  pairing.left.proposals = sim::proposals(Protocol::ike, {"aes256gcm16-prfsha384-ecp384"});
  load(pairing);
  alice.initiate("office");
  pass(1min);
  EXPECT_EQ(world.trace().packets_seen(), 0U);
  ASSERT_EQ(failure_of(alice), FailureKind::no_proposal_chosen);
  EXPECT_THAT(diagnose::explain(alice.latest<event::NegotiationFailed>()->failure, nullptr).sentence,
              HasSubstr("IKEv1"));
}

TEST_F(Ikev1Refusals, NoCommonProposalOfPhase2) {
  Pairing pairing = in_ikev1(office());
  pairing.left.children[0].esp_proposals = sim::proposals(Protocol::esp, {"aes128-sha256"});
  pairing.right.children[0].esp_proposals = sim::proposals(Protocol::esp, {"aes256-sha256"});
  load(pairing);
  expect_refusal(FailureKind::no_proposal_chosen, FailureKind::no_proposal_chosen);
  // The ISAKMP SA, of no more use, closes for the same reason, in the same words.
  const auto closed = diagnose::explain(alice.latest<event::IkeSaClosed>()->why, nullptr).sentence;
  EXPECT_EQ(closed, words_of(alice));
  EXPECT_THAT(closed, HasSubstr("ESP proposals (aes128-sha256)"));
}

TEST_F(Ikev1Refusals, AnotherGroupForForwardSecrecy) {
  Pairing pairing = in_ikev1(office());
  pairing.left.children[0].esp_proposals = sim::proposals(Protocol::esp, {"aes128-sha256-modp2048"});
  pairing.right.children[0].esp_proposals = sim::proposals(Protocol::esp, {"aes128-sha256-modp3072"});
  load(pairing);
  expect_refusal(FailureKind::no_proposal_chosen, FailureKind::no_proposal_chosen);
}

TEST_F(Ikev1Refusals, SelectorsThatDoNotFit) {
  Pairing pairing = in_ikev1(office());
  pairing.left.children[0].local_ts = sim::selectors({"10.77.0.0/16"});
  load(pairing);
  expect_refusal(FailureKind::no_common_selector, FailureKind::no_common_selector);
}

TEST_F(Ikev1Refusals, SelectorsWithinOursAreTaken) {
  Pairing pairing = in_ikev1(office());
  pairing.left.children[0].local_ts = sim::selectors({"10.1.0.0/24"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev1Refusals, TransportAgainstTunnel) {
  Pairing pairing =
      in_ikev1(sim::pair_up("office", {alice_address, "", "alice.example"}, {bob_address, "", "bob.example"}));
  pairing.left.children[0].mode = policy::Mode::transport;
  load(pairing);
  expect_refusal(FailureKind::no_proposal_chosen, FailureKind::mode_mismatch);
  EXPECT_THAT(words_of(alice), HasSubstr("in transport mode"));
}

TEST_F(Ikev1Refusals, AnotherIdentityThanTheInitiatorExpects) {
  for (const bool aggressive : {false, true}) {
    Pairing pairing = in_ikev1(office(), aggressive);
    pairing.left.remote.id = policy::Identity::fqdn("carol.example");
    load(pairing);
    alice.initiate("office");
    pass(5min);
    EXPECT_TRUE(alice.installed().empty());
    EXPECT_TRUE(is_all_gone());
    EXPECT_EQ(failure_of(alice), FailureKind::identity_mismatch);
    EXPECT_EQ(failure_of(bob), FailureKind::authentication_failed);
    EXPECT_THAT(words_of(alice), HasSubstr("bob.example, but carol.example is expected"));
  }
}

TEST_F(Ikev1Refusals, AnotherIdentityThanTheResponderExpects) {
  Pairing pairing = in_ikev1(office());
  pairing.left.local.id = policy::Identity::fqdn("carol.example");
  load(pairing);
  expect_refusal(FailureKind::authentication_failed, FailureKind::identity_mismatch);
  EXPECT_THAT(words_of(alice), HasSubstr("knows us by another identity than carol.example"));
  EXPECT_THAT(words_of(bob), HasSubstr("is authentic as carol.example, but alice.example is expected"));
}

TEST_F(Ikev1Refusals, AnotherIdentityThanTheResponderExpectsInAggressiveMode) {
  Pairing pairing = in_ikev1(office(), true);
  pairing.left.local.id = policy::Identity::fqdn("carol.example");
  load(pairing);
  expect_refusal(FailureKind::authentication_failed, FailureKind::no_matching_connection);
  EXPECT_THAT(words_of(alice), HasSubstr("knows us by another identity than carol.example"));
  EXPECT_THAT(words_of(bob), HasSubstr("says that it is carol.example, and connections.office expects alice.example"));
}

TEST_F(Ikev1Refusals, AggressiveModeOnlyWhereItIsConfigured) {
  Pairing pairing = in_ikev1(office());
  pairing.left.aggressive = true;
  load(pairing);
  expect_refusal(FailureKind::no_proposal_chosen, FailureKind::exchange_mismatch);
  EXPECT_THAT(words_of(alice), HasSubstr("in IKEv1's Aggressive Mode"));
  EXPECT_THAT(words_of(bob), HasSubstr("begins with IKEv1's Aggressive Mode, and IKEv1's Main Mode is configured"));
}

TEST_F(Ikev1Refusals, IkeV2AloneDoesNotAnswerIkev1) {
  Pairing pairing = in_ikev1(office());
  pairing.right.version = policy::IkeVersion::v2;
  load(pairing);
  expect_refusal(FailureKind::no_proposal_chosen, FailureKind::exchange_mismatch);
  EXPECT_THAT(words_of(bob), HasSubstr("begins with IKEv1's Main Mode, and connections.office is for IKEv2"));
}

#if SALLYPORT_HAS_IKEV2
TEST_F(Ikev1Refusals, Ikev1AloneDoesNotAnswerIkeV2) {
  Pairing pairing = in_ikev1(office());
  pairing.left.version = policy::IkeVersion::v2;
  load(pairing);
  expect_refusal(FailureKind::no_proposal_chosen, FailureKind::exchange_mismatch);
  EXPECT_THAT(words_of(bob), HasSubstr("begins with IKEv2, and connections.office is for IKEv1's Main Mode"));
}
#endif

TEST_F(Ikev1Refusals, UnprotectedNotificationsChangeNothing) {
  load(in_ikev1(office()));
  ASSERT_TRUE(comes_up());
  const auto sa = alice.ike_sas().front();
  mallory.record(40);
  alice.initiate("office");
  pass(1s);
  ASSERT_FALSE(mallory.recorded().empty());
  // A Delete in clear, with the right cookies, as anybody on the path could write it.
  for (const auto& recorded : mallory.recorded()) {
    Bytes packet = recorded.packet;
    const auto sniffed = sim::sniff(packet);
    if (sniffed.kind != sim::Sniffed::Kind::ike || packet.size() < 28 + 28 + 28) continue;
    packet[28 + 19] = 0;  // not encrypted, says the header
    sim::mend(packet);
    mallory.inject(recorded.direction, std::move(packet));
  }
  pass(5min);
  EXPECT_EQ(alice.ike_sas().front().spi_initiator, sa.spi_initiator);
  EXPECT_TRUE(both_reach_each_other());
}

}  // namespace
}  // namespace sallyport::scenarios
