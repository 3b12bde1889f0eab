#include "wire/ikev1/id_payload.h"

namespace sallyport::wire::ikev1 {
namespace {

void append_id(Writer& writer, const IdPayload& id) {
  writer.u8(number(id.type));
  writer.u8(id.protocol);
  writer.u16(id.port);
  writer.bytes(id.data);
}

}  // namespace

Bytes IdPayload::body() const {
  Bytes octets;
  Writer writer(octets);
  append_id(writer, *this);
  return octets;
}

Result<IdPayload> IdPayload::parse_body(Reader& body) {
  IdPayload id;
  id.type = IdType{TRY(body.u8())};
  id.protocol = TRY(body.u8());
  id.port = TRY(body.u16());
  const std::size_t size = body.remaining();
  if (id_data_size(id.type).value_or(size) != size) return fail(ErrorCode::malformed, body.offset());
  id.data = to_bytes(body.rest());
  return id;
}

Result<void> IdPayload::serialize_body(Writer& writer) const {
  if (id_data_size(type).value_or(data.size()) != data.size()) return fail(ErrorCode::out_of_range, writer.size());
  append_id(writer, *this);
  return {};
}

}  // namespace sallyport::wire::ikev1
