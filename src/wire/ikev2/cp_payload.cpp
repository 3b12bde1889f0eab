#include "wire/ikev2/cp_payload.h"

namespace sallyport::wire::ikev2 {
namespace {

constexpr std::uint16_t reserved_bit = 0x8000;

}  // namespace

Result<CpPayload> CpPayload::parse_body(Reader& body) {
  CpPayload payload;
  payload.type = CfgType{TRY(body.u8())};
  TRY(body.skip(3));
  while (!body.empty()) {
    if (payload.attributes.size() == max_cfg_attributes) return fail(ErrorCode::exhausted, body.offset());
    const auto type = static_cast<std::uint16_t>(TRY(body.u16()) & ~reserved_bit);
    const std::uint16_t length = TRY(body.u16());
    payload.attributes.push_back({CfgAttributeType{type}, to_bytes(TRY(body.bytes(length)))});
  }
  return payload;
}

Result<void> CpPayload::serialize_body(Writer& writer) const {
  if (attributes.size() > max_cfg_attributes) return fail(ErrorCode::out_of_range, writer.size());
  writer.u8(number(type));
  writer.zeros(3);
  for (const CfgAttribute& attribute : attributes) {
    if ((number(attribute.type) & reserved_bit) != 0 || attribute.value.size() > 0xffff)
      return fail(ErrorCode::out_of_range, writer.size());
    writer.u16(number(attribute.type));
    writer.u16(static_cast<std::uint16_t>(attribute.value.size()));
    writer.bytes(attribute.value);
  }
  return {};
}

}  // namespace sallyport::wire::ikev2
