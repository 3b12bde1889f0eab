#include "wire/ikev1/attributes_payload.h"

namespace sallyport::wire::ikev1 {

Result<AttributesPayload> AttributesPayload::parse_body(Reader& body) {
  AttributesPayload payload;
  payload.type = CfgType{TRY(body.u8())};
  TRY(body.skip(1));
  payload.identifier = TRY(body.u16());
  payload.attributes = TRY(parse_attributes(body, max_cfg_attributes));
  return payload;
}

Result<void> AttributesPayload::serialize_body(Writer& writer) const {
  writer.u8(number(type));
  writer.u8(0);
  writer.u16(identifier);
  return serialize_attributes(writer, attributes, max_cfg_attributes);
}

}  // namespace sallyport::wire::ikev1
