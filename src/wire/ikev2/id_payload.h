// IDi and IDr: who the peers say they are (RFC 7296 §3.5). Two types of the same form, so that neither is taken for the
// other.
#pragma once

#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

struct Identification {
  IdType type{};
  Bytes data;
  /// Kept although it means nothing: AUTH covers the payload's body as it was sent (RFC 7296 §2.15).
  std::array<std::uint8_t, 3> reserved{};

  /// The body's octets: RestOfInitIDPayload or RestOfRespIDPayload of RFC 7296 §2.15.
  Bytes body() const;
  friend bool operator==(const Identification&, const Identification&) = default;
};

struct IdiPayload {
  static constexpr PayloadType payload_type = PayloadType::idi;
  Identification id;

  static Result<IdiPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const IdiPayload&, const IdiPayload&) = default;
};

struct IdrPayload {
  static constexpr PayloadType payload_type = PayloadType::idr;
  Identification id;

  static Result<IdrPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const IdrPayload&, const IdrPayload&) = default;
};

}  // namespace sallyport::wire::ikev2
