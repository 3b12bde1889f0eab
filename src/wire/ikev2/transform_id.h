// Transform types and, for each type, the transform ids (RFC 7296 §3.3.2, and IANA's registry for what came later).
#pragma once

#include "wire/ikev2/numbers.h"

namespace sallyport::wire::ikev2 {

enum class TransformType : std::uint8_t {
  encryption = 1,
  prf = 2,
  integrity = 3,
  key_exchange = 4,               // "Diffie-Hellman Group" before RFC 9370
  extended_sequence_numbers = 5,  // "Sequence Numbers" since RFC 9827
  additional_key_exchange_1 = 6,  // RFC 9370, to 12
  additional_key_exchange_2 = 7,
  additional_key_exchange_3 = 8,
  additional_key_exchange_4 = 9,
  additional_key_exchange_5 = 10,
  additional_key_exchange_6 = 11,
  additional_key_exchange_7 = 12,
};

enum class EncryptionId : std::uint16_t {
  des_iv64 = 1,
  des = 2,
  triple_des = 3,
  rc5 = 4,
  idea = 5,
  cast = 6,
  blowfish = 7,
  null = 11,
  aes_cbc = 12,
  aes_ctr = 13,
  aes_ccm_8 = 14,  // the number is the ICV's octets
  aes_ccm_12 = 15,
  aes_ccm_16 = 16,
  aes_gcm_8 = 18,
  aes_gcm_12 = 19,
  aes_gcm_16 = 20,
  null_auth_aes_gmac = 21,
  camellia_cbc = 23,
  camellia_ctr = 24,
  camellia_ccm_8 = 25,
  camellia_ccm_12 = 26,
  camellia_ccm_16 = 27,
  chacha20_poly1305 = 28,
  aes_ccm_8_iiv = 29,  // RFC 8750, to 31
  aes_gcm_16_iiv = 30,
  chacha20_poly1305_iiv = 31,
};

enum class PrfId : std::uint16_t {
  hmac_md5 = 1,
  hmac_sha1 = 2,
  hmac_tiger = 3,
  aes128_xcbc = 4,
  hmac_sha2_256 = 5,
  hmac_sha2_384 = 6,
  hmac_sha2_512 = 7,
  aes128_cmac = 8,
};

enum class IntegrityId : std::uint16_t {
  none = 0,
  hmac_md5_96 = 1,
  hmac_sha1_96 = 2,
  des_mac = 3,
  kpdk_md5 = 4,
  aes_xcbc_96 = 5,
  hmac_md5_128 = 6,
  hmac_sha1_160 = 7,
  aes_cmac_96 = 8,
  aes_128_gmac = 9,
  aes_192_gmac = 10,
  aes_256_gmac = 11,
  hmac_sha2_256_128 = 12,
  hmac_sha2_384_192 = 13,
  hmac_sha2_512_256 = 14,
};

/// Diffie-Hellman groups and other key exchange methods; also the first field of a KE payload.
enum class KeyExchangeId : std::uint16_t {
  none = 0,
  modp768 = 1,
  modp1024 = 2,
  modp1536 = 5,
  modp2048 = 14,
  modp3072 = 15,
  modp4096 = 16,
  modp6144 = 17,
  modp8192 = 18,
  ecp256 = 19,
  ecp384 = 20,
  ecp521 = 21,
  modp1024_160 = 22,  // RFC 5114, to 24
  modp2048_224 = 23,
  modp2048_256 = 24,
  ecp192 = 25,
  ecp224 = 26,
  brainpool224 = 27,
  brainpool256 = 28,
  brainpool384 = 29,
  brainpool512 = 30,
  x25519 = 31,
  x448 = 32,
  ml_kem_512 = 35,
  ml_kem_768 = 36,
  ml_kem_1024 = 37,
};

enum class EsnId : std::uint16_t {
  no = 0,
  yes = 1,
};

std::optional<std::string_view> name_of(TransformType type);
std::optional<std::string_view> name_of(EncryptionId id);
std::optional<std::string_view> name_of(PrfId id);
std::optional<std::string_view> name_of(IntegrityId id);
std::optional<std::string_view> name_of(KeyExchangeId id);
std::optional<std::string_view> name_of(EsnId id);

}  // namespace sallyport::wire::ikev2
