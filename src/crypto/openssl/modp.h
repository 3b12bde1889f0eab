// Diffie-Hellman over the MODP groups of RFC 2409 and RFC 3526. Internal to this folder.
#pragma once

#include <array>
#include <memory>

#include "crypto/provider.h"

namespace sallyport::crypto::openssl {

struct ModpGroup;

/// The groups, each made when it is first asked for and never changed after.
class ModpGroups {
 public:
  /// `method` is one of the MODP groups; all of them are always there.
  std::unique_ptr<KeyExchange> start(KeyExchangeMethod method, RandomSource& random);
  /// With a given private value, of any size, in network byte order.
  std::unique_ptr<KeyExchange> start_with(KeyExchangeMethod method, ByteView exponent);

 private:
  const std::shared_ptr<ModpGroup>& group(KeyExchangeMethod method);
  std::array<std::shared_ptr<ModpGroup>, 8> groups_;
};

inline bool is_modp(KeyExchangeMethod method) {
  return method >= KeyExchangeMethod::modp768 && method <= KeyExchangeMethod::modp8192;
}

}  // namespace sallyport::crypto::openssl
