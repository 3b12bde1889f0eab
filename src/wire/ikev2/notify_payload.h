// N: an error or a status, about the IKE SA or about the SA whose SPI it names (RFC 7296 §3.10).
#pragma once

#include "wire/ikev2/notify_type.h"
#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

struct NotifyPayload {
  static constexpr PayloadType payload_type = PayloadType::notify;
  NotifyType type{};
  Bytes data{};
  ProtocolId protocol = ProtocolId::none;  // means nothing without an SPI
  Bytes spi{};                             // empty unless it is about an existing SA

  static Result<NotifyPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const NotifyPayload&, const NotifyPayload&) = default;
};

}  // namespace sallyport::wire::ikev2
