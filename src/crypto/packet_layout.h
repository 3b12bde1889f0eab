// What all implementations of PacketCipher have to agree on: which keys go together, and the octets that stand around a
// packet's text.
//
// Explicit IVs come from the sequence number, which never repeats under one key: it only grows, an SA ends before it
// wraps, and every SA has keys of its own from a fresh key exchange, which are never stored, so that no restart finds
// them again. For GCM, CCM, GMAC, CTR and ChaCha20 that is all an IV needs (RFC 4106 §3.1, RFC 4309 §3.1, RFC 4543
// §3.1, RFC 3686 §2.1, RFC 7634 §2), and why it need not be sent where both ends agree on that (RFC 8750 §4). CBC wants
// it to be unpredictable (RFC 3602 §3): there the IV is the sequence number encrypted with the same key (NIST SP
// 800-38A, appendix C). As the first block of CBC under an IV of zero is just that, sealing puts the number where the
// IV goes, and encrypts from there on.
#pragma once

#include <array>
#include <cstring>

#include "crypto/packet_cipher.h"

namespace sallyport::crypto {

/// What PacketCipherFactory::make demands of keys; ErrorCode::unsupported or ErrorCode::out_of_range as there. Separate
/// integrity is a must for ciphers that are not combined, null included (RFC 8221 §4), and out of place for others.
/// GMAC as integrity goes with null alone: it is AH's.
Result<void> check(const PacketKeys& keys);

/// The rule for PacketJob::text_size.
inline bool has_valid_size(const PacketJob& job, std::size_t block) {
  constexpr std::size_t largest = 65535 - 8 - 12;  // a payload of IPv6 without ESP's header and the shortest ICV
  return job.text_size > 0 && job.text_size <= largest && job.text_size % block == 0;
}

/// RFC 4303 §2.4: text that ends on a multiple of 4.
inline std::size_t text_alignment(Cipher cipher) { return std::max<std::size_t>(4, shape(cipher).block); }

/// The sequence number as explicit IV of `size` octets, 8 or 16.
inline void write_counter(std::uint8_t* iv, std::size_t size, std::uint64_t sequence) {
  std::memset(iv, 0, size - 8);
  store_be64(iv + size - 8, sequence);
}

using Salt = std::array<std::uint8_t, 4>;
using Nonce = std::array<std::uint8_t, 12>;

/// Salt and explicit IV: the nonce of GCM and ChaCha20, and the start of CTR's counter block.
inline Nonce nonce_of(const Salt& salt, const std::uint8_t* iv) {
  Nonce nonce;
  std::memcpy(nonce.data(), salt.data(), salt.size());
  std::memcpy(nonce.data() + salt.size(), iv, nonce.size() - salt.size());
  return nonce;
}

/// Where the eight octets behind the salt of a combined mode's nonce come from.
enum class IvSource : std::uint8_t {
  packet,
  sequence,  // implicit, the high half being zero
  extended_sequence,
};
inline IvSource iv_source(const PacketKeys& keys) {
  if (!has_implicit_iv(keys.encryption.cipher)) return IvSource::packet;
  return keys.extended_sequence_numbers ? IvSource::extended_sequence : IvSource::sequence;
}

/// The explicit IV of a packet that is to be sealed, where there is one.
inline void write_iv(const PacketJob& job, IvSource source) {
  if (source == IvSource::packet) store_be64(job.iv, job.sequence);
}

/// GCM's and ChaCha20's nonce has a salt of 4 octets, CCM's one of 3.
template <std::size_t salt_size>
std::array<std::uint8_t, salt_size + 8> nonce_of(const std::array<std::uint8_t, salt_size>& salt, const PacketJob& job,
                                                 IvSource source) {
  std::array<std::uint8_t, salt_size + 8> nonce;
  std::memcpy(nonce.data(), salt.data(), salt_size);
  if (source == IvSource::packet)
    std::memcpy(nonce.data() + salt_size, job.iv, 8);
  else
    store_be64(nonce.data() + salt_size,
               source == IvSource::sequence ? static_cast<std::uint32_t>(job.sequence) : job.sequence);
  return nonce;
}

/// GMAC as AH's integrity: its IV is sent in front of the ICV proper, in the field of AH's that holds both (RFC 4543
/// §4), and which counts as zero where it is covered (RFC 4302 §3.3.3.1).
inline constexpr std::size_t authentication_gmac_iv = 8;

/// Combined modes' additional data: SPI and sequence number, of 32 or, if extended, of 64 bits (RFC 4106 §5). The view
/// is of the packet or of `room`.
inline ByteView additional_data(const PacketJob& job, bool extended, std::array<std::uint8_t, 12>& room) {
  if (!extended) return {job.packet, 8};
  std::memcpy(room.data(), job.packet, 4);
  store_be64(room.data() + 4, job.sequence);
  return room;
}

/// Equality of ICVs of the same size, a multiple of 4 octets, in time that depends on the size alone.
inline bool equal_icv(const std::uint8_t* a, const std::uint8_t* b, std::size_t size) {
  std::uint32_t difference = 0;
  for (std::size_t i = 0; i < size; i += 4) difference |= load_be32(a + i) ^ load_be32(b + i);
  asm("" : "+r"(difference));  // so that no compiler makes out that it could stop early
  return difference == 0;
}

/// The part of a sequence number that separate integrity covers though it is not sent (RFC 4303 §2.2.1).
inline std::uint32_t high_half(std::uint64_t sequence) { return static_cast<std::uint32_t>(sequence >> 32); }

}  // namespace sallyport::crypto
