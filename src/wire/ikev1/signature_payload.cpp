#include "wire/ikev1/signature_payload.h"

namespace sallyport::wire::ikev1 {

Result<SignaturePayload> SignaturePayload::parse_body(Reader& body) { return SignaturePayload{to_bytes(body.rest())}; }

Result<void> SignaturePayload::serialize_body(Writer& writer) const {
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev1
