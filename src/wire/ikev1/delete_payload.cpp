#include "wire/ikev1/delete_payload.h"

namespace sallyport::wire::ikev1 {
namespace {

bool is_spi_size(ProtocolId protocol, std::size_t size) {
  switch (protocol) {
    case ProtocolId::isakmp: return size == 16;
    case ProtocolId::ah:
    case ProtocolId::esp: return size == 4;
    case ProtocolId::ipcomp: return size == 2 || size == 4;
    default: return size > 0 && size <= 0xff;
  }
}

}  // namespace

Result<DeletePayload> DeletePayload::parse_body(Reader& body) {
  DeletePayload payload;
  payload.doi = Doi{TRY(body.u32())};
  payload.protocol = ProtocolId{TRY(body.u8())};
  const std::size_t size_at = body.offset();
  const std::uint8_t spi_size = TRY(body.u8());
  const std::uint16_t count = TRY(body.u16());
  // A list of nothing has no size to speak of.
  if (count == 0) return payload;
  if (!is_spi_size(payload.protocol, spi_size)) return fail(ErrorCode::malformed, size_at);
  if (count > max_deleted_spis) return fail(ErrorCode::exhausted, size_at + 1);
  for (std::uint16_t i = 0; i < count; ++i) payload.spis.push_back(to_bytes(TRY(body.bytes(spi_size))));
  return payload;
}

Result<void> DeletePayload::serialize_body(Writer& writer) const {
  const std::size_t spi_size = spis.empty() ? 0 : spis.front().size();
  const bool all_fit = std::ranges::all_of(
      spis, [&](const Bytes& spi) { return spi.size() == spi_size && is_spi_size(protocol, spi_size); });
  if (!all_fit || spis.size() > max_deleted_spis) return fail(ErrorCode::out_of_range, writer.size());
  writer.u32(number(doi));
  writer.u8(number(protocol));
  writer.u8(static_cast<std::uint8_t>(spi_size));
  writer.u16(static_cast<std::uint16_t>(spis.size()));
  for (const Bytes& spi : spis) writer.bytes(spi);
  return {};
}

}  // namespace sallyport::wire::ikev1
