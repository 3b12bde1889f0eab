#include "policy/address_pools.h"

#include <algorithm>

namespace sallyport::policy {
namespace {

/// The next address, in a range that does not end here.
IpAddress after(const IpAddress& address) {
  Bytes octets(address.bytes().begin(), address.bytes().end());
  for (std::size_t i = octets.size(); i-- > 0;)
    if (++octets[i] != 0) break;
  return *IpAddress::from_bytes(octets);
}

}  // namespace

void AddressPools::load(std::vector<Pool> pools) {
  pools_ = std::move(pools);
  std::erase_if(held_, [&](const auto& entry) {
    const bool known =
        std::ranges::any_of(pools_, [&](const Pool& pool) { return pool.addresses.contains(entry.first); });
    return !known && entry.second.holders.empty();
  });
  remembered_ = static_cast<std::size_t>(
      std::ranges::count_if(held_, [](const auto& entry) { return entry.second.holders.empty(); }));
}

const Pool* AddressPools::find(std::string_view name) const {
  const auto found = std::ranges::find(pools_, name, &Pool::name);
  return found == pools_.end() ? nullptr : &*found;
}

/// Nobody's, or this client's, be it in use or not.
bool AddressPools::may_have(const IpAddress& address, const std::string& client) const {
  const auto held = held_.find(address);
  return held == held_.end() || held->second.client == client;
}

std::optional<IpAddress> AddressPools::choose(const Pool& pool, const std::string& client,
                                              const IpAddress& wanted) const {
  const AddressRange& range = pool.addresses;
  if (!wanted.is_unspecified() && range.contains(wanted) && may_have(wanted, client)) return wanted;

  // What is held within the range, in order: the first gap is free, and what was left may be had again.
  std::optional<IpAddress> own, gap, oldest;
  std::uint64_t oldest_left = 0;
  IpAddress next = range.first;
  bool full = false;  // held up to the last address
  for (auto held = held_.lower_bound(range.first); held != held_.end() && held->first <= range.last; ++held) {
    if (!gap && next < held->first) gap = next;
    if (held->first == range.last)
      full = true;
    else
      next = after(held->first);
    if (!held->second.holders.empty()) continue;
    if (held->second.client == client && !own) own = held->first;
    if (!oldest || held->second.left < oldest_left) {
      oldest = held->first;
      oldest_left = held->second.left;
    }
  }
  if (own) return own;
  if (!gap && !full) gap = next;
  return gap ? gap : oldest;
}

std::optional<AddressPools::Lease> AddressPools::lease(std::span<const std::string> names, const std::string& client,
                                                       IkeSaId holder, const IpAddress& wanted) {
  for (const std::string& name : names) {
    const Pool* pool = find(name);
    if (!pool || pool->addresses.family() != wanted.family()) continue;
    const auto address = choose(*pool, client, wanted);
    if (!address) continue;
    const auto [held, fresh] = held_.try_emplace(*address);
    if (!fresh && held->second.holders.empty()) --remembered_;
    held->second.client = client;
    held->second.holders.insert(holder);
    return Lease{*address, pool};
  }
  return std::nullopt;
}

std::optional<IpAddress> AddressPools::held_by(std::span<const std::string> names, const std::string& client,
                                               Family family) const {
  for (const std::string& name : names) {
    const Pool* pool = find(name);
    if (!pool || pool->addresses.family() != family) continue;
    for (auto held = held_.lower_bound(pool->addresses.first);
         held != held_.end() && held->first <= pool->addresses.last; ++held)
      if (held->second.client == client) return held->first;
  }
  return std::nullopt;
}

bool AddressPools::share(const IpAddress& address, const std::string& client, IkeSaId holder) {
  const auto held = held_.find(address);
  if (held == held_.end() || held->second.client != client || held->second.holders.empty()) return false;
  held->second.holders.insert(holder);
  return true;
}

void AddressPools::release(IkeSaId holder) {
  for (auto& [address, held] : held_) {
    if (held.holders.erase(holder) == 0 || !held.holders.empty()) continue;
    held.left = ++clock_;
    ++remembered_;
  }
  while (remembered_ > max_remembered) forget_oldest();
}

void AddressPools::forget_oldest() {
  auto oldest = held_.end();
  for (auto held = held_.begin(); held != held_.end(); ++held)
    if (held->second.holders.empty() && (oldest == held_.end() || held->second.left < oldest->second.left))
      oldest = held;
  held_.erase(oldest);
  --remembered_;
}

std::vector<AddressPools::Entry> AddressPools::leases(const Pool& pool) const {
  std::vector<Entry> entries;
  for (auto held = held_.lower_bound(pool.addresses.first); held != held_.end() && held->first <= pool.addresses.last;
       ++held)
    entries.push_back({held->first, held->second.client, !held->second.holders.empty()});
  return entries;
}

}  // namespace sallyport::policy
