// Two factories as one: what the fast one lacks, the complete one makes. So each SA gets the best cipher there is for
// it.
#pragma once

#include "crypto/packet_cipher.h"

namespace sallyport::crypto {

/// Neither may be nullptr. Only ErrorCode::unsupported leads to `fallback`: its answer is then the answer.
std::unique_ptr<PacketCipherFactory> make_factory_with_fallback(std::unique_ptr<PacketCipherFactory> preferred,
                                                                std::unique_ptr<PacketCipherFactory> fallback);

}  // namespace sallyport::crypto
