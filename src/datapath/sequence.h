// Sequence: the numbers that an outbound SA gives its packets, 1, 2, 3 … and never one twice (RFC 4303 §3.3.3): 32
// bits, or 64 with extended sequence numbers. When they are used up the SA is done; long before, it asks to be rekeyed.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>

namespace sallyport::datapath {

class Sequence {
 public:
  explicit Sequence(bool extended, std::uint64_t first = 1)
      : next_(first), last_(extended ? std::numeric_limits<std::uint64_t>::max() : std::uint32_t{0xffffffff}) {}

  /// False: exhausted, and for ever so.
  bool take(std::uint64_t& sequence) {
    if (exhausted_) return false;
    sequence = next_;
    if (next_ == last_)
      exhausted_ = true;
    else
      ++next_;
    return true;
  }

  /// The first of `count` numbers in a row, at most left().
  std::uint64_t take_run(std::uint64_t count) { return std::exchange(next_, next_ + count); }
  /// How many can be taken without another look; the very last one is not among them.
  std::uint64_t left() const { return exhausted_ ? 0 : last_ - next_; }
  /// Of these, how many before is_low().
  std::uint64_t left_until_low() const {
    const std::uint64_t low = last_ - last_ / 8;
    return next_ > low ? 0 : low - next_ + 1;
  }

  /// Seven eighths are used: at ten million packets a second, 32 bits still last for most of a minute.
  bool is_low() const { return next_ > last_ - last_ / 8; }
  bool is_exhausted() const { return exhausted_; }
  /// The last number taken; 0 when there was none.
  std::uint64_t last_taken() const { return exhausted_ ? last_ : next_ - 1; }

 private:
  std::uint64_t next_;
  std::uint64_t last_;
  bool exhausted_ = false;
};

}  // namespace sallyport::datapath
