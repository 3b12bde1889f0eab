// KeyedMac: a MAC with one key, many times. HMAC is in hmac.h, the MACs of AES in aes_mac.h; this chooses. GMAC is none
// of them: it takes a nonce (gmac.h).
#pragma once

#include <memory>
#include <span>

#include "base/bytes.h"
#include "crypto/algorithms.h"

namespace sallyport::crypto::openssl {

class KeyedMac {
 public:
  virtual ~KeyedMac() = default;
  /// Over the parts as if they were one. `out` has at most the MAC's octets; the rest is cut off.
  virtual void mac(std::span<const ByteView> parts, ByteSpan out) const = 0;
};

/// `integrity` is neither none nor GMAC; `key` has its size.
std::unique_ptr<KeyedMac> make_keyed_mac(Integrity integrity, ByteView key);

}  // namespace sallyport::crypto::openssl
