// The numbers that IANA keeps for IKEv2 ("IKEv2 Parameters"), by the names that RFC 7296 and its successors use. An
// enumeration may hold any value of its width: a number without a name here is legal on the wire, and kept.
// Notify message types are in notify_type.h, transforms in transform_id.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/number_names.h"

namespace sallyport::wire::ikev2 {

inline constexpr std::uint8_t major_version = 2;
inline constexpr std::uint8_t minor_version = 0;

/// Flags of the IKE header (RFC 7296 §3.1).
inline constexpr std::uint8_t flag_initiator = 0x08;  // sent by the original initiator of the IKE SA
inline constexpr std::uint8_t flag_version = 0x10;    // could speak a higher major version
inline constexpr std::uint8_t flag_response = 0x20;

enum class ExchangeType : std::uint8_t {
  ike_sa_init = 34,
  ike_auth = 35,
  create_child_sa = 36,
  informational = 37,
  ike_session_resume = 38,  // RFC 5723
  ike_intermediate = 43,    // RFC 9242
  ike_followup_ke = 44,     // RFC 9370
};

/// RFC 7296 §3.2. Numbers 1 to 32 are never IKEv2's, so that no IKEv1 payload is mistaken for one.
enum class PayloadType : std::uint8_t {
  none = 0,
  sa = 33,
  ke = 34,
  idi = 35,
  idr = 36,
  cert = 37,
  certreq = 38,
  auth = 39,
  nonce = 40,
  notify = 41,
  delete_ = 42,
  vendor_id = 43,
  tsi = 44,
  tsr = 45,
  sk = 46,
  cp = 47,
  eap = 48,
  gspm = 49,  // RFC 6467; parsed as unknown
  skf = 53,   // RFC 7383
  ps = 54,    // RFC 8019
};

/// RFC 7296 §3.3.1; in a notify about the IKE SA itself the protocol is zero.
enum class ProtocolId : std::uint8_t {
  none = 0,
  ike = 1,
  ah = 2,
  esp = 3,
};

/// RFC 7296 §3.5.
enum class IdType : std::uint8_t {
  ipv4_addr = 1,
  fqdn = 2,
  rfc822_addr = 3,
  ipv6_addr = 5,
  der_asn1_dn = 9,
  der_asn1_gn = 10,
  key_id = 11,
  fc_name = 12,  // RFC 4595
  null = 13,     // RFC 7619
};

/// RFC 7296 §3.6.
enum class CertEncoding : std::uint8_t {
  pkcs7_x509 = 1,
  pgp = 2,
  dns_signed_key = 3,
  x509_signature = 4,
  kerberos_token = 6,
  crl = 7,
  arl = 8,
  spki = 9,
  x509_attribute = 10,
  raw_rsa_key = 11,
  hash_and_url_x509 = 12,
  hash_and_url_bundle = 13,
  ocsp_content = 14,    // RFC 4806
  raw_public_key = 15,  // RFC 7670
};

/// RFC 7296 §3.8.
enum class AuthMethod : std::uint8_t {
  rsa_signature = 1,
  shared_key_mic = 2,
  dss_signature = 3,
  ecdsa_sha256_p256 = 9,  // RFC 4754
  ecdsa_sha384_p384 = 10,
  ecdsa_sha512_p521 = 11,
  secure_password = 12,    // RFC 6467
  null = 13,               // RFC 7619
  digital_signature = 14,  // RFC 7427
};

/// Content of the SIGNATURE_HASH_ALGORITHMS notify (RFC 7427 §4).
enum class HashAlgorithm : std::uint16_t {
  sha1 = 1,
  sha2_256 = 2,
  sha2_384 = 3,
  sha2_512 = 4,
  identity = 5,  // RFC 8420: EdDSA hashes for itself
};

/// RFC 7296 §3.13.1.
enum class TsType : std::uint8_t {
  ipv4_addr_range = 7,
  ipv6_addr_range = 8,
  fc_addr_range = 9,   // RFC 4595
  security_label = 10  // RFC 9478
};

/// RFC 7296 §3.15.
enum class CfgType : std::uint8_t {
  request = 1,
  reply = 2,
  set = 3,
  ack = 4,
};

/// RFC 7296 §3.15.1; 15 bits on the wire.
enum class CfgAttributeType : std::uint16_t {
  internal_ip4_address = 1,
  internal_ip4_netmask = 2,
  internal_ip4_dns = 3,
  internal_ip4_nbns = 4,
  internal_ip4_dhcp = 6,
  application_version = 7,
  internal_ip6_address = 8,
  internal_ip6_dns = 10,
  internal_ip6_dhcp = 12,
  internal_ip4_subnet = 13,
  supported_attributes = 14,
  internal_ip6_subnet = 15,
  mip6_home_prefix = 16,   // RFC 5026
  internal_ip6_link = 17,  // RFC 5739
  internal_ip6_prefix = 18,
  home_agent_address = 19,  // 3GPP TS 24.302
  p_cscf_ip4_address = 20,  // RFC 7651
  p_cscf_ip6_address = 21,
  internal_dns_domain = 25,  // RFC 8598
  internal_dnssec_ta = 26,
  encdns_ip4 = 27,  // RFC 9464
  encdns_ip6 = 28,
  encdns_digest_info = 29,
};

/// The name as the RFCs print it ("IKE_SA_INIT", "TSi", "ID_FQDN"); nullopt for a number that has none here.
std::optional<std::string_view> name_of(ExchangeType type);
std::optional<std::string_view> name_of(PayloadType type);
std::optional<std::string_view> name_of(ProtocolId protocol);
std::optional<std::string_view> name_of(IdType type);
std::optional<std::string_view> name_of(CertEncoding encoding);
std::optional<std::string_view> name_of(AuthMethod method);
std::optional<std::string_view> name_of(HashAlgorithm algorithm);
std::optional<std::string_view> name_of(TsType type);
std::optional<std::string_view> name_of(CfgType type);
std::optional<std::string_view> name_of(CfgAttributeType type);

using wire::number;
using wire::to_string;

}  // namespace sallyport::wire::ikev2
