#include "policy/connection_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

namespace sallyport::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const IpAddress kUs = IpAddress::v4(192, 0, 2, 1);
const IpAddress kPeer = IpAddress::v4(192, 0, 2, 2);

Connection connection(std::string name, std::string_view remote_id, std::string_view remote_addrs = {}) {
  Connection made;
  made.name = std::move(name);
  made.version = IkeVersion::v2;
  made.remote.id = *Identity::parse(remote_id);
  if (!remote_addrs.empty()) made.remote_addrs = {*AddressRange::parse(remote_addrs)};
  return made;
}

ConnectionTable table_of(std::vector<Connection> connections) {
  std::vector<ConnectionPtr> shared;
  for (Connection& each : connections) shared.push_back(std::make_shared<const Connection>(std::move(each)));
  return ConnectionTable(std::move(shared));
}

std::vector<std::string> names(std::span<const ConnectionGroup::Member> members) {
  std::vector<std::string> all;
  for (const auto& each : members) all.push_back(each.connection->name);
  return all;
}
/// Of all groups, one after the other.
std::vector<std::string> names(const Candidates& candidates) {
  std::vector<std::string> all;
  for (const Candidate& each : candidates) std::ranges::move(names(each.group->members()), std::back_inserter(all));
  return all;
}

TEST(ConnectionTableTest, FindsByName) {
  const ConnectionTable table = table_of({connection("a", "a.example"), connection("b", "b.example")});
  EXPECT_EQ(table.find("b")->name, "b");
  EXPECT_EQ(table.find("c"), nullptr);
  EXPECT_EQ(ConnectionTable().find("a"), nullptr);
}

TEST(ConnectionTableTest, PutsWhatDiffersInIdentitiesAloneIntoOneGroup) {
  const ConnectionTable table = table_of({connection("a", "a.example"), connection("b", "b.example")});
  const Candidates candidates = table.between(IkeVersion::v1, kUs, kPeer);
  ASSERT_EQ(candidates.size(), 1);
  EXPECT_THAT(names(candidates), ElementsAre("a", "b"));
}

TEST(ConnectionTableTest, KeepsApartWhatOffersOtherProposals) {
  Connection other = connection("b", "b.example");
  other.proposals = {*parse_proposal(Protocol::ike, "aes256-sha384-ecp384")};
  EXPECT_EQ(table_of({connection("a", "a.example"), other}).between(IkeVersion::v1, kUs, kPeer).size(), 2);
}

/// In IKEv1 XAUTH is part of what is offered; whose name is asked for is not.
TEST(ConnectionTableTest, KeepsApartWhatAsksForAUserAndWhatDoesNot) {
  Connection asks = connection("asks", "%any"), asks_too = connection("asks too", "%any");
  asks.further_remote = {{.method = AuthMethod::xauth, .id = *Identity::parse("carol"), .xauth_id = {}}};
  asks_too.further_remote = {{.method = AuthMethod::xauth, .id = {}, .xauth_id = {}}};
  const auto candidates =
      table_of({asks, connection("does not", "%any"), asks_too}).between(IkeVersion::any, kUs, kPeer);
  ASSERT_EQ(candidates.size(), 2);
  EXPECT_THAT(names(candidates[0].group->members()), ElementsAre("asks", "asks too"));
  EXPECT_THAT(names(candidates[1].group->members()), ElementsAre("does not"));
}

TEST(ConnectionTableTest, LeavesOutOtherAddressesAndVersions) {
  Connection old = connection("old", "a.example");
  old.version = IkeVersion::v1;
  const ConnectionTable table = table_of({connection("a", "a.example", "198.51.100.1"), old});
  EXPECT_THAT(table.between(IkeVersion::v1, kUs, kPeer), IsEmpty());
  EXPECT_THAT(names(table.between(IkeVersion::v2, kUs, kPeer)), ElementsAre("old"));
}

TEST(ConnectionTableTest, PutsTheNarrowestAddressesFirst) {
  const ConnectionTable table =
      table_of({connection("any", "a.example"), connection("net", "a.example", "192.0.2.0/24"),
                connection("host", "a.example", "192.0.2.2"), connection("any too", "b.example")});
  EXPECT_THAT(names(table.between(IkeVersion::v1, kUs, kPeer)), ElementsAre("host", "net", "any", "any too"));
}

TEST(ConnectionTableTest, FindsMembersByTheIdentityThatTheyAccept) {
  const ConnectionTable table = table_of({connection("any", "%any"), connection("a", "a.example"),
                                          connection("wild", "*.example"), connection("b", "b.example")});
  const Candidates candidates = table.between(IkeVersion::v1, kUs, kPeer);
  ASSERT_EQ(candidates.size(), 1);
  EXPECT_THAT(names(candidates[0].group->that_accept(*Identity::parse("A.Example"))), ElementsAre("any", "a", "wild"));
  EXPECT_THAT(names(candidates[0].group->that_accept(*Identity::parse("c@elsewhere"))), ElementsAre("any"));
}

}  // namespace
}  // namespace sallyport::policy
