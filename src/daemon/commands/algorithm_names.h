// Algorithms by the names that VICI's clients show: "AES_GCM_16", "HMAC_SHA2_256_128", "CURVE_25519". Key lengths stand
// in fields of their own there.
#pragma once

#include <string_view>

#include "crypto/algorithms.h"

namespace sallyport::daemon {

std::string_view vici_name(crypto::Cipher cipher);
std::string_view vici_name(crypto::Integrity integrity);
std::string_view vici_name(crypto::Prf prf);
std::string_view vici_name(crypto::KeyExchangeMethod method);
/// Bits, where the name leaves them open; 0: it does not.
unsigned vici_key_size(crypto::Encryption encryption);

}  // namespace sallyport::daemon
