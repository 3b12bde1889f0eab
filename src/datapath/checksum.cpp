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

// One vector register of the widest kind; narrower processors take several for it.
using Lanes = std::uint64_t __attribute__((vector_size(64)));

// One sum of 32-bit words, as the machine loads them. Vectors by name: compilers find them only when asked to work
// hard.
FOR_EACH_PROCESSOR std::uint64_t sum_words(const std::uint8_t* octets, std::size_t words) {
  constexpr std::size_t at_once = sizeof(Lanes) / 4;
  Lanes low{}, high{};
  for (; words >= at_once; words -= at_once, octets += sizeof(Lanes)) {
    Lanes loaded;
    std::memcpy(&loaded, octets, sizeof loaded);
    low += loaded & 0xffffffff;
    high += loaded >> 32;
  }
  low += high;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < sizeof(Lanes) / 8; ++i) sum += low[i];
  for (; words > 0; --words, octets += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, octets, sizeof word);
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
