// EAP: one message of the Extensible Authentication Protocol, opaque (RFC 7296 §3.16, RFC 3748 §4).
#pragma once

#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

struct EapPayload {
  static constexpr PayloadType payload_type = PayloadType::eap;
  Bytes message;  // from the code field on

  static Result<EapPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const EapPayload&, const EapPayload&) = default;
};

}  // namespace sallyport::wire::ikev2
