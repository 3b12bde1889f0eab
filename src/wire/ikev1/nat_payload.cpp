#include "wire/ikev1/nat_payload.h"

#include "wire/ikev1/id_payload.h"

namespace sallyport::wire::ikev1 {
namespace {

bool is_address(IdType type) { return type == IdType::ipv4_addr || type == IdType::ipv6_addr; }

}  // namespace

Result<NatDPayload> NatDPayload::parse_body(Reader& body, NatNumbering numbering) {
  return NatDPayload{numbering, to_bytes(body.rest())};
}

Result<void> NatDPayload::serialize_body(Writer& writer) const {
  writer.bytes(hash);
  return {};
}

Result<NatOaPayload> NatOaPayload::parse_body(Reader& body, NatNumbering numbering) {
  const std::size_t at = body.offset();
  const IdType type{TRY(body.u8())};
  TRY(body.skip(3));
  if (!is_address(type)) return fail(ErrorCode::out_of_range, at);
  if (body.remaining() != id_data_size(type)) return fail(ErrorCode::malformed, body.offset());
  return NatOaPayload{numbering, type, to_bytes(body.rest())};
}

Result<void> NatOaPayload::serialize_body(Writer& writer) const {
  if (!is_address(type) || address.size() != id_data_size(type)) return fail(ErrorCode::out_of_range, writer.size());
  writer.u8(number(type));
  writer.zeros(3);
  writer.bytes(address);
  return {};
}

}  // namespace sallyport::wire::ikev1
