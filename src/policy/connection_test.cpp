#include "policy/connection.h"

#include <gtest/gtest.h>

namespace sallyport::policy {
namespace {

const IpAddress kMoon = IpAddress::v4(192, 0, 2, 1);
const IpAddress kSun = IpAddress::v4(192, 0, 2, 2);

TEST(MatchesAddresses, TakesAnyAddressWhereNoneIsConfigured) {
  Connection connection;
  EXPECT_TRUE(matches_addresses(connection, kMoon, kSun));
  EXPECT_TRUE(matches_addresses(connection, *IpAddress::parse("::1"), *IpAddress::parse("::2")));
}

TEST(MatchesAddresses, NeedsBothSidesToFit) {
  Connection connection;
  connection.local_addrs = {AddressRange::host(kMoon)};
  connection.remote_addrs = {AddressRange::host(kMoon), *AddressRange::parse("192.0.2.2-192.0.2.9")};
  EXPECT_TRUE(matches_addresses(connection, kMoon, kSun));
  EXPECT_FALSE(matches_addresses(connection, kSun, kSun));
  EXPECT_FALSE(matches_addresses(connection, kMoon, IpAddress::v4(192, 0, 2, 10)));
  EXPECT_FALSE(matches_addresses(connection, kMoon, *IpAddress::parse("::c000:202")));
}

TEST(Connection, FindsAChildByItsName) {
  Connection connection;
  connection.children.resize(2);
  connection.children[0].name = "lan";
  connection.children[1].name = "dmz";
  EXPECT_EQ(connection.find_child("dmz"), &connection.children[1]);
  EXPECT_EQ(connection.find_child("la"), nullptr);
  EXPECT_EQ(connection.find_child(""), nullptr);
}

TEST(MeansSame, OverlooksWhereThingsAreWritten) {
  Connection a, b;
  a.origins["proposals"] = {"a.toml", 1, 2};
  b.origins["proposals"] = {"a.toml", 9, 2};
  EXPECT_NE(a, b);
  EXPECT_TRUE(means_same_but_children(a, b));
  b.encap = true;
  EXPECT_FALSE(means_same_but_children(a, b));
}

TEST(MeansSame, TellsChildrenFromTheirConnection) {
  Connection a, b;
  b.children.resize(1);
  EXPECT_TRUE(means_same_but_children(a, b));
  Child one, other;
  one.origins["mode"] = {"a.toml", 3, 1};
  EXPECT_TRUE(means_same(one, other));
  other.replay_window = 64;
  EXPECT_FALSE(means_same(one, other));
}

TEST(Origin, IsEmptyTextWithoutAFile) {
  EXPECT_EQ(to_string(Origin{}), "");
  EXPECT_EQ(to_string(Origin{"office.toml", 3, 12}), "office.toml:3:12");
}

}  // namespace
}  // namespace sallyport::policy
