// Histogram of durations: how often how long, for all that can be counted and not kept. Four buckets to each power of
// two nanoseconds, so that a quantile is told to a fifth; adding is a few instructions, and its size is fixed.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "base/time.h"

namespace sallyport {

class Histogram {
 public:
  /// Up to 68 s; what is longer counts in the last one.
  static constexpr std::size_t bucket_count = 140;

  /// What is negative counts as nothing.
  void add(Duration duration, std::uint64_t times = 1) {
    const auto value = static_cast<std::uint64_t>(std::max(duration, Duration::zero()).count());
    counts_[bucket_of(value)] += times;
    total_ += times;
    longest_ = std::max(longest_, Duration(value));
  }

  Histogram& operator+=(const Histogram& other) {
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) counts_[bucket] += other.counts_[bucket];
    total_ += other.total_;
    longest_ = std::max(longest_, other.longest_);
    return *this;
  }

  std::uint64_t total() const { return total_; }
  Duration longest() const { return longest_; }
  std::uint64_t operator[](std::size_t bucket) const { return counts_[bucket]; }
  /// Which durations are in a bucket: from the first up to the second, which is not.
  static Duration from(std::size_t bucket) {
    if (bucket < 4) return Duration(bucket);
    return Duration((4 + bucket % 4) << (bucket / 4 - 1));
  }
  static Duration below(std::size_t bucket) { return from(bucket + 1); }
  /// A time within which `share` (0 to 1) of all were over, to the end of the bucket; zero: there was none.
  Duration quantile(double share) const {
    const double wanted = share * static_cast<double>(total_);
    double seen = 0;
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
      seen += static_cast<double>(counts_[bucket]);
      if (counts_[bucket] != 0 && seen >= wanted)
        return bucket + 1 == bucket_count ? longest_ : std::min(below(bucket), longest_);
    }
    return longest_;
  }

 private:
  static std::size_t bucket_of(std::uint64_t value) {
    if (value < 4) return value;
    const auto power = static_cast<std::size_t>(std::bit_width(value)) - 1;
    return std::min((power - 1) * 4 + ((value >> (power - 2)) & 3), bucket_count - 1);
  }

  std::array<std::uint64_t, bucket_count> counts_{};
  std::uint64_t total_ = 0;
  Duration longest_{};
};

}  // namespace sallyport
