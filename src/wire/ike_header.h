// The 28 octets with which every IKE message begins, in either version (RFC 7296 §3.1, RFC 2408 §3.1). What the next
// payload, the exchange type and the flags mean differs: IKEv2's meanings are in ikev2/numbers.h.
#pragma once

#include "base/reader.h"
#include "base/writer.h"

namespace sallyport::wire {

inline constexpr std::size_t ike_header_size = 28;
/// The largest IKE message that we read or write: what one UDP datagram can carry, in octets.
inline constexpr std::size_t max_message_size = 65535;

struct IkeHeader {
  std::uint64_t initiator_spi = 0;  // IKEv1: initiator cookie
  std::uint64_t responder_spi = 0;  // zero in the first message of an initiator
  std::uint8_t next_payload = 0;
  std::uint8_t major_version = 0;
  std::uint8_t minor_version = 0;
  std::uint8_t exchange_type = 0;
  std::uint8_t flags = 0;
  std::uint32_t message_id = 0;
  std::uint32_t length = 0;  // octets of the whole message, this header included

  friend bool operator==(const IkeHeader&, const IkeHeader&) = default;
};

/// Where the fields that are patched or pointed at stand in a message.
inline constexpr std::size_t next_payload_offset = 16;
inline constexpr std::size_t version_offset = 17;
inline constexpr std::size_t length_offset = 24;

/// Reads the header of a whole message, without the non-ESP marker of port 4500. Any version is taken.
/// ErrorCode::truncated when fewer than 28 octets are there or fewer than the length field says;
/// ErrorCode::malformed for a length below 28; ErrorCode::trailing when octets follow the message's end.
Result<IkeHeader> parse_ike_header(ByteView message);
void serialize_ike_header(Writer& writer, const IkeHeader& header);

}  // namespace sallyport::wire
