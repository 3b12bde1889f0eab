#include "linux/steering.h"

#include <fmt/format.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "linux/host_addresses.h"
#include "linux/socket_address.h"

namespace sallyport::linux {
namespace {

using policy::Family;
using policy::IpAddress;
using policy::PortRange;
using policy::Prefix;
using Action = SteeringRule::Action;

constexpr std::uint32_t kRouteMetric = 1;
constexpr std::uint32_t kProhibitMetric = 0xffffffff;

std::uint8_t kernel_action(Action action) {
  switch (action) {
    case Action::lookup: return FR_ACT_TO_TBL;
    case Action::go_to: return FR_ACT_GOTO;
    case Action::nothing: return FR_ACT_NOP;
    case Action::prohibit: return FR_ACT_PROHIBIT;
  }
  return FR_ACT_UNSPEC;
}

Action action_of(std::uint8_t kernel) {
  switch (kernel) {
    case FR_ACT_TO_TBL: return Action::lookup;
    case FR_ACT_GOTO: return Action::go_to;
    case FR_ACT_PROHIBIT: return Action::prohibit;
    default: return Action::nothing;
  }
}

/// The order in which rules come: what others lead to first, then the ways around, then the ways in.
int turn(const SteeringRule& rule) {
  if (rule.action == Action::nothing) return 0;
  return rule.action == Action::go_to && !rule.to ? 1 : 2;
}

void put_ports(NetlinkRequest& request, std::uint16_t attribute, const PortRange& ports) {
  if (ports.is_any()) return;
  const fib_rule_port_range range{ports.first, ports.last};
  request.put(attribute, {reinterpret_cast<const std::uint8_t*>(&range), sizeof range});
}

PortRange ports_of(const NetlinkAttributes& attributes, std::uint16_t attribute) {
  fib_rule_port_range range{0, 65535};
  if (const auto value = attributes.find(attribute); value && value->size() == sizeof range)
    std::memcpy(&range, value->data(), sizeof range);
  return {range.start, range.end};
}

/// Nothing where the length is zero: attributes leave that out.
std::optional<Prefix> prefix_of(const NetlinkAttributes& attributes, std::uint16_t attribute, std::uint8_t length) {
  const auto address = attributes.address(attribute);
  if (!address || length == 0) return std::nullopt;
  return Prefix{*address, length};
}

template <class T>
std::vector<T> difference(const std::vector<T>& from, const std::vector<T>& without) {
  std::vector<T> rest;
  std::ranges::set_difference(from, without, std::back_inserter(rest));
  return rest;
}

/// Routes that stand at the same place replace each other.
bool same_place(const SteeringRoute& a, const SteeringRoute& b) {
  return a.table == b.table && a.to == b.to && a.prohibit == b.prohibit;
}

}  // namespace

SystemResult<Steering> Steering::open(const Footprint& footprint, std::uint32_t device) {
  return Steering(TRY(NetlinkSocket::open()), footprint, device);
}

SystemResult<void> Steering::apply(const policy::Spd& spd) {
  const auto own = own_addresses(netlink_);
  if (!own) return refused(static_cast<int>(own.error().where), "cannot list this host's addresses");
  std::vector<IpAddress> addresses;
  for (const OwnAddress& each : *own) addresses.push_back(each.address);
  const auto plan = plan_steering(flows_of(spd), footprint_, addresses, tables_);
  if (!plan)
    return std::unexpected(SystemError{
        E2BIG,
        fmt::format("too many policies: protecting and bypassing ones take turns more than {} times", kMaxStretches)});
  if (!installed_) {
    const auto found = installed();
    if (!found) return refused(static_cast<int>(found.error().where), "cannot list the routing rules");
    installed_ = *found;
  }
  const SteeringPlan before = *std::exchange(installed_, std::nullopt);
  TRY(change(before, *plan));
  installed_ = *plan;
  return {};
}

SystemResult<void> Steering::clear() {
  const auto found = installed();
  if (!found) return refused(static_cast<int>(found.error().where), "cannot list the routing rules");
  installed_.reset();
  return change(*found, {});
}

SystemResult<void> Steering::change(const SteeringPlan& from, const SteeringPlan& to) {
  TRY(put_routes(difference(to.routes, from.routes)));
  TRY(put_rules(difference(to.rules, from.rules)));
  TRY(drop_rules(difference(from.rules, to.rules)));
  std::vector<SteeringRoute> gone;
  for (const SteeringRoute& route : difference(from.routes, to.routes)) {
    // One that differs in its source alone has been replaced. It sorts next to its successor.
    const auto at = std::ranges::lower_bound(to.routes, SteeringRoute{route.table, route.to, route.prohibit, {}});
    if (at == to.routes.end() || !same_place(*at, route)) gone.push_back(route);
  }
  return drop_routes(gone);
}

NetlinkRequest Steering::route_request(std::uint16_t type, std::uint16_t flags, const SteeringRoute& route) const {
  NetlinkRequest request(type, flags);
  auto& header = request.header<rtmsg>();
  header.rtm_family = static_cast<std::uint8_t>(address_family(route.to.address.family()));
  header.rtm_dst_len = route.to.length;
  header.rtm_table = RT_TABLE_UNSPEC;
  header.rtm_protocol = footprint_.route_protocol;
  header.rtm_scope = route.prohibit || route.to.address.is_v6() ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  header.rtm_type = route.prohibit ? RTN_PROHIBIT : RTN_UNICAST;
  request.put_u32(RTA_TABLE, route.table);
  request.put_u32(RTA_PRIORITY, route.prohibit ? kProhibitMetric : kRouteMetric);
  if (route.to.length > 0) request.put_address(RTA_DST, route.to.address);
  if (!route.prohibit) request.put_u32(RTA_OIF, device_);
  if (route.source) request.put_address(RTA_PREFSRC, *route.source);
  return request;
}

NetlinkRequest Steering::rule_request(std::uint16_t type, std::uint16_t flags, const SteeringRule& rule) const {
  NetlinkRequest request(type, flags);
  auto& header = request.header<fib_rule_hdr>();
  header.family = static_cast<std::uint8_t>(address_family(rule.family));
  header.src_len = rule.from ? rule.from->length : 0;
  header.dst_len = rule.to ? rule.to->length : 0;
  header.action = kernel_action(rule.action);
  header.flags = rule.inverted ? FIB_RULE_INVERT : 0;
  request.put_u32(FRA_PRIORITY, rule.priority);
  request.put_u8(FRA_PROTOCOL, footprint_.route_protocol);
  if (rule.action == Action::lookup) request.put_u32(FRA_TABLE, rule.target);
  if (rule.action == Action::go_to) request.put_u32(FRA_GOTO, rule.target);
  if (rule.from) request.put_address(FRA_SRC, rule.from->address);
  if (rule.to) request.put_address(FRA_DST, rule.to->address);
  if (rule.mark != 0) {
    request.put_u32(FRA_FWMARK, rule.mark);
    request.put_u32(FRA_FWMASK, 0xffffffff);
  }
  if (rule.protocol != 0) request.put_u8(FRA_IP_PROTO, rule.protocol);
  put_ports(request, FRA_SPORT_RANGE, rule.source_ports);
  put_ports(request, FRA_DPORT_RANGE, rule.destination_ports);
  return request;
}

namespace {

/// Applies all, passing over the errors in `harmless`; the first other one as "cannot WHAT(i): …".
template <class What>
SystemResult<void> apply_all(NetlinkSocket& netlink, std::vector<NetlinkRequest> requests,
                             std::initializer_list<int> harmless, What what) {
  const auto errors = netlink.apply(requests);
  if (!errors) return refused(static_cast<int>(errors.error().where), "cannot change the routing rules");
  for (std::size_t i = 0; i < errors->size(); ++i) {
    const int error = (*errors)[i];
    if (error != 0 && std::ranges::find(harmless, error) == harmless.end()) return refused(error, "cannot " + what(i));
  }
  return {};
}

std::string words(const SteeringRoute& route) { return fmt::format("the route to {}", to_string(route.to)); }
std::string words(const SteeringRule& rule) {
  return fmt::format("the routing rule {} from {}", rule.priority, rule.from ? to_string(*rule.from) : "all");
}

}  // namespace

SystemResult<void> Steering::put_routes(std::vector<SteeringRoute> routes) {
  // What prohibits comes first: then nothing slips by if we end in between.
  std::ranges::partition(routes, &SteeringRoute::prohibit);
  std::vector<NetlinkRequest> requests;
  for (const SteeringRoute& route : routes)
    requests.push_back(route_request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route));
  return apply_all(netlink_, std::move(requests), {}, [&](std::size_t i) { return "set " + words(routes[i]); });
}

SystemResult<void> Steering::put_rules(std::vector<SteeringRule> rules) {
  std::ranges::sort(rules, {}, turn);
  std::vector<NetlinkRequest> requests;
  for (const SteeringRule& rule : rules) requests.push_back(rule_request(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule));
  return apply_all(netlink_, std::move(requests), {EEXIST}, [&](std::size_t i) { return "set " + words(rules[i]); });
}

SystemResult<void> Steering::drop_rules(std::vector<SteeringRule> rules) {
  std::ranges::sort(rules, std::greater(), turn);
  std::vector<NetlinkRequest> requests;
  for (const SteeringRule& rule : rules) requests.push_back(rule_request(RTM_DELRULE, 0, rule));
  return apply_all(netlink_, std::move(requests), {ENOENT, ESRCH},
                   [&](std::size_t i) { return "remove " + words(rules[i]); });
}

SystemResult<void> Steering::drop_routes(const std::vector<SteeringRoute>& routes) {
  std::vector<NetlinkRequest> requests;
  for (const SteeringRoute& route : routes) requests.push_back(route_request(RTM_DELROUTE, 0, route));
  return apply_all(netlink_, std::move(requests), {ESRCH, ENOENT},
                   [&](std::size_t i) { return "remove " + words(routes[i]); });
}

Result<SteeringPlan> Steering::installed() {
  SteeringPlan plan;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    TRY(read_rules(family, plan.rules));
    TRY(read_routes(family, plan.routes));
  }
  std::ranges::sort(plan.rules);
  std::ranges::sort(plan.routes);
  return plan;
}

Result<void> Steering::read_rules(Family family, std::vector<SteeringRule>& rules) {
  NetlinkRequest request(RTM_GETRULE, NLM_F_DUMP);
  request.header<fib_rule_hdr>().family = static_cast<std::uint8_t>(address_family(family));
  const std::size_t before = rules.size();
  const auto read = netlink_.dump(
      std::move(request), [&] { rules.resize(before); },
      [&](const NetlinkMessage& message) {
        const auto header = message.header<fib_rule_hdr>();
        const auto attributes = message.attributes<fib_rule_hdr>();
        if (attributes.u8(FRA_PROTOCOL) != footprint_.route_protocol || header.family != address_family(family)) return;
        const Action action = action_of(header.action);
        rules.push_back({.priority = attributes.u32(FRA_PRIORITY),
                         .family = family,
                         .action = action,
                         .target = action == Action::lookup  ? attributes.u32(FRA_TABLE)
                                   : action == Action::go_to ? attributes.u32(FRA_GOTO)
                                                             : 0,
                         .inverted = (header.flags & FIB_RULE_INVERT) != 0,
                         .from = prefix_of(attributes, FRA_SRC, header.src_len),
                         .to = prefix_of(attributes, FRA_DST, header.dst_len),
                         .mark = attributes.u32(FRA_FWMARK),
                         .protocol = attributes.u8(FRA_IP_PROTO),
                         .source_ports = ports_of(attributes, FRA_SPORT_RANGE),
                         .destination_ports = ports_of(attributes, FRA_DPORT_RANGE)});
      });
  // A kernel without this family has no rules of it.
  if (!read && read.error().where == EAFNOSUPPORT) return {};
  return read;
}

Result<void> Steering::read_routes(Family family, std::vector<SteeringRoute>& routes) {
  NetlinkRequest request(RTM_GETROUTE, NLM_F_DUMP);
  auto& filter = request.header<rtmsg>();
  filter.rtm_family = static_cast<std::uint8_t>(address_family(family));
  filter.rtm_protocol = footprint_.route_protocol;
  const std::size_t before = routes.size();
  const auto read = netlink_.dump(
      std::move(request), [&] { routes.resize(before); },
      [&](const NetlinkMessage& message) {
        const auto header = message.header<rtmsg>();
        const auto attributes = message.attributes<rtmsg>();
        const bool prohibit = header.rtm_type == RTN_PROHIBIT;
        if (header.rtm_protocol != footprint_.route_protocol || header.rtm_family != address_family(family)) return;
        if (!prohibit && attributes.u32(RTA_OIF) != device_) return;  // another device's: not as it should be
        routes.push_back(
            {.table = attributes.u32(RTA_TABLE),
             .to = {attributes.address(RTA_DST).value_or(IpAddress::unspecified(family)), header.rtm_dst_len},
             .prohibit = prohibit,
             .source = attributes.address(RTA_PREFSRC)});
      });
  if (!read && read.error().where == EAFNOSUPPORT) return {};
  return read;
}

}  // namespace sallyport::linux
