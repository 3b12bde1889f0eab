// AES-GMAC (RFC 4543): for ESP a combined mode that leaves the text in clear, for AH an integrity algorithm.
#pragma once

#include <memory>

#include "crypto/openssl/owned.h"
#include "crypto/packet_cipher.h"

namespace sallyport::crypto::openssl {

/// The keys have been checked.
std::unique_ptr<PacketCipher> make_gmac(const PacketKeys& keys, const EVP_CIPHER* gcm);
/// As AH's integrity; the PacketCipher's ICV is the IV and the ICV proper.
std::unique_ptr<PacketCipher> make_authentication_gmac(const PacketKeys& keys);

}  // namespace sallyport::crypto::openssl
