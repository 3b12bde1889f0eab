// V: what an implementation says of itself (RFC 7296 §3.12).
#pragma once

#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

struct VendorIdPayload {
  static constexpr PayloadType payload_type = PayloadType::vendor_id;
  Bytes data;

  static Result<VendorIdPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const VendorIdPayload&, const VendorIdPayload&) = default;
};

}  // namespace sallyport::wire::ikev2
