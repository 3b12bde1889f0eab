#include "linux/steering_plan.h"

#include <gtest/gtest.h>

#include "linux/spd_testing.h"

namespace sallyport::linux {
namespace {

using policy::Family;
using policy::IpAddress;
using policy::PortRange;
using Action = SteeringRule::Action;

struct Plan {
  explicit Plan(const policy::Spd& spd, std::vector<IpAddress> own = {}) { again(spd, std::move(own)); }
  void again(const policy::Spd& spd, std::vector<IpAddress> own = {}) {
    plan = plan_steering(flows_of(spd), footprint, own, tables).value();
  }
  std::vector<SteeringRule> rules(Action action) const {
    std::vector<SteeringRule> some;
    for (const auto& rule : plan.rules)
      if (rule.action == action) some.push_back(rule);
    return some;
  }
  /// The way of a packet through the rules, as the kernel goes it: the route that it ends at.
  std::optional<SteeringRoute> way(std::string_view from, std::string_view to, std::uint8_t protocol = 17,
                                   std::uint16_t source_port = 1000, std::uint16_t destination_port = 2000,
                                   std::uint32_t mark = 0) const;
  bool steers(std::string_view from, std::string_view to, std::uint8_t protocol = 17, std::uint16_t source_port = 1000,
              std::uint16_t destination_port = 2000, std::uint32_t mark = 0) const {
    const auto route = way(from, to, protocol, source_port, destination_port, mark);
    return route && !route->prohibit;
  }

  Footprint footprint;
  TableNumbers tables{footprint.first_table};
  SteeringPlan plan;
};

std::optional<SteeringRoute> Plan::way(std::string_view from, std::string_view to, std::uint8_t protocol,
                                       std::uint16_t source_port, std::uint16_t destination_port,
                                       std::uint32_t mark) const {
  const IpAddress source = *IpAddress::parse(from), destination = *IpAddress::parse(to);
  const bool no_ipv6_source = source.is_v6() && source.is_unspecified();
  const auto within = [](const std::optional<policy::Prefix>& range, const IpAddress& address) {
    return !range || policy::AddressRange::of(*range).contains(address);
  };
  std::uint32_t at_least = 0;
  for (const auto& rule : plan.rules) {
    if (rule.priority < at_least || rule.family != source.family()) continue;
    bool match = within(rule.from, source) && within(rule.to, destination) && (rule.mark == 0 || rule.mark == mark) &&
                 (rule.protocol == 0 || rule.protocol == protocol) && rule.source_ports.contains(source_port) &&
                 rule.destination_ports.contains(destination_port);
    if (no_ipv6_source && rule.from) match = false;
    if (match == rule.inverted) continue;
    if (rule.action == Action::go_to) at_least = rule.target;
    if (rule.action == Action::prohibit) return SteeringRoute{.prohibit = true};
    if (rule.action != Action::lookup) continue;
    const SteeringRoute* best = nullptr;
    for (const auto& route : plan.routes)
      if (route.table == rule.target && !route.prohibit && within(route.to, destination) &&
          (!best || route.to.length > best->to.length))
        best = &route;
    if (best) return *best;
  }
  return std::nullopt;
}

TEST(SteeringPlan, SteersJustWhatIsProtected) {
  const Plan plan({{protect({"10.1.0.0/16"}, {"10.2.0.0/16"})}});
  EXPECT_TRUE(plan.steers("10.1.0.1", "10.2.0.1"));
  EXPECT_FALSE(plan.steers("10.1.0.1", "10.3.0.1"));
  EXPECT_FALSE(plan.steers("10.9.0.1", "10.2.0.1"));
  EXPECT_FALSE(plan.steers("10.2.0.1", "10.1.0.1"));
  EXPECT_FALSE(plan.way("fd01::1", "fd02::1"));
}

TEST(SteeringPlan, LetsOurOwnPacketsPass) {
  const Plan plan({{protect({"10.1.0.0/16", "fd01::/16"}, {"10.2.0.0/16", "fd02::/16"})}});
  EXPECT_FALSE(plan.way("10.1.0.1", "10.2.0.1", 50, 0, 0, plan.footprint.own_mark));
  EXPECT_FALSE(plan.way("fd01::1", "fd02::1", 50, 0, 0, plan.footprint.own_mark));
}

TEST(SteeringPlan, GivesEveryRouteATwinThatProhibits) {
  const Plan plan({{protect({"10.1.0.0/16", "fd01::/16"}, {"10.2.0.0/16", "10.9.0.0/24", "fd02::/16"})}});
  for (const auto& route : plan.plan.routes) {
    SteeringRoute twin = route;
    twin.prohibit = !route.prohibit;
    EXPECT_TRUE(std::ranges::find(plan.plan.routes, twin) != plan.plan.routes.end()) << to_string(route.to);
  }
  EXPECT_EQ(plan.plan.routes.size(), 6u);
}

TEST(SteeringPlan, NeedsNoMoreRulesForMorePeers) {
  policy::Spd spd;
  for (std::uint8_t peer = 2; peer < 200; ++peer) {
    spd.entries.push_back(protect({"10.1.0.0/16"}, {}));
    spd.entries.back().remote_ts.push_back(policy::TrafficSelector::host(IpAddress::v4(10, peer, 0, 1)));
  }
  const Plan one({{protect({"10.1.0.0/16"}, {"10.2.0.1"})}});
  const Plan many(spd);
  EXPECT_EQ(many.plan.rules.size(), one.plan.rules.size());
  EXPECT_EQ(many.plan.routes.size(), 2 * spd.entries.size());
}

TEST(SteeringPlan, LooksAtProtocolAndPorts) {
  const Plan plan({{protect({"10.1.0.0/16[tcp]"}, {"10.2.0.0/16[tcp/80-90]"})}});
  EXPECT_TRUE(plan.steers("10.1.0.1", "10.2.0.1", 6, 5000, 80));
  EXPECT_TRUE(plan.steers("10.1.0.1", "10.2.0.1", 6, 5000, 90));
  EXPECT_FALSE(plan.steers("10.1.0.1", "10.2.0.1", 6, 80, 91));
  EXPECT_FALSE(plan.steers("10.1.0.1", "10.2.0.1", 17, 5000, 80));
  // Later fragments show none: the packet filter marks them.
  EXPECT_FALSE(plan.way("10.1.0.1", "10.2.0.1", 6));
  EXPECT_TRUE(plan.steers("10.1.0.1", "10.2.0.1", 6, 0, 0, plan.footprint.steer_mark));
}

TEST(SteeringPlan, NeverAsksForPortsThatRulesCannotName) {
  const Plan plan({{protect({"10.1.0.0/16[tcp/0-1023]"}, {"10.2.0.0/16[tcp/1024-65535]"}),
                    protect({"10.1.0.0/16[udp/65535]"}, {"10.2.0.0/16[udp]"})}});
  for (const auto& rule : plan.plan.rules)
    for (const PortRange& ports : {rule.source_ports, rule.destination_ports})
      EXPECT_TRUE(ports.is_any() || (ports.first > 0 && ports.last < 65535));
  EXPECT_TRUE(plan.steers("10.1.0.1", "10.2.0.1", 6, 1, 65534));
  // The rest is marked by the packet filter.
  EXPECT_TRUE(plan.steers("10.1.0.1", "10.2.0.1", 6, 0, 65535, plan.footprint.steer_mark));
}

TEST(SteeringPlan, LeavesIcmpTypesAndLaterFragmentsToThePacketFilter) {
  const Plan plan({{protect({"10.1.0.1[icmp/2048]"}, {"10.2.0.1[icmp/2048]"}),
                    protect({"fd01::1[tcp/opaque]"}, {"fd02::1[tcp/opaque]"})}});
  EXPECT_FALSE(plan.way("10.1.0.1", "10.2.0.1", 1));
  EXPECT_FALSE(plan.way("fd01::1", "fd02::1", 6));
  EXPECT_TRUE(plan.steers("10.1.0.1", "10.2.0.1", 1, 8, 0, plan.footprint.steer_mark));
  EXPECT_TRUE(plan.steers("fd01::1", "fd02::1", 6, 0, 0, plan.footprint.steer_mark));
}

TEST(SteeringPlan, NamesASourceThatThePolicyProtects) {
  const auto outer = *IpAddress::parse("192.0.2.1"), inner = *IpAddress::parse("10.1.0.1");
  const auto outer6 = *IpAddress::parse("2001:db8::1"), inner6 = *IpAddress::parse("fd01::1");
  const Plan plan({{protect({"10.1.0.0/16", "fd01::/16"}, {"10.2.0.0/16", "fd02::/16"})}},
                  {outer, inner, outer6, inner6});
  EXPECT_EQ(plan.way("0.0.0.0", "10.2.0.1").value().source, inner);
  EXPECT_EQ(plan.way("::", "fd02::1").value().source, inner6);
  EXPECT_FALSE(plan.way("0.0.0.0", "10.3.0.1"));
  EXPECT_FALSE(plan.way("192.0.2.1", "10.2.0.1"));
  EXPECT_FALSE(plan.way("2001:db8::1", "fd02::1"));
}

TEST(SteeringPlan, NamesNoSourceWhereThisHostHasNone) {
  const Plan plan({{protect({"10.1.0.0/16", "fd01::/16"}, {"10.2.0.0/16", "fd02::/16"})}},
                  {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")});
  EXPECT_FALSE(plan.way("0.0.0.0", "10.2.0.1"));
  EXPECT_FALSE(plan.way("::", "fd02::1"));
}

TEST(SteeringPlan, AsksEarlierPoliciesFirst) {
  const Plan plan({{bypass({"10.1.0.0/16[tcp]"}, {"10.2.5.0/24[tcp/22]"}), protect({"10.1.0.0/16"}, {"10.2.0.0/16"}),
                    discard({"10.1.0.0/16"}, {"10.2.0.0/15"}), protect({"10.1.0.0/16"}, {"10.3.0.0/16"})}},
                  {*IpAddress::parse("10.1.0.1")});
  EXPECT_FALSE(plan.way("10.1.0.1", "10.2.5.1", 6, 5000, 22));
  EXPECT_FALSE(plan.way("0.0.0.0", "10.2.5.1", 6, 5000, 22));
  EXPECT_TRUE(plan.steers("10.1.0.1", "10.2.5.1", 6, 5000, 23));
  EXPECT_TRUE(plan.steers("10.1.0.1", "10.2.6.1", 6, 5000, 22));
  EXPECT_TRUE(plan.way("10.1.0.1", "10.3.0.1").value().prohibit);
}

TEST(SteeringPlan, RefusesMoreTurnsThanThereAreRulesFor) {
  policy::Spd spd;
  for (std::size_t i = 0; i < kMaxStretches; ++i)
    spd.entries.push_back(i % 2 == 0 ? protect({"10.1.0.1"}, {"10.2.0.1"}) : bypass({"10.1.0.1"}, {"10.3.0.1"}));
  Footprint footprint;
  TableNumbers tables(footprint.first_table);
  const auto plan = plan_steering(flows_of(spd), footprint, {}, tables);
  ASSERT_TRUE(plan);
  for (const auto& rule : plan->rules) {
    EXPECT_GE(rule.priority, footprint.first_priority);
    EXPECT_LT(rule.priority, footprint.first_priority + kPriorities);
  }
  spd.entries.push_back(protect({"10.1.0.1"}, {"10.2.0.1"}));
  EXPECT_EQ(plan_steering(flows_of(spd), footprint, {}, tables).error(), (Error{ErrorCode::exhausted, 0}));
}

TEST(SteeringPlan, KeepsATablesNumberWhileItIsNeeded) {
  Plan plan({{protect({"10.1.0.0/16"}, {"10.2.0.0/16"})}});
  const auto first = plan.way("10.1.0.1", "10.2.0.1")->table;
  plan.again({{protect({"10.0.0.0/16"}, {"10.9.0.0/16"}), protect({"10.1.0.0/16"}, {"10.2.0.0/16", "10.3.0.0/16"})}});
  EXPECT_EQ(plan.way("10.1.0.1", "10.2.0.1")->table, first);
  const auto second = plan.way("10.0.0.1", "10.9.0.1")->table;
  EXPECT_NE(second, first);
  // A number is free only when the change that gave it up is over.
  plan.again({{protect({"10.5.0.0/16"}, {"10.9.0.0/16"}), protect({"10.1.0.0/16"}, {"10.2.0.0/16"})}});
  EXPECT_NE(plan.way("10.5.0.1", "10.9.0.1")->table, second);
  plan.again({{protect({"10.6.0.0/16"}, {"10.9.0.0/16"}), protect({"10.1.0.0/16"}, {"10.2.0.0/16"})}});
  EXPECT_EQ(plan.way("10.6.0.1", "10.9.0.1")->table, second);
  EXPECT_EQ(plan.way("10.1.0.1", "10.2.0.1")->table, first);
}

TEST(SteeringPlan, IsEmptyWithoutPolicies) {
  const Plan plan(policy::Spd{});
  EXPECT_EQ(plan.plan, SteeringPlan{});
}

}  // namespace
}  // namespace sallyport::linux
