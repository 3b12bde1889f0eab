// Encryption of one message at a time, combined mode or not, with OpenSSL's EVP ciphers, which are fetched once.
#pragma once

#include <array>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/algorithms.h"
#include "crypto/openssl/owned.h"

namespace sallyport::crypto::openssl {

/// OpenSSL's name of the algorithm; nullptr for null encryption and for key sizes that the algorithm does not have.
const char* evp_name(Encryption encryption);

/// The calls of Provider with the same names; see there.
class Symmetric {
 public:
  bool supports(Encryption encryption);
  void seal(Encryption encryption, ByteView key, ByteView nonce, ByteView aad, ByteSpan text, ByteSpan icv);
  Result<void> open(Encryption encryption, ByteView key, ByteView nonce, ByteView aad, ByteSpan text, ByteView icv);
  void encrypt(Encryption encryption, ByteView key, ByteView iv, ByteSpan text);
  void decrypt(Encryption encryption, ByteView key, ByteView iv, ByteSpan text);

 private:
  enum class Direction {
    decrypt,
    encrypt
  };
  class Use;

  const EVP_CIPHER* fetched(Encryption encryption);
  void transform(Encryption encryption, ByteView key, ByteView iv, ByteSpan text, Direction direction);

  static constexpr std::size_t ciphers = static_cast<std::size_t>(Cipher::chacha20_poly1305_iiv) + 1;
  std::array<std::array<CipherAlgorithm, 3>, ciphers> fetched_;  // by cipher and key size
  CipherContext context_{must(EVP_CIPHER_CTX_new())};            // holds no key between calls
};

}  // namespace sallyport::crypto::openssl
