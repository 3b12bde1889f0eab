// Packet cryptography with Intel's multi-buffer library: the packets of a burst are worked on side by side, in the
// lanes of the processor's vectors. For x86-64 with AES instructions.
#pragma once

#include "crypto/packet_cipher.h"

namespace sallyport::crypto {

/// nullptr where the processor lacks what is needed. make() may be called from any thread at any time; the ciphers of
/// one factory share its lanes, so they belong to one thread: a worker has a factory of its own. They may outlive it.
std::unique_ptr<PacketCipherFactory> make_ipsec_mb_factory();

}  // namespace sallyport::crypto
