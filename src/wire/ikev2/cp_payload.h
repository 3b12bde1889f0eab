// CP: addresses and other configuration asked for and given (RFC 7296 §3.15). The values' own formats are for whoever
// asks or gives.
#pragma once

#include "wire/ikev2/payload_format.h"

namespace sallyport::wire::ikev2 {

/// Bound on the attributes of one payload.
inline constexpr std::size_t max_cfg_attributes = 1024;

struct CfgAttribute {
  CfgAttributeType type{};
  Bytes value;  // empty in a request that leaves the choice to the responder

  friend bool operator==(const CfgAttribute&, const CfgAttribute&) = default;
};

struct CpPayload {
  static constexpr PayloadType payload_type = PayloadType::cp;
  CfgType type{};
  std::vector<CfgAttribute> attributes;

  /// ErrorCode::exhausted beyond the bound.
  static Result<CpPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const CpPayload&, const CpPayload&) = default;
};

}  // namespace sallyport::wire::ikev2
