// ML-KEM (FIPS 203), as IKEv2 uses it (draft-ietf-ipsecme-ikev2-mlkem): a KEM. The initiator's half is an encapsulation
// key, the responder's a ciphertext. OpenSSL has it from 3.5 on: it is asked for at run time. Internal to this folder.
#pragma once

#include <array>
#include <memory>

#include "crypto/openssl/owned.h"
#include "crypto/provider.h"

namespace sallyport::crypto::openssl {

class MlKem {
 public:
  /// False for other methods, and where this OpenSSL does not have it.
  bool supports(KeyExchangeMethod method) { return key_maker(method) != nullptr; }
  /// `method` is supported.
  std::unique_ptr<KeyExchange> start(KeyExchangeMethod method, RandomSource& random);
  /// ErrorCode::out_of_range for what is no encapsulation key (FIPS 203 §7.2).
  Result<KeyExchangeAnswer> answer(KeyExchangeMethod method, ByteView encapsulation_key, RandomSource& random);

 private:
  EVP_PKEY_CTX* key_maker(KeyExchangeMethod method);
  std::array<KeyContext, 3> key_makers_;  // fetched once
};

}  // namespace sallyport::crypto::openssl
