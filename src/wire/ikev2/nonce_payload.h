// Ni and Nr (RFC 7296 §3.9).
#pragma once

#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

inline constexpr std::size_t min_nonce_size = 16;
inline constexpr std::size_t max_nonce_size = 256;

struct NoncePayload {
  static constexpr PayloadType payload_type = PayloadType::nonce;
  Bytes data;

  /// ErrorCode::out_of_range for a nonce that is too short or too long.
  static Result<NoncePayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const NoncePayload&, const NoncePayload&) = default;
};

}  // namespace sallyport::wire::ikev2
