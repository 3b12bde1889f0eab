// NONCE: Ni and Nr (RFC 2408 §3.13).
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

/// RFC 2409 §5, in octets.
inline constexpr std::size_t min_nonce_size = 8;
inline constexpr std::size_t max_nonce_size = 256;

struct NoncePayload {
  static constexpr PayloadType payload_type = PayloadType::nonce;
  Bytes data;

  /// ErrorCode::out_of_range for a nonce that is too short or too long.
  static Result<NoncePayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const NoncePayload&, const NoncePayload&) = default;
};

}  // namespace sallyport::wire::ikev1
