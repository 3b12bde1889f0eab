// ATTR: one message of the Configuration Method, and of Extended Authentication, which is carried by it
// (draft-dukes-ike-mode-cfg-02 §3.2). The values' own formats are for whoever asks or gives.
#pragma once

#include "wire/ikev1/attribute.h"
#include "wire/ikev1/config_attribute.h"

namespace sallyport::wire::ikev1 {

/// Bound on the attributes of one payload; split networks of large sites are the longest lists.
inline constexpr std::size_t max_cfg_attributes = 1024;

struct AttributesPayload {
  static constexpr PayloadType payload_type = PayloadType::attributes;
  CfgType type{};
  std::uint16_t identifier = 0;  // the same in all messages of one transaction
  Attributes attributes;

  /// ErrorCode::exhausted beyond the bound.
  static Result<AttributesPayload> parse_body(Reader& body);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const AttributesPayload&, const AttributesPayload&) = default;
};

}  // namespace sallyport::wire::ikev1
