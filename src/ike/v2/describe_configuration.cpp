// What a Configuration payload says, in words.
#include <algorithm>
#include <array>

#include "ike/v2/configuration.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using Type = w::CfgAttributeType;

struct CfgWords {
  Type type;
  std::string_view name;
};
constexpr auto kCfgWords = std::to_array<CfgWords>({
    {Type::internal_ip4_address, "inner address"},
    {Type::internal_ip6_address, "inner address"},
    {Type::internal_ip4_netmask, "netmask"},
    {Type::internal_ip4_dns, "name server"},
    {Type::internal_ip6_dns, "name server"},
    {Type::internal_ip4_nbns, "NetBIOS name server"},
    {Type::internal_ip4_subnet, "network behind the gateway"},
    {Type::internal_ip6_subnet, "network behind the gateway"},
    {Type::internal_dns_domain, "domain of the name servers"},
});

std::string value_of(const w::CfgAttribute& attribute) {
  const policy::NetworkConfig config = read_configuration({attribute});
  for (const auto* list : {&config.addresses, &config.dns, &config.nbns})
    if (!list->empty()) return to_string(list->front());
  if (config.netmask) return to_string(*config.netmask);
  if (!config.split_include.empty()) return to_string(config.split_include.front());
  return config.split_dns.empty() ? std::string() : config.split_dns.front();
}

std::string words_of(const w::CfgAttribute& attribute) {
  const auto* const words = std::ranges::find(kCfgWords, attribute.type, &CfgWords::type);
  if (words == kCfgWords.end()) return w::to_string(attribute.type);
  const std::string value = value_of(attribute);
  return std::string(words->name) + (value.empty() ? "" : " ") + value;
}

std::string_view verb_of(w::CfgType type) {
  switch (type) {
    case w::CfgType::request: return "asks for";
    case w::CfgType::reply: return "gives";
    case w::CfgType::set: return "sets";
    case w::CfgType::ack: return "confirms";
  }
  return "says";
}

}  // namespace

std::string describe_configuration(const w::CpPayload& payload) {
  constexpr std::size_t kMost = 12;
  std::string text(verb_of(payload.type));
  const std::size_t shown = std::min(payload.attributes.size(), kMost);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? " " : ", ") + words_of(payload.attributes[i]);
  if (shown == 0) text += " nothing";
  if (shown < payload.attributes.size()) text += " …";
  return text;
}

}  // namespace sallyport::ike::v2
