// SpiAllocator: inbound SPIs of ESP and AH, random, and no two alike at a time. Where several workers move packets, an
// SPI says whose it is (policy/spi_share.h); an SA that takes another's place stays with the worker of that one, or
// packets of the two would overtake each other.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_set>

#include "base/random.h"
#include "policy/spi_share.h"

namespace sallyport::ike {

class SpiAllocator {
 public:
  /// Of how many workers each has its share.
  void set_shares(std::uint32_t shares) { shares_ = shares; }
  /// Of the same share as `kin`, where that is given. At least 256: RFC 4303 §2.1 reserves what is below.
  std::uint32_t allocate(RandomSource& random, std::optional<std::uint32_t> kin = std::nullopt) {
    for (;;) {
      std::uint32_t spi = random.u32();
      if (kin) spi = spi - policy::share_of(spi, shares_) + policy::share_of(*kin, shares_);
      if (spi >= 256 && in_use_.insert(spi).second) return spi;
    }
  }
  void release(std::uint32_t spi) { in_use_.erase(spi); }
  std::size_t in_use() const { return in_use_.size(); }

 private:
  std::unordered_set<std::uint32_t> in_use_;
  std::uint32_t shares_ = 1;
};

}  // namespace sallyport::ike
