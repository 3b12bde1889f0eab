// KE: a Diffie-Hellman public value (RFC 2408 §3.7); its group is what the SA payload says.
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

struct KePayload {
  static constexpr PayloadType payload_type = PayloadType::ke;
  Bytes data;

  static Result<KePayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const KePayload&, const KePayload&) = default;
};

}  // namespace sallyport::wire::ikev1
