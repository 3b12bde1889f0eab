// AUTH: the proof of identity (RFC 7296 §3.8). For AuthMethod::digital_signature the data begins with the signature's
// algorithm identifier (RFC 7427 §3), which is for the verification to read.
#pragma once

#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

struct AuthPayload {
  static constexpr PayloadType payload_type = PayloadType::auth;
  AuthMethod method{};
  Bytes data;

  static Result<AuthPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const AuthPayload&, const AuthPayload&) = default;
};

}  // namespace sallyport::wire::ikev2
