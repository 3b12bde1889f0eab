// What a transform of phase 2 says: the algorithms, the mode and the lifetime of an SA of AH, ESP or IPComp (RFC 2407
// §4.4 and §4.5).
#pragma once

#include "wire/ikev1/lifetime.h"
#include "wire/ikev1/sa_payload.h"

namespace sallyport::wire::ikev1 {

struct Phase2Transform {
  std::uint8_t id = 0;  // EspTransformId, AhTransformId or IpcompTransformId, as the proposal's protocol says
  std::optional<std::uint16_t> key_length{};  // in bits, for ciphers that come with several
  std::optional<AuthenticationAlgorithm> authentication{};
  std::optional<EncapsulationMode> encapsulation{};
  std::optional<GroupDescription> group{};  // for PFS; the same in all of a message's SAs (RFC 2409 §5.5)
  Lifetimes lifetimes{};
  bool extended_sequence_numbers = false;  // RFC 4304
  /// What is not read, or not well formed, or there again. With any of these the transform must not be chosen.
  Attributes unrecognized{};

  friend bool operator==(const Phase2Transform&, const Phase2Transform&) = default;
};

Phase2Transform read_phase2(const Transform& transform);
/// A transform of the number, with all that is set.
Transform write_phase2(std::uint8_t transform_number, const Phase2Transform& content);
/// "ESP_AES-256, HMAC-SHA, Tunnel, MODP_1024".
std::string to_string(ProtocolId protocol, const Phase2Transform& transform);

}  // namespace sallyport::wire::ikev1
