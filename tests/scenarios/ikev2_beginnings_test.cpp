// Other ways for IKEv2 to begin: without a Child SA (RFC 6023), without a proof (RFC 7619), with a postquantum
// preshared key in the keys (RFC 8784).
#include "tests/scenarios/stage.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;
using policy::AuthMethod;
using policy::Childless;
using policy::Identity;

class Beginning : public Stage {
 protected:
  std::size_t exchanges(ExchangeType exchange) const {
    return static_cast<std::size_t>(std::ranges::count_if(world.trace().packets(), [&](const auto& packet) {
      const auto sniffed = sim::sniff(packet.bytes);
      return sniffed.is_ike(exchange, request) && world.trace().links()[packet.link.value].a == alice.name();
    }));
  }
  void comes_down() {
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
  void expect_refusal(FailureKind at_alice, FailureKind at_bob) {
    expect_nothing_comes_up();
    EXPECT_FALSE(alice_reaches_bob());
    EXPECT_EQ(failure_of(alice), at_alice);
    EXPECT_EQ(failure_of(bob), at_bob);
  }
};

// ---- Without a Child SA

class ChildlessBeginning : public Beginning {
 protected:
  static Pairing wished(Childless left, Childless right) {
    Pairing pairing = office();
    pairing.left.childless = left;
    pairing.right.childless = right;
    return pairing;
  }
};

TEST_F(ChildlessBeginning, IsMadeWhereItIsWantedAndTheResponderCan) {
  for (const Childless left : {Childless::prefer, Childless::force})
    for (const Childless right : {Childless::allow, Childless::prefer, Childless::force}) {
      const std::size_t before = exchanges(ExchangeType::create_child_sa);
      load(wished(left, right));
      ASSERT_TRUE(comes_up());
      EXPECT_EQ(exchanges(ExchangeType::create_child_sa), before + 1);
      EXPECT_TRUE(both_reach_each_other());
      comes_down();
    }
}

TEST_F(ChildlessBeginning, IsNotMadeWhereNobodyWantsIt) {
  load(wished(Childless::allow, Childless::allow));
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(exchanges(ExchangeType::create_child_sa), 0U);
}

TEST_F(ChildlessBeginning, IsGivenUpWhereTheResponderCannot) {
  load(wished(Childless::prefer, Childless::never));
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(exchanges(ExchangeType::create_child_sa), 0U);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(ChildlessBeginning, ForcedByTheInitiatorLeavesNothingWhereTheResponderCannot) {
  load(wished(Childless::force, Childless::never));
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(failure_of(alice), FailureKind::extension_missing);
  EXPECT_EQ(exchanges(ExchangeType::ike_auth), 0U);
}

TEST_F(ChildlessBeginning, ForcedByTheResponderRefusesTheChildOfOneThatDoesNotDoIt) {
  load(wished(Childless::allow, Childless::force));
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(failure_of(bob), FailureKind::extension_missing);
  EXPECT_FALSE(alice_reaches_bob());
}

TEST_F(ChildlessBeginning, OfAConnectionWithoutChildrenIsAnIkeSaAlone) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.children.clear(); });
  load(pairing);
  ASSERT_TRUE(alice.initiate("office"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 0); }));
  pass(10min);
  EXPECT_TRUE(is_up(1, 0));
  comes_down();
}

TEST_F(ChildlessBeginning, ThatWasNotAnnouncedIsRefused) {
  Pairing pairing = wished(Childless::allow, Childless::never);
  sim::Configuration left = pairing.left_configuration();
  left.ike.log_keys = true;
  alice.load(std::move(left));
  bob.load(pairing.right_configuration());
  Ventriloquist voice(mallory, alice, cryptography().provider);
  voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_auth, request), [](w::PayloadChain& chain) {
    w::PayloadChain without;
    for (const w::Payload& payload : chain)
      if (payload.type() != w::PayloadType::sa && payload.type() != w::PayloadType::tsi &&
          payload.type() != w::PayloadType::tsr)
        without.add(payload);
    chain = std::move(without);
  });
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(failure_of(bob), FailureKind::protocol_violation);
  EXPECT_TRUE(bob.installed().empty());
}

// ---- Without a proof

class NullAuthentication : public Beginning {
 protected:
  /// alice is nobody; bob shows that he has the key.
  static Pairing with_nobody(bool bob_too = false) {
    Pairing pairing = office();
    pairing.left.local.method = pairing.right.remote.method = AuthMethod::null;
    pairing.left.local.id = pairing.right.remote.id = Identity::any();
    if (bob_too) {
      pairing.right.local.method = pairing.left.remote.method = AuthMethod::null;
      pairing.right.local.id = pairing.left.remote.id = Identity::any();
    }
    return pairing;
  }
};

TEST_F(NullAuthentication, OfOneEndOrOfBoth) {
  for (const bool both : {false, true}) {
    load(with_nobody(both));
    ASSERT_TRUE(comes_up()) << both;
    EXPECT_EQ(bob.ike_sas().front().remote_id, Identity::null());
    EXPECT_TRUE(both_reach_each_other());
    comes_down();
  }
}

TEST_F(NullAuthentication, NeedsNoSecretWhereBothAreNobody) {
  const Pairing pairing = with_nobody(true);
  sim::Configuration left = pairing.left_configuration(), right = pairing.right_configuration();
  left.keys.clear();
  right.keys.clear();
  alice.load(std::move(left));
  bob.load(std::move(right));
  ASSERT_TRUE(comes_up());
}

TEST_F(NullAuthentication, OneNobodyDoesNotDriveAnotherOut) {
  const IpAddress carol_address = IpAddress::v4(203, 0, 113, 7);
  Host& carol = world.add<Host>("carol", std::vector{carol_address}, cryptography());
  internet.attach(carol, carol_address);
  Pairing pairing = with_nobody();
  pairing.right.remote_addrs.clear();
  pairing.right.children[0].remote_ts = sim::selectors({"10.0.0.0/8"});
  Pairing others = pairing;
  others.left.local_addrs = {policy::AddressRange::host(carol_address)};
  others.left.children[0].local_ts = sim::selectors({"10.3.0.0/16"});
  load(pairing);
  carol.load(others.left_configuration());
  ASSERT_TRUE(comes_up());
  carol.initiate("office");  // it knows of no other IKE SA with bob, and says so
  ASSERT_TRUE(eventually([&] { return carol.established_ike_sas() == 1; }));
  pass(1min);
  EXPECT_EQ(bob.established_ike_sas(), 2U);
  EXPECT_EQ(alice.established_ike_sas(), 1U);
  EXPECT_TRUE(alice_reaches_bob());
}

TEST_F(NullAuthentication, IsNotTakenForAProof) {
  Pairing pairing = with_nobody();
  pairing.right.remote.method = AuthMethod::psk;  // bob wants to know
  load(pairing);
  expect_refusal(FailureKind::authentication_failed, FailureKind::no_matching_connection);
  pairing.right.remote.id = Identity::fqdn("alice.example");
  pairing.left.local.id = Identity::fqdn("alice.example");  // a name that nothing proves
  load(pairing);
  expect_refusal(FailureKind::authentication_failed, FailureKind::authentication_failed);
}

TEST_F(NullAuthentication, OfTheResponderIsNotTakenForAProof) {
  Pairing pairing = office();
  pairing.right.local.method = AuthMethod::null;
  load(pairing);
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(failure_of(alice), FailureKind::authentication_failed);
}

TEST_F(NullAuthentication, ThereIsNoProofWhereNoneIsWanted) {
  Pairing pairing = with_nobody();
  pairing.left.local.method = AuthMethod::psk;
  pairing.left.local.id = Identity::fqdn("alice.example");
  load(pairing);
  expect_refusal(FailureKind::authentication_failed, FailureKind::authentication_failed);
}

TEST_F(NullAuthentication, OfSeveralConnectionsTheOneWithThatMethodIsMeant) {
  Pairing known = office();
  known.right.remote.id = Identity::any();
  Pairing nobody = with_nobody();
  nobody.right.name = "guests";
  sim::Configuration right = known.right_configuration();
  right.connections.push_back(std::make_shared<const policy::Connection>(nobody.right));
  alice.load(nobody.left_configuration());
  bob.load(std::move(right));
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(bob.ike_sas().front().connection, "guests");
}

// ---- With a postquantum preshared key

class PostquantumKey : public Beginning {
 protected:
  static Pairing named(const char* left, const char* right, bool left_required, bool right_required) {
    Pairing pairing = office();
    if (*left) pairing.left.ppk_id = Identity::fqdn(left);
    if (*right) pairing.right.ppk_id = Identity::fqdn(right);
    pairing.left.ppk_required = left_required;
    pairing.right.ppk_required = right_required;
    return pairing;
  }
  void load_with(const Pairing& pairing, const std::string& left_secret, const std::string& right_secret) {
    sim::Configuration left = pairing.left_configuration(), right = pairing.right_configuration();
    left.ike.log_keys = true;
    const std::vector owners = {Identity::fqdn("ours")};
    if (!left_secret.empty()) left.keys.push_back({owners, left_secret, policy::SecretKind::ppk});
    if (!right_secret.empty()) right.keys.push_back({owners, right_secret, policy::SecretKind::ppk});
    alice.load(std::move(left));
    bob.load(std::move(right));
  }
  bool is_used() const { return alice.ike_sas().front().ppk && bob.ike_sas().front().ppk; }
};

TEST_F(PostquantumKey, IsUsedWhereBothHaveIt) {
  for (const bool required : {false, true}) {
    load_with(named("ours", required ? "*" : "ours", required, required), "a quantum of solace", "a quantum of solace");
    ASSERT_TRUE(comes_up()) << required;
    EXPECT_TRUE(is_used());
    EXPECT_TRUE(both_reach_each_other());
    ASSERT_TRUE(alice.rekey("office"));
    ASSERT_TRUE(eventually([&] { return alice.count<event::IkeSaRekeyed>() > 0 && is_up(); }, 2min));
    EXPECT_TRUE(is_used());
    ASSERT_TRUE(alice.rekey("office", "lan"));
    pass(1min);
    EXPECT_TRUE(both_reach_each_other());
    comes_down();
  }
}

TEST_F(PostquantumKey, IsDoneWithoutWhereOneEndKnowsNothingOfItAndNobodyRequiresIt) {
  for (const auto& [left, right] : {std::pair{"ours", ""}, std::pair{"", "ours"}, std::pair{"ours", "another"}}) {
    load_with(named(left, right, false, false), "a quantum of solace", "a quantum of solace");
    ASSERT_TRUE(comes_up()) << left << right;
    EXPECT_FALSE(alice.ike_sas().front().ppk);
    EXPECT_TRUE(both_reach_each_other());
    comes_down();
  }
}

TEST_F(PostquantumKey, IsDoneWithoutWhereTheResponderDoesNotHaveThatOne) {
  load_with(named("ours", "*", false, false), "a quantum of solace", "");
  ASSERT_TRUE(comes_up());
  EXPECT_FALSE(alice.ike_sas().front().ppk);
  EXPECT_FALSE(bob.ike_sas().front().ppk);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(PostquantumKey, RequiredByTheInitiatorIsNotDoneWithout) {
  load_with(named("ours", "", true, false), "a quantum of solace", "");
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(failure_of(alice), FailureKind::extension_missing);
  EXPECT_EQ(exchanges(ExchangeType::ike_auth), 0U);
}

TEST_F(PostquantumKey, RequiredByTheInitiatorIsNotDoneWithoutByAResponderThatLacksIt) {
  load_with(named("ours", "*", true, false), "a quantum of solace", "");
  expect_refusal(FailureKind::authentication_failed, FailureKind::authentication_failed);
}

TEST_F(PostquantumKey, RequiredByTheResponderIsNotDoneWithout) {
  load_with(named("", "ours", false, true), "", "a quantum of solace");
  expect_refusal(FailureKind::authentication_failed, FailureKind::extension_missing);
  load_with(named("ours", "*", false, true), "a quantum of solace", "");
  expect_refusal(FailureKind::authentication_failed, FailureKind::extension_missing);
}

TEST_F(PostquantumKey, ThatDiffersIsAWrongProof) {
  load_with(named("ours", "ours", false, false), "a quantum of solace", "a quantum of malice");
  expect_refusal(FailureKind::authentication_failed, FailureKind::authentication_failed);
}

// Who is on the path takes the word away with which the responder says that it has one: it is noticed, for AUTH covers
// it.
TEST_F(PostquantumKey, IsNotTalkedAwayOnThePath) {
  load_with(named("ours", "ours", false, false), "a quantum of solace", "a quantum of solace");
  Ventriloquist voice(mallory, alice, cryptography().provider);
  voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_sa_init, response), [](w::PayloadChain& chain) {
    w::PayloadChain without;
    for (const w::Payload& payload : chain) {
      const auto* notify = std::get_if<w::NotifyPayload>(&payload.body);
      if (!notify || notify->type != w::NotifyType::use_ppk) without.add(payload);
    }
    chain = std::move(without);
  });
  alice.initiate("office");
  pass(5min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(failure_of(alice), FailureKind::authentication_failed);
}

}  // namespace
}  // namespace sallyport::scenarios
