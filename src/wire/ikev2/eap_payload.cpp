#include "wire/ikev2/eap_payload.h"

namespace sallyport::wire::ikev2 {
namespace {

constexpr std::size_t eap_header_size = 4;  // code, identifier, length

}  // namespace

Result<EapPayload> EapPayload::parse_body(Reader& body) {
  if (body.remaining() < eap_header_size) return fail(ErrorCode::truncated, body.offset());
  return EapPayload{to_bytes(body.rest())};
}

Result<void> EapPayload::serialize_body(Writer& writer) const {
  if (message.size() < eap_header_size) return fail(ErrorCode::out_of_range, writer.size());
  writer.bytes(message);
  return {};
}

}  // namespace sallyport::wire::ikev2
