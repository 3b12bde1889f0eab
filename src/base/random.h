// RandomSource: where every random byte comes from, handed in. The daemon's is the kernel's generator; a simulated
// world's is a seeded one, so that the whole world replays.
#pragma once

#include "base/bytes.h"

namespace sallyport {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  /// Fills all of `out`. Cannot fail: a source that runs dry ends the process.
  virtual void fill(ByteSpan out) = 0;

  std::uint32_t u32();
  std::uint64_t u64();
  /// Uniform in [0, bound), without modulo bias; bound > 0.
  std::uint64_t below(std::uint64_t bound);
};

/// Deterministic and not for keys that matter: simulations, tests, fuzzing. The same seed gives the same bytes, on
/// every machine (xoshiro256**, seeded by splitmix64).
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(ByteSpan out) override;

 private:
  std::uint64_t next();
  std::array<std::uint64_t, 4> state_;
};

}  // namespace sallyport
