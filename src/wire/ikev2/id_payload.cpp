#include "wire/ikev2/id_payload.h"

namespace sallyport::wire::ikev2 {
namespace {

Result<Identification> parse_identification(Reader& body) {
  Identification id;
  id.type = IdType{TRY(body.u8())};
  id.reserved = TRY(body.array<3>());
  id.data = to_bytes(body.rest());
  return id;
}

void serialize_identification(Writer& writer, const Identification& id) {
  writer.u8(number(id.type));
  writer.bytes(id.reserved);
  writer.bytes(id.data);
}

}  // namespace

Bytes Identification::body() const {
  Bytes octets;
  Writer writer(octets);
  serialize_identification(writer, *this);
  return octets;
}

Result<IdiPayload> IdiPayload::parse_body(Reader& body) { return IdiPayload{TRY(parse_identification(body))}; }
Result<IdrPayload> IdrPayload::parse_body(Reader& body) { return IdrPayload{TRY(parse_identification(body))}; }

Result<void> IdiPayload::serialize_body(Writer& writer) const {
  serialize_identification(writer, id);
  return {};
}
Result<void> IdrPayload::serialize_body(Writer& writer) const {
  serialize_identification(writer, id);
  return {};
}

}  // namespace sallyport::wire::ikev2
