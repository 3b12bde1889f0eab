// When the two ends do not agree. Each refusal has its twin just inside the boundary, which comes up; and both ends
// know what was wrong.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

using policy::Protocol;

class Refusals : public Stage {
 protected:
  /// Nothing comes up, nothing stays.
  void expect_refusal(FailureKind at_alice, FailureKind at_bob) {
    expect_nothing_comes_up();
    EXPECT_FALSE(alice_reaches_bob());
    EXPECT_EQ(failure_of(alice), at_alice);
    EXPECT_EQ(failure_of(bob), at_bob);
  }
};

TEST_F(Refusals, WrongSecret) {
  Pairing pairing = office();
  pairing.right_secret = "open sesamE";
  load(pairing);
  expect_refusal(FailureKind::authentication_failed, FailureKind::authentication_failed);
}

TEST_F(Refusals, NoSecretAtTheResponder) {
  load(office());
  sim::Configuration without = office().right_configuration();
  without.keys.clear();
  bob.load(std::move(without));
  expect_refusal(FailureKind::authentication_failed, FailureKind::secret_missing);
}

TEST_F(Refusals, NoSecretAtTheInitiator) {
  load(office());
  sim::Configuration without = office().left_configuration();
  without.keys.clear();
  alice.load(std::move(without));
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(failure_of(alice), FailureKind::secret_missing);
}

TEST_F(Refusals, AnotherIdentityThanTheResponderExpects) {
  Pairing pairing = office();
  pairing.right.remote.id = policy::Identity::fqdn("carol.example");
  load(pairing);
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(failure_of(alice), FailureKind::authentication_failed);
}

TEST_F(Refusals, AnotherIdentityThanTheInitiatorExpects) {
  Pairing pairing = office();
  pairing.left.remote.id = policy::Identity::fqdn("dave.example");
  load(pairing);
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
}

TEST_F(Refusals, IdentitiesWithAWildcardAreAccepted) {
  Pairing pairing = office();
  pairing.right.remote.id = policy::Identity::fqdn("*.example");
  load(pairing);
  sim::Configuration bobs = pairing.right_configuration();
  bobs.keys[0].owners.clear();
  bob.load(std::move(bobs));
  EXPECT_TRUE(comes_up());
}

TEST_F(Refusals, NoCommonIkeProposal) {
  Pairing pairing = office();
  pairing.left.proposals = sim::proposals(Protocol::ike, {"aes128gcm16-prfsha256-x25519"});
  pairing.right.proposals = sim::proposals(Protocol::ike, {"aes256gcm16-prfsha256-x25519"});
  load(pairing);
  expect_refusal(FailureKind::no_proposal_chosen, FailureKind::no_proposal_chosen);
}

TEST_F(Refusals, OneCommonProposalIsEnough) {
  Pairing pairing = office();
  pairing.left.proposals = sim::proposals(Protocol::ike, {"aes128gcm16-prfsha256-x25519", "aes256-sha256-ecp384"});
  pairing.right.proposals = sim::proposals(Protocol::ike, {"aes256gcm16-prfsha256-x25519", "aes256-sha256-ecp384"});
  load(pairing);
  EXPECT_TRUE(comes_up());
}

TEST_F(Refusals, NoCommonEspProposal) {
  Pairing pairing = office();
  pairing.left.children[0].esp_proposals = sim::proposals(Protocol::esp, {"aes128gcm16-esn"});
  pairing.right.children[0].esp_proposals = sim::proposals(Protocol::esp, {"aes128gcm16-noesn"});
  load(pairing);
  alice.initiate("office");
  pass(1min);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
  EXPECT_EQ(failure_of(alice), FailureKind::no_proposal_chosen);
  EXPECT_EQ(failure_of(bob), FailureKind::no_proposal_chosen);
}

TEST_F(Refusals, NoCommonSelector) {
  Pairing pairing = office();
  pairing.right.children[0].local_ts = sim::selectors({"10.3.0.0/16"});
  load(pairing);
  alice.initiate("office");
  pass(1min);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
  EXPECT_EQ(failure_of(alice), FailureKind::no_common_selector);
  EXPECT_EQ(failure_of(bob), FailureKind::no_common_selector);
}

TEST_F(Refusals, AddressesThatNoConnectionNames) {
  Pairing pairing = office();
  pairing.right.remote_addrs = {policy::AddressRange::host(IpAddress::v4(203, 0, 113, 1))};
  load(pairing);
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_TRUE(failure_of(alice).has_value());
}

TEST_F(Refusals, NobodyAtTheOtherEnd) {
  load(office());
  bob.crash();
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(alice.ike_sas().empty());
  EXPECT_EQ(failure_of(alice), FailureKind::peer_unreachable);
  EXPECT_EQ(packets_of(alice, sim::Sniffed::Kind::ike), 6U);  // one, and five repetitions
}

TEST_F(Refusals, AnotherGroupThanWasGuessedCostsOneMoreRound) {
  Pairing pairing = office();
  pairing.left.proposals = sim::proposals(Protocol::ike, {"aes128gcm16-prfsha256-x25519-ecp384"});
  pairing.right.proposals = sim::proposals(Protocol::ike, {"aes128gcm16-prfsha256-ecp384"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(packets_of(alice, sim::Sniffed::Kind::ike), 3U);
  EXPECT_EQ(alice.ike_sas()[0].suite->key_exchange, crypto::KeyExchangeMethod::ecp384);
}

TEST_F(Refusals, ModesThatDiffer) {
  Pairing pairing = office();
  sim::use_transport_mode(pairing);
  pairing.right.children[0].mode = policy::Mode::tunnel;
  load(pairing);
  alice.initiate("office");
  pass(1min);
  // RFC 7296 §1.3.1: a responder may decline transport mode; what is up then is a tunnel at both ends, or nothing.
  EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
}

TEST_F(Refusals, ForwardSecrecyWithTheWrongGroupIsRetried) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.children.push_back(end.children[0]); });
  pairing.left.children[1].name = pairing.right.children[1].name = "lab";
  pairing.left.children[1].remote_ts = pairing.right.children[1].local_ts = sim::selectors({"10.12.0.0/16"});
  pairing.left.children[1].esp_proposals = sim::proposals(Protocol::esp, {"aes128gcm16-x25519-ecp256"});
  pairing.right.children[1].esp_proposals = sim::proposals(Protocol::esp, {"aes128gcm16-ecp256"});
  load(pairing);
  ASSERT_TRUE(alice.initiate("office", "lan"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 1); }));
  ASSERT_TRUE(alice.initiate("office", "lab"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 2); }));
  EXPECT_TRUE(reaches(alice, alice_inside, IpAddress::v4(10, 12, 0, 1)));
}

}  // namespace
}  // namespace sallyport::scenarios
