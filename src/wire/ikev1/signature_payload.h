// SIG: a signature in place of the hash that proves an identity (RFC 2408 §3.12, RFC 2409 §5.1).
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

struct SignaturePayload {
  static constexpr PayloadType payload_type = PayloadType::signature;
  Bytes data;

  static Result<SignaturePayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const SignaturePayload&, const SignaturePayload&) = default;
};

}  // namespace sallyport::wire::ikev1
