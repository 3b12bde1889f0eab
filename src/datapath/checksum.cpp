#include "datapath/checksum.h"

#include <bit>
#include <cstring>

// Which clone is taken is decided before the thread sanitizer is ready for any call.
#if defined(__has_feature)
#define WITH_THREAD_SANITIZER __has_feature(thread_sanitizer)
#elif defined(__SANITIZE_THREAD__)
#define WITH_THREAD_SANITIZER 1
#else
#define WITH_THREAD_SANITIZER 0
#endif
#if defined(__x86_64__) && defined(__linux__) && !WITH_THREAD_SANITIZER
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

namespace sallyport::datapath {
namespace {

// One vector register of the widest kind; narrower processors take several for it.
using Lanes = std::uint64_t __attribute__((vector_size(64)));

constexpr std::size_t at_once = sizeof(Lanes) / 4;

// Sums of 32-bit words, as the machine loads them. Vectors by name: compilers find them only when asked to work hard.
// An aggregate: clang would leave a constructor out that only the clones of a function call.
struct Sums {
  Lanes low, high;

  [[gnu::always_inline]] void add(const Lanes& loaded) {
    low += loaded & 0xffffffff;
    high += loaded >> 32;
  }
  [[gnu::always_inline]] std::uint64_t total() const {
    const Lanes both = low + high;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < sizeof(Lanes) / 8; ++i) sum += both[i];
    return sum;
  }
};

FOR_EACH_PROCESSOR std::uint64_t sum_words(const std::uint8_t* octets, std::size_t words) {
  Sums sums{};
  for (; words >= at_once; words -= at_once, octets += sizeof(Lanes)) {
    Lanes loaded;
    std::memcpy(&loaded, octets, sizeof loaded);
    sums.add(loaded);
  }
  std::uint64_t sum = sums.total();
  for (; words > 0; --words, octets += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, octets, sizeof word);
    sum += word;
  }
  return sum;
}

FOR_EACH_PROCESSOR std::uint64_t copy_and_sum_words(std::uint8_t* to, const std::uint8_t* octets, std::size_t words) {
  Sums sums{};
  for (; words >= at_once; words -= at_once, octets += sizeof(Lanes), to += sizeof(Lanes)) {
    Lanes loaded;
    std::memcpy(&loaded, octets, sizeof loaded);
    std::memcpy(to, &loaded, sizeof loaded);
    sums.add(loaded);
  }
  std::uint64_t sum = sums.total();
  for (; words > 0; --words, octets += 4, to += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, octets, sizeof word);
    std::memcpy(to, &word, sizeof word);
    sum += word;
  }
  return sum;
}

/// `words` is the sum of those of `part` that are whole; the rest is added as it is.
void add_words(wire::ChecksumSum& sum, std::uint64_t words, ByteView part) {
  std::uint64_t folded = words;
  while (folded > 0xffff) folded = (folded >> 16) + (folded & 0xffff);
  std::array<std::uint8_t, 2> octets;
  const auto word = static_cast<std::uint16_t>(folded);
  std::memcpy(octets.data(), &word, sizeof word);  // the sum is in the machine's order, as its words were
  sum.add(octets);
  sum.add(part.subspan(part.size() / 4 * 4));
}

}  // namespace

void add_octets(wire::ChecksumSum& sum, ByteView part) {
  add_words(sum, sum_words(part.data(), part.size() / 4), part);
}

void copy_and_add_octets(wire::ChecksumSum& sum, std::uint8_t* to, ByteView part) {
  const std::size_t whole = part.size() / 4 * 4;
  const std::uint64_t words = copy_and_sum_words(to, part.data(), part.size() / 4);
  for (std::size_t i = whole; i < part.size(); ++i) to[i] = part[i];
  add_words(sum, words, part);
}

}  // namespace sallyport::datapath
