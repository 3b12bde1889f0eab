// What a transaction says, in words; of a password, that there is one.
#include <algorithm>
#include <array>

#include "ike/v1/describe.h"
#include "policy/address.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using w::CfgAttribute;

constexpr std::size_t kLongestValue = 60;

std::string printable(ByteView octets) {
  std::string text;
  for (const char c : as_text(octets.first(std::min(octets.size(), kLongestValue))))
    text += c >= ' ' && c <= '~' ? c : '?';
  return text;
}

struct Words {
  CfgAttribute attribute;
  std::string_view name;
  bool text = false;  // else an address, if it has the size of one
};
constexpr auto kWords = std::to_array<Words>({
    {CfgAttribute::xauth_user_name, "user name", true},
    {CfgAttribute::xauth_message, "message", true},
    {CfgAttribute::internal_ip4_address, "inner address"},
    {CfgAttribute::internal_ip6_address, "inner address"},
    {CfgAttribute::internal_ip4_netmask, "netmask"},
    {CfgAttribute::internal_ip4_dns, "name server"},
    {CfgAttribute::internal_ip6_dns, "name server"},
    {CfgAttribute::internal_ip4_nbns, "NetBIOS name server"},
    {CfgAttribute::internal_ip6_nbns, "NetBIOS name server"},
    {CfgAttribute::unity_banner, "banner", true},
    {CfgAttribute::unity_default_domain, "default domain", true},
    {CfgAttribute::unity_split_dns, "domains of the name servers", true},
    {CfgAttribute::unity_split_include, "networks behind the gateway"},
    {CfgAttribute::unity_local_lan, "networks outside the tunnel"},
});

std::string words_of(const w::Attribute& attribute) {
  const CfgAttribute type{attribute.type};
  if (type == CfgAttribute::xauth_user_password) return attribute.value.empty() ? "password" : "password (not shown)";
  if (type == CfgAttribute::xauth_status)
    return attribute.integer() == w::number(w::XauthStatus::ok) ? "accepted" : "refused";
  const auto* const words = std::ranges::find(kWords, type, &Words::attribute);
  if (words == kWords.end()) return w::to_string(type);
  std::string text(words->name);
  if (attribute.value.empty()) return text;
  if (words->text) return text + " " + printable(attribute.value);
  const auto address = policy::IpAddress::from_bytes(attribute.value);
  return address ? text + " " + to_string(*address) : text;
}

std::string_view verb_of(w::CfgType type) {
  switch (type) {
    case w::CfgType::request: return "asks for";
    case w::CfgType::reply: return "answers with";
    case w::CfgType::set: return "sets";
    case w::CfgType::ack: return "confirms";
  }
  return "says";
}

}  // namespace

std::string describe_attributes(const w::AttributesPayload& message) {
  constexpr std::size_t kMost = 12;
  std::string text(verb_of(message.type));
  const std::size_t shown = std::min(message.attributes.size(), kMost);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? " " : ", ") + words_of(message.attributes[i]);
  if (shown == 0) text += message.type == w::CfgType::ack ? "" : " nothing";
  if (shown < message.attributes.size()) text += " …";
  return text;
}

}  // namespace sallyport::ike::v1
