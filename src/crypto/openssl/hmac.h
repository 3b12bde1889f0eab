// Hashes and HMAC (RFC 2104) over several parts. They use OpenSSL's direct digest functions, which it calls deprecated
// in favour of EVP: a handshake makes some forty HMACs of a few dozen octets, and EVP nearly doubles their cost.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.h"
#include "crypto/algorithms.h"

namespace sallyport::crypto::openssl {

/// The hash inside the HMAC; `integrity` is not none.
Hash hash_of(Integrity integrity);

/// `out` has output_size(hash) octets.
void digest(Hash hash, std::span<const ByteView> parts, ByteSpan out);
/// `out` has at most output_size(hash) octets; the rest is cut off. Any key length.
void hmac(Hash hash, ByteView key, std::span<const ByteView> parts, ByteSpan out);

/// HMAC with one key, many times: the key is hashed in once.
class KeyedHmac {
 public:
  virtual ~KeyedHmac() = default;
  virtual void mac(std::span<const ByteView> parts, ByteSpan out) const = 0;
};
std::unique_ptr<KeyedHmac> make_keyed_hmac(Hash hash, ByteView key);

}  // namespace sallyport::crypto::openssl
