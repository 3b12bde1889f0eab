#include "wire/ikev2/delete_payload.h"

namespace sallyport::wire::ikev2 {
namespace {

constexpr std::uint8_t child_spi_size = 4;

}  // namespace

Result<DeletePayload> DeletePayload::parse_body(Reader& body) {
  const std::size_t at = body.offset();
  DeletePayload payload;
  payload.protocol = ProtocolId{TRY(body.u8())};
  const std::uint8_t spi_size = TRY(body.u8());
  const std::uint16_t count = TRY(body.u16());
  switch (payload.protocol) {
    case ProtocolId::ike:
      // Whatever the count says: the SA that carries the message is meant, and no SPI is there.
      if (spi_size != 0) return fail(ErrorCode::malformed, at + 1);
      return payload;
    case ProtocolId::ah:
    case ProtocolId::esp: break;
    default: return fail(ErrorCode::unsupported, at);
  }
  if (spi_size != child_spi_size) return fail(ErrorCode::malformed, at + 1);
  if (count > max_deleted_spis) return fail(ErrorCode::exhausted, at + 2);
  for (std::uint16_t i = 0; i < count; ++i) payload.spis.push_back(TRY(body.u32()));
  return payload;
}

Result<void> DeletePayload::serialize_body(Writer& writer) const {
  const bool is_child = protocol == ProtocolId::ah || protocol == ProtocolId::esp;
  if (spis.size() > (is_child ? max_deleted_spis : 0)) return fail(ErrorCode::out_of_range, writer.size());
  writer.u8(number(protocol));
  writer.u8(is_child ? child_spi_size : 0);
  writer.u16(static_cast<std::uint16_t>(spis.size()));
  for (const std::uint32_t spi : spis) writer.u32(spi);
  return {};
}

}  // namespace sallyport::wire::ikev2
