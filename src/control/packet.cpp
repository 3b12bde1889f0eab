#include "control/packet.h"

#include "base/check.h"
#include "base/reader.h"
#include "base/writer.h"
#include "control/frame.h"

namespace sallyport::control {

bool has_name(PacketType type) {
  switch (type) {
    case PacketType::cmd_request:
    case PacketType::event_register:
    case PacketType::event_unregister:
    case PacketType::event: return true;
    default: return false;
  }
}

bool has_message(PacketType type) {
  return type == PacketType::cmd_request || type == PacketType::cmd_response || type == PacketType::event;
}

Result<Packet> parse_packet(ByteView payload) {
  Reader reader(payload);
  const std::uint8_t type = TRY(reader.u8());
  if (type > static_cast<std::uint8_t>(PacketType::event)) return fail(ErrorCode::malformed);

  Packet packet;
  packet.type = static_cast<PacketType>(type);
  if (has_name(packet.type)) {
    const std::size_t size = TRY(reader.u8());
    const std::size_t at = reader.offset();
    packet.name = as_text(TRY(reader.bytes(size)));
    if (!is_name(packet.name)) return fail(ErrorCode::unsupported, at);
  }
  packet.message_offset = reader.offset();
  if (has_message(packet.type)) packet.message = reader.rest();
  TRY(reader.finish());
  return packet;
}

Result<Secret> serialize_frame(PacketType type, std::string_view name, const Message& message) {
  std::size_t length = 1;
  if (has_name(type)) {
    if (name.size() > kMaxName) return fail(ErrorCode::out_of_range);
    if (!is_name(name)) return fail(ErrorCode::unsupported);
    length += 1 + name.size();
  }
  if (has_message(type)) length += TRY(serialized_size(message));
  if (length > kMaxFrame) return fail(ErrorCode::out_of_range);

  Bytes frame;
  frame.reserve(kFrameHeader + length);
  Writer writer(frame);
  writer.u32(static_cast<std::uint32_t>(length));
  writer.u8(static_cast<std::uint8_t>(type));
  if (has_name(type)) {
    writer.u8(static_cast<std::uint8_t>(name.size()));
    writer.bytes(as_bytes(name));
  }
  if (has_message(type)) TRY(serialize_message(message, frame));
  return Secret::adopt(std::move(frame));
}

Secret serialize_frame(PacketType type) {
  ASSERT(!has_name(type) && !has_message(type));
  auto frame = serialize_frame(type, {}, {});
  ASSERT(frame);
  return std::move(*frame);
}

}  // namespace sallyport::control
