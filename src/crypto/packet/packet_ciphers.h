// The packet ciphers of this build, the fastest of each that this processor has: libipsec-mb's for the algorithms that
// it knows, OpenSSL's for the others, and for all where there is no libipsec-mb.
#pragma once

#include <memory>

#include "crypto/packet_cipher.h"

namespace sallyport::crypto {

/// For one thread.
std::unique_ptr<PacketCipherFactory> make_packet_ciphers();

}  // namespace sallyport::crypto
