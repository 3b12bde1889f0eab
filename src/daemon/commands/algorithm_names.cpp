#include "daemon/commands/algorithm_names.h"

namespace sallyport::daemon {

std::string_view vici_name(crypto::Cipher cipher) {
  using enum crypto::Cipher;
  switch (cipher) {
    case null: return "NULL";
    case triple_des_cbc: return "3DES_CBC";
    case aes_cbc: return "AES_CBC";
    case aes_ctr: return "AES_CTR";
    case aes_ccm_8: return "AES_CCM_8";
    case aes_ccm_12: return "AES_CCM_12";
    case aes_ccm_16: return "AES_CCM_16";
    case aes_gcm_8: return "AES_GCM_8";
    case aes_gcm_12: return "AES_GCM_12";
    case aes_gcm_16: return "AES_GCM_16";
    case aes_gmac: return "NULL_AES_GMAC";
    case chacha20_poly1305: return "CHACHA20_POLY1305";
    case aes_ccm_8_iiv: return "AES_CCM_8_IIV";
    case aes_gcm_16_iiv: return "AES_GCM_16_IIV";
    case chacha20_poly1305_iiv: return "CHACHA20_POLY1305_IIV";
  }
  return "UNKNOWN";
}

std::string_view vici_name(crypto::Integrity integrity) {
  using enum crypto::Integrity;
  switch (integrity) {
    case none: return "NONE";
    case hmac_md5_96: return "HMAC_MD5_96";
    case hmac_sha1_96: return "HMAC_SHA1_96";
    case hmac_sha2_256_128: return "HMAC_SHA2_256_128";
    case hmac_sha2_384_192: return "HMAC_SHA2_384_192";
    case hmac_sha2_512_256: return "HMAC_SHA2_512_256";
    case aes_xcbc_96: return "AES_XCBC_96";
    case aes_cmac_96: return "AES_CMAC_96";
    case aes_128_gmac: return "AES_128_GMAC";
    case aes_192_gmac: return "AES_192_GMAC";
    case aes_256_gmac: return "AES_256_GMAC";
  }
  return "UNKNOWN";
}

std::string_view vici_name(crypto::Prf prf) {
  using enum crypto::Prf;
  switch (prf) {
    case hmac_md5: return "PRF_HMAC_MD5";
    case hmac_sha1: return "PRF_HMAC_SHA1";
    case hmac_sha2_256: return "PRF_HMAC_SHA2_256";
    case hmac_sha2_384: return "PRF_HMAC_SHA2_384";
    case hmac_sha2_512: return "PRF_HMAC_SHA2_512";
    case aes128_xcbc: return "PRF_AES128_XCBC";
    case aes128_cmac: return "PRF_AES128_CMAC";
  }
  return "UNKNOWN";
}

std::string_view vici_name(crypto::KeyExchangeMethod method) {
  using enum crypto::KeyExchangeMethod;
  switch (method) {
    case none: return "KE_NONE";
    case modp768: return "MODP_768";
    case modp1024: return "MODP_1024";
    case modp1536: return "MODP_1536";
    case modp2048: return "MODP_2048";
    case modp3072: return "MODP_3072";
    case modp4096: return "MODP_4096";
    case modp6144: return "MODP_6144";
    case modp8192: return "MODP_8192";
    case ecp256: return "ECP_256";
    case ecp384: return "ECP_384";
    case ecp521: return "ECP_521";
    case brainpool224: return "ECP_224_BP";
    case brainpool256: return "ECP_256_BP";
    case brainpool384: return "ECP_384_BP";
    case brainpool512: return "ECP_512_BP";
    case x25519: return "CURVE_25519";
    case x448: return "CURVE_448";
    case ml_kem_512: return "ML_KEM_512";
    case ml_kem_768: return "ML_KEM_768";
    case ml_kem_1024: return "ML_KEM_1024";
  }
  return "UNKNOWN";
}

unsigned vici_key_size(crypto::Encryption encryption) {
  using enum crypto::Cipher;
  const bool named = encryption.cipher == null || encryption.cipher == triple_des_cbc ||
                     encryption.cipher == chacha20_poly1305 || encryption.cipher == chacha20_poly1305_iiv;
  return named ? 0 : encryption.key_bits;
}

}  // namespace sallyport::daemon
