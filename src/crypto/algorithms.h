// The algorithms that IPsec speaks of, by name. Not IANA's numbers: IKEv1 and IKEv2 number them differently, and each
// maps its own to these. What a name can do (key sizes, tag sizes) is a fact of the algorithm and stands here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::crypto {

enum class Cipher : std::uint8_t {
  null,            // RFC 2410: no confidentiality
  triple_des_cbc,  // RFC 2451
  aes_cbc,         // RFC 3602
  aes_ctr,         // RFC 3686 (ESP), RFC 5930 (IKEv2)
  aes_ccm_8,       // RFC 4309 (ESP), RFC 5282 (IKEv2); the number is the ICV's octets
  aes_ccm_12,
  aes_ccm_16,
  aes_gcm_8,  // RFC 4106 (ESP), RFC 5282 (IKEv2); likewise
  aes_gcm_12,
  aes_gcm_16,
  aes_gmac,           // RFC 4543, ESP alone: an ICV with an IV of its own, and no confidentiality
  chacha20_poly1305,  // RFC 7634
  aes_ccm_8_iiv,      // RFC 8750, ESP of IKEv2 alone: the IV is the sequence number, and is not sent
  aes_gcm_16_iiv,
  chacha20_poly1305_iiv,
};

/// An encryption algorithm with its key length in bits, without salt. Algorithms with one key length carry it too: 192
/// for 3DES with its parity bits, 256 for ChaCha20, 0 for null.
struct Encryption {
  Cipher cipher{};
  std::uint16_t key_bits = 0;

  friend auto operator<=>(const Encryption&, const Encryption&) = default;
};

enum class Integrity : std::uint8_t {
  none,               // combined-mode ciphers bring their own
  hmac_md5_96,        // RFC 2403
  hmac_sha1_96,       // RFC 2404
  hmac_sha2_256_128,  // RFC 4868
  hmac_sha2_384_192,
  hmac_sha2_512_256,
  aes_xcbc_96,   // RFC 3566
  aes_cmac_96,   // RFC 4494
  aes_128_gmac,  // RFC 4543, AH alone: ESP has Cipher::aes_gmac
  aes_192_gmac,
  aes_256_gmac,
};

enum class Prf : std::uint8_t {
  hmac_md5,
  hmac_sha1,
  hmac_sha2_256,
  hmac_sha2_384,
  hmac_sha2_512,
  aes128_xcbc,  // RFC 4434
  aes128_cmac,  // RFC 4615
};

enum class Hash : std::uint8_t {
  md5,
  sha1,
  sha2_256,
  sha2_384,
  sha2_512
};

/// Diffie-Hellman groups and their successors.
enum class KeyExchangeMethod : std::uint8_t {
  none,  // no key exchange: a Child SA without perfect forward secrecy
  modp768,
  modp1024,
  modp1536,
  modp2048,
  modp3072,
  modp4096,
  modp6144,
  modp8192,  // RFC 2409, RFC 3526
  ecp256,
  ecp384,
  ecp521,  // RFC 5903
  brainpool224,
  brainpool256,
  brainpool384,
  brainpool512,  // RFC 6954
  x25519,
  x448,        // RFC 8031
  ml_kem_512,  // FIPS 203, draft-ietf-ipsecme-ikev2-mlkem: a KEM, whose two halves differ
  ml_kem_768,
  ml_kem_1024,
};

/// How an encryption algorithm is laid out, in octets.
struct CipherShape {
  std::size_t salt;   // taken from the end of the keying material, never sent
  std::size_t iv;     // sent with each packet
  std::size_t block;  // padding granularity of the algorithm itself (1 for stream-like modes)
  std::size_t icv;    // of the algorithm itself: 0 unless it is a combined mode
};
CipherShape shape(Cipher cipher);
/// Combined-mode (AEAD): integrity comes with it, and Integrity::none goes with it.
inline bool is_combined(Cipher cipher) { return shape(cipher).icv != 0; }
/// Null and GMAC leave the text as it is.
bool is_confidential(Cipher cipher);
/// The nonce is made of the sequence number, which the packet carries anyway.
bool has_implicit_iv(Cipher cipher);
/// Octets of keying material, salt included: RFC 4106 §8.1, RFC 4309 §7.1, RFC 4543 §5.4, RFC 5282 §7.1, RFC 3686 §5.1,
/// RFC 7634 §2.
inline std::size_t keying_size(Encryption e) { return e.key_bits / 8u + shape(e.cipher).salt; }

/// Whether the algorithm has keys of that length.
bool has_valid_key_size(Encryption encryption);

bool is_gmac(Integrity integrity);
std::size_t key_size(Integrity integrity);  // octets, GMAC's salt included
/// Octets on the wire, truncated as the name says; of GMAC, the IV in front of it included (RFC 4543 §4).
std::size_t icv_size(Integrity integrity);
/// Octets of output, which is also the preferred key length of all the PRFs (RFC 7296 §2.13).
std::size_t output_size(Prf prf);
std::size_t output_size(Hash hash);
/// Of AES rather than a hash.
inline bool is_aes(Prf prf) { return prf == Prf::aes128_xcbc || prf == Prf::aes128_cmac; }
/// The hash that the PRF is the HMAC of; not for those of AES.
Hash hash_of(Prf prf);

/// Octets of the public value of whoever begins, as it stands in a KE payload; 0 for `none`.
std::size_t public_value_size(KeyExchangeMethod method);

/// The words of swanctl's proposals and of our log lines: "aes256gcm16", "sha256", "prfsha384", "ecp384".
std::string_view to_string(Integrity integrity);
std::string_view to_string(Prf prf);
std::string_view to_string(KeyExchangeMethod method);
std::string_view to_string(Cipher cipher);  // without key length: "aes-gcm-16"
std::string to_string(Encryption encryption);

/// Why today's standards call it weak (RFC 8221, RFC 8247), in half a sentence; nullopt where they do not.
std::optional<std::string_view> weakness(Encryption encryption);
std::optional<std::string_view> weakness(Integrity integrity);
std::optional<std::string_view> weakness(Prf prf);
std::optional<std::string_view> weakness(KeyExchangeMethod method);

}  // namespace sallyport::crypto
