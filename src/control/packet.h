// VICI packets: what one frame carries. A type, for some types the name of a command or event, for some a message.
//
//   client                                    server
//   CMD_REQUEST name message   ────────────▶
//                              ◀────────────  EVENT name message …       those that the client has registered for
//                              ◀────────────  CMD_RESPONSE message       or CMD_UNKNOWN
//   EVENT_(UN)REGISTER name    ────────────▶
//                              ◀────────────  EVENT_CONFIRM              or EVENT_UNKNOWN
#pragma once

#include "control/message.h"

namespace sallyport::control {

enum class PacketType : std::uint8_t {
  cmd_request = 0,
  cmd_response = 1,
  cmd_unknown = 2,
  event_register = 3,
  event_unregister = 4,
  event_confirm = 5,
  event_unknown = 6,
  event = 7,
};

bool has_name(PacketType type);
bool has_message(PacketType type);

/// A view of a packet; lives as long as the payload.
struct Packet {
  PacketType type{};
  std::string_view name;         // empty where the type has none
  ByteView message;              // likewise; still to be parsed
  std::size_t message_offset{};  // in the payload
};

/// `payload` is a frame without its length field, and offsets in errors count into it.
///   malformed    an unknown type          unsupported  a name that is_name() does not take
///   truncated    no type, or less of the name than announced
///   trailing     bytes behind a packet whose type has no message
Result<Packet> parse_packet(ByteView payload);

/// The frame, with its length field. `name` and `message` are left out for types that have none.
/// out_of_range when it would be longer than kMaxFrame, and the errors of serialize_message().
Result<Secret> serialize_frame(PacketType type, std::string_view name, const Message& message);
/// A frame that is nothing but its type: confirmations and refusals.
Secret serialize_frame(PacketType type);

}  // namespace sallyport::control
