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

std::vector<policy::AddressRange> own_hosts(const policy::Connection& connection, const ike::HostView& host) {
  if (!connection.local_addrs.empty() || connection.remote_addrs.empty()) return connection.local_addrs;
  const auto address = host.source_address(connection.remote_addrs.front().first);
  return address ? std::vector{policy::AddressRange::host(*address)} : std::vector<policy::AddressRange>();
}

}  // namespace

bool same_but_for_id(policy::SpdEntry a, const policy::SpdEntry& b) {
  a.id = b.id;
  return a == b;
}

policy::Spd make_policies(const std::vector<policy::ConnectionPtr>& connections, const ike::HostView& host,
                          const policy::Spd& previous, std::uint32_t& next_id) {
  policy::Spd spd;
  for (const auto& connection : connections) {
    const auto own = own_hosts(*connection, host);
    for (const policy::Child& child : connection->children) {
      policy::SpdEntry entry;
      entry.connection = connection->name;
      entry.child = child.name;
      entry.mode = child.mode;
      entry.on_demand = child.start_action == policy::StartAction::trap;
      // Inner addresses are known only when they are given: then the SA brings its policy along.
      const std::vector<policy::AddressRange> unknown;
      entry.local_ts = resolve_for_policy(child.local_ts, connection->vips.empty() ? own : unknown);
      entry.remote_ts =
          resolve_for_policy(child.remote_ts, connection->pools.empty() ? connection->remote_addrs : unknown);
      if (entry.local_ts.empty() || entry.remote_ts.empty()) continue;
      const auto known = std::ranges::find_if(previous.entries,
                                              [&](const policy::SpdEntry& old) { return same_but_for_id(entry, old); });
      entry.id = known != previous.entries.end() ? known->id : policy::PolicyId{++next_id};
      spd.entries.push_back(std::move(entry));
    }
  }
  return spd;
}

std::optional<policy::SpdEntry> policy_of_sa(const policy::ChildSaSpec& spec, const policy::Spd& spd) {
  for (const policy::SpdEntry& entry : spd.entries)
    if (entry.connection == spec.connection && entry.child == spec.child && covers(entry.local_ts, spec.local_ts) &&
        covers(entry.remote_ts, spec.remote_ts))
      return std::nullopt;
  return policy::SpdEntry{.action = policy::SpdAction::protect,
                          .connection = spec.connection,
                          .child = spec.child,
                          .mode = spec.mode,
                          .local_ts = spec.local_ts,
                          .remote_ts = spec.remote_ts};
}

}  // namespace sallyport::node
