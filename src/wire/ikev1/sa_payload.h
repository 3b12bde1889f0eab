// SA: proposals, each with transforms, each with attributes (RFC 2408 §3.4 to §3.6, RFC 2407 §4.6.1). Says what stands
// in the octets; phase1_transform.h and phase2_transform.h say what a transform means. Proposals of the same number are
// offered together, of different numbers one in place of the other; a transform is always one or another.
//
//   SA ─┬─ Proposal 1 AH, SPI ──── Transform 1 AH_SHA …      both, or …
//       ├─ Proposal 1 ESP, SPI ─┬─ Transform 1 ESP_AES …
//       │                       └─ Transform 2 ESP_3DES …
//       └─ Proposal 2 ESP, SPI ─── Transform 1 …             … this one
//
// Only the IPsec DOI in the situation SIT_IDENTITY_ONLY is read, so neither is a member.
#pragma once

#include "wire/ikev1/algorithm.h"
#include "wire/ikev1/attribute.h"

namespace sallyport::wire::ikev1 {

/// Bounds on what we take from a peer: several times what offers of real implementations hold.
inline constexpr std::size_t max_proposals = 64;
inline constexpr std::size_t max_transforms = 255;  // the count field's own limit
inline constexpr std::size_t max_transform_attributes = 64;

struct Transform {
  std::uint8_t number = 1;
  std::uint8_t id = 0;  // key_ike in phase 1, else one of algorithm.h's enumerations, as the protocol says
  Attributes attributes;

  friend bool operator==(const Transform&, const Transform&) = default;
};

struct Proposal {
  std::uint8_t number = 1;
  ProtocolId protocol{};
  Bytes spi;  // phase 1: to be ignored (RFC 2408 §3.5); AH, ESP: 4 octets; IPCOMP: 2 or 4
  std::vector<Transform> transforms;

  /// The SPI of AH or ESP, the CPI of IPComp; nullopt when its size is not one that the protocol has, and for others.
  std::optional<std::uint32_t> child_spi() const;
  friend bool operator==(const Proposal&, const Proposal&) = default;
};

struct SaPayload {
  static constexpr PayloadType payload_type = PayloadType::sa;
  std::vector<Proposal> proposals;  // at least one

  /// The proposals by number, in the order of the numbers' first appearance. The pointers live as long as `proposals`.
  std::vector<std::vector<const Proposal*>> alternatives() const;

  /// ErrorCode::unsupported for another DOI (at the body's first octet) or situation (at its fifth);
  /// ErrorCode::exhausted beyond the bounds above.
  static Result<SaPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const SaPayload&, const SaPayload&) = default;
};

}  // namespace sallyport::wire::ikev1
