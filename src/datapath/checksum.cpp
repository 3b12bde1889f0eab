#include "datapath/checksum.h"

#include <bit>
#include <cstring>

#if defined(__x86_64__) && defined(__linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

namespace sallyport::datapath {
namespace {

// Written for the vectorizer: one sum of 32-bit words, as the machine loads them.
FOR_EACH_PROCESSOR std::uint64_t sum_words(const std::uint8_t* octets, std::size_t words) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < words; ++i) {
    std::uint32_t word;
    std::memcpy(&word, octets + 4 * i, sizeof word);
    sum += word;
  }
  return sum;
}

}  // namespace

void add_octets(wire::ChecksumSum& sum, ByteView part) {
  const std::size_t words = part.size() / 4;
  std::uint64_t folded = sum_words(part.data(), words);
  while (folded > 0xffff) folded = (folded >> 16) + (folded & 0xffff);
  std::array<std::uint8_t, 2> octets;
  const auto word = static_cast<std::uint16_t>(folded);
  std::memcpy(octets.data(), &word, sizeof word);  // the sum is in the machine's order, as its words were
  sum.add(octets);
  sum.add(part.subspan(words * 4));
}

}  // namespace sallyport::datapath
