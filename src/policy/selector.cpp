#include "policy/selector.h"

#include <algorithm>

namespace sallyport::policy {
namespace {

/// As many as a TS payload can count (RFC 7296 §3.13). It also bounds the work that a peer's list can cause.
constexpr std::size_t kMaxSelectors = 255;

/// ANY takes in what is hidden as well (RFC 4301 §4.4.1.1).
bool contains(PortRange outer, PortRange inner) {
  if (outer.is_any() || outer == inner) return true;
  if (outer.is_opaque() || inner.is_opaque()) return false;
  return outer.first <= inner.first && inner.last <= outer.last;
}

std::optional<PortRange> intersection(PortRange a, PortRange b) {
  if (contains(a, b)) return b;
  if (contains(b, a)) return a;
  if (a.is_opaque() || b.is_opaque()) return std::nullopt;
  const PortRange common{std::max(a.first, b.first), std::min(a.last, b.last)};
  if (common.last < common.first) return std::nullopt;
  return common;
}

/// A wider selector takes the place of the first of those that it makes superfluous.
void add_unless_covered(TrafficSelectors& kept, const TrafficSelector& selector) {
  if (covers(kept, {selector})) return;
  const auto is_superfluous = [&](const TrafficSelector& other) { return selector.contains(other); };
  const auto place = std::ranges::find_if(kept, is_superfluous);
  if (place != kept.end()) {
    *place = selector;
    kept.erase(std::remove_if(place + 1, kept.end(), is_superfluous), kept.end());
  } else if (kept.size() < kMaxSelectors) {
    kept.push_back(selector);
  }
}

}  // namespace

bool TrafficSelector::contains(const TrafficSelector& other) const {
  return addresses.contains(other.addresses) && (protocol == 0 || protocol == other.protocol) &&
         policy::contains(ports, other.ports);
}

std::optional<TrafficSelector> TrafficSelector::intersection(const TrafficSelector& other) const {
  const auto common_addresses = addresses.intersection(other.addresses);
  const auto common_ports = policy::intersection(ports, other.ports);
  const bool protocols_meet = protocol == 0 || other.protocol == 0 || protocol == other.protocol;
  if (!common_addresses || !common_ports || !protocols_meet) return std::nullopt;
  return TrafficSelector{*common_addresses, std::max(protocol, other.protocol), *common_ports};
}

bool TrafficSelector::matches(const IpAddress& address, std::uint8_t packet_protocol,
                              std::optional<std::uint16_t> port) const {
  if (!addresses.contains(address) || (protocol != 0 && protocol != packet_protocol)) return false;
  return ports.is_any() || (port ? ports.contains(*port) : ports.is_opaque());
}

TrafficSelector SelectorTemplate::resolve(const IpAddress& host) const {
  if (!dynamic) return fixed;
  return {AddressRange::host(host), fixed.protocol, fixed.ports};
}

TrafficSelectors resolve(const SelectorTemplates& templates, const IpAddress& host) {
  TrafficSelectors selectors;
  selectors.reserve(templates.size());
  for (const SelectorTemplate& each : templates) selectors.push_back(each.resolve(host));
  return selectors;
}

TrafficSelectors intersect(const TrafficSelectors& first, const TrafficSelectors& second) {
  TrafficSelectors kept;
  for (const TrafficSelector& a : first) {
    for (const TrafficSelector& b : second) {
      if (const auto common = a.intersection(b)) add_unless_covered(kept, *common);
    }
  }
  return kept;
}

bool covers(const TrafficSelectors& outer, const TrafficSelectors& inner) {
  return std::ranges::all_of(inner, [&](const TrafficSelector& small) {
    return std::ranges::any_of(outer, [&](const TrafficSelector& large) { return large.contains(small); });
  });
}

std::optional<TrafficSelectors> narrow(const TrafficSelectors& configured, const TrafficSelectors& proposed) {
  // All that is common holds the peer's first choice whenever policy allows that one at all, which is what
  // RFC 7296 §2.9 asks for.
  TrafficSelectors common = intersect(proposed, configured);
  if (common.empty()) return std::nullopt;
  return common;
}

}  // namespace sallyport::policy
