// SA: proposals, each with transforms, each with attributes (RFC 7296 §3.3). Says what stands in the octets; whether a
// proposal makes sense (numbers in order, a transform of each type that its protocol needs) is the negotiation's
// matter.
//
//   SA ── Proposal 1 ESP, SPI ─┬─ ENCR AES_CBC, key length 256
//      │                       ├─ INTEG HMAC_SHA2_256_128
//      │                       └─ ESN no
//      └─ Proposal 2 …
#pragma once

#include "wire/ikev2/payload_format.h"
#include "wire/ikev2/transform_id.h"

namespace sallyport::wire::ikev2 {

/// Bounds on what we take from a peer: several times what offers of real implementations hold.
inline constexpr std::size_t max_proposals = 64;
inline constexpr std::size_t max_transforms = 255;  // the count field's own limit
inline constexpr std::size_t max_attributes = 16;   // of one transform

/// A transform attribute other than a well-formed key length (RFC 7296 §3.3.5), which is the only one defined.
struct TransformAttribute {
  std::uint16_t type = 0;     // 15 bits
  bool fixed_length = false;  // the two-octet form (AF = 1); otherwise with a length of its own
  Bytes value;                // two octets in the fixed form

  friend bool operator==(const TransformAttribute&, const TransformAttribute&) = default;
};

struct Transform {
  TransformType type{};
  std::uint16_t id = 0;                            // one of transform_id.h's enumerations, as the type says
  std::optional<std::uint16_t> key_length;         // in bits
  std::vector<TransformAttribute> unrecognized{};  // with any of these it must not be chosen (RFC 7296 §3.3.6)

  friend bool operator==(const Transform&, const Transform&) = default;
};

/// Makers of the usual transforms. `key_length` in bits, only for ciphers that come with several (RFC 7296 §3.3.5).
inline Transform transform(EncryptionId id, std::optional<std::uint16_t> key_length = {}) {
  return {TransformType::encryption, number(id), key_length};
}
inline Transform transform(PrfId id) { return {TransformType::prf, number(id), {}}; }
inline Transform transform(IntegrityId id) { return {TransformType::integrity, number(id), {}}; }
inline Transform transform(KeyExchangeId id) { return {TransformType::key_exchange, number(id), {}}; }
inline Transform transform(EsnId id) { return {TransformType::extended_sequence_numbers, number(id), {}}; }

/// "ENCR_AES_CBC_256", "PRF_HMAC_SHA2_256", "31/7" for what has no name.
std::string to_string(const Transform& transform);

struct Proposal {
  std::uint8_t number = 1;
  ProtocolId protocol{};
  Bytes spi;  // empty in the first exchange of an IKE SA, 8 octets when one is rekeyed, 4 for AH and ESP
  std::vector<Transform> transforms;

  friend bool operator==(const Proposal&, const Proposal&) = default;
};

struct SaPayload {
  static constexpr PayloadType payload_type = PayloadType::sa;
  std::vector<Proposal> proposals;  // at least one

  /// ErrorCode::exhausted beyond the bounds above.
  static Result<SaPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const SaPayload&, const SaPayload&) = default;
};

}  // namespace sallyport::wire::ikev2
