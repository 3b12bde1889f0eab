// ISAKMP SAs and Child SAs that end one without the other, and ends that do not see it alike: whatever got lost, both
// come to rest on the same SAs.
#include "tests/scenarios/ikev1_voice.h"
#include "tests/scenarios/traffic.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev1;
using policy::Seconds;

class Ikev1Parting : public Stage {
 protected:
  /// alice renews, each phase after so long; 0: never. Lives are long, so that nothing ends by them.
  void bring_up(Seconds child, Seconds isakmp) {
    Pairing pairing = in_ikev1(office());
    pairing.left.rekey_time = isakmp;
    pairing.left.over_time = isakmp * 3;
    pairing.left.rand_time = pairing.left.children[0].rand_time = Seconds(0);
    pairing.left.children[0].rekey_time = child;
    pairing.left.children[0].life_time = child * 4;
    sim::Configuration left = pairing.left_configuration();
    left.ike.log_keys = true;
    alice.load(std::move(left));
    bob.load(pairing.right_configuration());
    ASSERT_TRUE(comes_up());
  }
  w::PayloadChain delete_of_isakmp_sa() const {
    const auto sa = alice.ike_sas().front();
    Bytes cookies;
    Writer writer(cookies);
    writer.u64(sa.spi_initiator);
    writer.u64(sa.spi_responder);
    return w::PayloadChain().add(w::DeletePayload{.protocol = w::ProtocolId::isakmp, .spis = {cookies}});
  }
  void expect_renewals_by_volume(const Pairing& pairing) {
    load(pairing);
    ASSERT_TRUE(comes_up());
    Traffic traffic(world, alice, bob);
    pass(2min);
    traffic.stop();
    pass(1s);
    EXPECT_EQ(traffic.lost(), 0U);
    EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 2U);
    expect_rest();
  }
  void expect_rest() {
    EXPECT_TRUE(eventually([&] { return is_up(); }, 5min));
    EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
    EXPECT_TRUE(both_reach_each_other());
  }

  Ikev1Voice voice{world, mallory, alice, cryptography().provider};
};

// ---- Phase 1 alone is closed

TEST_F(Ikev1Parting, ADeleteOfTheIsakmpSaAloneLeavesTheChildSas) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(0), Seconds(0)));
  const auto child = bob.installed().begin()->first;
  voice.say(V1::informational, delete_of_isakmp_sa());
  pass(2min);
  EXPECT_EQ(bob.established_ike_sas(), 0U);
  EXPECT_TRUE(bob.installed().contains(child));
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev1Parting, TheChildSasThatAreLeftAreRenewedByANewPhase1) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(120), Seconds(0)));
  voice.say(V1::informational, delete_of_isakmp_sa());
  Traffic traffic(world, alice, bob);
  pass(4min);
  traffic.stop();
  pass(1s);
  EXPECT_EQ(traffic.lost(), 0U);
  EXPECT_EQ(alice.count<event::IkeSaEstablished>(), 2U);
  EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 1U);
  expect_rest();
}

// ---- What one end has seen and the other has not

TEST_F(Ikev1Parting, ASupersededChildSaWhoseDeleteIsLostForGoodGoesByItself) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(60), Seconds(0)));
  pass(50s);
  const auto old = bob.installed().begin()->first;
  mallory.take(ikev1(V1::informational));  // the Delete is alice's to send
  Traffic traffic(world, alice, bob);
  pass(30s);
  EXPECT_TRUE(bob.installed().contains(old));
  pass(50s);
  EXPECT_FALSE(bob.installed().contains(old));
  traffic.stop();
  pass(1s);
  EXPECT_EQ(traffic.lost(), 0U);
  mallory.forget_rules();
  expect_rest();
}

TEST_F(Ikev1Parting, AnIsakmpSaThatOnlyOneEndHasSeenSucceededComesToRest) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(0), Seconds(60)));
  pass(45s);
  const auto answers = OnPathAttacker::only(inward, ikev1(V1::main_mode));
  std::size_t seen = 0;  // bob establishes the successor with message 5; alice never hears of it
  mallory.take([&, answers](Direction direction, const sim::Sniffed& packet) {
    return answers(direction, packet) && (packet.ike.flags & 1) != 0 && ++seen > 0;
  });
  pass(3min);
  EXPECT_GT(seen, 0U);
  mallory.forget_rules();
  pass(3min);
  alice.initiate("office");
  pass(1min);
  expect_rest();
}

TEST_F(Ikev1Parting, TheOldIsakmpSaGoesAtBothEndsWhenItsDeleteIsLost) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(0), Seconds(100)));
  pass(85s);
  mallory.take(ikev1(V1::informational));
  pass(40s);
  EXPECT_EQ(bob.established_ike_sas(), 2U);  // closing it is left to alice, for a while
  EXPECT_TRUE(eventually([&] { return bob.established_ike_sas() == 1; }, 1min));
  mallory.forget_rules();
  expect_rest();
}

class DeletesThatNobodyHeard : public Ikev1Parting, public testing::WithParamInterface<std::chrono::seconds> {};

TEST_P(DeletesThatNobodyHeard, AreSaidAgainByTheNextIsakmpSa) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(0), Seconds(0)));
  mallory.take(OnPathAttacker::only(inward, ikev1(V1::informational)));
  bob.terminate("office");
  pass(GetParam());
  ASSERT_EQ(alice.installed().size(), 1U);
  ASSERT_TRUE(bob.installed().empty());
  mallory.forget_rules();
  alice.rekey("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().empty(); }, 3s));
  ASSERT_TRUE(comes_up());
  expect_rest();
}
// While bob still repeats them, and after he has given up.
INSTANTIATE_TEST_SUITE_P(After, DeletesThatNobodyHeard, testing::Values(15s, 40s));

TEST_F(Ikev1Parting, TheNextIsakmpSaDoesNotWaitForARepetition) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(0), Seconds(0)));
  mallory.take(OnPathAttacker::only(inward, ikev1(V1::informational)), 1);
  bob.terminate("office", "lan");
  pass(100ms);
  ASSERT_EQ(alice.installed().size(), 1U);
  alice.rekey("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().empty(); }, 1s));
}

/// bob establishes an ISAKMP SA with message 5 that alice never hears of, and gives it up with the Child SA.
TEST_F(Ikev1Parting, WhoIsSilentOnOneIsakmpSaIsToldOnAnother) {
  Pairing pairing = in_ikev1(office());
  pairing.left.rekey_time = Seconds(60);
  pairing.left.over_time = Seconds(180);
  pairing.left.rand_time = Seconds(0);
  pairing.right.dpd_delay = Seconds(10);
  sim::Configuration right = pairing.right_configuration();
  right.ike.retransmit_timeout = 1s;
  right.ike.retransmit_tries = 2;
  alice.load(pairing.left_configuration());
  bob.load(std::move(right));
  ASSERT_TRUE(comes_up());
  pass(45s);
  mallory.take([](Direction direction, const sim::Sniffed& packet) {
    return direction == inward && is_ikev1(packet, V1::main_mode) && (packet.ike.flags & 1) != 0;
  });
  pass(45s);
  EXPECT_EQ(bob.latest<event::ChildSaRemoved>()->why.kind, FailureKind::peer_unreachable);
  EXPECT_TRUE(bob.installed().empty());
  EXPECT_TRUE(alice.installed().empty());
}

/// A peer that answers no Deletes is told each of them by two ISAKMP SAs, and not by all that come.
TEST_F(Ikev1Parting, DeletesThatNobodyAnswersAreNotSaidForEver) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(0), Seconds(100)));
  mallory.take(OnPathAttacker::only(outward, ikev1(V1::informational)));
  bob.terminate("office", "lan");
  pass(10min);
  const auto said = mallory.struck();
  pass(5min);
  EXPECT_EQ(mallory.struck(), said);
}

TEST_F(Ikev1Parting, AQuickModeWithoutAnAnswerIsBegunAgainOnTheNextIsakmpSa) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(0), Seconds(0)));
  mallory.take(OnPathAttacker::only(outward, ikev1(V1::quick_mode)));
  mallory.take(
      OnPathAttacker::only(inward, ikev1(V1::informational)));  // nor does she hear that bob closes the old one
  alice.rekey("office", "lan");
  alice.rekey("office");
  pass(170s);
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  mallory.forget_rules();
  EXPECT_TRUE(eventually([&] { return alice.count<event::ChildSaRekeyed>() == 1; }, 30s));
  EXPECT_EQ(alice.count<event::NegotiationFailed>(), 0U);
  expect_rest();
}

/// alice's renewal is under way on the ISAKMP SA that bob closes a minute after its successor has come. Its answers get
/// lost until then, and the successor has the Child SA.
TEST_F(Ikev1Parting, ARenewalOnAnIsakmpSaThatThePeerClosesIsBegunAgainOnTheNext) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(60), Seconds(0)));
  pass(58s);
  mallory.take(OnPathAttacker::only(outward, ikev1(V1::quick_mode)));
  pass(3s);
  alice.rekey("office");
  ASSERT_TRUE(eventually([&] { return alice.count<event::IkeSaRekeyed>() == 1; }, 3s));
  ASSERT_TRUE(eventually([&] { return bob.established_ike_sas() == 1; }, 70s));  // closed, and alice is told
  mallory.forget_rules();
  EXPECT_TRUE(eventually([&] { return alice.count<event::ChildSaRekeyed>() == 1; }, 10s));
  EXPECT_EQ(alice.count<event::NegotiationFailed>(), 0U);
  expect_rest();
}

/// The same with a child that has not been up before.
TEST_F(Ikev1Parting, AChildAskedForOnAnIsakmpSaThatThePeerClosesComesUpOnTheNext) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(0), Seconds(0)));
  mallory.take(OnPathAttacker::only(outward, ikev1(V1::quick_mode)));
  alice.terminate("office", "lan");
  ASSERT_TRUE(eventually([&] { return bob.installed().empty(); }, 3s));
  alice.initiate("office");
  pass(1s);
  alice.rekey("office");
  ASSERT_TRUE(eventually([&] { return bob.established_ike_sas() == 2; }, 3s));
  ASSERT_TRUE(eventually([&] { return bob.established_ike_sas() == 1; }, 70s));
  mallory.forget_rules();
  EXPECT_TRUE(eventually([&] { return alice.installed().size() == 1; }, 10s));
  expect_rest();
}

/// Nothing protects what Main Mode finds out about NATs: message 3 decides for bob, message 4 for alice.
class OneSeesANat : public Ikev1Parting, public testing::WithParamInterface<std::size_t> {};

TEST_P(OneSeesANat, AndBothTakeTheSameChildSasAlong) {
  ASSERT_NO_FATAL_FAILURE(bring_up(Seconds(0), Seconds(60)));
  const auto child = alice.installed().begin()->first;
  pass(50s);
  mallory.alter(ikev1_message(V1::main_mode, GetParam()), [](Bytes& packet) { packet.back() ^= 1; }, 1);
  pass(15s);
  EXPECT_EQ(alice.count<event::NatDetected>() + bob.count<event::NatDetected>(), 1U);
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  EXPECT_EQ(bob.count<event::IkeSaRekeyed>(), 1U);
  pass(3min);
  EXPECT_TRUE(alice.installed().contains(child));
  expect_rest();
}
INSTANTIATE_TEST_SUITE_P(InMessage, OneSeesANat, testing::Values(3, 4));

// ---- What a lifetime is measured in

TEST_F(Ikev1Parting, WhoHasCarriedEnoughIsRenewed) {
  Pairing pairing = in_ikev1(office());
  pairing.left.children[0].rekey_volume = {.bytes = 40 * 1024, .packets = 0};
  pairing.left.children[0].life_volume = {.bytes = 64 * 1024, .packets = 0};
  expect_renewals_by_volume(pairing);
}

TEST_F(Ikev1Parting, SoItIsByPackets) {
  Pairing pairing = in_ikev1(office());
  pairing.left.children[0].rekey_volume = {.bytes = 0, .packets = 500};
  pairing.left.children[0].life_volume = {.bytes = 0, .packets = 1000};
  expect_renewals_by_volume(pairing);
}

/// bob allows fewer kilobytes than alice offers, and says so with RESPONDER-LIFETIME.
TEST_F(Ikev1Parting, TheFewerKilobytesOfTheTwoEndsCount) {
  Pairing pairing = in_ikev1(office());
  pairing.right.children[0].life_volume = {.bytes = 64 * 1024, .packets = 0};
  load(pairing);
  ASSERT_TRUE(comes_up());
  for (const Host* host : {&alice, &bob}) {
    const auto& limits = host->installed().begin()->second;
    EXPECT_LE(limits.hard_limit.bytes, 64U * 1024) << host->name();
    EXPECT_GT(limits.hard_limit.bytes, 0U) << host->name();
  }
  Traffic traffic(world, alice, bob);
  pass(2min);
  traffic.stop();
  pass(1s);
  EXPECT_EQ(traffic.lost(), 0U);
  EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 1U);
  expect_rest();
}

}  // namespace
}  // namespace sallyport::scenarios
