// A responder that has begun anew, and says so (INITIAL-CONTACT, RFC 2407 §4.6.3.3): what its peer still holds from
// before goes, and comes up again.
#include "tests/scenarios/ikev1.h"

namespace sallyport::scenarios {
namespace {

class Ikev1InitialContact : public Stage, public testing::WithParamInterface<bool> {
 protected:
  /// alice renews her ISAKMP SA each minute, and nobody looks whether the other is there.
  static Pairing pairing() {
    Pairing pairing = in_ikev1(office(), GetParam());
    pairing.left.rekey_time = policy::Seconds(60);
    pairing.left.over_time = policy::Seconds(20);
    sim::at_both_ends(pairing, [](policy::Connection& end) { end.dpd_delay = policy::Seconds(0); });
    return pairing;
  }
  void SetUp() override {
    load(pairing());
    ASSERT_TRUE(comes_up());
  }
  /// bob loses everything; alice does not know.
  void bob_forgets() {
    bob.restart();
    pass(1s);
    ASSERT_TRUE(bob.installed().empty());
    ASSERT_EQ(alice.installed().size(), 1U);
  }
  void expect_a_fresh_child_sa(policy::ChildSaId old) {
    EXPECT_FALSE(alice.installed().contains(old));
    EXPECT_TRUE(eventually([&] { return is_up(); }, 1min));
    EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
    EXPECT_TRUE(both_reach_each_other());
  }
  policy::ChildSaId child_of_alice() const { return alice.installed().begin()->first; }
};

TEST_P(Ikev1InitialContact, ARestartedRespondersPeerBeginsAnewWithItsNextPhase1) {
  const auto old = child_of_alice();
  bob_forgets();
  EXPECT_FALSE(alice_reaches_bob());
  pass(65s);
  EXPECT_EQ(alice.latest<event::ChildSaRemoved>()->why.kind, FailureKind::replaced);
  expect_a_fresh_child_sa(old);
}

TEST_P(Ikev1InitialContact, NoClaimIsMadeToWhoIsKnown) {
  const auto child = child_of_alice();
  pass(5min);
  EXPECT_GE(alice.count<event::IkeSaRekeyed>(), 3U);
  EXPECT_EQ(alice.count<event::ChildSaRemoved>(), 0U);
  EXPECT_EQ(child_of_alice(), child);
}

TEST_P(Ikev1InitialContact, ALostAnswerOfPhase1DoesNoHarm) {
  const auto old = child_of_alice();
  bob_forgets();
  mallory.take(ikev1_message(GetParam() ? V1::aggressive_mode : V1::main_mode, GetParam() ? 2 : 6), 1);
  pass(70s);
  expect_a_fresh_child_sa(old);
}

TEST_P(Ikev1InitialContact, ALostOneIsMadeUpForByTheEndOfTheChildSa) {
  bob_forgets();
  mallory.take(ikev1(V1::informational), 1);
  pass(70s);
  alice.terminate("office", "lan");
  pass(10s);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_P(Ikev1InitialContact, WhatCameUpWhileAPhase1WaitedForItsAnswerIsOfThePastToo) {
  mallory.take(OnPathAttacker::only(outward, ikev1(GetParam() ? V1::aggressive_mode : V1::main_mode)));
  pass(60s);  // alice's renewal has begun, and bob has not heard of it
  ASSERT_TRUE(bob.rekey("office", "lan"));
  ASSERT_TRUE(eventually([&] { return alice.count<event::ChildSaRekeyed>() == 1; }, 1s));
  const auto youngest = alice.installed().rbegin()->first;
  pass(100ms);
  bob.restart();
  mallory.forget_rules();
  EXPECT_TRUE(eventually([&] { return alice.count<event::IkeSaRekeyed>() == 1; }, 30s));
  pass(1s);  // in Aggressive Mode the claim comes behind phase 1
  expect_a_fresh_child_sa(youngest);
}

TEST_P(Ikev1InitialContact, BothBeginAtOnceAfterwards) {
  const auto old = child_of_alice();
  bob_forgets();
  pass(58s);  // alice's renewal is due, and bob wants a child
  for (int i = 0; i < 20; ++i) {
    bob.initiate("office");
    pass(200ms);
  }
  expect_a_fresh_child_sa(old);
  pass(3min);
  EXPECT_TRUE(both_reach_each_other());
}

// ---- Who else may say so

TEST_P(Ikev1InitialContact, WithoutProtectionItIsNothing) {
  const auto child = child_of_alice();
  const auto sa = alice.ike_sas().front();
  const Bytes notify = *from_hex(
      "0000000c"
      "00000001"
      "01006002");  // of no SPI: DOI IPsec, ISAKMP, INITIAL-CONTACT
  for (const std::uint8_t flags : {std::uint8_t{0}, std::uint8_t{1}}) {
    Bytes message;
    Writer writer(message);
    wire::serialize_ike_header(writer, {.initiator_spi = sa.spi_initiator,
                                        .responder_spi = sa.spi_responder,
                                        .next_payload = 11,
                                        .major_version = 1,
                                        .exchange_type = wire::ikev1::number(V1::informational),
                                        .flags = flags,
                                        .message_id = 7,
                                        .length = 28 + 12});
    append(message, notify);
    mallory.inject(inward, sim::build_udp(sa.remote, sa.local, message));
  }
  pass(5s);
  EXPECT_EQ(child_of_alice(), child);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_P(Ikev1InitialContact, ARecordedOneSaysNothingLater) {
  bob_forgets();
  mallory.record(200);
  pass(70s);
  ASSERT_TRUE(eventually([&] { return is_up(); }, 1min));
  const auto child = child_of_alice();
  EXPECT_GT(mallory.replay(OnPathAttacker::only(inward, OnPathAttacker::ike())), 0U);
  pass(5s);
  EXPECT_EQ(child_of_alice(), child);
  EXPECT_TRUE(both_reach_each_other());
}

INSTANTIATE_TEST_SUITE_P(Modes, Ikev1InitialContact, testing::Bool(),
                         [](const auto& mode) { return mode.param ? "Aggressive" : "Main"; });

}  // namespace
}  // namespace sallyport::scenarios
