// Chance: how often something befalls a packet, in parts of a million. Whole numbers, so that a world replays alike on
// every machine.
#pragma once

#include "base/random.h"

namespace sallyport::sim {

struct Chance {
  static constexpr std::uint32_t certain = 1'000'000;
  std::uint32_t per_million = 0;

  static constexpr Chance never() { return {0}; }
  static constexpr Chance always() { return {certain}; }
  static constexpr Chance percent(std::uint32_t percent) { return {percent * (certain / 100)}; }

  /// One throw of the dice. Never and always take nothing from `random`.
  bool strikes(RandomSource& random) const {
    if (per_million == 0) return false;
    return per_million >= certain || random.below(certain) < per_million;
  }

  friend bool operator==(Chance, Chance) = default;
};

}  // namespace sallyport::sim
