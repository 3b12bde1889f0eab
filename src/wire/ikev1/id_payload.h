// ID: who a peer says it is, in phase 1; what traffic an SA is for, in phase 2 (RFC 2407 §4.6.2). IDii and IDir, IDci
// and IDcr have one type: their order in the message tells which is which.
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

struct IdPayload {
  static constexpr PayloadType payload_type = PayloadType::id;
  IdType type{};
  std::uint8_t protocol = 0;  // phase 1: 0 or UDP; phase 2: 0 is any
  std::uint16_t port = 0;     // phase 1: 0 or 500; phase 2: 0 is any
  Bytes data;                 // an address; an address and its mask; the first and last of a range; a name

  /// The body's octets: IDii_b or IDir_b of RFC 2409 §5, as they were sent.
  Bytes body() const;

  /// ErrorCode::malformed for data of another size than the type's, where the type is one of addresses.
  static Result<IdPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const IdPayload&, const IdPayload&) = default;
};

/// Octets of data that an ID of the type has; nullopt where any number is good.
constexpr std::optional<std::size_t> id_data_size(IdType type) {
  switch (type) {
    case IdType::ipv4_addr: return 4;
    case IdType::ipv6_addr: return 16;
    case IdType::ipv4_addr_subnet:
    case IdType::ipv4_addr_range: return 8;
    case IdType::ipv6_addr_subnet:
    case IdType::ipv6_addr_range: return 32;
    default: return std::nullopt;
  }
}

}  // namespace sallyport::wire::ikev1
