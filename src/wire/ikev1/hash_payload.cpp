#include "wire/ikev1/hash_payload.h"

namespace sallyport::wire::ikev1 {

Result<HashPayload> HashPayload::parse_body(Reader& body) { return HashPayload{to_bytes(body.rest())}; }

Result<void> HashPayload::serialize_body(Writer& writer) const {
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev1
