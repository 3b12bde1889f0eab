#include "policy/spd.h"

#include <algorithm>
#include <bit>
#include <compare>
#include <tuple>

namespace sallyport::policy {
namespace {

/// How much a pair of selectors takes in. Smaller is more specific.
struct Breadth {
  /// Bits of both addresses that are left open, in parts of 256: so families compare, though no packet is of both.
  unsigned addresses = 0;
  unsigned open_protocols = 0;
  unsigned ports = 0;

  friend auto operator<=>(const Breadth&, const Breadth&) = default;
};

/// Bits that differ within the range: 0 for one address, 16 for a /16 of IPv4.
unsigned open_bits(const AddressRange& range) {
  const auto first = range.first.bytes(), last = range.last.bytes();
  for (std::size_t i = 0; i < first.size(); ++i)
    if (first[i] != last[i])
      return static_cast<unsigned>(8 * (first.size() - i - 1)) +
             static_cast<unsigned>(std::bit_width(static_cast<unsigned>(first[i] ^ last[i])));
  return 0;
}

unsigned count_of(const PortRange& ports) { return ports.is_opaque() ? 1u : unsigned{ports.last} - ports.first + 1u; }

Breadth breadth_of(const TrafficSelector& local, const TrafficSelector& remote) {
  const unsigned parts = local.addresses.family() == Family::ipv6 ? 1 : 4;
  return {.addresses = parts * (open_bits(local.addresses) + open_bits(remote.addresses)),
          .open_protocols = local.protocol == 0 && remote.protocol == 0 ? 1u : 0u,
          .ports = count_of(local.ports) + count_of(remote.ports)};
}

Breadth breadth_of(const SpdEntry& entry) {
  Breadth widest;
  for (const TrafficSelector& local : entry.local_ts)
    for (const TrafficSelector& remote : entry.remote_ts)
      if (local.addresses.family() == remote.addresses.family()) widest = std::max(widest, breadth_of(local, remote));
  return widest;
}

int turn_of(SpdAction action) {
  switch (action) {
    case SpdAction::discard: return 0;
    case SpdAction::protect: return 1;
    case SpdAction::bypass: break;
  }
  return 2;
}

}  // namespace

std::string_view to_string(SpdAction action) {
  switch (action) {
    case SpdAction::protect: return "protect";
    case SpdAction::bypass: return "pass";
    case SpdAction::discard: return "drop";
  }
  return "?";
}

void put_in_order(std::vector<SpdEntry>& entries) {
  using Place = std::tuple<bool, std::uint32_t, Breadth, int, std::size_t>;
  std::vector<Place> places;
  places.reserve(entries.size());
  for (const SpdEntry& entry : entries)
    places.emplace_back(entry.priority == 0, entry.priority, breadth_of(entry), turn_of(entry.action), places.size());
  std::ranges::sort(places);
  std::vector<SpdEntry> sorted;
  sorted.reserve(entries.size());
  for (const Place& place : places) sorted.push_back(std::move(entries[std::get<std::size_t>(place)]));
  entries = std::move(sorted);
}

}  // namespace sallyport::policy
