// SpiAllocator: inbound ESP SPIs, random, and no two alike at a time.
#pragma once

#include <cstdint>
#include <unordered_set>

#include "base/random.h"

namespace sallyport::ike {

class SpiAllocator {
 public:
  /// At least 256: RFC 4303 §2.1 reserves what is below.
  std::uint32_t allocate(RandomSource& random) {
    for (;;) {
      const std::uint32_t spi = random.u32();
      if (spi >= 256 && in_use_.insert(spi).second) return spi;
    }
  }
  void release(std::uint32_t spi) { in_use_.erase(spi); }
  std::size_t in_use() const { return in_use_.size(); }

 private:
  std::unordered_set<std::uint32_t> in_use_;
};

}  // namespace sallyport::ike
