// What datapath_against_bare measures: suites, and how many packets at a time.
#pragma once

#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>

#include <cstddef>

namespace sallyport::datapath {

inline constexpr std::size_t kBurst = 32;
inline constexpr int kBurstsPerTime = 8;  // of each round: so that reading the clock does not count

struct Suite {
  const char* name;
  const char* proposal;
  std::size_t iv, icv;
  IMB_CIPHER_MODE cipher;
  IMB_HASH_ALG hash;
  std::size_t key;  // octets, without salt
};
inline constexpr Suite kSuites[] = {
    {"aes128gcm16", "aes128gcm16-noesn", 8, 16, IMB_CIPHER_GCM, IMB_AUTH_AES_GMAC, 16},
    {"aes256gcm16", "aes256gcm16-noesn", 8, 16, IMB_CIPHER_GCM, IMB_AUTH_AES_GMAC, 32},
    {"chacha20poly1305", "chacha20poly1305-noesn", 8, 16, IMB_CIPHER_CHACHA20_POLY1305, IMB_AUTH_CHACHA20_POLY1305, 32},
    {"aes128-sha256", "aes128-sha256-noesn", 16, 16, IMB_CIPHER_CBC, IMB_AUTH_HMAC_SHA_256, 16},
    {"aes128-sha1", "aes128-sha1-noesn", 16, 12, IMB_CIPHER_CBC, IMB_AUTH_HMAC_SHA_1, 16},
    {"aes256-sha384", "aes256-sha384-noesn", 16, 24, IMB_CIPHER_CBC, IMB_AUTH_HMAC_SHA_384, 32},
    {"aes256-sha512", "aes256-sha512-noesn", 16, 32, IMB_CIPHER_CBC, IMB_AUTH_HMAC_SHA_512, 32},
    {"aes128-aesxcbc", "aes128-aesxcbc-noesn", 16, 12, IMB_CIPHER_CBC, IMB_AUTH_AES_XCBC, 16},
    {"aes128-aescmac", "aes128-aescmac-noesn", 16, 12, IMB_CIPHER_CBC, IMB_AUTH_AES_CMAC, 16},
    {"aes128-md5", "aes128-md5-noesn", 16, 12, IMB_CIPHER_CBC, IMB_AUTH_MD5, 16},
    {"aes128ctr-sha256", "aes128ctr-sha256-noesn", 8, 16, IMB_CIPHER_CNTR, IMB_AUTH_HMAC_SHA_256, 16},
    {"aes128ccm16", "aes128ccm16-noesn", 8, 16, IMB_CIPHER_CCM, IMB_AUTH_AES_CCM, 16},
    {"3des-sha1", "3des-sha1-noesn", 8, 12, IMB_CIPHER_DES3, IMB_AUTH_HMAC_SHA_1, 24},
    {"null-sha256", "null-sha256-noesn", 0, 16, IMB_CIPHER_NULL, IMB_AUTH_HMAC_SHA_256, 0},
};

}  // namespace sallyport::datapath
