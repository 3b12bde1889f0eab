#include "wire/ike_header.h"

namespace sallyport::wire {

Result<IkeHeader> parse_ike_header(ByteView message) {
  Reader reader(message);
  IkeHeader header;
  header.initiator_spi = TRY(reader.u64());
  header.responder_spi = TRY(reader.u64());
  header.next_payload = TRY(reader.u8());
  const std::uint8_t version = TRY(reader.u8());
  header.major_version = version >> 4;
  header.minor_version = version & 0x0f;
  header.exchange_type = TRY(reader.u8());
  header.flags = TRY(reader.u8());
  header.message_id = TRY(reader.u32());
  header.length = TRY(reader.u32());
  if (header.length < ike_header_size) return fail(ErrorCode::malformed, length_offset);
  if (header.length > message.size()) return fail(ErrorCode::truncated, message.size());
  if (header.length < message.size()) return fail(ErrorCode::trailing, header.length);
  return header;
}

void serialize_ike_header(Writer& writer, const IkeHeader& header) {
  writer.u64(header.initiator_spi);
  writer.u64(header.responder_spi);
  writer.u8(header.next_payload);
  writer.u8(static_cast<std::uint8_t>(header.major_version << 4 | (header.minor_version & 0x0f)));
  writer.u8(header.exchange_type);
  writer.u8(header.flags);
  writer.u32(header.message_id);
  writer.u32(header.length);
}

}  // namespace sallyport::wire
