// X25519 and X448 (RFC 7748, RFC 8031): Diffie-Hellman on Montgomery curves. Internal to this folder.
#pragma once

#include <array>
#include <memory>

#include "crypto/openssl/owned.h"
#include "crypto/provider.h"

namespace sallyport::crypto::openssl {

class MontgomeryCurves {
 public:
  /// False for other methods, and for curves that this OpenSSL was built without.
  bool supports(KeyExchangeMethod method) { return key_maker(method) != nullptr; }
  /// `method` is supported.
  std::unique_ptr<KeyExchange> start(KeyExchangeMethod method, RandomSource& random);

 private:
  EVP_PKEY_CTX* key_maker(KeyExchangeMethod method);
  std::array<KeyContext, 2> key_makers_;  // fetched once: that costs as much as making a key
};

inline bool is_montgomery(KeyExchangeMethod method) {
  return method == KeyExchangeMethod::x25519 || method == KeyExchangeMethod::x448;
}

}  // namespace sallyport::crypto::openssl
