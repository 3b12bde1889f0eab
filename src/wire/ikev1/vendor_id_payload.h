// VID: what an implementation says of itself (RFC 2408 §3.16). vendor_id.h knows those that mean something.
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

struct VendorIdPayload {
  static constexpr PayloadType payload_type = PayloadType::vendor_id;
  Bytes data;

  static Result<VendorIdPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const VendorIdPayload&, const VendorIdPayload&) = default;
};

}  // namespace sallyport::wire::ikev1
