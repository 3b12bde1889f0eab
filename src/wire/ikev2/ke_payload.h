// KE: the public value of a key exchange (RFC 7296 §3.4). Its size is for the key exchange to judge.
#pragma once

#include "wire/ikev2/payload_format.h"
#include "wire/ikev2/transform_id.h"

namespace sallyport::wire::ikev2 {

struct KePayload {
  static constexpr PayloadType payload_type = PayloadType::ke;
  KeyExchangeId method{};
  Bytes data;

  static Result<KePayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const KePayload&, const KePayload&) = default;
};

}  // namespace sallyport::wire::ikev2
