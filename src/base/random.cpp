#include "base/random.h"

#include <bit>

#include "base/check.h"

namespace sallyport {

std::uint32_t RandomSource::u32() {
  std::array<std::uint8_t, 4> bytes;
  fill(bytes);
  return load_be32(bytes.data());
}

std::uint64_t RandomSource::u64() {
  std::array<std::uint8_t, 8> bytes;
  fill(bytes);
  return load_be64(bytes.data());
}

std::uint64_t RandomSource::below(std::uint64_t bound) {
  ASSERT(bound > 0);
  const std::uint64_t unbiased_from = -bound % bound;  // 2^64 mod bound: values below it would come up once too often
  for (;;) {
    const std::uint64_t value = u64();
    if (value >= unbiased_from) return value % bound;
  }
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (auto& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    std::uint64_t z = seed;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    word = z ^ z >> 31;
  }
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void SeededRandom::fill(ByteSpan out) {
  std::size_t i = 0;
  while (i < out.size()) {
    std::uint64_t word = next();
    for (std::size_t k = 0; k < 8 && i < out.size(); ++k, word >>= 8) out[i++] = static_cast<std::uint8_t>(word);
  }
}

}  // namespace sallyport
