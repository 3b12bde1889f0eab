// D: SAs that the sender no longer accepts (RFC 7296 §3.11): the IKE SA that carries it, or inbound AH or ESP SAs of
// the sender by their SPIs.
#pragma once

#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

/// Bound on the SPIs of one payload.
inline constexpr std::size_t max_deleted_spis = 4096;

struct DeletePayload {
  static constexpr PayloadType payload_type = PayloadType::delete_;
  ProtocolId protocol{};
  std::vector<std::uint32_t> spis;  // none for ProtocolId::ike

  /// ErrorCode::unsupported for another protocol than IKE, AH and ESP; ErrorCode::malformed for an SPI size that the
  /// protocol does not have; ErrorCode::exhausted beyond the bound.
  static Result<DeletePayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const DeletePayload&, const DeletePayload&) = default;
};

}  // namespace sallyport::wire::ikev2
