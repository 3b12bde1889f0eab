#include "wire/ikev1/config_attribute.h"

#include "wire/number_names.h"

namespace sallyport::wire::ikev1 {
namespace {

constexpr Name<CfgType> cfg_type_names[] = {
    {CfgType::request, "ISAKMP_CFG_REQUEST"},
    {CfgType::reply, "ISAKMP_CFG_REPLY"},
    {CfgType::set, "ISAKMP_CFG_SET"},
    {CfgType::ack, "ISAKMP_CFG_ACK"},
};

constexpr Name<CfgAttribute> cfg_attribute_names[] = {
    {CfgAttribute::internal_ip4_address, "INTERNAL_IP4_ADDRESS"},
    {CfgAttribute::internal_ip4_netmask, "INTERNAL_IP4_NETMASK"},
    {CfgAttribute::internal_ip4_dns, "INTERNAL_IP4_DNS"},
    {CfgAttribute::internal_ip4_nbns, "INTERNAL_IP4_NBNS"},
    {CfgAttribute::internal_address_expiry, "INTERNAL_ADDRESS_EXPIRY"},
    {CfgAttribute::internal_ip4_dhcp, "INTERNAL_IP4_DHCP"},
    {CfgAttribute::application_version, "APPLICATION_VERSION"},
    {CfgAttribute::internal_ip6_address, "INTERNAL_IP6_ADDRESS"},
    {CfgAttribute::internal_ip6_netmask, "INTERNAL_IP6_NETMASK"},
    {CfgAttribute::internal_ip6_dns, "INTERNAL_IP6_DNS"},
    {CfgAttribute::internal_ip6_nbns, "INTERNAL_IP6_NBNS"},
    {CfgAttribute::internal_ip6_dhcp, "INTERNAL_IP6_DHCP"},
    {CfgAttribute::internal_ip4_subnet, "INTERNAL_IP4_SUBNET"},
    {CfgAttribute::supported_attributes, "SUPPORTED_ATTRIBUTES"},
    {CfgAttribute::internal_ip6_subnet, "INTERNAL_IP6_SUBNET"},
    {CfgAttribute::xauth_type, "XAUTH-TYPE"},
    {CfgAttribute::xauth_user_name, "XAUTH-USER-NAME"},
    {CfgAttribute::xauth_user_password, "XAUTH-USER-PASSWORD"},
    {CfgAttribute::xauth_passcode, "XAUTH-PASSCODE"},
    {CfgAttribute::xauth_message, "XAUTH-MESSAGE"},
    {CfgAttribute::xauth_challenge, "XAUTH-CHALLENGE"},
    {CfgAttribute::xauth_domain, "XAUTH-DOMAIN"},
    {CfgAttribute::xauth_status, "XAUTH-STATUS"},
    {CfgAttribute::xauth_next_pin, "XAUTH-NEXT-PIN"},
    {CfgAttribute::xauth_answer, "XAUTH-ANSWER"},
    {CfgAttribute::unity_banner, "UNITY_BANNER"},
    {CfgAttribute::unity_save_password, "UNITY_SAVE_PASSWORD"},
    {CfgAttribute::unity_default_domain, "UNITY_DEFAULT_DOMAIN"},
    {CfgAttribute::unity_split_dns, "UNITY_SPLIT_DNS"},
    {CfgAttribute::unity_split_include, "UNITY_SPLIT_INCLUDE"},
    {CfgAttribute::unity_natt_port, "UNITY_NATT_PORT"},
    {CfgAttribute::unity_local_lan, "UNITY_LOCAL_LAN"},
    {CfgAttribute::unity_pfs, "UNITY_PFS"},
    {CfgAttribute::unity_firewall_type, "UNITY_FIREWALL_TYPE"},
    {CfgAttribute::unity_backup_servers, "UNITY_BACKUP_SERVERS"},
    {CfgAttribute::unity_ddns_hostname, "UNITY_DDNS_HOSTNAME"},
};

constexpr Name<XauthType> xauth_type_names[] = {
    {XauthType::generic, "Generic"},
    {XauthType::radius_chap, "RADIUS-CHAP"},
    {XauthType::otp, "OTP"},
    {XauthType::s_key, "S/KEY"},
};

constexpr Name<XauthStatus> xauth_status_names[] = {
    {XauthStatus::fail, "FAIL"},
    {XauthStatus::ok, "OK"},
};

}  // namespace

std::optional<std::string_view> name_of(CfgType type) { return look_up(cfg_type_names, type); }
std::optional<std::string_view> name_of(CfgAttribute attribute) { return look_up(cfg_attribute_names, attribute); }
std::optional<std::string_view> name_of(XauthType type) { return look_up(xauth_type_names, type); }
std::optional<std::string_view> name_of(XauthStatus status) { return look_up(xauth_status_names, status); }

}  // namespace sallyport::wire::ikev1
