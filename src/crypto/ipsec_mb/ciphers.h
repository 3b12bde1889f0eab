// The ways packets are worked on here. Internal to this folder; the keys have been checked.
#pragma once

#include <memory>

#include "crypto/packet_cipher.h"

namespace sallyport::crypto::ipsec_mb {

class MultiBuffer;

/// AES-GCM: one call per packet, as lanes have nothing to add to its vector code; for short packets code of our own.
std::unique_ptr<PacketCipher> make_gcm(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys);
std::unique_ptr<PacketCipher> make_chacha20_poly1305(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys);
/// AES-CCM with keys of 128 and 256 bits.
std::unique_ptr<PacketCipher> make_ccm(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys);
/// AES-GMAC, of ESP, and as AH's integrity: one call per packet, as with GCM.
std::unique_ptr<PacketCipher> make_gmac(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys);
std::unique_ptr<PacketCipher> make_authentication_gmac(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys);
/// CBC, CTR and null, with HMAC or a MAC of AES.
std::unique_ptr<PacketCipher> make_separate_integrity(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys);

}  // namespace sallyport::crypto::ipsec_mb
