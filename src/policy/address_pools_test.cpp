#include "policy/address_pools.h"

#include <gtest/gtest.h>

namespace sallyport::policy {
namespace {

const IpAddress any4 = IpAddress::unspecified(Family::ipv4);

class Pools : public testing::Test {
 protected:
  Pools() { pools.load({{.name = "three", .addresses = *AddressRange::parse("10.3.0.1-10.3.0.3"), .config = {}}}); }
  std::string lease(const std::string& client, std::uint32_t holder, const IpAddress& wanted = any4) {
    const std::string names[] = {"none", "three"};
    const auto lease = pools.lease(names, client, IkeSaId{holder}, wanted);
    return lease ? to_string(lease->address) : "none";
  }
  AddressPools pools;
};

TEST_F(Pools, GivesEachClientAnotherAddress) {
  EXPECT_EQ(lease("carol", 1), "10.3.0.1");
  EXPECT_EQ(lease("dave", 2), "10.3.0.2");
}

TEST_F(Pools, GivesTheSameClientASecondAddressForASecondIkeSa) {
  EXPECT_EQ(lease("carol", 1), "10.3.0.1");
  EXPECT_EQ(lease("carol", 2), "10.3.0.2");
}

TEST_F(Pools, SharesAnAddressWithTheSuccessorThatAsksForIt) {
  lease("carol", 1);
  EXPECT_EQ(lease("carol", 2, IpAddress::v4(10, 3, 0, 1)), "10.3.0.1");
  pools.release({1});
  EXPECT_EQ(lease("dave", 3), "10.3.0.2");
  EXPECT_TRUE(pools.leases(pools.pools()[0])[0].online);
}

TEST_F(Pools, IsHeldByTheSuccessorThatAsksForNothing) {
  const auto first = IpAddress::v4(10, 3, 0, 1);
  EXPECT_FALSE(pools.share(first, "carol", {2}));  // nobody's
  lease("carol", 1);
  EXPECT_FALSE(pools.share(first, "dave", {3}));
  EXPECT_TRUE(pools.share(first, "carol", {2}));
  pools.release({1});
  EXPECT_TRUE(pools.leases(pools.pools()[0])[0].online);
  pools.release({2});
  EXPECT_FALSE(pools.leases(pools.pools()[0])[0].online);
  EXPECT_FALSE(pools.share(first, "carol", {4}));  // left, and to be asked for
}

TEST_F(Pools, RefusesTheAddressOfAnother) {
  lease("carol", 1);
  EXPECT_EQ(lease("mallory", 2, IpAddress::v4(10, 3, 0, 1)), "10.3.0.2");
}

TEST_F(Pools, GivesWhatIsAskedForWhenItIsFree) {
  EXPECT_EQ(lease("carol", 1, IpAddress::v4(10, 3, 0, 3)), "10.3.0.3");
  EXPECT_EQ(lease("dave", 2, IpAddress::v4(192, 0, 2, 1)), "10.3.0.1");  // not in the pool
}

TEST_F(Pools, KeepsAnAddressForWhoComesBack) {
  lease("carol", 1);
  pools.release({1});
  EXPECT_EQ(lease("dave", 2), "10.3.0.2");
  EXPECT_EQ(lease("carol", 3), "10.3.0.1");
}

TEST_F(Pools, GivesAwayWhatWasLeftLongestAgoWhenNothingElseIsLeft) {
  for (std::uint32_t i = 1; i <= 3; ++i) lease("client " + std::to_string(i), i);
  for (const std::uint32_t i : {2U, 1U, 3U}) pools.release({i});
  EXPECT_EQ(lease("late", 4), "10.3.0.2");
}

TEST_F(Pools, HasNoneWhenAllAreInUse) {
  for (std::uint32_t i = 1; i <= 3; ++i) lease("client " + std::to_string(i), i);
  EXPECT_EQ(lease("late", 4), "none");
}

TEST_F(Pools, HasNoneOfAnotherFamily) { EXPECT_EQ(lease("carol", 1, IpAddress::unspecified(Family::ipv6)), "none"); }

TEST_F(Pools, ReachesTheLastAddressThereIs) {
  pools.load({{.name = "three", .addresses = *AddressRange::parse("255.255.255.255"), .config = {}}});
  EXPECT_EQ(lease("carol", 1), "255.255.255.255");
  EXPECT_EQ(lease("dave", 2), "none");
}

TEST_F(Pools, ForgetsReservationsOfAPoolThatIsGone) {
  lease("carol", 1);
  lease("dave", 2);
  pools.release({1});
  pools.load({});
  pools.load({{.name = "three", .addresses = *AddressRange::parse("10.3.0.1-10.3.0.3"), .config = {}}});
  EXPECT_EQ(lease("erin", 3), "10.3.0.1");
  EXPECT_EQ(lease("frank", 4), "10.3.0.3");  // dave's is in use
}

}  // namespace
}  // namespace sallyport::policy
