#include "base/keyed_hash.h"

#include <bit>

namespace sallyport {
namespace {

/// Of `size` octets, at most 8, the least significant first.
std::uint64_t load_le(const std::uint8_t* octets, std::size_t size) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) word |= std::uint64_t{octets[i]} << (8 * i);
  return word;
}

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void take(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t KeyedHash::operator()(ByteView bytes) const {
  SipState state{k0_ ^ 0x736f6d6570736575, k1_ ^ 0x646f72616e646f6d, k0_ ^ 0x6c7967656e657261,
                 k1_ ^ 0x7465646279746573};
  const std::uint64_t size = bytes.size();
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) state.take(load_le(bytes.data(), 8));
  state.take(size << 56 | load_le(bytes.data(), bytes.size()));
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace sallyport
