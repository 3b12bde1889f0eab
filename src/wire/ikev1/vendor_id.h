// Vendor IDs that mean something: extensions that a peer offers by them, and implementations that they name. Most are
// MD5 hashes of a text, some with a version behind (RFC 2408 §3.16).
#pragma once

#include "base/bytes.h"

namespace sallyport::wire::ikev1 {

enum class VendorId : std::uint8_t {
  // NAT traversal: the specification and its drafts. `draft_02n` hashes the name with a line feed behind it.
  nat_t_rfc3947,
  nat_t_draft_00,
  nat_t_draft_01,
  nat_t_draft_02,
  nat_t_draft_02n,
  nat_t_draft_03,
  nat_t_draft_04,
  nat_t_draft_05,
  nat_t_draft_06,
  nat_t_draft_07,
  nat_t_draft_08,
  nat_t_draft,  // without a number

  // Other extensions.
  dpd,            // RFC 3706
  xauth,          // draft-beaulieu-ike-xauth-02 §4
  unity,          // Cisco's clients: split networks, banner
  fragmentation,  // FRAGMENT payloads; Cisco appends capability bits
  gssapi,         // Kerberos as Windows does it

  // Implementations.
  strongswan,
  libreswan,
  freeswan_family,  // FreeS/WAN, Openswan: "OE" and ten characters of a version's hash
  racoon,
  microsoft,  // a version of four octets behind
  microsoft_initial_contact,
  microsoft_nlbs_present,
  microsoft_negotiation_discovery,
  microsoft_cga,
  microsoft_authip,
  microsoft_key_modules,  // which of IKEv1, AuthIP, IKEv2: four octets behind
  cisco_vpn3000,
  check_point,
};

/// What a VID payload's data says; nullopt for one that is not known.
std::optional<VendorId> recognize_vendor_id(ByteView data);
/// The data to send. Of those with a variable end, DPD and Unity are in version 1.0 and the others come without it.
ByteView vendor_id_octets(VendorId id);
/// The text whose MD5 hash the octets begin with; empty for those that are none, or of a text that nobody told.
std::string_view vendor_id_text(VendorId id);
/// "RFC 3947", "DPD", "strongSwan".
std::string_view name_of(VendorId id);

}  // namespace sallyport::wire::ikev1
