// The Configuration payload: alice is a client and gets an inner address from bob, her gateway.
#include "tests/scenarios/rekeying.h"
#include "tests/scenarios/ventriloquist.h"

namespace sallyport::scenarios {
namespace {

namespace w = wire::ikev2;
using policy::Family;
using testing::ElementsAre;

const IpAddress first_inside = IpAddress::v4(10, 3, 0, 1);

class Ikev2Configuration : public Stage {
 protected:
  static policy::Pool pool(std::string_view range = "10.3.0.1-10.3.0.9", std::string name = "clients") {
    policy::Pool clients{.name = std::move(name), .addresses = *policy::AddressRange::parse(range)};
    clients.config.dns = {IpAddress::v4(10, 2, 0, 53)};
    return clients;
  }
  static Pairing pairing() {
    Pairing pairing = office();
    pairing.left.vips = {IpAddress::unspecified(Family::ipv4)};
    pairing.left.children[0].local_ts = pairing.right.children[0].remote_ts = sim::selectors({"dynamic"});
    pairing.right.pools = {"clients"};
    return pairing;
  }
  void load_with(const Pairing& pairing, std::vector<policy::Pool> pools = {pool()}) {
    sim::Configuration right = pairing.right_configuration(), left = pairing.left_configuration();
    left.ike.log_keys = true;
    right.pools = std::move(pools);
    alice.load(std::move(left));
    bob.load(std::move(right));
  }
  std::size_t leases(bool online) const {
    const auto& pools = bob.node()->engine().pools();
    std::size_t count = 0;
    for (const policy::Pool& each : pools.pools())
      for (const auto& lease : pools.leases(each)) count += lease.online == online ? 1 : 0;
    return count;
  }
  static const event::Failure* failed(const Host& host) {
    for (const event::Event& each : host.events())
      if (const auto* failure = std::get_if<event::NegotiationFailed>(&each)) return &failure->failure;
    return nullptr;
  }
  /// alice begins, to no avail, and neither end is left with anything.
  void expect_refused(FailureKind kind, std::string_view notify = {}) {
    alice.initiate("office");
    ASSERT_TRUE(eventually([&] { return failed(alice) && is_all_gone(); }, 10min));
    EXPECT_EQ(failed(alice)->kind, kind);
    EXPECT_EQ(failed(alice)->notify, notify);
    EXPECT_TRUE(alice.installed().empty());
    EXPECT_TRUE(bob.installed().empty());
    EXPECT_THAT(alice.inner_addresses(), IsEmpty());
    EXPECT_EQ(leases(true), 0U);
  }
  bool goes_down() {
    alice.terminate("office");
    return eventually([&] { return is_all_gone(); }, 5min);
  }
};

TEST_F(Ikev2Configuration, TheAddressBecomesTheSelector) {
  load_with(pairing());
  ASSERT_TRUE(comes_up());
  EXPECT_THAT(alice.inner_addresses(), ElementsAre(first_inside));
  EXPECT_EQ(to_string(alice.installed().begin()->second.local_ts), "10.3.0.1/32");
  EXPECT_EQ(to_string(bob.installed().begin()->second.remote_ts), "10.3.0.1/32");
  EXPECT_TRUE(reaches(alice, first_inside, bob_inside));
  EXPECT_TRUE(reaches(bob, bob_inside, first_inside));
  const auto client = alice.ike_sas().front(), gateway = bob.ike_sas().front();
  ASSERT_TRUE(client.received && gateway.given);
  EXPECT_THAT(client.received->dns, ElementsAre(IpAddress::v4(10, 2, 0, 53)));
  EXPECT_EQ(gateway.given->addresses, client.received->addresses);
  EXPECT_FALSE(client.given || gateway.received);
  EXPECT_EQ(alice.count<event::NetworkConfigured>(), 1U);
}

TEST_F(Ikev2Configuration, NothingLeavesInClearForAClientThatIsNotThere) {
  load_with(pairing());
  const auto drops = [&] { return bob.worker()->counters().drops[datapath::DropReason::no_sa]; };
  EXPECT_FALSE(reaches(bob, bob_inside, first_inside));
  EXPECT_EQ(drops(), 1U) << "before anybody has come";
  ASSERT_TRUE(comes_up());
  const auto messages = world.trace().packets().size();
  EXPECT_FALSE(reaches(bob, bob_inside, IpAddress::v4(10, 3, 0, 2)));
  EXPECT_EQ(drops(), 2U) << "while another client is there";
  EXPECT_EQ(world.trace().packets().size(), messages) << "and nobody is asked for another's address";
  EXPECT_TRUE(reaches(bob, bob_inside, first_inside));
  ASSERT_TRUE(goes_down());
  EXPECT_FALSE(reaches(bob, bob_inside, first_inside));
  EXPECT_EQ(drops(), 3U) << "after it has left";
}

TEST_F(Ikev2Configuration, AnAddressOfEachFamily) {
  Pairing both = pairing();
  both.left.vips = {IpAddress::unspecified(Family::ipv4), IpAddress::unspecified(Family::ipv6)};
  both.left.children[0].remote_ts = both.right.children[0].local_ts = sim::selectors({"10.2.0.0/16", "fd02::/64"});
  both.right.pools = {"clients", "six"};
  load_with(both, {pool(), pool("fd03::1-fd03::9", "six")});
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(reaches(alice, first_inside, bob_inside));
  EXPECT_TRUE(reaches(alice, *IpAddress::parse("fd03::1"), *IpAddress::parse("fd02::1")));
}

TEST_F(Ikev2Configuration, AFamilyThatIsNotGivenIsLeftOut) {
  Pairing both = pairing();
  both.left.vips = {IpAddress::unspecified(Family::ipv4), IpAddress::unspecified(Family::ipv6)};
  load_with(both);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(to_string(alice.installed().begin()->second.local_ts), "10.3.0.1/32");
  EXPECT_TRUE(reaches(alice, first_inside, bob_inside));
}

TEST_F(Ikev2Configuration, SplitNetworksAreAllThatAClientReaches) {
  Pairing split = pairing();
  split.left.children[0].remote_ts = split.right.children[0].local_ts = sim::selectors({"0.0.0.0/0"});
  policy::Pool clients = pool();
  clients.config.split_include = {{IpAddress::v4(10, 2, 0, 0), 16}, {IpAddress::v4(10, 4, 0, 0), 16}};
  clients.config.split_dns = {"example.org"};
  load_with(split, {clients});
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(to_string(alice.installed().begin()->second.remote_ts), "10.2.0.0/16 10.4.0.0/16");
  EXPECT_TRUE(reaches(alice, first_inside, bob_inside));
  EXPECT_TRUE(reaches(alice, first_inside, IpAddress::v4(10, 4, 0, 1)));
  EXPECT_EQ(alice.ike_sas().front().received->split_include, clients.config.split_include);
  EXPECT_THAT(alice.ike_sas().front().received->split_dns, ElementsAre("example.org"));
}

TEST_F(Ikev2Configuration, AFurtherChildIsMadeOfTheSameAddress) {
  Pairing two = pairing();
  for (policy::Connection* end : {&two.left, &two.right}) {
    end->children.push_back(end->children[0]);
    end->children[1].name = "more";
  }
  two.left.children[1].remote_ts = two.right.children[1].local_ts = sim::selectors({"10.4.0.0/16"});
  load_with(two);
  ASSERT_TRUE(comes_up("office", 2));
  EXPECT_TRUE(reaches(alice, first_inside, IpAddress::v4(10, 4, 0, 1)));
  EXPECT_EQ(leases(true), 1U);
  bob.terminate("office", "more");
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  ASSERT_TRUE(bob.initiate("office", "more"));  // and so it is when the gateway begins
  ASSERT_TRUE(eventually([&] { return is_up(1, 2); }));
  EXPECT_TRUE(reaches(bob, IpAddress::v4(10, 4, 0, 1), first_inside));
}

TEST_F(Ikev2Configuration, LostMessagesMakeNoSecondLease) {
  load_with(pairing());
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_auth, request), 1);
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_auth, response), 1);
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(leases(true), 1U);
  EXPECT_TRUE(reaches(alice, first_inside, bob_inside));
}

TEST_F(Ikev2Configuration, AnExhaustedPoolIsSaidOnBothSides) {
  Pairing carols = pairing(), daves = pairing();
  Host& dave = world.add<Host>("dave", std::vector{IpAddress::v4(203, 0, 113, 9)}, cryptography());
  internet.attach(dave, IpAddress::v4(203, 0, 113, 9));
  daves.left.local_addrs.clear();
  daves.left.local.id = policy::Identity::fqdn("dave.example");
  carols.right.remote_addrs.clear();
  carols.right.remote.id = policy::Identity::any();
  sim::Configuration right = carols.right_configuration(), of_dave = daves.left_configuration();
  for (auto& key : right.keys) key.owners.clear();
  for (auto& key : of_dave.keys) key.owners.clear();
  right.pools = {pool("10.3.0.1-10.3.0.1")};
  bob.load(std::move(right));
  alice.load(carols.left_configuration());
  dave.load(std::move(of_dave));
  ASSERT_TRUE(comes_up());
  dave.initiate("office");
  ASSERT_TRUE(eventually([&] { return failed(dave) != nullptr; }, 1min));
  pass(1min);
  EXPECT_EQ(failed(bob)->kind, FailureKind::no_virtual_address);
  EXPECT_EQ(failed(bob)->side, Side::local);
  EXPECT_EQ(failed(dave)->kind, FailureKind::no_virtual_address);
  EXPECT_EQ(failed(dave)->notify, "INTERNAL_ADDRESS_FAILURE");
  EXPECT_EQ(dave.ike_sas().size(), 0U);
  EXPECT_TRUE(is_up());  // alice keeps hers
  ASSERT_TRUE(goes_down());
  dave.initiate("office");  // and leaves it to whoever comes
  ASSERT_TRUE(eventually([&] { return dave.installed().size() == 1; }, 1min));
  EXPECT_THAT(dave.inner_addresses(), ElementsAre(first_inside));
}

TEST_F(Ikev2Configuration, TwoClientsHaveTwoAddresses) {
  Pairing carols = pairing(), daves = pairing();
  Host& dave = world.add<Host>("dave", std::vector{IpAddress::v4(203, 0, 113, 9)}, cryptography());
  internet.attach(dave, IpAddress::v4(203, 0, 113, 9));
  daves.left.local_addrs.clear();
  daves.left.local.id = policy::Identity::fqdn("dave.example");
  daves.left.vips = {first_inside};  // which is alice's
  carols.right.remote_addrs.clear();
  carols.right.remote.id = policy::Identity::any();
  sim::Configuration right = carols.right_configuration(), of_dave = daves.left_configuration();
  for (auto& key : right.keys) key.owners.clear();
  for (auto& key : of_dave.keys) key.owners.clear();
  right.pools = {pool()};
  bob.load(std::move(right));
  alice.load(carols.left_configuration());
  dave.load(std::move(of_dave));
  ASSERT_TRUE(comes_up());
  dave.initiate("office");
  ASSERT_TRUE(eventually([&] { return dave.installed().size() == 1; }));
  EXPECT_THAT(dave.inner_addresses(), ElementsAre(IpAddress::v4(10, 3, 0, 2)));
  EXPECT_TRUE(reaches(alice, first_inside, bob_inside));
  EXPECT_TRUE(reaches(dave, IpAddress::v4(10, 3, 0, 2), bob_inside));
}

TEST_F(Ikev2Configuration, TheAddressGoesWithTheSaAndComesBack) {
  load_with(pairing());
  ASSERT_TRUE(comes_up());
  ASSERT_TRUE(goes_down());
  EXPECT_THAT(alice.inner_addresses(), IsEmpty());
  EXPECT_EQ(leases(true), 0U);
  EXPECT_EQ(leases(false), 1U);  // kept for her
  ASSERT_TRUE(comes_up());
  EXPECT_THAT(alice.inner_addresses(), ElementsAre(first_inside));
}

TEST_F(Ikev2Configuration, ARestartedClientFindsItsAddressAgain) {
  load_with(pairing());
  ASSERT_TRUE(comes_up());
  alice.restart();
  ASSERT_TRUE(alice.initiate("office"));
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  EXPECT_THAT(alice.inner_addresses(), ElementsAre(first_inside));
  EXPECT_EQ(leases(true), 1U);
  EXPECT_TRUE(reaches(alice, first_inside, bob_inside));
}

TEST_F(Ikev2Configuration, ACertainAddressIsAskedForAndGiven) {
  Pairing wish = pairing();
  wish.left.vips = {IpAddress::v4(10, 3, 0, 7)};
  load_with(wish);
  ASSERT_TRUE(comes_up());
  EXPECT_THAT(alice.inner_addresses(), ElementsAre(IpAddress::v4(10, 3, 0, 7)));
}

TEST_F(Ikev2Configuration, AnAddressOutsideThePoolIsNotGiven) {
  Pairing wish = pairing();
  wish.left.vips = {IpAddress::v4(10, 2, 0, 1)};
  load_with(wish);
  ASSERT_TRUE(comes_up());
  EXPECT_THAT(alice.inner_addresses(), ElementsAre(first_inside));
}

TEST_F(Ikev2Configuration, TheAddressGoesOverToTheSuccessor) {
  load_with(pairing());
  ASSERT_TRUE(comes_up());
  for (Host* host : {&alice, &bob}) {
    ASSERT_TRUE(host->rekey("office"));
    ASSERT_TRUE(eventually([&] { return is_up(); }, 2min));
    ASSERT_TRUE(host->rekey("office", "lan"));
    pass(2min);
    EXPECT_TRUE(reaches(alice, first_inside, bob_inside));
    EXPECT_THAT(alice.inner_addresses(), ElementsAre(first_inside));
    EXPECT_EQ(leases(true), 1U);
    EXPECT_TRUE(bob.ike_sas().front().given);
  }
  EXPECT_EQ(alice.count<event::NetworkConfigured>(), 1U);
  ASSERT_TRUE(goes_down());
  EXPECT_THAT(alice.inner_addresses(), IsEmpty());
  EXPECT_EQ(leases(true), 0U);
}

TEST_F(Ikev2Configuration, TheLeaseStaysWhereTheClientProvesItselfAnew) {
  load_with(pairing());
  ASSERT_TRUE(comes_up());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(alice.reauthenticate("office"));
    for (int second = 0; second < 15; ++second) {
      EXPECT_TRUE(reaches(alice, first_inside, bob_inside)) << i << ", " << second;
      EXPECT_TRUE(reaches(bob, bob_inside, first_inside)) << i << ", " << second;
      EXPECT_THAT(alice.inner_addresses(), ElementsAre(first_inside));
      EXPECT_EQ(leases(true), 1U);
      pass(500ms);
    }
    EXPECT_TRUE(is_up());
  }
  EXPECT_EQ(alice.count<event::IkeSaReauthenticated>(), 3U);
  EXPECT_EQ(leases(true) + leases(false), 1U);
  ASSERT_TRUE(goes_down());
  EXPECT_THAT(alice.inner_addresses(), IsEmpty());
  EXPECT_EQ(leases(true), 0U);
}

TEST_F(Ikev2Configuration, TheLeaseStaysWhereTheGatewayLimitsTheProof) {
  Pairing limited = pairing();
  limited.right.reauth_time = policy::Seconds(60);
  limited.right.over_time = policy::Seconds(20);
  load_with(limited, {pool("10.3.0.1-10.3.0.1")});  // there is no other one
  ASSERT_TRUE(comes_up());
  for (int i = 0; i < 20; ++i) {
    pass(15s);
    EXPECT_TRUE(reaches(alice, first_inside, bob_inside)) << i;
  }
  EXPECT_GE(alice.count<event::IkeSaReauthenticated>(), 4U);
  EXPECT_EQ(alice.count<event::NegotiationFailed>() + bob.count<event::NegotiationFailed>(), 0U);
  EXPECT_EQ(leases(true), 1U);
}

/// A client that cannot be called: it has to ask for its address.
TEST_F(Ikev2Configuration, AGatewayDoesNotBeginAnewItself) {
  load_with(pairing());
  ASSERT_TRUE(comes_up());
  EXPECT_FALSE(bob.reauthenticate("office"));
  pass(1min);
  EXPECT_TRUE(is_up());
  EXPECT_EQ(bob.count<event::IkeSaEstablished>(), 1U);
}

TEST_F(Ikev2Configuration, TheLeaseStaysWhereTheProofFailsOnce) {
  load_with(pairing());
  ASSERT_TRUE(comes_up());
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_auth, response));
  ASSERT_TRUE(alice.reauthenticate("office"));
  pass(4min);
  mallory.forget_rules();
  EXPECT_TRUE(reaches(alice, first_inside, bob_inside));
  EXPECT_THAT(alice.inner_addresses(), ElementsAre(first_inside));
  EXPECT_TRUE(eventually([&] { return is_up() && leases(true) == 1; }, 5min));
  EXPECT_TRUE(reaches(bob, bob_inside, first_inside));
}

TEST_F(Ikev2Configuration, AClientThatAsksForNothingIsRefused) {
  Pairing silent = pairing();
  silent.left.vips.clear();
  load_with(silent);
  expect_refused(FailureKind::no_virtual_address, "FAILED_CP_REQUIRED");
  EXPECT_EQ(failed(bob)->kind, FailureKind::no_virtual_address);
}

TEST_F(Ikev2Configuration, AClientThatAsksForNothingMayHaveItsOwnNetwork) {
  Pairing plain = pairing();
  plain.left.vips.clear();
  plain.left.children[0].local_ts = plain.right.children[0].remote_ts = sim::selectors({"10.1.0.0/16"});
  load_with(plain);
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(Ikev2Configuration, WithoutAnAddressNothingStays) {
  Pairing none = pairing();  // a gateway that ignores the request, and takes any traffic
  none.right.pools.clear();
  none.right.children[0].remote_ts = sim::selectors({"0.0.0.0/0"});
  load_with(none, {});
  expect_refused(FailureKind::no_virtual_address);
}

TEST_F(Ikev2Configuration, AnAddressOfAFamilyThatTheGatewayHasNotIsNone) {
  Pairing six = pairing();
  six.left.vips = {IpAddress::unspecified(Family::ipv6)};
  six.left.children[0].remote_ts = six.right.children[0].local_ts = sim::selectors({"fd02::/64"});
  load_with(six);
  expect_refused(FailureKind::no_virtual_address, "INTERNAL_ADDRESS_FAILURE");
}

TEST_F(Ikev2Configuration, AGatewayThatDoesNotNarrowIsNarrowed) {
  load_with(pairing());
  Ventriloquist voice(mallory, alice, cryptography().provider);
  voice.rewrite(OnPathAttacker::ike(ExchangeType::ike_auth, response), [](w::PayloadChain& payloads) {
    w::PayloadChain wide;
    for (w::Payload payload : payloads) {
      if (auto* ts = std::get_if<w::TsiPayload>(&payload.body))
        for (auto& range : ts->selectors.ranges) range.start.fill(0), range.end.fill(255);
      wide.add(std::move(payload));
    }
    payloads = std::move(wide);
  });
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(to_string(alice.installed().begin()->second.local_ts), "10.3.0.1/32");
}

TEST_F(Ikev2Configuration, AskingAgainGivesTheSameAddress) {
  Pairing checks = pairing();
  checks.left.dpd_delay = Seconds(10);
  load_with(checks);
  ASSERT_TRUE(comes_up());
  Ventriloquist voice(mallory, alice, cryptography().provider);
  voice.rewrite(OnPathAttacker::ike(ExchangeType::informational, request), [](w::PayloadChain& payloads) {
    payloads.add(w::CpPayload{w::CfgType::request, {{w::CfgAttributeType::internal_ip4_address, {}}}});
  });
  pass(2min);
  EXPECT_EQ(leases(true), 1U);
  EXPECT_EQ(bob.count<event::NetworkConfigured>(), 1U);
  EXPECT_TRUE(reaches(alice, first_inside, bob_inside));
}

}  // namespace
}  // namespace sallyport::scenarios
