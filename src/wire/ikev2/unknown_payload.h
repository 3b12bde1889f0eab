// A payload whose type we do not read, as it came. When it is critical the message has to be refused with
// UNSUPPORTED_CRITICAL_PAYLOAD (RFC 7296 §2.5); otherwise it is passed over.
#pragma once

#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

struct UnknownPayload {
  PayloadType type{};
  Bytes data;

  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const UnknownPayload&, const UnknownPayload&) = default;
};

}  // namespace sallyport::wire::ikev2
