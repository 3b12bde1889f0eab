// A payload whose type we do not read, as it came. ISAKMP has no critical flag: a type that the receiver does not know
// is an error for RFC 2408 §5.3 (INVALID-PAYLOAD-TYPE), and passed over by most; that is for the exchange to say.
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

struct UnknownPayload {
  PayloadType type{};
  Bytes data;

  PayloadType payload_type() const { return type; }
  /// ErrorCode::out_of_range for a type that ends a chain or stands only within an SA payload.
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const UnknownPayload&, const UnknownPayload&) = default;
};

}  // namespace sallyport::wire::ikev1
