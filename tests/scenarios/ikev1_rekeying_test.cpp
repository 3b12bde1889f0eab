// Keys are renewed while traffic flows: Child SAs and ISAKMP SAs, by one end or both at once, over links that are good
// and bad. Nobody who sends or receives notices.
#include "tests/scenarios/ikev1.h"
#include "tests/scenarios/rekeying.h"

namespace sallyport::scenarios {
namespace {

class Ikev1Rekeying : public Rekeying {};

TEST_F(Ikev1Rekeying, AChildSaGetsASuccessorBeforeItsEnd) {
  load(alice_renews(in_ikev1(office()), Seconds(60), Seconds(0)));
  ASSERT_TRUE(comes_up());
  const auto first = alice.installed().begin()->first;
  expect_nothing_lost_for(90s);
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), 1U);
  EXPECT_EQ(bob.count<event::ChildSaRekeyed>(), 1U);
  EXPECT_FALSE(alice.installed().contains(first));
  EXPECT_EQ(alice.latest<event::ChildSaRemoved>()->why.kind, FailureKind::rekeyed);
  EXPECT_EQ(bob.latest<event::ChildSaRemoved>()->why.kind, FailureKind::rekeyed);
  expect_settled();
}

TEST_F(Ikev1Rekeying, OurTrafficGoesByTheSuccessorWhenThePeerHasHadTimeToInstallIt) {
  load(alice_renews(in_ikev1(office()), Seconds(60), Seconds(0)));
  ASSERT_TRUE(comes_up());
  const auto old_spi = alice.ike_sas().front().children.front().spi_out;
  ASSERT_TRUE(eventually([&] { return alice.count<event::ChildSaRekeyed>() == 1; }, 70s));
  const auto spi_of_a_packet = [&] {
    alice.application().send_udp({alice_inside, 4000}, {bob_inside, 4001});
    pass(1ms);
    std::optional<std::uint32_t> spi;
    for (const auto& packet : world.trace().packets())
      if (const auto sniffed = sim::sniff(packet.bytes); sniffed.kind == sim::Sniffed::Kind::esp) spi = sniffed.spi;
    return spi;
  };
  pass(800ms);
  EXPECT_EQ(spi_of_a_packet(), old_spi);
  pass(300ms);
  EXPECT_NE(spi_of_a_packet(), old_spi);
}

TEST_F(Ikev1Rekeying, TheResponderRenewsAsWell) {
  Pairing pairing = in_ikev1(office());
  renew(pairing.right, Seconds(60), Seconds(300));
  load(pairing);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(400s);
  EXPECT_GE(bob.count<event::ChildSaRekeyed>(), 5U);
  EXPECT_EQ(bob.count<event::IkeSaRekeyed>(), 1U);
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  expect_settled();
}

TEST_F(Ikev1Rekeying, TheShorterLifeOfThePeerIsRenewedInTime) {
  Pairing pairing = in_ikev1(office());
  pairing.right.children.front().rekey_time = Seconds(0);
  pairing.right.children.front().life_time = Seconds(80);
  load(pairing);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(10min);
  EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 7U);
  expect_settled();
}

TEST_F(Ikev1Rekeying, AnIsakmpSaIsRenewedAndItsSuccessorTakesOverTheChildSas) {
  load(alice_renews(in_ikev1(office()), Seconds(0), Seconds(60)));
  ASSERT_TRUE(comes_up());
  const auto child = alice.installed().begin()->first;
  const auto before = alice.ike_sas().front().id;
  expect_nothing_lost_for(90s);
  EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
  EXPECT_EQ(bob.count<event::IkeSaRekeyed>(), 1U);
  EXPECT_TRUE(alice.installed().contains(child));  // not even touched
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 1U);
  ASSERT_TRUE(is_up());
  EXPECT_NE(alice.ike_sas().front().id, before);
  EXPECT_EQ(alice.ike_sas().front().children.size(), 1U);
  expect_settled();
}

TEST_F(Ikev1Rekeying, ChildSasThatWereTakenOverAreRenewedAndClosedByTheirHeir) {
  load(alice_renews(in_ikev1(office()), Seconds(80), Seconds(50)));
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(100s);
  EXPECT_EQ(alice.count<event::ChildSaRekeyed>(), 1U);
  alice.terminate("office", "lan");
  EXPECT_TRUE(eventually([&] { return is_up(1, 0); }));
}

TEST_F(Ikev1Rekeying, GoesOnForADay) {
  load(both_renew(in_ikev1(office()), Seconds(1200), Seconds(5000), Seconds(120)));
  ASSERT_TRUE(comes_up());
  pass(24h);
  EXPECT_GE(alice.count<event::IkeSaRekeyed>(), 16U);
  expect_settled();
}

TEST_F(Ikev1Rekeying, BothEndsAtTheSameMomentSettleOnOneChildSa) {
  load(both_renew(in_ikev1(office()), Seconds(60), Seconds(0)));
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(10min);
  expect_settled();
}

TEST_F(Ikev1Rekeying, BothEndsAtTheSameMomentSettleOnOneIsakmpSa) {
  load(both_renew(in_ikev1(office()), Seconds(0), Seconds(60)));
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(10min);
  EXPECT_EQ(alice.count<event::ChildSaInstalled>(), 1U);
  expect_settled();
}

TEST_F(Ikev1Rekeying, BothPhasesAtOnceByBothEnds) {
  load(both_renew(in_ikev1(office()), Seconds(60), Seconds(60)));
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(20min);
  expect_settled();
}

TEST_F(Ikev1Rekeying, InAggressiveModeToo) {
  Pairing pairing = in_ikev1(office(), true);
  sim::at_both_ends(pairing, [&](policy::Connection& end) { renew(end, Seconds(45), Seconds(100), Seconds(5)); });
  load(pairing);
  ASSERT_TRUE(comes_up());
  expect_nothing_lost_for(10min);
  expect_settled();
}

class Ikev1RekeyingOver : public Ikev1Rekeying, public testing::WithParamInterface<BadLink> {};

TEST_P(Ikev1RekeyingOver, LosesNothingOfTheTraffic) {
  load(both_renew(in_ikev1(office()), Seconds(120), Seconds(400), Seconds(10)));
  expect_nothing_lost_over(GetParam().quality);
}

INSTANTIATE_TEST_SUITE_P(Links, Ikev1RekeyingOver, testing::ValuesIn(bad_links), name_of);

class Ikev1RekeyingWithLoss : public Ikev1Rekeying, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(Ikev1RekeyingWithLoss, LosesNothingOfTheTraffic) {
  load(both_renew(in_ikev1(office()), Seconds(120), Seconds(400), Seconds(10)));
  expect_nothing_lost_while_ike_is(GetParam());
}
INSTANTIATE_TEST_SUITE_P(OfIke, Ikev1RekeyingWithLoss, testing::Range<std::uint64_t>(1, 6));

TEST_F(Ikev1Rekeying, AThirdMessageLostForGoodStopsNobody) {
  load(alice_renews(in_ikev1(office()), Seconds(60), Seconds(0)));
  ASSERT_TRUE(comes_up());
  pass(50s);
  mallory.take(ikev1_message(V1::quick_mode, 3));
  expect_nothing_lost_for(30s);
}

TEST_F(Ikev1Rekeying, ARefusedRenewalIsTriedAgainUntilTheEnd) {
  load(alice_renews(in_ikev1(office()), Seconds(60), Seconds(0)));
  ASSERT_TRUE(comes_up());
  pass(30s);
  mallory.take(ikev1(V1::quick_mode));
  pass(20min);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
  // A handful, and not without end.
  EXPECT_LE(alice.count<event::NegotiationFailed>(), 10U);
}

TEST_F(Ikev1Rekeying, TheLastWordOnTheOldIsakmpSaMayGetLost) {
  load(alice_renews(in_ikev1(office()), Seconds(0), Seconds(60)));
  ASSERT_TRUE(comes_up());
  mallory.take(ikev1(V1::informational));
  expect_nothing_lost_for(100s);
  mallory.forget_rules();
  pass(1min);
  EXPECT_EQ(alice.installed().size(), 1U);
  EXPECT_EQ(bob.installed().size(), 1U);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev1Rekeying, APeerThatCannotBeReachedForANewPhase1KeepsTheOldOneUntilItsEnd) {
  load(alice_renews(in_ikev1(office()), Seconds(0), Seconds(200)));
  ASSERT_TRUE(comes_up());
  pass(150s);
  mallory.take(ikev1(V1::main_mode));
  pass(80s);
  EXPECT_EQ(alice.installed().size(), 1U);
  EXPECT_TRUE(both_reach_each_other());
  pass(10min);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_EQ(alice.latest<event::ChildSaRemoved>()->why.kind, FailureKind::expired);
  EXPECT_LE(alice.count<event::NegotiationFailed>(), 5U);
}

}  // namespace
}  // namespace sallyport::scenarios
