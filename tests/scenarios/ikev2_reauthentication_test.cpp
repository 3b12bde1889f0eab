// The peers prove anew who they are (RFC 7296 §2.8.3, RFC 4478): another IKE SA with Child SAs of its own takes the
// place of the one that there is, while traffic flows. By one end or by both at once, while keys are renewed, over good
// links and bad ones; and what happens where it fails.
#include "tests/scenarios/rekeying.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;

class Reauthentication : public Rekeying {
 protected:
  /// Of the peers' proof; their keys last.
  static void reauthenticate(policy::Connection& end, Seconds time) {
    end.rekey_time = Seconds(0);
    end.reauth_time = time;
    end.over_time = time / 4;
    end.rand_time = Seconds(0);
  }
  static Pairing alice_reauthenticates(Seconds time) {
    Pairing pairing = office();
    reauthenticate(pairing.left, time);
    return pairing;
  }
  static Pairing both_reauthenticate(Seconds time, Seconds rand = Seconds(0)) {
    Pairing pairing = office();
    sim::at_both_ends(pairing, [&](policy::Connection& end) {
      reauthenticate(end, time);
      end.rand_time = rand;
    });
    return pairing;
  }
  void load_logging(const Pairing& pairing) {
    sim::Configuration logging = pairing.left_configuration();
    logging.ike.log_keys = true;
    logging.ike.spi_shares = 4;
    alice.load(std::move(logging));
    bob.load(pairing.right_configuration());
  }
  /// What bob says in IKE_AUTH of how long alice's proof counts is left out, or says `octets`.
  void bob_grants(std::optional<Bytes> octets) {
    voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_auth, response), [octets](w::PayloadChain& payloads) {
      w::PayloadChain others;
      for (const w::Payload& payload : payloads) {
        const auto* notify = std::get_if<w::NotifyPayload>(&payload.body);
        if (!notify || notify->type != w::NotifyType::auth_lifetime) others.add(payload);
      }
      if (octets) others.add(w::NotifyPayload{.type = w::NotifyType::auth_lifetime, .data = *octets});
      payloads = std::move(others);
    });
  }
  std::size_t proofs() const { return alice.count<event::IkeSaEstablished>(); }

  Ventriloquist voice{mallory, alice, cryptography().provider};
};

TEST_F(Reauthentication, AnotherIkeSaTakesThePlaceOfTheOlderOneAndNothingIsLost) {
  load(alice_reauthenticates(Seconds(60)));
  ASSERT_TRUE(comes_up());
  const auto before = alice.ike_sas().front();
  expect_nothing_lost_for(90s);
  EXPECT_EQ(proofs(), 2U);
  EXPECT_EQ(alice.count<event::IkeSaReauthenticated>(), 1U);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 2U);
  EXPECT_EQ(alice.latest<event::IkeSaClosed>()->why.kind, FailureKind::rekeyed);
  EXPECT_EQ(alice.count<event::NegotiationFailed>() + bob.count<event::NegotiationFailed>(), 0U);
  ASSERT_EQ(alice.ike_sas().size(), 1U);
  EXPECT_NE(alice.ike_sas().front().spi_initiator, before.spi_initiator);
  expect_settled();
}

TEST_F(Reauthentication, TheOlderOneStaysUntilItsGraceIsOver) {
  load(office());
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(alice.reauthenticate("office"));
  pass(4s);
  EXPECT_TRUE(is_up(2, 2));
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_TRUE(eventually([&] { return is_up(1, 1); }, 8s));
  expect_settled();
}

TEST_F(Reauthentication, ByHandFromEitherEnd) {
  load(office());
  ASSERT_TRUE(comes_up());
  for (Host* host : {&alice, &bob, &alice}) {
    ASSERT_TRUE(host->reauthenticate("office"));
    expect_nothing_lost_for(70s);
    expect_settled();
  }
  EXPECT_EQ(proofs(), 4U);
  EXPECT_EQ(bob.count<event::IkeSaReauthenticated>(), 1U);
}

TEST_F(Reauthentication, TrafficInOneDirectionAloneLosesNothingEither) {
  load(alice_reauthenticates(Seconds(30)));
  ASSERT_TRUE(comes_up());
  alice_link.set_quality({.jitter = 80ms});
  std::vector<sim::MessageNumber> sent;
  for (int i = 0; i < 2000; ++i) {
    sent.push_back(bob.application().send_udp({bob_inside, 4001}, {alice_inside, 4000}));
    pass(50ms);
  }
  pass(1s);
  for (const auto number : sent) EXPECT_EQ(alice.application().arrived(number), 1U);
  EXPECT_GE(proofs(), 4U);
}

TEST_F(Reauthentication, EachChildGetsAnother) {
  Pairing pairing = alice_reauthenticates(Seconds(60));
  for (auto* end : {&pairing.left, &pairing.right}) {
    policy::Child lab = end->children[0];
    lab.name = "lab";
    (end == &pairing.left ? lab.local_ts : lab.remote_ts) = sim::selectors({"10.8.0.0/16"});
    (end == &pairing.left ? lab.remote_ts : lab.local_ts) = sim::selectors({"10.9.0.0/16"});
    end->children.push_back(std::move(lab));
  }
  load(pairing);
  ASSERT_TRUE(comes_up("office", 2));
  expect_nothing_lost_for(90s);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 4U);
  EXPECT_TRUE(is_up(1, 2));
  expect_pairs();
}

TEST_F(Reauthentication, NarrowedSelectorsAreNarrowedAgain) {
  Pairing pairing = alice_reauthenticates(Seconds(60));
  pairing.right.children[0].local_ts = sim::selectors({"10.2.0.0/24"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(90s);
  ASSERT_TRUE(is_up());
  EXPECT_EQ(policy::to_string(alice.installed().begin()->second.remote_ts), "10.2.0.0/24");
}

TEST_F(Reauthentication, KeysAreRenewedMeanwhile) {
  Pairing pairing = both_renew(office(), Seconds(25), Seconds(40), Seconds(3));
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.reauth_time = Seconds(70); });
  load(pairing);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(15min);
  EXPECT_GE(alice.count<event::IkeSaRekeyed>(), 8U);
  EXPECT_GE(alice.count<event::IkeSaReauthenticated>() + bob.count<event::IkeSaReauthenticated>(), 8U);
  expect_settled();
}

TEST_F(Reauthentication, AgesWithTheProofAndNotWithTheKeys) {
  Pairing pairing = alice_renews(office(), Seconds(0), Seconds(20));
  pairing.left.reauth_time = Seconds(90);
  load(pairing);
  ASSERT_TRUE(comes_up());
  pass(85s);
  EXPECT_GE(alice.count<event::IkeSaRekeyed>(), 3U);
  EXPECT_EQ(alice.count<event::IkeSaReauthenticated>(), 0U);
  pass(15s);
  EXPECT_EQ(alice.count<event::IkeSaReauthenticated>(), 1U);
}

TEST_F(Reauthentication, GoesOnForADay) {
  load(both_reauthenticate(Seconds(3600), Seconds(300)));
  ASSERT_TRUE(comes_up());
  pass(24h);
  EXPECT_GE(proofs(), 23U);
  EXPECT_LE(proofs(), 32U);
  expect_settled();
}

// ---- AUTH_LIFETIME ----

TEST_F(Reauthentication, AResponderSaysHowLongAProofCountsAndTheInitiatorHeedsIt) {
  Pairing pairing = office();
  reauthenticate(pairing.right, Seconds(60));
  load(pairing);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(61s);
  EXPECT_EQ(alice.count<event::IkeSaReauthenticated>(), 1U);
  expect_nothing_lost_for(4min);
  EXPECT_GE(alice.count<event::IkeSaReauthenticated>(), 5U);
  EXPECT_EQ(bob.count<event::IkeSaReauthenticated>(), 0U);
  expect_settled();
}

TEST_F(Reauthentication, OfTwoLimitsTheShorterCounts) {
  Pairing pairing = alice_reauthenticates(Seconds(600));
  reauthenticate(pairing.right, Seconds(60));
  load(pairing);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(5min);
  EXPECT_GE(alice.count<event::IkeSaReauthenticated>(), 4U);
}

TEST_F(Reauthentication, AResponderBeginsItselfWhenTheInitiatorDoesNotHeedIt) {
  Pairing pairing = office();
  reauthenticate(pairing.right, Seconds(60));
  load_logging(pairing);
  bob_grants(std::nullopt);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(75s);
  EXPECT_EQ(bob.count<event::IkeSaReauthenticated>(), 1U);
  expect_settled();
}

TEST_F(Reauthentication, ALimitOfNothingDoesNotMakeUsBeginAllTheTime) {
  load_logging(office());
  bob_grants(Bytes(4, 0));
  ASSERT_TRUE(comes_up());
  pass(5min);
  EXPECT_LE(proofs(), 40U);
  EXPECT_GE(proofs(), 20U);
}

TEST_F(Reauthentication, ALimitThatCannotBeReadIsNone) {
  load_logging(office());
  bob_grants(Bytes(3, 0));
  ASSERT_TRUE(comes_up());
  pass(30min);
  EXPECT_EQ(proofs(), 1U);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Reauthentication, AResponderHeedsNoLimitOfTheInitiators) {
  load_logging(office());
  voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_auth, request), [](w::PayloadChain& payloads) {
    payloads.add(w::NotifyPayload{.type = w::NotifyType::auth_lifetime, .data = {0, 0, 0, 60}});
  });
  ASSERT_TRUE(comes_up());
  pass(5min);
  EXPECT_EQ(bob.count<event::IkeSaReauthenticated>() + alice.count<event::IkeSaReauthenticated>(), 0U);
}

// ---- Both ends at once ----

TEST_F(Reauthentication, BothEndsAtTheSameMomentSettleOnOneIkeSa) {
  load(office());
  ASSERT_TRUE(comes_up());
  for (int round = 0; round < 12; ++round) {
    ASSERT_TRUE(alice.reauthenticate("office"));
    ASSERT_TRUE(bob.reauthenticate("office"));
    expect_nothing_lost_for(40s);
    ASSERT_TRUE(is_up());
    expect_pairs();
  }
  EXPECT_EQ(proofs(), 1U + 2U * 12U);
  EXPECT_EQ(alice.count<event::NegotiationFailed>() + bob.count<event::NegotiationFailed>(), 0U);
  expect_settled();
}

TEST_F(Reauthentication, BothEndsAtTheSameMomentAndOneOfThemIsLate) {
  load(office());
  ASSERT_TRUE(comes_up());
  for (const Direction late : {outward, inward}) {
    for (int round = 0; round < 6; ++round) {
      mallory.take(OnPathAttacker::only(late, OnPathAttacker::ike(ExchangeType::ike_sa_init, request)), 2);
      ASSERT_TRUE(alice.reauthenticate("office"));
      ASSERT_TRUE(bob.reauthenticate("office"));
      expect_nothing_lost_for(4min);
      ASSERT_TRUE(is_up());
      expect_pairs();
    }
  }
}

TEST_F(Reauthentication, WhileTheOtherEndRenewsTheKeysOfTheSameIkeSa) {
  load(office());
  ASSERT_TRUE(comes_up());
  for (auto [one, other] : {std::pair{&alice, &bob}, {&bob, &alice}}) {
    for (const std::string_view child : {"", "lan"}) {
      ASSERT_TRUE(one->reauthenticate("office"));
      ASSERT_TRUE(other->rekey("office", child));
      expect_nothing_lost_for(30s);
      expect_settled();
      ASSERT_TRUE(one->rekey("office", child));
      ASSERT_TRUE(one->reauthenticate("office"));
      expect_nothing_lost_for(30s);
      expect_settled();
    }
  }
}

TEST_F(Reauthentication, IsBegunOnceHoweverOftenItIsAskedFor) {
  load(office());
  ASSERT_TRUE(comes_up());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(alice.reauthenticate("office"));
  pass(60s);
  EXPECT_EQ(proofs(), 2U);
  expect_settled();
}

// ---- It fails ----

TEST_F(Reauthentication, ATryThatFailsIsRepeatedAndTheOlderIkeSaGoesOn) {
  Pairing pairing = alice_reauthenticates(Seconds(300));
  pairing.left.over_time = Seconds(600);
  load(pairing);
  ASSERT_TRUE(comes_up());
  pass(250s);
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_sa_init, request));
  expect_nothing_lost_for(5min);
  EXPECT_EQ(alice.count<event::IkeSaReauthenticated>(), 0U);
  EXPECT_GE(alice.count<event::NegotiationFailed>(), 1U);
  mallory.forget_rules();
  expect_nothing_lost_for(4min);
  EXPECT_EQ(alice.count<event::IkeSaReauthenticated>(), 1U);
  expect_settled();
}

TEST_F(Reauthentication, WhoCannotProveItAnyMoreIsClosedAndNothingLeavesInClear) {
  Pairing pairing = office();
  reauthenticate(pairing.right, Seconds(120));
  load(pairing);
  ASSERT_TRUE(comes_up());
  sim::Configuration other = pairing.left_configuration();
  for (sim::PresharedKey& key : other.keys) key.secret += "!";
  alice.load(other);
  expect_nothing_lost_for(100s);
  pass(70s);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
  EXPECT_EQ(alice.latest<event::IkeSaClosed>()->why.kind, FailureKind::expired);
  EXPECT_FALSE(alice_reaches_bob());
}

TEST_F(Reauthentication, WhoNeverProvesItAgainIsClosedByTheResponder) {
  Pairing pairing = office();
  reauthenticate(pairing.right, Seconds(120));
  load_logging(pairing);
  bob_grants(std::nullopt);
  ASSERT_TRUE(comes_up());
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_sa_init, request));
  expect_nothing_lost_for(145s);
  pass(10s);
  EXPECT_TRUE(is_up(0, 0));
  EXPECT_EQ(bob.latest<event::IkeSaClosed>()->why.kind, FailureKind::expired);
}

TEST_F(Reauthentication, APeerThatDiesAfterwardsIsFoundDead) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.dpd_delay = Seconds(10); });
  load(pairing);
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(bob.reauthenticate("office"));
  pass(1s);
  bob.crash();
  pass(5min);
  EXPECT_TRUE(alice.ike_sas().empty());
}

TEST_F(Reauthentication, WhatNobodyUsesIsNotWorthIt) {
  load(alice_reauthenticates(Seconds(60)));
  ASSERT_TRUE(comes_up());
  bob.terminate("office", "lan");
  pass(5min);
  EXPECT_EQ(proofs(), 1U);
  EXPECT_TRUE(alice.ike_sas().empty());
}

// ---- Bad links ----

class ReauthenticationOver : public Reauthentication, public testing::WithParamInterface<BadLink> {};

TEST_P(ReauthenticationOver, LosesNothingOfTheTraffic) {
  load(both_reauthenticate(Seconds(90), Seconds(5)));
  alice_link.set_quality(GetParam().quality);
  bob_link.set_quality(GetParam().quality);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(15min);
  EXPECT_GE(proofs(), 8U);
  expect_settled();
}
INSTANTIATE_TEST_SUITE_P(Links, ReauthenticationOver, testing::ValuesIn(bad_links), name_of);

class ReauthenticationWithLoss : public Reauthentication, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(ReauthenticationWithLoss, LosesNothingOfTheTraffic) {
  const Pairing pairing = both_reauthenticate(Seconds(240), Seconds(20));
  const ike::Settings patient{.retransmit_timeout = 1s, .retransmit_base = 1.4, .retransmit_tries = 12};
  sim::Configuration left = pairing.left_configuration(), right = pairing.right_configuration();
  left.ike = right.ike = patient;
  alice.load(left);
  bob.load(right);
  ASSERT_TRUE(comes_up());
  SeededRandom random(GetParam());
  mallory.take([&](Direction, const sim::Sniffed& packet) {
    return packet.kind == sim::Sniffed::Kind::ike && random.below(100) < 20;
  });
  expect_nothing_lost_for(1h);
  EXPECT_GE(proofs(), 12U);
  mallory.forget_rules();
  expect_settled();
}
INSTANTIATE_TEST_SUITE_P(OfIke, ReauthenticationWithLoss, testing::Range<std::uint64_t>(1, 4));

}  // namespace
}  // namespace sallyport::scenarios
