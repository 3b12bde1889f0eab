// The numbers of ISAKMP, IKEv1 and the IPsec DOI that stand in payloads (RFC 2407, 2408, 2409 and IANA's registries for
// them). An enumeration may hold any value of its width: a number without a name here is legal on the wire, and kept.
// Notify message types are in notify_type.h, algorithms in algorithm.h, attributes of the Configuration Method in
// config_attribute.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/number_names.h"

namespace sallyport::wire::ikev1 {

inline constexpr std::uint8_t major_version = 1;
inline constexpr std::uint8_t minor_version = 0;

/// Flags of the ISAKMP header (RFC 2408 §3.1), and where they stand in a message.
inline constexpr std::uint8_t flag_encryption = 0x01;
inline constexpr std::uint8_t flag_commit = 0x02;
inline constexpr std::uint8_t flag_authentication_only = 0x04;
inline constexpr std::size_t flags_offset = 19;

/// RFC 2408 §3.1, RFC 2409 appendix A; transaction: draft-dukes-ike-mode-cfg-02 §3.1.
enum class ExchangeType : std::uint8_t {
  none = 0,
  base = 1,
  main_mode = 2,  // ISAKMP's Identity Protection
  authentication_only = 3,
  aggressive_mode = 4,
  informational = 5,
  transaction = 6,
  quick_mode = 32,
  new_group_mode = 33,
};

/// RFC 2408 §3.1. NAT-D and NAT-OA have had three pairs of numbers: see nat_payload.h.
enum class PayloadType : std::uint8_t {
  none = 0,
  sa = 1,
  proposal = 2,   // only within an SA payload
  transform = 3,  // only within a proposal
  ke = 4,
  id = 5,
  cert = 6,
  certreq = 7,
  hash = 8,
  signature = 9,
  nonce = 10,
  notify = 11,
  delete_ = 12,
  vendor_id = 13,
  attributes = 14,       // draft-dukes-ike-mode-cfg-02 §3.2
  nat_d_draft_04 = 15,   // drafts 04 to 08; IANA gave the number to RFC 3547 afterwards
  nat_oa_draft_04 = 16,  // likewise
  nat_d = 20,            // RFC 3947
  nat_oa = 21,
  nat_d_draft_00 = 130,  // drafts 00 to 03
  nat_oa_draft_00 = 131,
  fragment = 132,  // [MS-IKEE] §2.2.3.1; Cisco's before
};

/// Domain of interpretation (RFC 2408 §2.1): who gives meaning to the numbers.
enum class Doi : std::uint32_t {
  isakmp = 0,
  ipsec = 1,
};

/// RFC 2407 §4.2.1. The other situations, of labelled networks, are not read.
inline constexpr std::uint32_t situation_identity_only = 1;

/// RFC 2407 §4.4.1.
enum class ProtocolId : std::uint8_t {
  none = 0,
  isakmp = 1,
  ah = 2,
  esp = 3,
  ipcomp = 4,
};

/// RFC 2407 §4.6.2.1.
enum class IdType : std::uint8_t {
  ipv4_addr = 1,
  fqdn = 2,
  user_fqdn = 3,
  ipv4_addr_subnet = 4,
  ipv6_addr = 5,
  ipv6_addr_subnet = 6,
  ipv4_addr_range = 7,
  ipv6_addr_range = 8,
  der_asn1_dn = 9,
  der_asn1_gn = 10,
  key_id = 11,
  list = 12,  // RFC 3554
};

/// RFC 2408 §3.9.
enum class CertEncoding : std::uint8_t {
  none = 0,
  pkcs7_x509 = 1,
  pgp = 2,
  dns_signed_key = 3,
  x509_signature = 4,
  x509_key_exchange = 5,
  kerberos_token = 6,
  crl = 7,
  arl = 8,
  spki = 9,
  x509_attribute = 10,
};

/// The name as the RFCs print it ("Main Mode", "ID", "ID_FQDN"); nullopt for a number that has none here.
std::optional<std::string_view> name_of(ExchangeType type);
std::optional<std::string_view> name_of(PayloadType type);
std::optional<std::string_view> name_of(Doi doi);
std::optional<std::string_view> name_of(ProtocolId protocol);
std::optional<std::string_view> name_of(IdType type);
std::optional<std::string_view> name_of(CertEncoding encoding);

using wire::number;
using wire::to_string;

}  // namespace sallyport::wire::ikev1
