// Provider: all the cryptography that the control plane needs, as calls that keep no state, over keys that the caller
// keeps. One implementation, crypto/openssl; an interface so that nothing above depends on a library's headers.
// Packet cryptography, where a call per packet must be cheap, is crypto/packet_cipher.h.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/algorithms.h"

namespace sallyport::crypto {

/// One side of one key exchange: made with a fresh secret, used once. Of a KEM it is the initiator's: the responder has
/// no half of its own before it has seen the other one (Provider::answer_key_exchange()).
class KeyExchange {
 public:
  virtual ~KeyExchange() = default;
  virtual KeyExchangeMethod method() const = 0;
  /// As it stands in the KE payload (RFC 7296 §3.4, RFC 5903 §7, RFC 8031 §3): fixed length, network byte order.
  virtual ByteView public_value() const = 0;
  /// The shared secret in the form that SKEYSEED is made from. Checks what RFC 6989 demands of a public value: range,
  /// point on the curve, not the point at infinity, result not all zero. ErrorCode::out_of_range when it is not so.
  virtual Result<Secret> shared_secret(ByteView peer_public_value) = 0;
};

/// The responder's half, and the secret that it has with the initiator.
struct KeyExchangeAnswer {
  Bytes public_value;
  Secret shared_secret;
};

class Provider {
 public:
  virtual ~Provider() = default;

  /// What IKE's own messages can be protected with: no GMAC, no implicit IV.
  virtual bool supports(Encryption encryption) const = 0;
  virtual bool supports(Integrity integrity) const = 0;
  virtual bool supports(Prf prf) const = 0;
  virtual bool supports(KeyExchangeMethod method) const = 0;

  /// Combined mode, in place. `key` without the salt; `nonce` is salt and IV together. `icv` has the algorithm's size.
  virtual void seal(Encryption encryption, ByteView key, ByteView nonce, ByteView aad, ByteSpan text, ByteSpan icv) = 0;
  /// The inverse; ErrorCode::unauthentic leaves `text` in an unspecified state that must not be used.
  virtual Result<void> open(Encryption encryption, ByteView key, ByteView nonce, ByteView aad, ByteSpan text,
                            ByteView icv) = 0;

  /// Without integrity, in place: CBC (`text` a multiple of the block) and CTR. `iv` is the block for CBC, and for CTR
  /// the whole initial counter block: nonce, IV, and a counter of 1 (RFC 3686 §4).
  virtual void encrypt(Encryption encryption, ByteView key, ByteView iv, ByteSpan text) = 0;
  virtual void decrypt(Encryption encryption, ByteView key, ByteView iv, ByteSpan text) = 0;

  /// The MAC of the parts as if they were one, truncated to icv_size(); `out` has just that size.
  virtual void mac(Integrity integrity, ByteView key, std::span<const ByteView> parts, ByteSpan out) = 0;
  /// prf(key, parts), output_size() octets.
  virtual Secret prf(Prf prf, ByteView key, std::span<const ByteView> parts) = 0;
  virtual void hash(Hash hash, std::span<const ByteView> parts, ByteSpan out) = 0;

  /// A fresh key pair from our own random source. ErrorCode::unsupported for a method that the library lacks.
  virtual Result<std::unique_ptr<KeyExchange>> start_key_exchange(KeyExchangeMethod method, RandomSource& random) = 0;
  /// A responder's part, whole. ErrorCode::unsupported likewise, ErrorCode::out_of_range for a public value that is
  /// none.
  virtual Result<KeyExchangeAnswer> answer_key_exchange(KeyExchangeMethod method, ByteView peer_public_value,
                                                        RandomSource& random) {
    const auto own = TRY(start_key_exchange(method, random));
    Secret shared = TRY(own->shared_secret(peer_public_value));
    return KeyExchangeAnswer{to_bytes(own->public_value()), std::move(shared)};
  }
};

/// prf+ (RFC 7296 §2.13): `size` octets, at most 255 times the PRF's output.
Secret prf_plus(Provider& provider, Prf prf, ByteView key, ByteView seed, std::size_t size);

}  // namespace sallyport::crypto
