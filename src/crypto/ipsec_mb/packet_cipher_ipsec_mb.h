// Packet cryptography with Intel's multi-buffer library: the packets of a burst are worked on side by side, in the
// lanes of the processor's vectors. For x86-64 with AES instructions.
#pragma once

#include "crypto/packet_cipher.h"

namespace sallyport::crypto {

/// Sets of vector instructions, each with AES and carry-less multiplication.
enum class InstructionSet {
  sse,
  avx,
  avx2,
  avx512
};

/// Uses the widest set that the processor has, up to `widest`; nullptr where it has none, or where the library fails
/// its own test. make() may be called from any thread at any time; the ciphers of one factory share its lanes, so they
/// belong to one thread: a worker has a factory of its own. They may outlive it. 3DES needs AVX-512, and is unsupported
/// otherwise, AES-CCM with 192 bits always: make_openssl_factory() has both.
std::unique_ptr<PacketCipherFactory> make_ipsec_mb_factory(InstructionSet widest = InstructionSet::avx512);

}  // namespace sallyport::crypto
