// Hashes and HMAC (RFC 2104) over several parts. They use OpenSSL's direct digest functions, which it calls deprecated
// in favour of EVP: a handshake makes some forty HMACs of a few dozen octets, and EVP nearly doubles their cost.
#pragma once

#include "crypto/openssl/keyed_mac.h"

namespace sallyport::crypto::openssl {

/// The hash inside the HMAC; `integrity` is one.
Hash hash_of(Integrity integrity);

/// `out` has output_size(hash) octets.
void digest(Hash hash, std::span<const ByteView> parts, ByteSpan out);
/// `out` has at most output_size(hash) octets; the rest is cut off. Any key length.
void hmac(Hash hash, ByteView key, std::span<const ByteView> parts, ByteSpan out);

/// The key is hashed in once.
std::unique_ptr<KeyedMac> make_keyed_hmac(Hash hash, ByteView key);

}  // namespace sallyport::crypto::openssl
