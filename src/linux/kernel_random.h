// KernelRandom: the kernel's generator as our source of randomness.
#pragma once

#include "base/random.h"

namespace sallyport::linux {

class KernelRandom final : public RandomSource {
 public:
  /// Waits, at boot, until the kernel's generator is seeded. A kernel without one ends the process.
  void fill(ByteSpan out) override;
};

}  // namespace sallyport::linux
