#include "wire/ikev1/certreq_payload.h"

namespace sallyport::wire::ikev1 {

Result<CertReqPayload> CertReqPayload::parse_body(Reader& body) {
  const std::uint8_t encoding = TRY(body.u8());
  return CertReqPayload{CertEncoding{encoding}, to_bytes(body.rest())};
}

Result<void> CertReqPayload::serialize_body(Writer& writer) const {
  writer.u8(number(encoding));
  writer.bytes(authority);
  return {};
}

}  // namespace sallyport::wire::ikev1
