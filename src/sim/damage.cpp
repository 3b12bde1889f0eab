#include "sim/damage.h"

#include <algorithm>

#include "sim/packet.h"

namespace sallyport::sim {
namespace {

std::uint8_t odd_byte(RandomSource& random) {
  static constexpr std::array<std::uint8_t, 6> edges = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
  const std::uint64_t pick = random.below(edges.size() + 2);
  return pick < edges.size() ? edges[pick] : static_cast<std::uint8_t>(random.below(256));
}

// One wound. `from` is where the content begins; there is at least one byte of it.
void wound(Bytes& packet, std::size_t from, RandomSource& random) {
  const std::size_t size = packet.size() - from;
  const std::size_t at = from + random.below(size);
  const std::size_t length = 1 + random.below(std::min<std::size_t>(16, packet.size() - at));
  const auto begin = packet.begin() + static_cast<std::ptrdiff_t>(at);
  const auto end = begin + static_cast<std::ptrdiff_t>(length);
  switch (random.below(6)) {
    case 0: *begin = static_cast<std::uint8_t>(*begin ^ 1U << random.below(8)); break;
    case 1: std::generate(begin, end, [&] { return odd_byte(random); }); break;
    case 2: packet.erase(begin, packet.end()); break;
    case 3: packet.erase(begin, end); break;
    case 4: packet.insert(begin, length, odd_byte(random)); break;
    case 5: {
      const Bytes doubled(begin, end);
      packet.insert(end, doubled.begin(), doubled.end());
      break;
    }
  }
}

}  // namespace

void flip_bits(Bytes& packet, RandomSource& random) {
  const auto from = content_offset(packet);
  if (!from || *from >= packet.size()) return;
  const std::uint64_t flips = 1 + random.below(3);
  for (std::uint64_t i = 0; i < flips; ++i) {
    std::uint8_t& byte = packet[*from + random.below(packet.size() - *from)];
    byte = static_cast<std::uint8_t>(byte ^ 1U << random.below(8));
  }
  mend(packet);
}

Bytes mutate(ByteView packet, RandomSource& random) {
  Bytes copy = to_bytes(packet);
  const auto from = content_offset(packet);
  if (!from) return copy;
  const std::uint64_t wounds = 1 + random.below(3);
  for (std::uint64_t i = 0; i < wounds && copy.size() > *from; ++i) wound(copy, *from, random);
  mend(copy);
  return copy;
}

}  // namespace sallyport::sim
