#include "crypto/ipsec_mb/short_gcm.h"

// g++ 12 takes what its own header leaves undefined on purpose for a mistake.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <utility>

#include "base/secret.h"

// A packet as the vectors see it, 16 octets a lane:
//
//     counter block    1          2 …                       (those of the last lanes are not used)
//     encrypted        -          text …
//     hashed           AAD        ciphertext …, sizes       times the powers of the hash key, down to the first
//
// The hash is that of POLYVAL (RFC 8452 §3) over octets in reverse order, with the key as its appendix A has it:
// GHASH's result without shifting bits.

// For functions with vectors alone: the rest of the program runs on any processor.
#define SALLYPORT_VECTORS \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,vaes,vpclmulqdq,aes,pclmul,ssse3,bmi2")))

namespace sallyport::crypto::ipsec_mb {
namespace {

using Keys = ShortGcm::Keys;

constexpr std::uint64_t swapped(std::uint64_t value) { return __builtin_bswap64(value); }
/// The counter of a block as the lane's last word in memory.
constexpr int counter(std::uint32_t number) { return static_cast<int>(__builtin_bswap32(number)); }

std::uint64_t load(const std::uint8_t* from, std::size_t size) {
  std::uint64_t value = 0;
  std::memcpy(&value, from, size);
  return value;
}

/// Blocks of text, and what is hashed beside them.
constexpr std::size_t hashed_blocks(std::size_t text_size) { return (text_size + 15) / 16 + 2; }
constexpr std::size_t vectors_of(std::size_t text_size) { return (hashed_blocks(text_size) + 3) / 4; }
static_assert(hashed_blocks(ShortGcm::most) == ShortGcm::blocks);

SALLYPORT_VECTORS inline __m128i load_block(const std::array<std::uint8_t, 16>& block) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(block.data()));
}
SALLYPORT_VECTORS inline __m128i reversed(__m128i block) {
  return _mm_shuffle_epi8(block, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

/// The 256-bit product modulo the polynomial, divided by x^128 (RFC 8452 §3, "dot").
SALLYPORT_VECTORS inline __m128i reduced(__m128i low, __m128i high) {
  const __m128i polynomial = _mm_set_epi64x(static_cast<long long>(0xc200000000000000), 1);
  for (int i = 0; i < 2; ++i)
    low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(low, polynomial, 0x10));
  return _mm_xor_si128(low, high);
}
SALLYPORT_VECTORS inline __m128i times(__m128i a, __m128i b) {
  const __m128i middle = _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x01), _mm_clmulepi64_si128(a, b, 0x10));
  return reduced(_mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x00), _mm_slli_si128(middle, 8)),
                 _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x11), _mm_srli_si128(middle, 8)));
}
/// RFC 8452's mulX: times x, one bit up.
SALLYPORT_VECTORS inline __m128i times_x(__m128i a) {
  const auto low = static_cast<std::uint64_t>(_mm_extract_epi64(a, 0));
  const auto high = static_cast<std::uint64_t>(_mm_extract_epi64(a, 1));
  const std::uint64_t carry = 0 - (high >> 63);
  return _mm_set_epi64x(static_cast<long long>((high << 1 | low >> 63) ^ (carry & 0xc200000000000000)),
                        static_cast<long long>(low << 1 ^ (carry & 1)));
}

SALLYPORT_VECTORS void make_powers(Keys& keys, int rounds) {
  __m128i block = load_block(keys.rounds[0]);  // of zeros
  for (int i = 1; i < rounds; ++i)
    block = _mm_aesenc_si128(block, load_block(keys.rounds[static_cast<std::size_t>(i)]));
  block = _mm_aesenclast_si128(block, load_block(keys.rounds[static_cast<std::size_t>(rounds)]));
  const __m128i first = times_x(reversed(block));
  __m128i power = first;
  for (std::size_t i = ShortGcm::blocks; i-- > 0; power = times(power, first))
    _mm_storeu_si128(reinterpret_cast<__m128i*>(keys.powers[i].data()), power);
}

SALLYPORT_VECTORS inline __m128i low_lane(__m512i lanes) {
  const __m256i two = _mm256_xor_si256(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64(lanes, 1));
  return _mm_xor_si128(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
}

/// SPI and the whole sequence number (RFC 4106 §5).
SALLYPORT_VECTORS inline __m128i extended_aad(const PacketJob& packet) {
  const std::uint64_t sequence = swapped(packet.sequence);
  return _mm_set_epi64x(static_cast<long long>(sequence >> 32),
                        static_cast<long long>(load(packet.packet, 4) | sequence << 32));
}

/// Seals or opens each packet; all take as many vectors.
template <int Rounds, std::size_t Vectors, bool Seal>
SALLYPORT_VECTORS void run_kernel(const Keys& keys, std::span<PacketJob> packets) {
  const __m512i reversing = _mm512_broadcast_i32x4(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  // The salt's place, the IV, the counter's place: of an IV as it is received, or of a sequence number in our byte
  // order.
  const __m512i nonce_of = _mm512_broadcast_i32x4(Seal ? _mm_set_epi32(-1, 0x00010203, 0x04050607, -1)
                                                       : _mm_set_epi32(-1, 0x07060504, 0x03020100, -1));
  const __m512i salt = _mm512_broadcast_i32x4(_mm_cvtsi32_si128(static_cast<int>(load(keys.salt.data(), 4))));
  const __m512i aad_bits = _mm512_set1_epi64(static_cast<long long>(swapped(keys.extended ? 96 : 64)));
  const auto icv_mask = static_cast<__mmask16>(keys.icv_mask);
  for (PacketJob& packet : packets) {
    const std::size_t text = 16 + packet.text_size;  // where it ends, in the vectors
    const std::size_t hashed = hashed_blocks(packet.text_size);
    // Eight octets at a time, as they were stored: a load of more would have to wait until the stores are through.
    const __m512i header = _mm512_set1_epi64(static_cast<long long>(load(packet.packet, 8)));
    if (Seal) write_counter(packet.iv, 8, packet.sequence);
    const std::uint64_t iv = Seal ? packet.sequence : load(packet.iv, 8);
    const __m512i nonce =
        _mm512_or_si512(_mm512_shuffle_epi8(_mm512_set1_epi64(static_cast<long long>(iv)), nonce_of), salt);
    const __m512i text_bits = _mm512_set1_epi64(static_cast<long long>(swapped(std::uint64_t{packet.text_size} * 8)));

    __m512i stream[Vectors];
    for (std::size_t v = 0; v < Vectors; ++v) {
      const auto at = static_cast<std::uint32_t>(4 * v);
      const __m512i counters = _mm512_set_epi32(counter(at + 4), 0, 0, 0, counter(at + 3), 0, 0, 0, counter(at + 2), 0,
                                                0, 0, counter(at + 1), 0, 0, 0);
      stream[v] =
          _mm512_xor_si512(_mm512_or_si512(nonce, counters), _mm512_broadcast_i32x4(load_block(keys.rounds[0])));
    }
    for (std::size_t round = 1; round < Rounds; ++round)
      for (std::size_t v = 0; v < Vectors; ++v)
        stream[v] = _mm512_aesenc_epi128(stream[v], _mm512_broadcast_i32x4(load_block(keys.rounds[round])));
    for (std::size_t v = 0; v < Vectors; ++v)
      stream[v] = _mm512_aesenclast_epi128(stream[v], _mm512_broadcast_i32x4(load_block(keys.rounds[Rounds])));

    const std::uint8_t* from = (Seal ? packet.clear_text() : packet.text) - 16;
    __m512i low = _mm512_setzero_si512(), middle = low, high = low;
    for (std::size_t v = 0; v < Vectors; ++v) {
      // The sizes stand in the last vector, so that no text is behind the one before it.
      const std::size_t left = v * 64 < text ? text - v * 64 : 0;
      __mmask64 mask = _bzhi_u64(~std::uint64_t{0}, static_cast<unsigned>(std::min<std::size_t>(left, 64)));
      if (v == 0) mask &= ~std::uint64_t{0xffff};
      const __m512i in = _mm512_maskz_loadu_epi8(mask, from + v * 64);
      const __m512i out = _mm512_maskz_mov_epi8(mask, _mm512_xor_si512(in, stream[v]));
      _mm512_mask_storeu_epi8(packet.text - 16 + v * 64, mask, out);
      __m512i hash = Seal ? out : in;
      if (v == 0 && !keys.extended) hash = _mm512_mask_mov_epi64(hash, 0x01, header);
      if (v == 0 && keys.extended) hash = _mm512_mask_broadcast_i64x2(hash, 0x03, extended_aad(packet));
      if (v == Vectors - 1) {
        const unsigned lane = 1u << 2 * ((hashed - 1) % 4);
        hash = _mm512_mask_mov_epi64(hash, static_cast<__mmask8>(lane), aad_bits);
        hash = _mm512_mask_mov_epi64(hash, static_cast<__mmask8>(lane << 1), text_bits);
      }
      hash = _mm512_shuffle_epi8(hash, reversing);
      const __m512i powers = _mm512_loadu_si512(keys.powers.data() + (ShortGcm::blocks - hashed + 4 * v));
      low = _mm512_xor_si512(low, _mm512_clmulepi64_epi128(hash, powers, 0x00));
      high = _mm512_xor_si512(high, _mm512_clmulepi64_epi128(hash, powers, 0x11));
      middle = _mm512_ternarylogic_epi64(middle, _mm512_clmulepi64_epi128(hash, powers, 0x01),
                                         _mm512_clmulepi64_epi128(hash, powers, 0x10), 0x96);
    }
    low = _mm512_xor_si512(low, _mm512_bslli_epi128(middle, 8));
    high = _mm512_xor_si512(high, _mm512_bsrli_epi128(middle, 8));
    const __m128i digest = reversed(reduced(low_lane(low), low_lane(high)));
    const __m128i icv = _mm_xor_si128(digest, _mm512_castsi512_si128(stream[0]));
    if (Seal)
      _mm_mask_storeu_epi8(packet.icv, icv_mask, icv);
    else
      packet.ok = _mm_mask_cmpneq_epi8_mask(icv_mask, icv, _mm_maskz_loadu_epi8(icv_mask, packet.icv)) == 0;
  }
}

template <int Rounds, bool Seal, std::size_t... Less>
constexpr auto kernels(std::index_sequence<Less...>) {
  return std::array{&run_kernel<Rounds, Less + 1, Seal>...};
}

template <bool Seal>
auto kernels_for(std::size_t key_bits) {
  constexpr auto each = std::make_index_sequence<4>();
  switch (key_bits) {
    case 128: return kernels<10, Seal>(each);
    case 192: return kernels<12, Seal>(each);
    default: return kernels<14, Seal>(each);
  }
}

}  // namespace

bool ShortGcm::is_supported() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("vaes") &&
         __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("bmi2");
}

ShortGcm::ShortGcm(IMB_MGR* manager, const PacketKeys& keys)
    : seal_(kernels_for<true>(keys.encryption.key_bits)), open_(kernels_for<false>(keys.encryption.key_bits)) {
  const std::size_t bits = keys.encryption.key_bits;
  const AesKey schedule(manager, keys.encryption_key.first(bits / 8));
  std::memcpy(keys_.rounds.data(), schedule.encrypting(), sizeof keys_.rounds);
  std::ranges::copy(keys.encryption_key.last(keys_.salt.size()), keys_.salt.begin());
  keys_.icv_mask = (1u << shape(keys.encryption.cipher).icv) - 1;
  keys_.extended = keys.extended_sequence_numbers;
  make_powers(keys_, static_cast<int>(bits / 32 + 6));
}

ShortGcm::~ShortGcm() { wipe({reinterpret_cast<std::uint8_t*>(&keys_), sizeof keys_}); }

std::size_t ShortGcm::run(std::span<const PacketJob> packets) {
  const auto vectors = [](const PacketJob& packet) {
    return packet.text_size - 1 < most ? vectors_of(packet.text_size) : 0;
  };
  if (packets.empty() || vectors(packets[0]) == 0) return 0;
  std::size_t count = 1;
  while (count < packets.size() && vectors(packets[count]) == vectors(packets[0])) ++count;
  return count;
}

void ShortGcm::seal(std::span<PacketJob> run) const { seal_[vectors_of(run[0].text_size) - 1](keys_, run); }
void ShortGcm::open(std::span<PacketJob> run) const { open_[vectors_of(run[0].text_size) - 1](keys_, run); }

}  // namespace sallyport::crypto::ipsec_mb

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
