// Mode Config: an inner address from the gateway, by pull and by push, with what there is to know of its network.
#include "tests/scenarios/remote_access.h"

namespace sallyport::scenarios {
namespace {

using testing::ElementsAre;

class ModeConfig : public RemoteAccess, public testing::WithParamInterface<bool> {
 protected:
  static Pairing pairing() {
    Pairing pairing = in_ikev1(office());
    give_address(pairing);
    sim::at_both_ends(pairing, [](policy::Connection& end) { end.pull = GetParam(); });
    return pairing;
  }
};

TEST_P(ModeConfig, TheAddressBecomesTheSelector) {
  load_with(pairing(), {}, {});
  ASSERT_TRUE(comes_up());
  EXPECT_THAT(alice.inner_addresses(), ElementsAre(IpAddress::v4(10, 3, 0, 1)));
  EXPECT_EQ(to_string(alice.installed().begin()->second.local_ts), "10.3.0.1/32");
  EXPECT_EQ(to_string(bob.installed().begin()->second.remote_ts), "10.3.0.1/32");
  EXPECT_TRUE(reaches(alice, IpAddress::v4(10, 3, 0, 1), bob_inside));
  EXPECT_TRUE(reaches(bob, bob_inside, IpAddress::v4(10, 3, 0, 1)));
  EXPECT_EQ(messages(V1::transaction), 2U);
  const auto status = alice.ike_sas().front();
  ASSERT_TRUE(status.received);
  EXPECT_THAT(status.received->dns, ElementsAre(IpAddress::v4(10, 2, 0, 53)));
  ASSERT_TRUE(alice.latest<event::NetworkConfigured>());
}

TEST_P(ModeConfig, ItComesBehindXauth) {
  Pairing both = pairing();
  ask_for_user(both);
  load_with(both, {password_of("carol", "sesame")}, {password_of("carol", "sesame")});
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(messages(V1::transaction), 6U);
  EXPECT_TRUE(reaches(alice, alice.inner_addresses()[0], bob_inside));
}

TEST_P(ModeConfig, SplitNetworksNarrowTheRemoteSide) {
  Pairing split = pairing();
  split.left.children[0].remote_ts = sim::selectors({"0.0.0.0/0"});
  split.right.children[0].local_ts = sim::selectors({"10.2.0.0/16", "10.4.0.0/16"});
  policy::Pool clients = pool();
  clients.config.split_include = {{IpAddress::v4(10, 2, 0, 0), 16}, {IpAddress::v4(10, 4, 0, 0), 16}};
  clients.config.banner = "Be nice";
  clients.config.default_domain = "example.org";
  clients.config.split_dns = {"example.org", "example.net"};
  load_with(split, {}, {}, {clients});
  ASSERT_TRUE(comes_up("office", 2));
  EXPECT_TRUE(reaches(alice, alice.inner_addresses()[0], bob_inside));
  EXPECT_TRUE(reaches(alice, alice.inner_addresses()[0], IpAddress::v4(10, 4, 0, 1)));
  const auto received = alice.ike_sas().front().received;
  ASSERT_TRUE(received);
  EXPECT_EQ(received->banner, "Be nice");
  EXPECT_EQ(received->default_domain, "example.org");
  EXPECT_THAT(received->split_dns, ElementsAre("example.org", "example.net"));
}

TEST_P(ModeConfig, AnIpv6AddressIsGivenToo) {
  Pairing six = pairing();
  six.left.vips = {IpAddress::unspecified(policy::Family::ipv6)};
  six.left.children[0].remote_ts = six.right.children[0].local_ts = sim::selectors({"fd02::/64"});
  load_with(six, {}, {}, {pool("fd03::1-fd03::9")});
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(reaches(alice, *IpAddress::parse("fd03::1"), *IpAddress::parse("fd02::1")));
}

TEST_P(ModeConfig, LostMessagesComeAgain) {
  for (std::size_t number = 1; number <= 2; ++number) {
    load_with(pairing(), {}, {});
    std::size_t seen = 0;
    mallory.take([&, number](Direction, const sim::Sniffed& packet) {
      return is_ikev1(packet, V1::transaction) && ++seen == number;
    });
    ASSERT_TRUE(comes_up()) << number;
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 5min));
    mallory.take([](Direction, const sim::Sniffed&) { return false; });
  }
}

TEST_P(ModeConfig, AnExhaustedPoolIsSaidOnBothSides) {
  Pairing carols = pairing(), daves = pairing();
  Host& dave = world.add<Host>("dave", std::vector{IpAddress::v4(203, 0, 113, 9)}, cryptography());
  internet.attach(dave, IpAddress::v4(203, 0, 113, 9));
  daves.left.local_addrs.clear();
  daves.left.local.id = policy::Identity::fqdn("dave.example");
  carols.right.remote_addrs.clear();
  carols.right.remote.id = policy::Identity::any();
  sim::Configuration right = carols.right_configuration();
  for (auto& key : right.keys) key.owners.clear();
  right.pools = {pool("10.3.0.1-10.3.0.1")};
  bob.load(std::move(right));
  alice.load(carols.left_configuration());
  sim::Configuration of_dave = daves.left_configuration();
  for (auto& key : of_dave.keys) key.owners.clear();
  dave.load(std::move(of_dave));
  ASSERT_TRUE(comes_up());
  dave.initiate("office");
  ASSERT_TRUE(eventually([&] { return failed(bob) != nullptr; }, 1min));
  pass(5min);
  EXPECT_TRUE(dave.installed().empty());
  EXPECT_EQ(failed(bob)->kind, FailureKind::no_virtual_address);
  EXPECT_EQ(failed(bob)->side, Side::local);
  // Who is pushed sees the gateway leave.
  EXPECT_EQ(failure_of(dave), GetParam() ? FailureKind::no_virtual_address : FailureKind::closed_by_peer);
  EXPECT_TRUE(is_up());  // alice keeps hers
}

TEST_P(ModeConfig, TheAddressGoesWithTheSaAndComesBack) {
  load_with(pairing(), {}, {});
  ASSERT_TRUE(comes_up());
  const auto before = alice.inner_addresses();
  alice.terminate("office");
  ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 5min));
  EXPECT_THAT(alice.inner_addresses(), IsEmpty());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(alice.inner_addresses(), before);
}

TEST_P(ModeConfig, ARestartedClientFindsItsAddressAgain) {
  load_with(pairing(), {}, {});
  ASSERT_TRUE(comes_up());
  const auto before = alice.inner_addresses();
  alice.restart();
  ASSERT_TRUE(alice.initiate("office"));
  ASSERT_TRUE(eventually([&] { return is_up(); }));
  EXPECT_EQ(alice.inner_addresses(), before);
}

TEST_P(ModeConfig, AClientThatWantsNoneComesUpWithItsOwn) {
  Pairing plain = pairing();
  plain.left.vips.clear();
  plain.left.children[0].local_ts = plain.right.children[0].remote_ts = sim::selectors({"10.1.0.0/16"});
  if (!GetParam()) plain.right.pools.clear();  // push is not asked
  load_with(plain, {}, {});
  ASSERT_TRUE(comes_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_P(ModeConfig, AGatewayWithoutPoolsLeavesTheClientWithoutAddress) {
  Pairing none = pairing();
  none.right.pools.clear();
  load_with(none, {}, {}, {});
  alice.initiate("office");
  ASSERT_TRUE(gives_up());
  EXPECT_EQ(failed(alice)->kind, FailureKind::no_virtual_address);
}

TEST_P(ModeConfig, ACertainAddressIsAskedForAndGiven) {
  Pairing wish = pairing();
  wish.left.vips = {IpAddress::v4(10, 3, 0, 7)};
  load_with(wish, {}, {});
  ASSERT_TRUE(comes_up());
  EXPECT_THAT(alice.inner_addresses(),
              ElementsAre(GetParam() ? IpAddress::v4(10, 3, 0, 7) : IpAddress::v4(10, 3, 0, 1)));
}

INSTANTIATE_TEST_SUITE_P(Ways, ModeConfig, testing::Bool(),
                         [](const auto& way) { return way.param ? "Pull" : "Push"; });

}  // namespace
}  // namespace sallyport::scenarios
