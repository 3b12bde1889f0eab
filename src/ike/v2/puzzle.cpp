#include "ike/v2/puzzle.h"

#include <algorithm>
#include <array>
#include <bit>

#include "ike/v2/numbers_map.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using crypto::Prf;

constexpr std::size_t kKeys = w::PuzzleSolutionPayload::keys;
constexpr std::size_t kKeySize = 4;  // of those that we try

unsigned trailing_zero_bits(ByteView octets) {
  unsigned bits = 0;
  for (auto octet = octets.rbegin(); octet != octets.rend(); ++octet) {
    bits += static_cast<unsigned>(std::countr_zero(*octet));
    if (*octet != 0) break;
  }
  return bits;
}

unsigned zero_bits(crypto::Provider& crypto, Prf prf, ByteView key, ByteView string) {
  const ByteView parts[] = {string};
  return trailing_zero_bits(crypto.prf(prf, key, parts).view());
}

}  // namespace

w::NotifyPayload write_puzzle(const Puzzle& puzzle) {
  w::NotifyPayload notify{.type = w::NotifyType::puzzle};
  Writer writer(notify.data);
  writer.u16(w::number(write_prf(puzzle.prf)));
  writer.u8(puzzle.difficulty);
  return notify;
}

std::optional<Puzzle> read_puzzle(const crypto::Provider& crypto, const w::PayloadChain& payloads) {
  const auto* notify = payloads.find_notify(w::NotifyType::puzzle);
  if (!notify || notify->data.size() != 3) return std::nullopt;
  const auto prf = read_prf(static_cast<w::PrfId>(load_be16(notify->data.data())));
  if (!prf || !crypto.supports(*prf)) return std::nullopt;
  return Puzzle{*prf, notify->data[2]};
}

std::optional<Prf> puzzle_prf(const crypto::Provider& crypto, const w::SaPayload& offered) {
  for (const policy::Proposal& proposal : read_offer(offered))
    for (const Prf prf : proposal.prf)
      if (crypto.supports(prf)) return prf;
  return std::nullopt;
}

Bytes puzzle_string(ByteView nonce_r, std::uint64_t spi_r) {
  Bytes string = to_bytes(nonce_r);
  Writer(string).u64(spi_r);
  return string;
}

std::optional<unsigned> zero_bits_reached(crypto::Provider& crypto, Prf prf, ByteView string,
                                          const w::PuzzleSolutionPayload& solution) {
  const std::size_t size = solution.data.size() / kKeys;
  if (size == 0 || size > crypto::output_size(prf)) return std::nullopt;
  std::array<ByteView, kKeys> keys;
  for (std::size_t i = 0; i < kKeys; ++i) {
    keys[i] = ByteView(solution.data).subspan(i * size, size);
    for (std::size_t j = 0; j < i; ++j)
      if (std::ranges::equal(keys[i], keys[j])) return std::nullopt;
  }
  unsigned least = ~0U;
  for (const ByteView key : keys) least = std::min(least, zero_bits(crypto, prf, key, string));
  return least;
}

PuzzleSearch::State PuzzleSearch::go_on(crypto::Provider& crypto, std::uint32_t tries) {
  // Eight times as many as four solutions take on the average.
  const std::uint64_t most = std::min(std::uint64_t{kKeys * 8} << puzzle_.difficulty, std::uint64_t{1} << 32);
  for (; tries > 0 && next_ < most; --tries, ++next_) {
    std::array<std::uint8_t, kKeySize> key{};
    store_be32(key.data(), static_cast<std::uint32_t>(next_));
    if (zero_bits(crypto, puzzle_.prf, key, string_) < puzzle_.difficulty) continue;
    append(found_, key);
    if (found_.size() == kKeys * kKeySize) return State::solved;
  }
  return next_ < most ? State::open : State::hopeless;
}

}  // namespace sallyport::ike::v2
