#include "wire/ikev2/ke_payload.h"

namespace sallyport::wire::ikev2 {

Result<KePayload> KePayload::parse_body(Reader& body) {
  const std::uint16_t method = TRY(body.u16());
  TRY(body.skip(2));
  return KePayload{KeyExchangeId{method}, to_bytes(body.rest())};
}

Result<void> KePayload::serialize_body(Writer& writer) const {
  writer.u16(number(method));
  writer.zeros(2);
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev2
