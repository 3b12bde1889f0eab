// ReplayWindow: which sequence numbers of an inbound SA have been seen (RFC 4303 §3.4.3), and the high half of an
// extended sequence number, which is not sent, guessed from the window's position (RFC 4303 App. A2).
//
//      stale │ window: one bit each, seen or not  │ ahead: fresh
//     ───────┼────────────────────────────────────┼──────────────▶ sequence number
//            top - size                          top
//
// A packet is checked before it is authenticated and committed only after; between the two others of its burst may have
// been committed, so the committer checks again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sallyport::datapath {

class ReplayWindow {
 public:
  /// Larger sizes are cut to this: 128 KiB of bits.
  static constexpr std::uint32_t max_size = 1u << 20;

  /// `size` in packets; 0 switches the check off, and only the highest number is kept.
  ReplayWindow(std::uint32_t size, bool extended);

  /// The full number for the 32 bits of a packet. 0, which no packet has, when that would lie before the first.
  std::uint64_t extend(std::uint32_t low) const { return extended_ ? extend_by_window(low) : low; }

  enum class Verdict : std::uint8_t {
    fresh,
    seen,
    stale,  // behind the window: cannot be told
  };
  Verdict check(std::uint64_t sequence) const {
    if (size_ == 0 || sequence > top_) return Verdict::fresh;
    if (sequence == 0 || top_ - sequence >= size_) return Verdict::stale;
    return (word(sequence) & bit(sequence)) != 0 ? Verdict::seen : Verdict::fresh;
  }
  /// Only for what check() calls fresh, and authentic.
  void commit(std::uint64_t sequence) {
    if (sequence > top_) {
      if (sequence - top_ > 1 && size_ != 0) clear_between(top_, sequence);
      top_ = sequence;
    }
    if (size_ != 0) word(sequence) |= bit(sequence);
  }

  /// The highest number committed; 0: none.
  std::uint64_t top() const { return top_; }
  std::uint32_t size() const { return size_; }

 private:
  std::uint64_t extend_by_window(std::uint32_t low) const;
  std::uint64_t word(std::uint64_t sequence) const { return words_.data()[(sequence >> 6) & word_mask_]; }
  std::uint64_t& word(std::uint64_t sequence) { return words_.data()[(sequence >> 6) & word_mask_]; }
  static std::uint64_t bit(std::uint64_t sequence) { return std::uint64_t{1} << (sequence & 63); }
  /// Forgets the numbers between the old top and the new one, both excluded.
  void clear_between(std::uint64_t old_top, std::uint64_t new_top);

  std::uint64_t top_ = 0;
  std::uint32_t size_;
  bool extended_;
  std::size_t word_mask_ = 0;
  std::vector<std::uint64_t> words_;  // a circle of a power of two of words, at least size_ bits
};

}  // namespace sallyport::datapath
