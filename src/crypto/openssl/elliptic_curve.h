// Diffie-Hellman over the curves y² = x³ + ax + b: the ECP groups of RFC 5903 and Brainpool's of RFC 6954, which differ
// in their numbers only. Internal to this folder.
#pragma once

#include <array>
#include <memory>

#include "crypto/provider.h"

namespace sallyport::crypto::openssl {

struct Curve;

/// The curves, each made when it is first asked for and never changed after.
class EllipticCurves {
 public:
  /// False for other methods, and for curves that this OpenSSL was built without.
  bool supports(KeyExchangeMethod method) { return curve(method) != nullptr; }
  /// `method` is supported.
  std::unique_ptr<KeyExchange> start(KeyExchangeMethod method, RandomSource& random);

 private:
  std::shared_ptr<const Curve> curve(KeyExchangeMethod method);
  std::array<std::shared_ptr<const Curve>, 7> curves_;
};

inline bool is_elliptic_curve(KeyExchangeMethod method) {
  return method >= KeyExchangeMethod::ecp256 && method <= KeyExchangeMethod::brainpool512;
}

}  // namespace sallyport::crypto::openssl
