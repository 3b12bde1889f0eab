// XAUTH and Mode Config when keys are renewed: each phase 1 asks for its user anew, and the address stays.
#include "tests/scenarios/remote_access.h"
#include "tests/scenarios/traffic.h"

namespace sallyport::scenarios {
namespace {

using policy::Seconds;
using testing::ElementsAre;

const IpAddress first_address = IpAddress::v4(10, 3, 0, 1);

class AccessRenewal : public RemoteAccess, public testing::WithParamInterface<bool> {
 protected:
  /// alice renews both phases, by pull or by push.
  static Pairing pairing() {
    Pairing pairing = in_ikev1(office());
    ask_for_user(pairing);
    give_address(pairing);
    sim::at_both_ends(pairing, [](policy::Connection& end) { end.pull = GetParam(); });
    pairing.left.rekey_time = Seconds(60);
    pairing.left.over_time = Seconds(20);
    pairing.left.children[0].rekey_time = Seconds(45);
    pairing.left.children[0].life_time = Seconds(60);
    return pairing;
  }
  void come_up(const Pairing& pairing, std::vector<policy::Pool> pools = {pool()}) {
    load_with(pairing, {password_of("carol", "sesame")}, {password_of("carol", "sesame")}, std::move(pools));
    ASSERT_TRUE(comes_up());
  }
  std::vector<std::string> leases() const {
    std::vector<std::string> online;
    for (const auto& sa : bob.ike_sas())
      if (sa.given) online.push_back(to_string(sa.given->addresses.front()));
    return online;
  }
};

TEST_P(AccessRenewal, TheUserIsAskedAgainAndTheAddressStays) {
  ASSERT_NO_FATAL_FAILURE(come_up(pairing()));
  Traffic traffic(world, alice, bob, first_address);
  pass(5min);
  traffic.stop();
  pass(1s);
  EXPECT_GT(traffic.sent(), 2U * static_cast<std::size_t>(5min / 51ms));
  EXPECT_EQ(traffic.lost(), 0U);
  EXPECT_GE(alice.count<event::IkeSaRekeyed>(), 4U);
  EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 4U);
  EXPECT_EQ(bob.count<event::UserAuthenticated>(), alice.count<event::IkeSaEstablished>());
  EXPECT_THAT(alice.inner_addresses(), ElementsAre(first_address));
  EXPECT_TRUE(eventually([&] { return is_up(); }, 2min));
  EXPECT_THAT(leases(), ElementsAre("10.3.0.1"));
  EXPECT_EQ(bob.ike_sas().front().remote_user, "carol");
}

TEST_P(AccessRenewal, TheGatewayLeavesRenewalsToItsClient) {
  Pairing impatient = pairing();
  impatient.left.rekey_time = Seconds(0);
  impatient.right.rekey_time = Seconds(30);
  impatient.right.over_time = Seconds(10);
  ASSERT_NO_FATAL_FAILURE(come_up(impatient));
  pass(3min);
  for (const event::Event& each : bob.events()) {
    const auto* up = std::get_if<event::IkeSaEstablished>(&each);
    EXPECT_FALSE(up && up->initiator);
  }
  EXPECT_EQ(bob.count<event::NegotiationFailed>(), 0U);
}

TEST_P(AccessRenewal, APasswordThatIsNoMoreEndsItAtTheEndOfItsLife) {
  ASSERT_NO_FATAL_FAILURE(come_up(pairing()));
  sim::Configuration right = pairing().right_configuration();
  right.keys.push_back(password_of("carol", "another"));
  right.pools = {pool()};
  bob.load(std::move(right));
  pass(5min);
  ASSERT_TRUE(failed(alice));
  EXPECT_EQ(failed(alice)->kind, FailureKind::user_refused);
  EXPECT_TRUE(alice.installed().empty());
  EXPECT_TRUE(bob.installed().empty());
  EXPECT_THAT(alice.inner_addresses(), IsEmpty());
}

TEST_P(AccessRenewal, AClientIsMovedToAnotherAddressWithoutALeftover) {
  ASSERT_NO_FATAL_FAILURE(come_up(pairing()));
  sim::Configuration right = pairing().right_configuration();
  right.keys.push_back(password_of("carol", "sesame"));
  right.pools = {pool("10.3.1.1-10.3.1.9")};
  bob.load(std::move(right));
  pass(100s);
  EXPECT_TRUE(eventually([&] { return is_up(); }, 2min));
  const auto moved_to = IpAddress::v4(10, 3, 1, 1);
  EXPECT_THAT(alice.inner_addresses(), ElementsAre(moved_to));
  EXPECT_TRUE(reaches(alice, moved_to, bob_inside));
  for (const auto& [id, spec] : alice.installed()) EXPECT_EQ(to_string(spec.local_ts), "10.3.1.1/32");
}

INSTANTIATE_TEST_SUITE_P(Ways, AccessRenewal, testing::Bool(),
                         [](const auto& way) { return way.param ? "Pull" : "Push"; });

// ---- Gateways that do not say again what they have granted

class SilentAtRenewals : public RemoteAccess, public testing::WithParamInterface<bool> {
 protected:
  static Pairing pairing() {
    Pairing pairing = in_ikev1(office());
    give_address(pairing);
    sim::at_both_ends(pairing, [](policy::Connection& end) { end.pull = GetParam(); });
    pairing.left.rekey_time = Seconds(60);
    pairing.left.over_time = Seconds(60);
    pairing.left.rand_time = Seconds(0);
    return pairing;
  }
  /// Of transactions, nothing of bob's arrives any more.
  void silence_bob() { mallory.take(OnPathAttacker::only(inward, ikev1(V1::transaction))); }
  void expect_nothing_noticed() {
    silence_bob();
    Traffic traffic(world, alice, bob, first_address);
    pass(110s);
    traffic.stop();
    pass(1s);
    EXPECT_EQ(traffic.lost(), 0U);
    EXPECT_EQ(alice.count<event::IkeSaRekeyed>(), 1U);
    EXPECT_EQ(failed(alice), nullptr);
    EXPECT_THAT(alice.inner_addresses(), ElementsAre(first_address));
  }
};

TEST_P(SilentAtRenewals, ThatAsksForNoUserAgainKeepsItsClient) {
  Pairing users = pairing();
  ask_for_user(users);
  load_with(users, {password_of("carol", "sesame")}, {password_of("carol", "sesame")});
  ASSERT_TRUE(comes_up());
  expect_nothing_noticed();
  EXPECT_EQ(alice.ike_sas().back().local_user, "carol");
  EXPECT_TRUE(alice.ike_sas().back().received);
}

TEST_P(SilentAtRenewals, ThatGivesNoAddressAgainLeavesTheClientItsOwn) {
  Pairing addresses = pairing();
  addresses.left.children[0].rekey_time = Seconds(45);
  addresses.left.children[0].life_time = Seconds(60);
  load_with(addresses, {}, {});
  ASSERT_TRUE(comes_up());
  expect_nothing_noticed();
  EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 2U);
  mallory.forget_rules();
  pass(5min);
  EXPECT_TRUE(eventually([&] { return is_up(); }, 2min));
  EXPECT_TRUE(reaches(alice, first_address, bob_inside));
  EXPECT_THAT(alice.inner_addresses(), ElementsAre(first_address));
}

TEST_P(SilentAtRenewals, WhoWasNeverLetInIsNot) {
  Pairing users = pairing();
  ask_for_user(users);
  silence_bob();
  load_with(users, {password_of("carol", "sesame")}, {password_of("carol", "sesame")});
  alice.initiate("office");
  EXPECT_TRUE(gives_up());
  EXPECT_THAT(alice.inner_addresses(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Ways, SilentAtRenewals, testing::Bool(),
                         [](const auto& way) { return way.param ? "Pull" : "Push"; });

/// What another user's ISAKMP SA has is not taken over, be it from the same place and in the same group.
TEST_F(RemoteAccess, AnotherUserInheritsNothing) {
  Pairing carols = in_ikev1(office(), true);
  ask_for_user(carols);
  give_address(carols);
  const std::vector<sim::PresharedKey> both = {password_of("carol", "sesame"), password_of("dave", "open")};
  load_with(carols, {password_of("carol", "sesame")}, both);
  ASSERT_TRUE(comes_up());
  // alice's machine begins anew, with dave at the keyboard, and does not say that it has lost anything.
  mallory.take(ikev1(V1::informational));
  alice.crash();
  Pairing daves = carols;
  daves.left.further_local = {xauth_of("dave")};
  sim::Configuration left = daves.left_configuration();
  left.keys.push_back(password_of("dave", "open"));
  alice.load(std::move(left));
  alice.start();
  ASSERT_TRUE(alice.initiate("office"));
  ASSERT_TRUE(eventually([&] { return !alice.installed().empty(); }));
  EXPECT_EQ(bob.count<event::IkeSaRekeyed>(), 0U);
  EXPECT_THAT(alice.inner_addresses(), ElementsAre(IpAddress::v4(10, 3, 0, 2)));
  mallory.forget_rules();
}

}  // namespace
}  // namespace sallyport::scenarios
