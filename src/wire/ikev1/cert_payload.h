// CERT: one certificate or revocation list (RFC 2408 §3.9). The data is not looked at here.
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

struct CertPayload {
  static constexpr PayloadType payload_type = PayloadType::cert;
  CertEncoding encoding{};
  Bytes data;

  static Result<CertPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const CertPayload&, const CertPayload&) = default;
};

}  // namespace sallyport::wire::ikev1
