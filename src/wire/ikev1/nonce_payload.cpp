#include "wire/ikev1/nonce_payload.h"

namespace sallyport::wire::ikev1 {

Result<NoncePayload> NoncePayload::parse_body(Reader& body) {
  if (body.remaining() < min_nonce_size || body.remaining() > max_nonce_size)
    return fail(ErrorCode::out_of_range, body.offset());
  return NoncePayload{to_bytes(body.rest())};
}

Result<void> NoncePayload::serialize_body(Writer& writer) const {
  if (data.size() < min_nonce_size || data.size() > max_nonce_size) return fail(ErrorCode::out_of_range, writer.size());
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev1
