#include "wire/ikev2/auth_payload.h"

namespace sallyport::wire::ikev2 {

Result<AuthPayload> AuthPayload::parse_body(Reader& body) {
  const std::uint8_t method = TRY(body.u8());
  TRY(body.skip(3));
  return AuthPayload{AuthMethod{method}, to_bytes(body.rest())};
}

Result<void> AuthPayload::serialize_body(Writer& writer) const {
  writer.u8(number(method));
  writer.zeros(3);
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev2
