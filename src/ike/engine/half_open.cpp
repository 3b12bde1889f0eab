#include "ike/engine/half_open.h"

#include <algorithm>

namespace sallyport::ike {
namespace {

/// Who is there and means it has finished by then, unless a message was lost.
constexpr Duration kUnhurried = std::chrono::seconds(2);
/// A source has no more than so many times what is left free: one by itself three quarters of all, two by themselves
/// three sevenths each, and so on, so that there is always some room for others.
constexpr std::size_t kTimesFree = 3;

/// Who has one address of an IPv6 network has all of it.
policy::IpAddress source_of(const policy::IpAddress& address) {
  constexpr std::size_t kNetwork = 8;
  if (!address.is_v6()) return address;
  Bytes octets = to_bytes(address.bytes());
  std::fill(octets.begin() + kNetwork, octets.end(), std::uint8_t{0});
  return *policy::IpAddress::from_bytes(octets);
}

}  // namespace

void HalfOpen::place(Instant now, std::uint64_t spi, const policy::IpAddress& address) {
  const auto found = sessions_.find(spi);
  if (found == sessions_.end() || found->second.source) return;
  Entry& entry = found->second;
  entry.source = source_of(address);
  if (++sources_[*entry.source].all > share()) ++excess_;
  entry.young = young_.insert(young_.end(), {spi, now});
}

void HalfOpen::remove(std::uint64_t spi) {
  const auto found = sessions_.find(spi);
  if (found == sessions_.end()) return;
  const Entry entry = found->second;
  sessions_.erase(found);
  if (!entry.source) return;
  const auto tally = sources_.find(*entry.source);
  if (tally->second.all > share()) --excess_;
  if (entry.young)
    young_.erase(*entry.young);
  else
    --tally->second.overdue;
  if (--tally->second.all == 0) sources_.erase(tally);
}

void HalfOpen::age(Instant now) {
  while (!young_.empty() && now - young_.front().since >= kUnhurried) {
    Entry& entry = sessions_.at(young_.front().spi);
    ++sources_.at(*entry.source).overdue;
    entry.young.reset();
    young_.pop_front();
  }
}

Unfinished HalfOpen::seen_from(Instant now, const policy::IpAddress& address) {
  age(now);
  Unfinished seen{.all = size(), .weighed = size() - excess_};
  if (const auto tally = sources_.find(source_of(address)); tally != sources_.end()) {
    seen.of_source = tally->second.all;
    seen.overdue = tally->second.overdue;
  }
  return seen;
}

bool crowds_others(const Unfinished& unfinished, const Settings& settings) {
  if (unfinished.overdue >= settings.block_threshold) return true;
  const std::size_t free =
      unfinished.all < settings.half_open_limit ? settings.half_open_limit - unfinished.all : std::size_t{0};
  return unfinished.of_source >= settings.cookie_threshold_ip && unfinished.of_source >= kTimesFree * free;
}

}  // namespace sallyport::ike
