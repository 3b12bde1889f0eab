// Dice: chance in the words of plans. Each stream of them has a seed of its own, so that one more throw in one place
// does not change what is thrown in another.
#pragma once

#include <array>

#include "base/random.h"
#include "sim/link.h"

namespace sallyport::seeded {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  bool percent(std::uint32_t chance) { return sim::Chance::percent(chance).strikes(random_); }
  /// From `low` to `high`, both included.
  std::uint32_t number(std::uint32_t low, std::uint32_t high) {
    return low + static_cast<std::uint32_t>(random_.below(high - low + 1));
  }
  Duration time(Duration low, Duration high) {
    return low +
           Duration(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>((high - low).count()) + 1)));
  }
  /// Mostly none of it, else up to `most` percent.
  sim::Chance accident(std::uint32_t most) {
    return percent(50) ? sim::Chance::percent(number(0, most)) : sim::Chance::never();
  }
  template <class T, std::size_t N>
  const T& pick(const std::array<T, N>& from) {
    return from[random_.below(N)];
  }

 private:
  SeededRandom random_;
};

/// A line as bad as they can be.
inline sim::LinkQuality make_line(Dice& dice) {
  using namespace std::chrono_literals;
  return {.delay = dice.time(1ms, 150ms),
          .jitter = dice.percent(50) ? dice.time(0ms, 50ms) : Duration(0),
          .loss = dice.accident(40),
          .duplication = dice.accident(20),
          .reordering = dice.accident(20),
          .hold_back = dice.time(1ms, 3s),
          .corruption = dice.accident(10)};
}

}  // namespace sallyport::seeded
