// Packet cryptography for processors that crypto/ipsec_mb does not serve: correct everywhere, one packet at a time, and
// several times slower.
#pragma once

#include "crypto/packet_cipher.h"

namespace sallyport::crypto {

/// Ciphers are independent of the factory and of each other; one thread at a time for each of them.
std::unique_ptr<PacketCipherFactory> make_openssl_factory();

}  // namespace sallyport::crypto
