// NAT-D and NAT-OA: what NAT traversal compares and tells (RFC 3947 §3.2 and §5.2). The payload numbers changed twice
// while the specification was a draft; the bodies did not. Which pair a peer uses follows from its vendor ID.
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

enum class NatNumbering : std::uint8_t {
  rfc3947,   // 20, 21
  draft_00,  // 130, 131: drafts 00 to 03
  draft_04,  // 15, 16: drafts 04 to 08
};

constexpr PayloadType nat_d_type(NatNumbering numbering) {
  switch (numbering) {
    case NatNumbering::draft_00: return PayloadType::nat_d_draft_00;
    case NatNumbering::draft_04: return PayloadType::nat_d_draft_04;
    case NatNumbering::rfc3947: break;
  }
  return PayloadType::nat_d;
}
constexpr PayloadType nat_oa_type(NatNumbering numbering) {
  switch (numbering) {
    case NatNumbering::draft_00: return PayloadType::nat_oa_draft_00;
    case NatNumbering::draft_04: return PayloadType::nat_oa_draft_04;
    case NatNumbering::rfc3947: break;
  }
  return PayloadType::nat_oa;
}

struct NatDPayload {
  NatNumbering numbering = NatNumbering::rfc3947;
  Bytes hash;  // over cookies, address and port, by the negotiated hash

  PayloadType payload_type() const { return nat_d_type(numbering); }
  static Result<NatDPayload> parse_body(Reader& body, NatNumbering numbering);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const NatDPayload&, const NatDPayload&) = default;
};

struct NatOaPayload {
  NatNumbering numbering = NatNumbering::rfc3947;
  IdType type{};  // ipv4_addr or ipv6_addr
  Bytes address;

  PayloadType payload_type() const { return nat_oa_type(numbering); }
  /// ErrorCode::out_of_range for another type, ErrorCode::malformed for an address of another size than its type's.
  static Result<NatOaPayload> parse_body(Reader& body, NatNumbering numbering);
  Result<void> serialize_body(Writer& writer) const;
  friend bool operator==(const NatOaPayload&, const NatOaPayload&) = default;
};

}  // namespace sallyport::wire::ikev1
