#include "crypto/algorithms.h"

#include <utility>

#include "base/check.h"

namespace sallyport::crypto {
namespace {

// A value outside its enumeration is a bug of ours: parsers map numbers to names one by one.
[[noreturn]] void unreachable() {
  ASSERT(false);
  std::unreachable();
}

}  // namespace

CipherShape shape(Cipher cipher) {
  switch (cipher) {
    case Cipher::null: return {.salt = 0, .iv = 0, .block = 1, .icv = 0};
    case Cipher::triple_des_cbc: return {.salt = 0, .iv = 8, .block = 8, .icv = 0};
    case Cipher::aes_cbc: return {.salt = 0, .iv = 16, .block = 16, .icv = 0};
    case Cipher::aes_ctr: return {.salt = 4, .iv = 8, .block = 1, .icv = 0};
    case Cipher::aes_ccm_8: return {.salt = 3, .iv = 8, .block = 1, .icv = 8};
    case Cipher::aes_ccm_12: return {.salt = 3, .iv = 8, .block = 1, .icv = 12};
    case Cipher::aes_ccm_16: return {.salt = 3, .iv = 8, .block = 1, .icv = 16};
    case Cipher::aes_gcm_8: return {.salt = 4, .iv = 8, .block = 1, .icv = 8};
    case Cipher::aes_gcm_12: return {.salt = 4, .iv = 8, .block = 1, .icv = 12};
    case Cipher::aes_gcm_16:
    case Cipher::aes_gmac:
    case Cipher::chacha20_poly1305: return {.salt = 4, .iv = 8, .block = 1, .icv = 16};
    case Cipher::aes_ccm_8_iiv: return {.salt = 3, .iv = 0, .block = 1, .icv = 8};
    case Cipher::aes_gcm_16_iiv:
    case Cipher::chacha20_poly1305_iiv: return {.salt = 4, .iv = 0, .block = 1, .icv = 16};
  }
  unreachable();
}

bool is_confidential(Cipher cipher) { return cipher != Cipher::null && cipher != Cipher::aes_gmac; }

bool has_implicit_iv(Cipher cipher) { return is_combined(cipher) && shape(cipher).iv == 0; }

bool has_valid_key_size(Encryption encryption) {
  const auto bits = encryption.key_bits;
  switch (encryption.cipher) {
    case Cipher::null: return bits == 0;
    case Cipher::triple_des_cbc: return bits == 192;
    case Cipher::chacha20_poly1305:
    case Cipher::chacha20_poly1305_iiv: return bits == 256;
    case Cipher::aes_cbc:
    case Cipher::aes_ctr:
    case Cipher::aes_ccm_8:
    case Cipher::aes_ccm_12:
    case Cipher::aes_ccm_16:
    case Cipher::aes_gcm_8:
    case Cipher::aes_gcm_12:
    case Cipher::aes_gcm_16:
    case Cipher::aes_gmac:
    case Cipher::aes_ccm_8_iiv:
    case Cipher::aes_gcm_16_iiv: return bits == 128 || bits == 192 || bits == 256;
  }
  unreachable();
}

bool is_gmac(Integrity integrity) {
  return integrity == Integrity::aes_128_gmac || integrity == Integrity::aes_192_gmac ||
         integrity == Integrity::aes_256_gmac;
}

std::size_t key_size(Integrity integrity) {
  switch (integrity) {
    case Integrity::none: return 0;
    case Integrity::hmac_md5_96: return 16;
    case Integrity::hmac_sha1_96: return 20;
    case Integrity::hmac_sha2_256_128: return 32;
    case Integrity::hmac_sha2_384_192: return 48;
    case Integrity::hmac_sha2_512_256: return 64;
    case Integrity::aes_xcbc_96:
    case Integrity::aes_cmac_96: return 16;
    case Integrity::aes_128_gmac: return 16 + 4;  // RFC 4543 §5.4
    case Integrity::aes_192_gmac: return 24 + 4;
    case Integrity::aes_256_gmac: return 32 + 4;
  }
  unreachable();
}

std::size_t icv_size(Integrity integrity) {
  switch (integrity) {
    case Integrity::none: return 0;
    case Integrity::hmac_md5_96:
    case Integrity::hmac_sha1_96:
    case Integrity::aes_xcbc_96:
    case Integrity::aes_cmac_96: return 12;
    case Integrity::hmac_sha2_256_128: return 16;
    case Integrity::hmac_sha2_384_192: return 24;
    case Integrity::hmac_sha2_512_256: return 32;
    case Integrity::aes_128_gmac:
    case Integrity::aes_192_gmac:
    case Integrity::aes_256_gmac: return 8 + 16;
  }
  unreachable();
}

std::size_t output_size(Prf prf) {
  switch (prf) {
    case Prf::hmac_md5:
    case Prf::aes128_xcbc:
    case Prf::aes128_cmac: return 16;
    case Prf::hmac_sha1: return 20;
    case Prf::hmac_sha2_256: return 32;
    case Prf::hmac_sha2_384: return 48;
    case Prf::hmac_sha2_512: return 64;
  }
  unreachable();
}

std::size_t output_size(Hash hash) {
  switch (hash) {
    case Hash::md5: return 16;
    case Hash::sha1: return 20;
    case Hash::sha2_256: return 32;
    case Hash::sha2_384: return 48;
    case Hash::sha2_512: return 64;
  }
  unreachable();
}

Hash hash_of(Prf prf) {
  switch (prf) {
    case Prf::hmac_md5: return Hash::md5;
    case Prf::hmac_sha1: return Hash::sha1;
    case Prf::hmac_sha2_256: return Hash::sha2_256;
    case Prf::hmac_sha2_384: return Hash::sha2_384;
    case Prf::hmac_sha2_512: return Hash::sha2_512;
    case Prf::aes128_xcbc:
    case Prf::aes128_cmac: break;
  }
  unreachable();
}

std::size_t public_value_size(KeyExchangeMethod method) {
  switch (method) {
    case KeyExchangeMethod::none: return 0;
    case KeyExchangeMethod::modp768: return 768 / 8;
    case KeyExchangeMethod::modp1024: return 1024 / 8;
    case KeyExchangeMethod::modp1536: return 1536 / 8;
    case KeyExchangeMethod::modp2048: return 2048 / 8;
    case KeyExchangeMethod::modp3072: return 3072 / 8;
    case KeyExchangeMethod::modp4096: return 4096 / 8;
    case KeyExchangeMethod::modp6144: return 6144 / 8;
    case KeyExchangeMethod::modp8192: return 8192 / 8;
    // Elliptic curves: x and y, each as long as the field (RFC 5903 §7, RFC 6954 §2.3).
    case KeyExchangeMethod::ecp256:
    case KeyExchangeMethod::brainpool256: return 2 * 32;
    case KeyExchangeMethod::ecp384:
    case KeyExchangeMethod::brainpool384: return 2 * 48;
    case KeyExchangeMethod::ecp521: return 2 * 66;
    case KeyExchangeMethod::brainpool224: return 2 * 28;
    case KeyExchangeMethod::brainpool512: return 2 * 64;
    case KeyExchangeMethod::x25519: return 32;
    case KeyExchangeMethod::x448: return 56;
    // The encapsulation key (FIPS 203 §8).
    case KeyExchangeMethod::ml_kem_512: return 800;
    case KeyExchangeMethod::ml_kem_768: return 1184;
    case KeyExchangeMethod::ml_kem_1024: return 1568;
  }
  unreachable();
}

std::string_view to_string(Cipher cipher) {
  switch (cipher) {
    case Cipher::null: return "null";
    case Cipher::triple_des_cbc: return "3des-cbc";
    case Cipher::aes_cbc: return "aes-cbc";
    case Cipher::aes_ctr: return "aes-ctr";
    case Cipher::aes_ccm_8: return "aes-ccm-8";
    case Cipher::aes_ccm_12: return "aes-ccm-12";
    case Cipher::aes_ccm_16: return "aes-ccm-16";
    case Cipher::aes_gcm_8: return "aes-gcm-8";
    case Cipher::aes_gcm_12: return "aes-gcm-12";
    case Cipher::aes_gcm_16: return "aes-gcm-16";
    case Cipher::aes_gmac: return "aes-gmac";
    case Cipher::chacha20_poly1305: return "chacha20-poly1305";
    case Cipher::aes_ccm_8_iiv: return "aes-ccm-8-iiv";
    case Cipher::aes_gcm_16_iiv: return "aes-gcm-16-iiv";
    case Cipher::chacha20_poly1305_iiv: return "chacha20-poly1305-iiv";
  }
  unreachable();
}

std::string to_string(Encryption encryption) {
  std::string aes = "aes" + std::to_string(encryption.key_bits);
  switch (encryption.cipher) {
    case Cipher::null: return "null";
    case Cipher::triple_des_cbc: return "3des";
    case Cipher::aes_cbc: return aes;
    case Cipher::aes_ctr: return aes + "ctr";
    case Cipher::aes_ccm_8: return aes + "ccm8";
    case Cipher::aes_ccm_12: return aes + "ccm12";
    case Cipher::aes_ccm_16: return aes + "ccm16";
    case Cipher::aes_gcm_8: return aes + "gcm8";
    case Cipher::aes_gcm_12: return aes + "gcm12";
    case Cipher::aes_gcm_16: return aes + "gcm16";
    case Cipher::aes_gmac: return aes + "gmac";
    case Cipher::chacha20_poly1305: return "chacha20poly1305";
    case Cipher::aes_ccm_8_iiv: return aes + "ccm8iiv";
    case Cipher::aes_gcm_16_iiv: return aes + "gcm16iiv";
    case Cipher::chacha20_poly1305_iiv: return "chacha20poly1305iiv";
  }
  unreachable();
}

std::string_view to_string(Integrity integrity) {
  switch (integrity) {
    case Integrity::none: return "none";
    case Integrity::hmac_md5_96: return "md5";
    case Integrity::hmac_sha1_96: return "sha1";
    case Integrity::hmac_sha2_256_128: return "sha256";
    case Integrity::hmac_sha2_384_192: return "sha384";
    case Integrity::hmac_sha2_512_256: return "sha512";
    case Integrity::aes_xcbc_96: return "aesxcbc";
    case Integrity::aes_cmac_96: return "aescmac";
    case Integrity::aes_128_gmac: return "aes128gmac";
    case Integrity::aes_192_gmac: return "aes192gmac";
    case Integrity::aes_256_gmac: return "aes256gmac";
  }
  unreachable();
}

std::string_view to_string(Prf prf) {
  switch (prf) {
    case Prf::hmac_md5: return "prfmd5";
    case Prf::hmac_sha1: return "prfsha1";
    case Prf::hmac_sha2_256: return "prfsha256";
    case Prf::hmac_sha2_384: return "prfsha384";
    case Prf::hmac_sha2_512: return "prfsha512";
    case Prf::aes128_xcbc: return "prfaesxcbc";
    case Prf::aes128_cmac: return "prfaescmac";
  }
  unreachable();
}

std::string_view to_string(KeyExchangeMethod method) {
  switch (method) {
    case KeyExchangeMethod::none: return "none";
    case KeyExchangeMethod::modp768: return "modp768";
    case KeyExchangeMethod::modp1024: return "modp1024";
    case KeyExchangeMethod::modp1536: return "modp1536";
    case KeyExchangeMethod::modp2048: return "modp2048";
    case KeyExchangeMethod::modp3072: return "modp3072";
    case KeyExchangeMethod::modp4096: return "modp4096";
    case KeyExchangeMethod::modp6144: return "modp6144";
    case KeyExchangeMethod::modp8192: return "modp8192";
    case KeyExchangeMethod::ecp256: return "ecp256";
    case KeyExchangeMethod::ecp384: return "ecp384";
    case KeyExchangeMethod::ecp521: return "ecp521";
    case KeyExchangeMethod::brainpool224: return "ecp224bp";
    case KeyExchangeMethod::brainpool256: return "ecp256bp";
    case KeyExchangeMethod::brainpool384: return "ecp384bp";
    case KeyExchangeMethod::brainpool512: return "ecp512bp";
    case KeyExchangeMethod::x25519: return "x25519";
    case KeyExchangeMethod::x448: return "x448";
    case KeyExchangeMethod::ml_kem_512: return "mlkem512";
    case KeyExchangeMethod::ml_kem_768: return "mlkem768";
    case KeyExchangeMethod::ml_kem_1024: return "mlkem1024";
  }
  unreachable();
}

std::optional<std::string_view> weakness(Encryption encryption) {
  // RFC 8221 §5, RFC 8247 §2.1
  if (encryption.cipher == Cipher::triple_des_cbc) return "its 64-bit blocks repeat within a day of traffic (Sweet32)";
  if (!is_confidential(encryption.cipher)) return "it encrypts nothing: who sees the packets can read them";
  return std::nullopt;
}

std::optional<std::string_view> weakness(Integrity integrity) {
  // RFC 8221 §6, RFC 8247 §2.3
  if (integrity == Integrity::hmac_md5_96) return "MD5 is broken and must not be used";
  if (integrity == Integrity::hmac_sha1_96) return "SHA-1 is being retired";
  return std::nullopt;
}

std::optional<std::string_view> weakness(Prf prf) {
  // RFC 8247 §2.2
  if (prf == Prf::hmac_md5) return "MD5 is broken and must not be used";
  if (prf == Prf::hmac_sha1) return "SHA-1 is being retired";
  return std::nullopt;
}

std::optional<std::string_view> weakness(KeyExchangeMethod method) {
  // RFC 8247 §2.4
  if (method == KeyExchangeMethod::modp768) return "a 768-bit group has been broken in public";
  if (method == KeyExchangeMethod::modp1024) return "a 1024-bit group is within reach of a state";
  if (method == KeyExchangeMethod::modp1536) return "a 1536-bit group has less than 112 bits of strength";
  return std::nullopt;
}

}  // namespace sallyport::crypto
