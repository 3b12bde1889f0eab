// N: an error or a status, about the SA whose SPI it names (RFC 2408 §3.14, RFC 2407 §4.6.3). In an exchange that is
// not protected nobody knows who sent it.
#pragma once

#include "wire/ikev1/notify_type.h"
#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

struct NotifyPayload {
  static constexpr PayloadType payload_type = PayloadType::notify;
  NotifyType type{};
  Bytes data{};
  ProtocolId protocol = ProtocolId::none;
  Bytes spi{};  // ISAKMP: both cookies, or nothing; AH and ESP: 4 octets
  Doi doi = Doi::ipsec;

  static Result<NotifyPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const NotifyPayload&, const NotifyPayload&) = default;
};

}  // namespace sallyport::wire::ikev1
