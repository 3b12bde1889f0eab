#include "linux/flows.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace sallyport::linux {
namespace {

using policy::AddressRange;
using policy::PortRange;
using policy::SpdAction;
using policy::TrafficSelector;

/// The local link's own affairs.
std::vector<AddressRange> link_affairs(policy::Family family) {
  std::vector<AddressRange> ranges;
  const auto add = [&](const char* text) { ranges.push_back(*AddressRange::parse(text)); };
  if (family == policy::Family::ipv4) {
    add("169.254.0.0/16");
    add("224.0.0.0/4");
    add("255.255.255.255");
  } else {
    add("fe80::/10");
    add("ff00::/8");
  }
  return ranges;
}

/// `range` without what it includes but does not mean.
AddressSet meant(const AddressRange& range) {
  AddressSet set(range);
  for (const AddressRange& affair : link_affairs(range.family()))
    if (range.contains(affair) && range != affair) set.remove(affair);
  return set;
}

bool has_ports(std::uint8_t protocol) {
  switch (protocol) {
    case 1:
    case 58:  // ICMP: type and code
    case 6:
    case 17:
    case 33:
    case 132:
    case 136:  // TCP, UDP, DCCP, SCTP, UDP-Lite
      return true;
    default: return false;
  }
}

/// nullopt: no packet is of both. Ports of what has none are passed over, so that rather more than less is protected.
std::optional<Service> service_of(const TrafficSelector& local, const TrafficSelector& remote) {
  if (local.protocol != 0 && remote.protocol != 0 && local.protocol != remote.protocol) return std::nullopt;
  Service service{.protocol = std::max(local.protocol, remote.protocol)};
  if (!has_ports(service.protocol)) return service;
  service.local_ports = local.ports;
  service.remote_ports = remote.ports;
  if (service.is_icmp() && !service.opaque()) {  // one field, which both selectors must allow
    const PortRange both{std::max(local.ports.first, remote.ports.first),
                         std::min(local.ports.last, remote.ports.last)};
    if (both.last < both.first) return std::nullopt;
    service.local_ports = service.remote_ports = both;
  }
  return service;
}

/// A stretch of entries with one action, in which the order means nothing.
class Stretch {
 public:
  explicit Stretch(SpdAction action) : action_(action) {}
  SpdAction action() const { return action_; }

  void add(policy::PolicyId policy, const TrafficSelector& local, const TrafficSelector& remote) {
    if (local.addresses.family() != remote.addresses.family()) return;
    const auto service = service_of(local, remote);
    if (!service) return;
    Side& side = by_local_[{policy, *service, local.addresses}];
    if (action_ == SpdAction::bypass) {  // in clear goes just what is said to
      side.local = AddressSet(local.addresses);
      side.remote.push_back(remote.addresses);
      return;
    }
    AddressSet to = meant(remote.addresses);
    if (remote.addresses.contains(local.addresses) && remote.addresses != local.addresses) to.remove(local.addresses);
    side.local = meant(local.addresses);
    side.remote.insert(side.remote.end(), to.ranges().begin(), to.ranges().end());
  }

  void append_to(std::vector<Flows>& flows) {
    // Those with one remote side become one, so that several local networks with the same peers take no more rules.
    std::map<std::tuple<policy::PolicyId, Service, AddressSet>, AddressSet> by_remote;
    for (auto& [key, side] : by_local_) {
      const auto& [policy, service, range] = key;
      AddressSet remote;
      remote.add(std::move(side.remote));
      if (!remote.empty() && !side.local.empty()) by_remote[{policy, service, std::move(remote)}].add(side.local);
    }
    for (auto& [key, local] : by_remote) {
      const auto& [policy, service, remote] = key;
      flows.push_back({action_, policy, service, std::move(local), remote});
    }
  }

 private:
  struct Side {
    AddressSet local;
    std::vector<AddressRange> remote;
  };
  SpdAction action_;
  std::map<std::tuple<policy::PolicyId, Service, AddressRange>, Side> by_local_;
};

}  // namespace

std::vector<Flows> flows_of(const policy::Spd& spd) {
  std::vector<Flows> flows;
  std::optional<Stretch> stretch;
  const auto shunts = std::ranges::count_if(
      spd.entries, [](const policy::SpdEntry& entry) { return entry.action != SpdAction::protect; });
  const bool counted = static_cast<std::size_t>(shunts) <= kMostCounted;
  for (const policy::SpdEntry& entry : spd.entries) {
    if (!stretch || stretch->action() != entry.action) {
      if (stretch) stretch->append_to(flows);
      stretch.emplace(entry.action);
    }
    const policy::PolicyId policy = counted && entry.action != SpdAction::protect ? entry.id : policy::PolicyId{};
    for (const TrafficSelector& local : entry.local_ts)
      for (const TrafficSelector& remote : entry.remote_ts) stretch->add(policy, local, remote);
  }
  if (stretch) stretch->append_to(flows);
  return flows;
}

}  // namespace sallyport::linux
