#include "wire/ikev1/cert_payload.h"

namespace sallyport::wire::ikev1 {

Result<CertPayload> CertPayload::parse_body(Reader& body) {
  const std::uint8_t encoding = TRY(body.u8());
  return CertPayload{CertEncoding{encoding}, to_bytes(body.rest())};
}

Result<void> CertPayload::serialize_body(Writer& writer) const {
  writer.u8(number(encoding));
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev1
