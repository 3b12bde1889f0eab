// The Internet checksum: the one's complement of the one's complement sum of 16-bit words (RFC 1071), and its change
// without summing again (RFC 1624). On the packet path: inline, sixteen octets at a step.
#pragma once

#include <bit>
#include <cstring>

#include "base/bytes.h"

namespace sallyport::wire {

/// A running sum. It does not care for byte order (RFC 1071 §2): words are added as the machine loads them, and put
/// into network order once, at the end.
class ChecksumSum {
 public:
  /// Every part but the last must have an even number of octets.
  void add(ByteView part) {
    const std::uint8_t* p = part.data();
    std::size_t left = part.size();
    // Two sums, so that one addition need not wait for the other.
    std::uint64_t even = 0, odd = 0;
    for (; left >= 16; p += 16, left -= 16) {
      even += halves(load<std::uint64_t>(p));
      odd += halves(load<std::uint64_t>(p + 8));
    }
    sum_ += even + odd;
    if ((left & 8) != 0) {
      sum_ += halves(load<std::uint64_t>(p));
      p += 8;
    }
    if ((left & 4) != 0) {
      sum_ += load<std::uint32_t>(p);
      p += 4;
    }
    if ((left & 2) != 0) {
      sum_ += load<std::uint16_t>(p);
      p += 2;
    }
    if ((left & 1) != 0) sum_ += to_network(static_cast<std::uint16_t>(*p << 8));
  }
  /// One 16-bit word, as a number.
  void add_u16(std::uint16_t value) { sum_ += to_network(value); }

  /// The sum as a number of 16 bits, not complemented.
  std::uint16_t folded() const {
    std::uint64_t sum = halves(halves(sum_));
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return to_network(static_cast<std::uint16_t>(sum));
  }
  /// What goes into a checksum field that counted as zero.
  std::uint16_t checksum() const { return static_cast<std::uint16_t>(~folded()); }
  /// Whether a sum that included its checksum field is right.
  bool is_valid() const { return folded() == 0xffff; }

 private:
  template <class Word>
  static Word load(const std::uint8_t* p) {
    Word word;
    std::memcpy(&word, p, sizeof word);
    return word;
  }
  static std::uint16_t to_network(std::uint16_t value) {
    if constexpr (std::endian::native == std::endian::little)
      return static_cast<std::uint16_t>(value << 8 | value >> 8);
    else
      return value;
  }
  static std::uint64_t halves(std::uint64_t word) { return (word >> 32) + (word & 0xffffffff); }

  // Of words of 32 bits at most, so that 64 bits do not overflow before 16 GiB.
  std::uint64_t sum_ = 0;
};

inline std::uint16_t internet_checksum(ByteView octets) {
  ChecksumSum sum;
  sum.add(octets);
  return sum.checksum();
}

/// The checksum after one 16-bit word that it covers has changed (RFC 1624 §3, equation 3).
inline std::uint16_t updated_checksum(std::uint16_t checksum, std::uint16_t old_word, std::uint16_t new_word) {
  std::uint32_t sum = (~checksum & 0xffffu) + (~old_word & 0xffffu) + new_word;
  sum = (sum >> 16) + (sum & 0xffff);
  sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(~sum);
}

/// The same for several words, such as an address. Both parts have the same even number of octets.
inline std::uint16_t updated_checksum(std::uint16_t checksum, ByteView old_words, ByteView new_words) {
  for (std::size_t i = 0; i + 1 < old_words.size(); i += 2)
    checksum = updated_checksum(checksum, load_be16(&old_words[i]), load_be16(&new_words[i]));
  return checksum;
}

}  // namespace sallyport::wire
