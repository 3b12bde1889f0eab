// What all payload bodies have in common, for the payload files of this folder. A payload is a struct with
//
//   static constexpr PayloadType payload_type;            its number (nat_payload.h has several, as a member)
//   static Result<T> parse_body(Reader& body);            reads what follows the generic header, to the last octet
//   Result<void> serialize_body(Writer& writer) const;    writes the same octets, reserved fields as zero
//
// Parsing gives ErrorCode::truncated, trailing, malformed or out_of_range with the offset in the message. Serialising
// gives ErrorCode::out_of_range for what does not fit its length or count field. Reserved fields in a body are ignored
// on receipt: peers are known that fill them. Where a HASH covers octets as they were sent, message.h has those.
#pragma once

#include "base/reader.h"
#include "base/writer.h"
#include "wire/ikev1/numbers.h"

namespace sallyport::wire::ikev1 {

/// Octets of the generic payload header (RFC 2408 §3.2).
inline constexpr std::size_t generic_header_size = 4;

/// Fills the 16-bit length field at offset `field` with the octets from `start` to the end of the output;
/// ErrorCode::out_of_range when they are more than it can say.
inline Result<void> fill_length16(Writer& writer, std::size_t field, std::size_t start) {
  const std::size_t length = writer.size() - start;
  if (length > 0xffff) return fail(ErrorCode::out_of_range, start);
  writer.patch_u8(field, static_cast<std::uint8_t>(length >> 8));
  writer.patch_u8(field + 1, static_cast<std::uint8_t>(length));
  return {};
}

}  // namespace sallyport::wire::ikev1
