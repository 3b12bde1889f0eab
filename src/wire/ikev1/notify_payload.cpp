#include "wire/ikev1/notify_payload.h"

namespace sallyport::wire::ikev1 {

Result<NotifyPayload> NotifyPayload::parse_body(Reader& body) {
  NotifyPayload notify;
  notify.doi = Doi{TRY(body.u32())};
  notify.protocol = ProtocolId{TRY(body.u8())};
  const std::uint8_t spi_size = TRY(body.u8());
  notify.type = NotifyType{TRY(body.u16())};
  notify.spi = to_bytes(TRY(body.bytes(spi_size)));
  notify.data = to_bytes(body.rest());
  return notify;
}

Result<void> NotifyPayload::serialize_body(Writer& writer) const {
  if (spi.size() > 0xff) return fail(ErrorCode::out_of_range, writer.size());
  writer.u32(number(doi));
  writer.u8(number(protocol));
  writer.u8(static_cast<std::uint8_t>(spi.size()));
  writer.u16(number(type));
  writer.bytes(spi);
  writer.bytes(data);
  return {};
}

}  // namespace sallyport::wire::ikev1
