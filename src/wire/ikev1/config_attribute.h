// Numbers of the ISAKMP Configuration Method (draft-dukes-ike-mode-cfg-02 §3.3 and §3.4), of Extended Authentication
// within it (draft-beaulieu-ike-xauth-02 §6), and of Cisco's Unity clients, whose values no document defines.
#pragma once

#include "wire/ikev1/numbers.h"

namespace sallyport::wire::ikev1 {

enum class CfgType : std::uint8_t {
  request = 1,
  reply = 2,
  set = 3,
  ack = 4,
};

/// 15 bits on the wire.
enum class CfgAttribute : std::uint16_t {
  internal_ip4_address = 1,
  internal_ip4_netmask = 2,
  internal_ip4_dns = 3,
  internal_ip4_nbns = 4,
  internal_address_expiry = 5,
  internal_ip4_dhcp = 6,
  application_version = 7,
  internal_ip6_address = 8,
  internal_ip6_netmask = 9,
  internal_ip6_dns = 10,
  internal_ip6_nbns = 11,
  internal_ip6_dhcp = 12,
  internal_ip4_subnet = 13,
  supported_attributes = 14,
  internal_ip6_subnet = 15,

  xauth_type = 16520,  // basic, one of XauthType
  xauth_user_name = 16521,
  xauth_user_password = 16522,
  xauth_passcode = 16523,
  xauth_message = 16524,
  xauth_challenge = 16525,
  xauth_domain = 16526,
  xauth_status = 16527,  // basic, one of XauthStatus
  xauth_next_pin = 16528,
  xauth_answer = 16529,

  unity_banner = 28672,
  unity_save_password = 28673,
  unity_default_domain = 28674,
  unity_split_dns = 28675,
  unity_split_include = 28676,  // networks: unity_network.h
  unity_natt_port = 28677,
  unity_local_lan = 28678,  // networks that stay outside the tunnel
  unity_pfs = 28679,
  unity_firewall_type = 28680,
  unity_backup_servers = 28681,
  unity_ddns_hostname = 28682,
};

/// draft-beaulieu-ike-xauth-02 §6.3.
enum class XauthType : std::uint16_t {
  generic = 0,
  radius_chap = 1,
  otp = 2,
  s_key = 3,
};

enum class XauthStatus : std::uint16_t {
  fail = 0,
  ok = 1,
};

std::optional<std::string_view> name_of(CfgType type);
std::optional<std::string_view> name_of(CfgAttribute attribute);
std::optional<std::string_view> name_of(XauthType type);
std::optional<std::string_view> name_of(XauthStatus status);

}  // namespace sallyport::wire::ikev1
