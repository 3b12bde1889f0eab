#include "node/policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::node {
namespace {

using policy::IpAddress;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class OneAddress final : public ike::HostView {
 public:
  std::optional<Instant> last_inbound(policy::ChildSaId) const override { return std::nullopt; }
  std::optional<IpAddress> source_address(const IpAddress&) const override { return IpAddress::v4(192, 0, 2, 1); }
  std::vector<IpAddress> addresses() const override { return {IpAddress::v4(192, 0, 2, 1)}; }
};

policy::SelectorTemplates dynamic() {
  policy::SelectorTemplate any;
  any.dynamic = true;
  return {any};
}
policy::SelectorTemplates fixed(std::string_view range) {
  policy::SelectorTemplate to;
  to.dynamic = false;
  to.fixed.addresses = *policy::AddressRange::parse(range);
  return {to};
}
policy::ConnectionPtr connection(std::string name, policy::SelectorTemplates local, policy::SelectorTemplates remote,
                                 std::vector<std::string> pools = {}) {
  policy::Connection made;
  made.name = std::move(name);
  made.pools = std::move(pools);
  policy::Child child;
  child.name = "net";
  child.local_ts = std::move(local);
  child.remote_ts = std::move(remote);
  made.children = {child};
  return std::make_shared<const policy::Connection>(std::move(made));
}
policy::ChildSaSpec sa(std::uint32_t id, std::string name, std::string_view local, std::string_view remote) {
  policy::ChildSaSpec spec;
  spec.id = {id};
  spec.connection = std::move(name);
  spec.child = "net";
  spec.local_ts = {fixed(local).front().fixed};
  spec.remote_ts = {fixed(remote).front().fixed};
  return spec;
}

class PoliciesTest : public testing::Test {
 protected:
  std::vector<std::string> published() {
    policies_.publish();
    std::vector<std::string> all;
    for (const auto& entry : policies_.published().entries)
      all.push_back(to_string(entry.local_ts) + " " + to_string(entry.remote_ts));
    return all;
  }

  OneAddress host_;
  Policies policies_{host_};
};

TEST_F(PoliciesTest, OfAlikeOnesTheOrderIsThatOfTheConfiguration) {
  policies_.configure({connection("b", fixed("10.1.0.0/16"), fixed("10.2.0.0/16")),
                       connection("a", fixed("10.1.0.0/16"), fixed("10.3.0.0/16"))},
                      {}, {});
  EXPECT_THAT(published(), ElementsAre("10.1.0.0/16 10.2.0.0/16", "10.1.0.0/16 10.3.0.0/16"));
}

TEST_F(PoliciesTest, WhatHasNotChangedKeepsItsIdAndIsNotPublishedAgain) {
  const auto one = connection("one", fixed("10.1.0.0/16"), fixed("10.2.0.0/16"));
  const auto two = connection("two", fixed("10.1.0.0/16"), fixed("10.3.0.0/16"));
  policies_.configure({one}, {}, {});
  const auto first = policies_.publish();
  ASSERT_TRUE(first);
  const policy::PolicyId id = first->entries.front().id;
  policies_.configure({one}, {}, {});
  EXPECT_FALSE(policies_.publish());
  policies_.configure({two, one}, {}, {});
  const auto second = policies_.publish();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->entries.at(1).id, id);
  EXPECT_NE(second->entries.at(0).id, id);
  EXPECT_EQ(policies_.find(id), &policies_.published().entries.at(1));
  EXPECT_THAT(policies_.of("one", "net"), ElementsAre(id));
  EXPECT_THAT(policies_.of("one", "other"), IsEmpty());
  EXPECT_EQ(policies_.find({77}), nullptr);
}

TEST_F(PoliciesTest, AnSaThatTheConfigurationCoversBringsNone) {
  policies_.configure({connection("one", fixed("10.1.0.0/16"), fixed("10.2.0.0/16"))}, {}, {});
  policies_.publish();
  policies_.on_installed(sa(1, "one", "10.1.0.0/24", "10.2.0.0/24"));
  EXPECT_FALSE(policies_.publish());
  policies_.on_removed({1});
  EXPECT_FALSE(policies_.publish());
}

TEST_F(PoliciesTest, OneThatSeveralSasBringLastsAsLongAsTheLast) {
  policies_.configure({connection("any", fixed("10.1.0.0/16"), dynamic())}, {}, {});
  EXPECT_THAT(published(), IsEmpty());
  policies_.on_installed(sa(1, "any", "10.1.0.0/16", "192.0.2.7"));
  policies_.on_installed(sa(2, "any", "10.1.0.0/16", "192.0.2.7"));
  policies_.on_installed(sa(3, "any", "10.1.0.0/16", "192.0.2.8"));
  EXPECT_THAT(published(), ElementsAre("10.1.0.0/16 192.0.2.7/32", "10.1.0.0/16 192.0.2.8/32"));
  policies_.on_removed({1});
  EXPECT_FALSE(policies_.publish());
  policies_.on_removed({2});
  policies_.on_removed({2});
  EXPECT_THAT(published(), ElementsAre("10.1.0.0/16 192.0.2.8/32"));
  policies_.on_removed({3});
  EXPECT_THAT(published(), IsEmpty());
}

TEST_F(PoliciesTest, OneForAnInnerAddressOfOursLastsAsLongAsThat) {
  const IpAddress inner = IpAddress::v4(10, 3, 0, 1);
  EXPECT_TRUE(policies_.on_address(inner));
  EXPECT_FALSE(policies_.on_address(inner));
  policies_.on_installed(sa(1, "road", "10.3.0.1", "0.0.0.0/0"));
  policies_.on_removed({1});
  EXPECT_THAT(published(), ElementsAre("10.3.0.1/32 0.0.0.0/0"));
  EXPECT_FALSE(policies_.on_address_gone(inner));
  EXPECT_THAT(published(), SizeIs(1));
  EXPECT_TRUE(policies_.on_address_gone(inner));
  EXPECT_THAT(published(), IsEmpty());
  EXPECT_FALSE(policies_.on_address_gone(inner));
}

TEST_F(PoliciesTest, ClientsAreAllThatThePoolsHave) {
  policy::Pool four{.name = "four", .addresses = *policy::AddressRange::parse("10.3.0.0/24")};
  policy::Pool six{.name = "six", .addresses = *policy::AddressRange::parse("fd03::/64")};
  policies_.configure({connection("gate", fixed("10.1.0.0/16"), dynamic(), {"four", "six", "none"})}, {six, four}, {});
  EXPECT_THAT(published(), ElementsAre("10.1.0.0/16 10.3.0.0/24"));
  policies_.on_installed(sa(1, "gate", "10.1.0.0/16", "10.3.0.9"));
  EXPECT_FALSE(policies_.publish()) << "a client who comes changes nothing";
}

TEST_F(PoliciesTest, WaitingForTrafficIsOnDemand) {
  policies_.configure({connection("one", fixed("10.1.0.0/16"), fixed("10.2.0.0/16"))}, {}, {});
  policies_.publish();
  policies_.set_waiting("one", "net", true);
  const auto waiting = policies_.publish();
  ASSERT_TRUE(waiting);
  EXPECT_TRUE(waiting->entries.front().on_demand);
  policies_.set_waiting("one", "net", true);
  EXPECT_FALSE(policies_.publish());
  policies_.set_waiting("one", "net", false);
  EXPECT_FALSE(policies_.publish()->entries.front().on_demand);
}

}  // namespace
}  // namespace sallyport::node
