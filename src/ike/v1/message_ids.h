// MessageIds: which ids the exchanges of an ISAKMP SA have had, whoever chose them. An id names its exchange for as
// long as the ISAKMP SA lives (RFC 2408 §3.1): our own are random and never come twice, and an exchange of the peer's
// that is over cannot be played again.
#pragma once

#include <cstdint>
#include <unordered_set>

#include "base/random.h"

namespace sallyport::ike::v1 {

class MessageIds {
 public:
  /// With so many behind it, an ISAKMP SA has served its time; 65,536 are enough for four hours of one a quarter
  /// second.
  static constexpr std::size_t most = 65536;

  std::uint32_t choose(RandomSource& random) {
    for (;;)
      if (const std::uint32_t id = random.u32(); id != 0 && used_.insert(id).second) return id;
  }
  bool was_used(std::uint32_t id) const { return used_.contains(id); }
  void note(std::uint32_t id) { used_.insert(id); }
  bool exhausted() const { return used_.size() >= most; }

 private:
  std::unordered_set<std::uint32_t> used_;
};

}  // namespace sallyport::ike::v1
