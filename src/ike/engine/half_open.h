// HalfOpen: the sessions whose peers have not proved themselves, counted: all of them, and those of each source, an
// address of IPv4 or a /64 of IPv6. It remembers sessions that exist and nothing else, so it is never larger than the
// bound on those.
#pragma once

#include <algorithm>
#include <list>
#include <optional>
#include <unordered_map>

#include "base/keyed_hash.h"
#include "base/time.h"
#include "ike/core/settings.h"
#include "policy/address.h"

namespace sallyport::ike {

/// What is unfinished when a first message comes.
struct Unfinished {
  std::size_t all = 0;
  std::size_t weighed = 0;    // the same, but of no source more than cookie_threshold_ip: it shuts out itself alone
  std::size_t of_source = 0;  // of the message's own source
  std::size_t overdue = 0;    // of these: for longer than who is honest takes
};

class HalfOpen {
 public:
  HalfOpen(const Settings& settings, const KeyedHash& keyed) : settings_(settings), sources_(0, Hash{keyed}) {}

  void add(std::uint64_t spi) { sessions_.try_emplace(spi); }
  /// The peer of a session is at this address, for all that can be known. Once for each.
  void place(Instant now, std::uint64_t spi, const policy::IpAddress& address);
  void remove(std::uint64_t spi);

  std::size_t size() const { return sessions_.size(); }
  Unfinished seen_from(Instant now, const policy::IpAddress& address);

 private:
  struct Hash {
    KeyedHash keyed;
    std::size_t operator()(const policy::IpAddress& source) const { return keyed(source.bytes()); }
  };
  struct Tally {
    std::size_t all = 0, overdue = 0;
  };
  struct Young {
    std::uint64_t spi;
    Instant since;
  };
  struct Entry {
    std::optional<policy::IpAddress> source = {};
    std::optional<std::list<Young>::iterator> young = {};  // not overdue yet
  };
  void age(Instant now);
  /// Of one source, what counts for all.
  std::size_t share() const { return std::max<std::size_t>(settings_.cookie_threshold_ip, 1); }

  const Settings& settings_;
  std::unordered_map<policy::IpAddress, Tally, Hash> sources_;
  std::unordered_map<std::uint64_t, Entry> sessions_;  // by our own SPI, which no stranger chooses
  std::list<Young> young_;                             // the oldest first
  std::size_t excess_ = 0;                             // what sources have beyond share()
};

/// Too much of it is of the message's own source: it gets no further one. Either it has let too many come to nothing,
/// or it holds so much of the room that too little is left for others.
bool crowds_others(const Unfinished& unfinished, const Settings& settings);

}  // namespace sallyport::ike
