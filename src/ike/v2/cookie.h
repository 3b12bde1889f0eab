// COOKIE (RFC 7296 §2.6): a responder under load keeps no state for an initiator until it has shown that it receives at
// the address it writes from.
#pragma once

#include <optional>

#include "base/random.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/provider.h"
#include "ike/core/datagram.h"
#include "ike/v2/puzzle.h"
#include "wire/ike_header.h"

namespace sallyport::ike::v2 {

class CookieJar {
 public:
  explicit CookieJar(RandomSource& random);

  /// Version of the secret, the puzzle that goes with it, and a MAC over that, nonce, address and SPI.
  Bytes make(Instant now, crypto::Provider& crypto, RandomSource& random, const policy::Endpoint& initiator,
             std::uint64_t spi_i, ByteView nonce_i, const std::optional<Puzzle>& puzzle);
  /// One that we have made, under the current secret or the one before.
  struct Returned {
    std::optional<Puzzle> puzzle;
  };
  std::optional<Returned> verify(crypto::Provider& crypto, ByteView cookie, const policy::Endpoint& initiator,
                                 std::uint64_t spi_i, ByteView nonce_i) const;

 private:
  struct Key {
    std::uint8_t version = 0;
    Secret secret;
  };
  static Bytes compute(crypto::Provider& crypto, const Key& key, const policy::Endpoint& initiator, std::uint64_t spi_i,
                       ByteView nonce_i, const std::optional<Puzzle>& puzzle);

  Key current_;
  std::optional<Key> previous_;
  std::optional<Instant> changed_;
};

}  // namespace sallyport::ike::v2
