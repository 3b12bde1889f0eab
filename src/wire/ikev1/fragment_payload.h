// FRAGMENT: a piece of a message that is too long for one datagram ([MS-IKEE] §2.2.3; Cisco's is the same). It is a
// message's only payload and always in the clear, whatever the message within is; put together, the pieces are a whole
// message with a header of its own.
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

struct FragmentPayload {
  static constexpr PayloadType payload_type = PayloadType::fragment;
  std::uint16_t id = 0;              // the same in all fragments of a message
  std::uint8_t fragment_number = 1;  // from 1
  bool is_last = false;
  Bytes data;

  /// ErrorCode::out_of_range for a fragment number of zero.
  static Result<FragmentPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const FragmentPayload&, const FragmentPayload&) = default;
};

}  // namespace sallyport::wire::ikev1
