// TSi and TSr: what traffic a Child SA is for (RFC 7296 §3.13). Ranges as they stand on the wire: one that ends before
// it begins is read all the same, and left to the narrowing.
#pragma once

#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

/// A range of addresses and ports; type ipv4_addr_range or ipv6_addr_range.
struct TrafficSelector {
  TsType type{};
  std::uint8_t ip_protocol = 0;  // 0: any
  // For ICMP and ICMPv6 type and code as the high and the low octet; 65535 to 0 is OPAQUE (RFC 7296 §3.13.1).
  std::uint16_t start_port = 0;
  std::uint16_t end_port = 65535;
  // The first address_size() octets count, the others are zero.
  std::array<std::uint8_t, 16> start{};
  std::array<std::uint8_t, 16> end{};

  std::size_t address_size() const { return type == TsType::ipv4_addr_range ? 4 : 16; }
  ByteView start_address() const { return ByteView(start).first(address_size()); }
  ByteView end_address() const { return ByteView(end).first(address_size()); }
  friend bool operator==(const TrafficSelector&, const TrafficSelector&) = default;
};

/// A selector of a type that we do not read; it can match no traffic of ours.
struct OpaqueTrafficSelector {
  TsType type{};
  std::uint8_t second_octet = 0;  // protocol or reserved, as the type has it
  Bytes data;                     // what follows the selector's length

  friend bool operator==(const OpaqueTrafficSelector&, const OpaqueTrafficSelector&) = default;
};

struct TrafficSelectors {
  std::vector<TrafficSelector> ranges;        // in the payload's order, which tells preference (RFC 7296 §2.9)
  std::vector<OpaqueTrafficSelector> opaque;  // the others; written behind the ranges

  friend bool operator==(const TrafficSelectors&, const TrafficSelectors&) = default;
};

struct TsiPayload {
  static constexpr PayloadType payload_type = PayloadType::tsi;
  TrafficSelectors selectors;

  static Result<TsiPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const TsiPayload&, const TsiPayload&) = default;
};

struct TsrPayload {
  static constexpr PayloadType payload_type = PayloadType::tsr;
  TrafficSelectors selectors;

  static Result<TsrPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const TsrPayload&, const TsrPayload&) = default;
};

}  // namespace sallyport::wire::ikev2
