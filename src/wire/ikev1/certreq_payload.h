// CR: a certificate that the sender wishes to see, and whose authority it would trust (RFC 2408 §3.10).
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

struct CertReqPayload {
  static constexpr PayloadType payload_type = PayloadType::certreq;
  CertEncoding encoding{};
  Bytes authority;  // for X.509: the distinguished name of the issuer in DER; empty: whatever you have

  static Result<CertReqPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const CertReqPayload&, const CertReqPayload&) = default;
};

}  // namespace sallyport::wire::ikev1
