#include "linux/steering_plan.h"

#include <algorithm>

#include "linux/guard_ruleset.h"

namespace sallyport::linux {
namespace {

using policy::Family;
using policy::IpAddress;
using policy::PortRange;
using policy::Prefix;
using policy::SpdAction;
using Action = SteeringRule::Action;

/// What rules can say of a range: neither 0 nor 65535 may be an end of it. nullopt: nothing is left.
std::optional<PortRange> without_ends(const PortRange& ports) {
  if (ports.is_any()) return ports;
  const PortRange inner{std::max<std::uint16_t>(ports.first, 1), std::min<std::uint16_t>(ports.last, 65534)};
  if (inner.last < inner.first) return std::nullopt;
  return inner;
}

class Planner {
 public:
  Planner(const Footprint& footprint, std::span<const IpAddress> own_addresses, TableNumbers& tables)
      : footprint_(footprint), own_addresses_(own_addresses), tables_(tables) {}

  Result<SteeringPlan> plan(std::span<const Flows> flows) {
    tables_.start_plan();
    std::size_t stretch = 0;
    for (std::size_t i = 0; i < flows.size(); ++i) {
      if (i > 0 && flows[i].action != flows[i - 1].action) ++stretch;
      if (stretch >= kMaxStretches) return fail(ErrorCode::exhausted);
      add(flows[i], stretch);
    }
    for (const Family family : {Family::ipv4, Family::ipv6}) frame(family);
    sort_unique(plan_.rules);
    sort_unique(plan_.routes);
    return std::move(plan_);
  }

 private:
  std::uint32_t first() const { return footprint_.first_priority; }
  std::uint32_t hints(std::size_t stretch) const { return first() + 2 + static_cast<std::uint32_t>(stretch); }
  std::uint32_t steer() const { return first() + 2 + kMaxStretches; }
  std::uint32_t steer(std::size_t stretch) const { return steer() + 2 + static_cast<std::uint32_t>(stretch); }
  std::uint32_t end() const { return first() + kPriorities - 1; }

  /// The rules that hold the others together.
  void frame(Family family) {
    if (!in_use(family)) return;
    rule(
        {.priority = first(), .family = family, .action = Action::go_to, .target = end(), .mark = footprint_.own_mark});
    rule({.priority = steer(), .family = family});
    rule({.priority = end(), .family = family});
    SteeringRule sourced{.priority = first() + 1, .family = family, .action = Action::go_to, .target = steer()};
    if (family == Family::ipv4) {
      sourced.inverted = true;
      sourced.from = Prefix{IpAddress::unspecified(family), 32};
      rule(sourced);
    } else {
      // A lookup without a source matches no IPv6 rule that asks for one, so that "all sources" are two halves.
      sourced.from = Prefix{IpAddress::unspecified(family), 1};
      rule(sourced);
      sourced.from = Prefix{*IpAddress::parse("8000::"), 1};
      rule(sourced);
    }
  }

  bool in_use(Family family) const { return used_[family == Family::ipv6]; }

  void add(const Flows& flows, std::size_t stretch) {
    used_[flows.family() == Family::ipv6] = true;
    const bool protect = flows.action == SpdAction::protect;
    if (protect && (needs_steering_mark(flows.service) || hides_in_fragments(flows.service))) marked(flows.family());
    if (flows.service.opaque() || (flows.service.is_icmp() && !flows.service.any_port())) return;
    const auto local_ports = without_ends(flows.service.local_ports);
    const auto remote_ports = without_ends(flows.service.remote_ports);
    if (!local_ports || !remote_ports) return;
    const SteeringRule match{.family = flows.family(),
                             .protocol = flows.service.protocol,
                             .source_ports = *local_ports,
                             .destination_ports = *remote_ports};
    protect ? look_up(flows, stretch, match) : decide(flows, stretch, match);
  }

  /// What the packet filter has marked goes into the TUN, wherever it is going.
  void marked(Family family) {
    const std::uint32_t table = tables_.number_of({.family = family, .stretch = kMaxStretches});
    rule({.priority = steer() + 1,
          .family = family,
          .action = Action::lookup,
          .target = table,
          .mark = footprint_.steer_mark});
    route(table, Prefix{IpAddress::unspecified(family), 0}, std::nullopt);
  }

  void look_up(const Flows& flows, std::size_t stretch, SteeringRule match) {
    match.action = Action::lookup;
    match.target = tables_.number_of({flows.family(), stretch, flows.service, flows.local});
    const auto source = source_within(flows.local);
    for (const Prefix& to : flows.remote.prefixes()) route(match.target, to, source);
    match.priority = hints(stretch);
    if (source) rule(match);
    match.priority = steer(stretch);
    for_each_local(flows, match);
  }

  void decide(const Flows& flows, std::size_t stretch, SteeringRule match) {
    const bool bypass = flows.action == SpdAction::bypass;
    match.action = bypass ? Action::go_to : Action::prohibit;
    match.target = bypass ? end() : 0;
    const bool ours = source_within(flows.local).has_value();
    for (const Prefix& to : flows.remote.prefixes()) {
      match.to = to;
      match.priority = hints(stretch);
      if (bypass && ours) rule(match);
      match.priority = steer(stretch);
      for_each_local(flows, match);
    }
  }

  void for_each_local(const Flows& flows, SteeringRule match) {
    for (const Prefix& from : flows.local.prefixes()) {
      match.from.reset();
      if (from.length > 0) match.from = from;
      rule(match);
    }
  }

  std::optional<IpAddress> source_within(const AddressSet& local) const {
    for (const IpAddress& address : own_addresses_)
      if (local.contains(address)) return address;
    return std::nullopt;
  }

  void rule(const SteeringRule& rule) { plan_.rules.push_back(rule); }
  void route(std::uint32_t table, const Prefix& to, const std::optional<IpAddress>& source) {
    plan_.routes.push_back({.table = table, .to = to, .prohibit = false, .source = source});
    plan_.routes.push_back({.table = table, .to = to, .prohibit = true, .source = {}});
  }

  template <class Values>
  static void sort_unique(Values& values) {
    std::ranges::sort(values);
    const auto rest = std::ranges::unique(values);
    values.erase(rest.begin(), rest.end());
  }

  const Footprint& footprint_;
  std::span<const IpAddress> own_addresses_;
  TableNumbers& tables_;
  SteeringPlan plan_;
  bool used_[2] = {};
};

}  // namespace

void TableNumbers::start_plan() {
  for (const auto& [key, number] : previous_)
    if (!current_.contains(key)) taken_[number - first_] = false;
  previous_ = std::exchange(current_, {});
}

std::uint32_t TableNumbers::number_of(const Key& key) {
  if (const auto known = current_.find(key); known != current_.end()) return known->second;
  if (const auto known = previous_.find(key); known != previous_.end()) return current_[key] = known->second;
  const auto free = std::ranges::find(taken_, false);
  const auto index = static_cast<std::uint32_t>(free - taken_.begin());
  if (free == taken_.end()) taken_.push_back(true);
  taken_[index] = true;
  return current_[key] = first_ + index;
}

Result<SteeringPlan> plan_steering(std::span<const Flows> flows, const Footprint& footprint,
                                   std::span<const IpAddress> own_addresses, TableNumbers& tables) {
  return Planner(footprint, own_addresses, tables).plan(flows);
}

}  // namespace sallyport::linux
