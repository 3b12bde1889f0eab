// D: SAs that the sender no longer has (RFC 2408 §3.15): ISAKMP SAs by their cookies, others by the SPIs of the
// sender's inbound ones.
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

/// Bound on the SPIs of one payload.
inline constexpr std::size_t max_deleted_spis = 4096;

struct DeletePayload {
  static constexpr PayloadType payload_type = PayloadType::delete_;
  ProtocolId protocol{};
  std::vector<Bytes> spis;  // of one size: initiator's and responder's cookie for ISAKMP; 4 octets for AH and ESP
  Doi doi = Doi::ipsec;

  /// ErrorCode::malformed for SPIs of no octets, or of another size than the protocol's; ErrorCode::exhausted beyond
  /// the bound. SPIs of protocols that we do not know may have any size.
  static Result<DeletePayload> parse_body(Reader& body);
  /// ErrorCode::out_of_range for what parse_body() refuses.
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const DeletePayload&, const DeletePayload&) = default;
};

}  // namespace sallyport::wire::ikev1
