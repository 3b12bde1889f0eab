// HASH: the keyed hash that proves an identity or protects an exchange (RFC 2408 §3.11, RFC 2409 §5).
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

struct HashPayload {
  static constexpr PayloadType payload_type = PayloadType::hash;
  Bytes data;

  static Result<HashPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const HashPayload&, const HashPayload&) = default;
};

}  // namespace sallyport::wire::ikev1
