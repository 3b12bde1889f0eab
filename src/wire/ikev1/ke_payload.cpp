#include "wire/ikev1/ke_payload.h"

namespace sallyport::wire::ikev1 {

Result<KePayload> KePayload::parse_body(Reader& body) { return KePayload{to_bytes(body.rest())}; }

Result<void> KePayload::serialize_body(Writer& writer) const {
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev1
