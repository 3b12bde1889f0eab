#include "linux/address_set.h"

#include <algorithm>
#include <iterator>
#include <optional>

namespace sallyport::linux {
namespace {

using policy::AddressRange;
using policy::IpAddress;

/// The address `step` (1 or -1) further; nullopt beyond the first or the last of the family.
std::optional<IpAddress> neighbour(const IpAddress& address, int step) {
  Bytes octets = to_bytes(address.bytes());
  const std::uint8_t wraps_from = step > 0 ? 255 : 0;
  for (auto octet = octets.rbegin(); octet != octets.rend(); ++octet) {
    const bool wraps = *octet == wraps_from;
    *octet = static_cast<std::uint8_t>(*octet + step);
    if (!wraps) return IpAddress::from_bytes(octets);
  }
  return std::nullopt;
}

/// With `a` not behind `b`: nothing lies between them.
bool touches(const AddressRange& a, const AddressRange& b) {
  if (b.first <= a.last) return true;
  const auto next = neighbour(a.last, 1);
  return next && *next == b.first;
}

}  // namespace

void AddressSet::add(std::vector<AddressRange> ranges) {
  ranges.insert(ranges.end(), ranges_.begin(), ranges_.end());
  if (ranges.empty()) return;
  const policy::Family family = ranges_.empty() ? ranges.front().family() : ranges_.front().family();
  std::ranges::sort(ranges);
  ranges_.clear();
  for (const AddressRange& range : ranges) {
    if (range.family() != family) continue;
    if (!ranges_.empty() && touches(ranges_.back(), range))
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    else
      ranges_.push_back(range);
  }
}

void AddressSet::remove(const AddressRange& range) {
  std::vector<AddressRange> left;
  for (const AddressRange& ours : ranges_) {
    const auto common = ours.intersection(range);
    if (!common) {
      left.push_back(ours);
      continue;
    }
    if (ours.first < common->first) left.push_back({ours.first, *neighbour(common->first, -1)});
    if (common->last < ours.last) left.push_back({*neighbour(common->last, 1), ours.last});
  }
  ranges_ = std::move(left);
}

bool AddressSet::contains(const IpAddress& address) const { return contains(AddressRange::host(address)); }

bool AddressSet::contains(const AddressRange& range) const {
  const auto above = std::ranges::upper_bound(ranges_, range.first, {}, &AddressRange::first);
  return above != ranges_.begin() && std::prev(above)->contains(range);
}

std::vector<policy::Prefix> AddressSet::prefixes() const {
  std::vector<policy::Prefix> prefixes;
  for (const AddressRange& range : ranges_) std::ranges::move(range.prefixes(), std::back_inserter(prefixes));
  return prefixes;
}

}  // namespace sallyport::linux
