// Owners of OpenSSL's objects: freed, and wiped where they may hold secrets. Internal to this folder.
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <memory>

#include "base/check.h"

namespace sallyport::crypto::openssl {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};

using BigNumber = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using BigNumberScratch = std::unique_ptr<BN_CTX, Freed<BN_CTX_free>>;
using MontgomeryForm = std::unique_ptr<BN_MONT_CTX, Freed<BN_MONT_CTX_free>>;
using Group = std::unique_ptr<EC_GROUP, Freed<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Freed<EC_POINT_clear_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using CipherAlgorithm = std::unique_ptr<EVP_CIPHER, Freed<EVP_CIPHER_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;

/// For calls that fail only when memory runs out or when we called them wrongly, whatever a peer sends.
inline void must(int succeeded) { ASSERT(succeeded > 0); }
template <class T>
T* must(T* object) {
  ASSERT(object != nullptr);
  return object;
}

}  // namespace sallyport::crypto::openssl
