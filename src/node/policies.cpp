#include "node/policies.h"

#include <algorithm>

namespace sallyport::node {
namespace {

/// "dynamic" before any negotiation: the hosts that the connection is configured for. A range of hosts is what it is.
policy::TrafficSelectors resolve_for_policy(const policy::SelectorTemplates& templates,
                                            const std::vector<policy::AddressRange>& hosts) {
  policy::TrafficSelectors selectors;
  for (const auto& selector : templates) {
    if (!selector.dynamic) {
      selectors.push_back(selector.fixed);
      continue;
    }
    for (const auto& host : hosts) selectors.push_back({host, selector.fixed.protocol, selector.fixed.ports});
  }
  return selectors;
}

std::vector<policy::AddressRange> own_hosts(const std::vector<policy::AddressRange>& local_addrs,
                                            const std::vector<policy::AddressRange>& remote_addrs,
                                            const ike::HostView& host) {
  if (!local_addrs.empty() || remote_addrs.empty()) return local_addrs;
  const auto address = host.source_address(remote_addrs.front().first);
  return address ? std::vector{policy::AddressRange::host(*address)} : std::vector<policy::AddressRange>();
}

std::vector<policy::AddressRange> everybody() {
  return {policy::AddressRange::all(policy::Family::ipv4), policy::AddressRange::all(policy::Family::ipv6)};
}

policy::TrafficSelectors of_family(const policy::TrafficSelectors& selectors, policy::Family family) {
  policy::TrafficSelectors some;
  for (const auto& selector : selectors)
    if (selector.addresses.family() == family) some.push_back(selector);
  return some;
}

}  // namespace

bool same_but_for_id(policy::SpdEntry a, const policy::SpdEntry& b) {
  a.id = b.id;
  return a == b;
}

policy::Spd make_policies(const std::vector<policy::ConnectionPtr>& connections, const policy::PolicySettings& settings,
                          const ike::HostView& host, const policy::Spd& previous, std::uint32_t& next_id) {
  policy::Spd spd;
  const auto add = [&](const policy::SpdEntry& entry) {
    for (const auto family : {policy::Family::ipv4, policy::Family::ipv6}) {
      policy::SpdEntry one = entry;
      one.local_ts = of_family(entry.local_ts, family);
      one.remote_ts = of_family(entry.remote_ts, family);
      if (one.local_ts.empty() || one.remote_ts.empty()) continue;
      const auto known = std::ranges::find_if(previous.entries,
                                              [&](const policy::SpdEntry& old) { return same_but_for_id(one, old); });
      one.id = known != previous.entries.end() ? known->id : policy::PolicyId{++next_id};
      spd.entries.push_back(std::move(one));
    }
  };
  for (const auto& connection : connections) {
    const auto own = own_hosts(connection->local_addrs, connection->remote_addrs, host);
    // Inner addresses are known only when they are given: then the SA brings its policy along.
    const std::vector<policy::AddressRange> unknown;
    for (const policy::Child& child : connection->children)
      add({.connection = connection->name,
           .child = child.name,
           .mode = child.mode,
           .on_demand = child.start_action == policy::StartAction::trap,
           .local_ts = resolve_for_policy(child.local_ts, connection->vips.empty() ? own : unknown),
           .remote_ts =
               resolve_for_policy(child.remote_ts, connection->pools.empty() ? connection->remote_addrs : unknown),
           .priority = settings.priority_of(connection->name, child.name)});
  }
  for (const policy::Shunt& shunt : settings.shunts) {
    const auto own = own_hosts(shunt.local_addrs, shunt.remote_addrs, host);
    add({.action = shunt.action,
         .connection = shunt.connection,
         .child = shunt.name,
         .local_ts = resolve_for_policy(shunt.local_ts, own.empty() ? everybody() : own),
         .remote_ts =
             resolve_for_policy(shunt.remote_ts, shunt.remote_addrs.empty() ? everybody() : shunt.remote_addrs),
         .priority = shunt.priority});
  }
  return spd;
}

std::optional<policy::SpdEntry> policy_of_sa(const policy::ChildSaSpec& spec, const policy::Spd& spd) {
  policy::TrafficSelectors local, remote;  // of all families
  for (const policy::SpdEntry& entry : spd.entries) {
    if (entry.connection != spec.connection || entry.child != spec.child) continue;
    local.insert(local.end(), entry.local_ts.begin(), entry.local_ts.end());
    remote.insert(remote.end(), entry.remote_ts.begin(), entry.remote_ts.end());
  }
  if (covers(local, spec.local_ts) && covers(remote, spec.remote_ts)) return std::nullopt;
  return policy::SpdEntry{.action = policy::SpdAction::protect,
                          .connection = spec.connection,
                          .child = spec.child,
                          .mode = spec.mode,
                          .local_ts = spec.local_ts,
                          .remote_ts = spec.remote_ts};
}

}  // namespace sallyport::node
