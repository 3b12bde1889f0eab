// Keys are renewed while traffic flows: Child SAs and IKE SAs, by time, by what they carried and by hand, by one end or
// by both at once, over links that are good and bad. Nobody who sends or receives notices.
#include <set>

#include "tests/scenarios/rekeying.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;

class Ikev2Rekeying : public Rekeying {
 protected:
  static void use_esp(Pairing& pairing, std::initializer_list<std::string_view> left,
                      std::initializer_list<std::string_view> right) {
    pairing.left.children[0].esp_proposals = sim::proposals(policy::Protocol::esp, left);
    pairing.right.children[0].esp_proposals = sim::proposals(policy::Protocol::esp, right);
  }
};

// ---- Child SAs ----

TEST_F(Ikev2Rekeying, AChildSaGetsASuccessorBeforeItsEnd) {
  load(alice_renews(office(), Seconds(60), Seconds(0)));
  ASSERT_TRUE(comes_up());
  const auto first = alice.installed().begin()->first;
  expect_nothing_lost_for(90s);
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), 1U);
  EXPECT_EQ(bob.count<event::ChildSaRekeyed>(), 1U);
  EXPECT_FALSE(alice.installed().contains(first));
  EXPECT_EQ(alice.latest<event::ChildSaRemoved>()->why.kind, FailureKind::rekeyed);
  EXPECT_EQ(bob.latest<event::ChildSaRemoved>()->why.kind, FailureKind::rekeyed);
  EXPECT_EQ(alice.count<event::IkeSaEstablished>(), 1U);
  expect_settled();
}

TEST_F(Ikev2Rekeying, TheOldChildSaStaysUntilItsGraceIsOver) {
  load(office());
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(alice.rekey("office", "lan"));
  pass(4s);
  EXPECT_TRUE(is_up(1, 2));
  EXPECT_TRUE(both_reach_each_other());
  EXPECT_TRUE(eventually([&] { return is_up(1, 1); }, 8s));
  expect_settled();
}

TEST_F(Ikev2Rekeying, TrafficInOneDirectionAloneLosesNothingEither) {
  load(both_renew(office(), Seconds(30), Seconds(0)));
  ASSERT_TRUE(comes_up());
  alice_link.set_quality({.jitter = 80ms});
  std::vector<sim::MessageNumber> sent;
  for (int i = 0; i < 2000; ++i) {
    sent.push_back(bob.application().send_udp({bob_inside, 4001}, {alice_inside, 4000}));
    pass(50ms);
  }
  pass(1s);
  for (const auto number : sent) EXPECT_EQ(alice.application().arrived(number), 1U);
  EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 3U);
}

TEST_F(Ikev2Rekeying, TheResponderRenewsAsWell) {
  Pairing pairing = office();
  renew(pairing.right, Seconds(60), Seconds(300));
  load(pairing);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(400s);
  EXPECT_GE(bob.count<event::ChildSaRekeyed>(), 5U);
  EXPECT_EQ(bob.count<event::IkeSaRekeyed>(), 1U);
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  expect_settled();
}

TEST_F(Ikev2Rekeying, NarrowedSelectorsStayNarrowed) {
  Pairing pairing = office();
  pairing.right.children[0].local_ts = sim::selectors({"10.2.0.0/24"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  for (Host* host : {&alice, &bob, &bob, &alice}) {
    ASSERT_TRUE(host->rekey("office", "lan"));
    pass(15s);
    ASSERT_TRUE(is_up());
    EXPECT_EQ(policy::to_string(alice.installed().begin()->second.remote_ts), "10.2.0.0/24");
    expect_pairs();
  }
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), 4U);
}

TEST_F(Ikev2Rekeying, ForwardSecrecyWithTheGroupThatThePeerWants) {
  Pairing pairing = office();
  use_esp(pairing, {"aes128gcm16-x25519-ecp256"}, {"aes128gcm16-ecp256"});
  load(pairing);
  ASSERT_TRUE(comes_up());
  for (Host* host : {&alice, &bob}) {
    ASSERT_TRUE(host->rekey("office", "lan"));
    pass(15s);
    expect_settled();
  }
  EXPECT_EQ(alice.installed().begin()->second.suite.key_exchange, crypto::KeyExchangeMethod::ecp256);
  EXPECT_EQ(alice.count<event::NegotiationFailed>() + bob.count<event::NegotiationFailed>(), 0U);
}

TEST_F(Ikev2Rekeying, InTransportModeToo) {
  Pairing pairing = office();
  sim::use_transport_mode(pairing);
  load(pairing);
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(bob.rekey("office", "lan"));
  pass(15s);
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), 1U);
  ASSERT_TRUE(is_up());
  expect_pairs();
  EXPECT_EQ(alice.installed().begin()->second.mode, policy::Mode::transport);
  EXPECT_TRUE(reaches(alice, alice_address, bob_address));
}

TEST_F(Ikev2Rekeying, AhToo) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) {
    end.children[0].esp_proposals.clear();
    end.children[0].ah_proposals = sim::proposals(policy::Protocol::ah, {"sha256-noesn"});
  });
  load(pairing);
  secrecy.reset();
  secrecy = std::make_unique<sim::SecrecyWatch>(world);
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(alice.rekey("office", "lan"));
  pass(15s);
  EXPECT_EQ(bob.count<event::ChildSaRekeyed>(), 1U);
  ASSERT_TRUE(is_up());
  expect_pairs();
}

TEST_F(Ikev2Rekeying, ByTheNumberOfPackets) {
  Pairing pairing = office();
  pairing.left.children[0].rekey_volume.packets = 200;
  pairing.left.children[0].life_volume.packets = 400;
  load(pairing);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(60s);
  EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 5U);
  EXPECT_LE(alice.count<event::ChildSaRekeyed>(), 7U);
  expect_settled();
}

TEST_F(Ikev2Rekeying, ByTheNumberOfOctetsThatCameIn) {
  Pairing pairing = office();
  pairing.left.children[0].rekey_volume.bytes = 20'000;
  pairing.left.children[0].life_volume.bytes = 40'000;
  load(pairing);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(60s);
  EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 2U);
  expect_settled();
}

// ---- IKE SAs ----

TEST_F(Ikev2Rekeying, AnIkeSaIsRenewedAndItsSuccessorTakesOverTheChildSas) {
  load(alice_renews(office(), Seconds(0), Seconds(60)));
  ASSERT_TRUE(comes_up());
  const auto child = alice.installed().begin()->first;
  const auto before = alice.ike_sas().front();
  expect_nothing_lost_for(90s);
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  EXPECT_EQ(bob.count<event::IkeSaRekeyed>(), 1U);
  EXPECT_EQ(alice.latest<event::IkeSaClosed>()->why.kind, FailureKind::rekeyed);
  EXPECT_EQ(bob.latest<event::IkeSaClosed>()->why.kind, FailureKind::rekeyed);
  EXPECT_TRUE(alice.installed().contains(child));  // not even touched
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 1U);
  ASSERT_TRUE(is_up());
  ASSERT_EQ(alice.ike_sas().size(), 1U);
  EXPECT_NE(alice.ike_sas().front().id, before.id);
  EXPECT_NE(alice.ike_sas().front().spi_initiator, before.spi_initiator);
  EXPECT_EQ(alice.ike_sas().front().children.size(), 1U);
  expect_settled();
}

TEST_F(Ikev2Rekeying, WithAnotherPrf) {
  constexpr std::string_view shorter = "aes128gcm16-prfsha256-x25519", longer = "aes256gcm16-prfsha384-ecp256";
  Pairing pairing = office();  // the responder chooses, and each end prefers another one
  pairing.left.proposals = sim::proposals(policy::Protocol::ike, {shorter, longer});
  pairing.right.proposals = sim::proposals(policy::Protocol::ike, {longer, shorter});
  load(pairing);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.ike_sas().front().suite->prf, crypto::Prf::hmac_sha2_384);
  for (const auto& [host, prf] : {std::pair{&bob, crypto::Prf::hmac_sha2_256}, {&alice, crypto::Prf::hmac_sha2_384}}) {
    ASSERT_TRUE(host->rekey("office"));
    pass(10s);
    EXPECT_EQ(host->latest<event::IkeSaEstablished>()->suite.prf, prf);
    expect_settled();
  }
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 2U);
}

TEST_F(Ikev2Rekeying, ChildSasThatWereTakenOverAreRenewedAndClosedByTheSuccessor) {
  load(alice_renews(office(), Seconds(80), Seconds(50)));
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(100s);
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), 1U);
  alice.terminate("office", "lan");
  EXPECT_TRUE(eventually([&] { return is_up(1, 0); }));
}

TEST_F(Ikev2Rekeying, APeerThatDiesAfterwardsIsFoundDead) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) { end.dpd_delay = Seconds(10); });
  load(pairing);
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(bob.rekey("office"));
  pass(5s);
  bob.crash();
  pass(4min);
  EXPECT_TRUE(alice.ike_sas().empty());
  EXPECT_EQ(alice.latest<event::ChildSaRemoved>()->why.kind, FailureKind::peer_unreachable);
}

TEST_F(Ikev2Rekeying, ASuccessorIsRenewedInItsTurn) {
  load(both_renew(office(), Seconds(0), Seconds(40), Seconds(5)));
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(10min);
  EXPECT_GE(alice.count<event::IkeSaRekeyed>(), 13U);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 1U);
  expect_settled();
}

TEST_F(Ikev2Rekeying, GoesOnForADay) {
  load(both_renew(office(), Seconds(1200), Seconds(5000), Seconds(120)));
  ASSERT_TRUE(comes_up());
  pass(24h);
  EXPECT_GE(alice.count<event::IkeSaRekeyed>(), 16U);
  expect_settled();
}

TEST_F(Ikev2Rekeying, WhenHalfOfTheMessageIdsAreUsedUp) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) {
    end.dpd_delay = Seconds(5);
    end.rekey_time = Seconds(0);
  });
  sim::Configuration counting = pairing.left_configuration();
  counting.ike.message_ids = 40;
  alice.load(counting);
  bob.load(pairing.right_configuration());
  ASSERT_TRUE(comes_up());
  pass(10min);
  EXPECT_GE(alice.count<event::IkeSaRekeyed>(), 3U);
  EXPECT_EQ(alice.count<event::ChildSaRemoved>(), 0U);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev2Rekeying, WithoutFreshMessageIdsTheIkeSaIsClosedAndNoneIsUsedTwice) {
  Pairing pairing = office();
  sim::at_both_ends(pairing, [](policy::Connection& end) {
    end.dpd_delay = Seconds(5);
    end.rekey_time = Seconds(0);
  });
  pairing.right.dpd_delay = Seconds(0);
  sim::Configuration counting = pairing.left_configuration();
  counting.ike.message_ids = 20;
  counting.ike.log_keys = true;
  alice.load(counting);
  bob.load(pairing.right_configuration());
  ASSERT_TRUE(comes_up());
  const auto refuse = [](w::PayloadChain& payloads) {
    payloads = w::PayloadChain().add(w::NotifyPayload{.type = w::NotifyType::no_additional_sas});
  };
  Ventriloquist voice(mallory, alice, cryptography().provider);
  voice.rewrite(OnPathAttacker::ike(ExchangeType::create_child_sa, request), refuse);
  voice.rewrite(OnPathAttacker::ike(ExchangeType::create_child_sa, response), refuse);
  std::set<std::uint32_t> ids;
  pass(10min);
  EXPECT_TRUE(is_all_gone());
  EXPECT_EQ(alice.latest<event::IkeSaClosed>()->why.kind, FailureKind::expired);
  for (const event::Event& event : alice.events())
    if (const auto* logged = std::get_if<event::MessageLogged>(&event))
      if (logged->direction == event::Direction::sent && logged->message.request) {
        EXPECT_TRUE(ids.insert(logged->message.message_id).second);
        EXPECT_LT(logged->message.message_id, 20U);
      }
  EXPECT_GE(ids.size(), 18U);
}

// ---- Both at once ----

TEST_F(Ikev2Rekeying, BothEndsAtTheSameMomentSettleOnOneChildSa) {
  load(both_renew(office(), Seconds(60), Seconds(0)));
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(20min);
  EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 18U);
  EXPECT_EQ(alice.count<event::NegotiationFailed>() + bob.count<event::NegotiationFailed>(), 0U);
  expect_settled();
}

TEST_F(Ikev2Rekeying, BothEndsAtTheSameMomentSettleOnOneIkeSa) {
  load(both_renew(office(), Seconds(0), Seconds(60)));
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(20min);
  EXPECT_GE(alice.count<event::IkeSaRekeyed>(), 18U);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 1U);
  EXPECT_EQ(alice.count<event::NegotiationFailed>() + bob.count<event::NegotiationFailed>(), 0U);
  expect_settled();
}

TEST_F(Ikev2Rekeying, EverythingAtOnceByBothEnds) {
  load(both_renew(office(), Seconds(60), Seconds(60)));
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(20min);
  EXPECT_GE(alice.count<event::IkeSaRekeyed>(), 15U);
  EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 15U);
  expect_settled();
}

// ---- Bad links ----

class Ikev2RekeyingOver : public Ikev2Rekeying, public testing::WithParamInterface<BadLink> {};

TEST_P(Ikev2RekeyingOver, LosesNothingOfTheTraffic) {
  load(both_renew(office(), Seconds(120), Seconds(400), Seconds(10)));
  expect_nothing_lost_over(GetParam().quality);
}
INSTANTIATE_TEST_SUITE_P(Links, Ikev2RekeyingOver, testing::ValuesIn(bad_links), name_of);

class Ikev2RekeyingWithLoss : public Ikev2Rekeying, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(Ikev2RekeyingWithLoss, LosesNothingOfTheTraffic) {
  const Pairing pairing = both_renew(office(), Seconds(120), Seconds(400), Seconds(10));
  // Often enough that nobody gives the other up, which would be the end of the IKE SA (RFC 7296 §2.4).
  const ike::Settings patient{
      .retransmit_timeout = 1s, .retransmit_base = 1.4, .retransmit_tries = 12, .spi_shares = 3};
  sim::Configuration left = pairing.left_configuration(), right = pairing.right_configuration();
  left.ike = right.ike = patient;
  alice.load(left);
  bob.load(right);
  expect_nothing_lost_while_ike_is(GetParam());
}
INSTANTIATE_TEST_SUITE_P(OfIke, Ikev2RekeyingWithLoss, testing::Range<std::uint64_t>(1, 6));

}  // namespace
}  // namespace sallyport::scenarios
