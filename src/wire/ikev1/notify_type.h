// Notify message types (RFC 2408 §3.14.1, RFC 2407 §4.6.3), with the private ones that peers send.
#pragma once

#include "wire/ikev1/numbers.h"

namespace sallyport::wire::ikev1 {

enum class NotifyType : std::uint16_t {
  // Errors: 1 to 16383.
  invalid_payload_type = 1,
  doi_not_supported = 2,
  situation_not_supported = 3,
  invalid_cookie = 4,
  invalid_major_version = 5,
  invalid_minor_version = 6,
  invalid_exchange_type = 7,
  invalid_flags = 8,
  invalid_message_id = 9,
  invalid_protocol_id = 10,
  invalid_spi = 11,
  invalid_transform_id = 12,
  attributes_not_supported = 13,
  no_proposal_chosen = 14,
  bad_proposal_syntax = 15,
  payload_malformed = 16,
  invalid_key_information = 17,
  invalid_id_information = 18,
  invalid_cert_encoding = 19,
  invalid_certificate = 20,
  cert_type_unsupported = 21,
  invalid_cert_authority = 22,
  invalid_hash_information = 23,
  authentication_failed = 24,
  invalid_signature = 25,
  address_notification = 26,
  notify_sa_lifetime = 27,
  certificate_unavailable = 28,
  unsupported_exchange_type = 29,
  unequal_payload_lengths = 30,

  // Status: 16384 and above. Of these, 24576 to 32767 are the DOI's and 32768 to 40959 private to it.
  connected = 16384,
  responder_lifetime = 24576,
  replay_status = 24577,
  initial_contact = 24578,
  cisco_hello = 30000,
  cisco_wwtebr = 30001,
  cisco_shut_up = 30002,
  r_u_there = 36136,  // RFC 3706
  r_u_there_ack = 36137,
  netscreen_nhtb_inform = 40001,
  microsoft_status = 40003,  // [MS-IKEE] §2.2.6, and the two that follow
  microsoft_dos_cookie = 40004,
  microsoft_exchange_info = 40005,
  unity_load_balance = 40501,
  unity_preshared_key_hash = 40503,
  use_beet_mode = 40961,  // strongSwan
};

/// Errors end the exchange that they answer, if they can be trusted; status notifies inform (RFC 2408 §3.14.1).
constexpr bool is_error(NotifyType type) { return number(type) < 16384; }

std::optional<std::string_view> name_of(NotifyType type);

}  // namespace sallyport::wire::ikev1
