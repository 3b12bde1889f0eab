#include "ike/v1/mode_config.h"

#include <algorithm>
#include <bit>

#include "ike/v1/phase1.h"
#include "wire/ikev1/unity_network.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::FailureKind;
using event::Side;
using policy::IpAddress;
using policy::NetworkConfig;
using policy::Prefix;
using w::CfgAttribute;

constexpr std::size_t kMostServers = 16;
constexpr std::size_t kMostNetworks = 256;
constexpr std::size_t kLongestText = 4096;

/// 4 octets, or 16; an IPv6 address may have the length of its prefix behind it, as in IKEv2.
std::optional<IpAddress> read_address(const w::Attribute& attribute) {
  const ByteView value = attribute.value;
  return IpAddress::from_bytes(value.size() == 17 ? value.first(16) : value);
}

void add_address(std::vector<IpAddress>& list, const w::Attribute& attribute, std::size_t most) {
  const auto address = read_address(attribute);
  if (address && !address->is_unspecified() && list.size() < most) list.push_back(*address);
}

/// nullopt: the ones of a mask are not all in front.
std::optional<Prefix> read_network(ByteView address, ByteView mask) {
  const std::uint32_t bits = load_be32(mask.data());
  const auto length = static_cast<std::uint8_t>(std::countl_one(bits));
  if (length < 32 && (bits << length) != 0) return std::nullopt;
  Bytes octets(4);
  store_be32(octets.data(), load_be32(address.data()) & bits);
  return Prefix{*IpAddress::from_bytes(octets), length};
}

void add_network(std::vector<Prefix>& list, const std::optional<Prefix>& network) {
  if (network && list.size() < kMostNetworks) list.push_back(*network);
}

void add_networks(std::vector<Prefix>& list, const w::Attribute& attribute) {
  const auto networks = w::parse_unity_networks(attribute.value);
  if (!networks) return;
  for (const w::UnityNetwork& network : *networks) add_network(list, read_network(network.address, network.mask));
}

std::string read_text(const w::Attribute& attribute) {
  std::string text(as_text(attribute.value).substr(0, kLongestText));
  while (text.ends_with('\0')) text.pop_back();
  return text;
}

/// Domains with commas between, or with the octets that some put there.
void add_domains(std::vector<std::string>& list, const w::Attribute& attribute) {
  std::string domain;
  for (const char c : read_text(attribute) + ",") {
    if (c > ' ' && c <= '~' && c != ',') {
      domain += c;
    } else if (!domain.empty()) {
      if (list.size() < kMostNetworks) list.push_back(std::move(domain));
      domain.clear();
    }
  }
}

void read_attribute(const w::Attribute& attribute, NetworkConfig& config) {
  const ByteView value = attribute.value;
  switch (CfgAttribute{attribute.type}) {
    case CfgAttribute::internal_ip4_address:
    case CfgAttribute::internal_ip6_address: return add_address(config.addresses, attribute, kMostServers);
    case CfgAttribute::internal_ip4_netmask:
      if (value.size() == 4) config.netmask = read_address(attribute);
      return;
    case CfgAttribute::internal_ip4_dns:
    case CfgAttribute::internal_ip6_dns: return add_address(config.dns, attribute, kMostServers);
    case CfgAttribute::internal_ip4_nbns:
    case CfgAttribute::internal_ip6_nbns: return add_address(config.nbns, attribute, kMostServers);
    case CfgAttribute::internal_ip4_subnet:
      if (value.size() == 8) add_network(config.split_include, read_network(value.first(4), value.subspan(4)));
      return;
    case CfgAttribute::internal_ip6_subnet:
      if (value.size() == 17 && value[16] <= 128)
        add_network(config.split_include,
                    policy::AddressRange::of({*IpAddress::from_bytes(value.first(16)), value[16]}).prefixes().front());
      return;
    case CfgAttribute::unity_split_include: return add_networks(config.split_include, attribute);
    case CfgAttribute::unity_local_lan: return add_networks(config.split_exclude, attribute);
    case CfgAttribute::unity_default_domain: config.default_domain = read_text(attribute); return;
    case CfgAttribute::unity_split_dns: return add_domains(config.split_dns, attribute);
    case CfgAttribute::unity_banner: config.banner = read_text(attribute); return;
    default: return;  // unknown ones are passed over (§3.4)
  }
}

void write_addresses(w::Attributes& out, const std::vector<IpAddress>& addresses, CfgAttribute v4, CfgAttribute v6) {
  for (const IpAddress& address : addresses)
    out.push_back(w::variable_attribute(address.is_v6() ? v6 : v4, address.bytes()));
}

void write_networks(w::Attributes& out, const std::vector<Prefix>& networks, CfgAttribute attribute) {
  std::vector<w::UnityNetwork> written;
  for (const Prefix& network : networks) {
    if (network.address.is_v6()) continue;
    w::UnityNetwork unity;
    std::ranges::copy(network.address.bytes(), unity.address.begin());
    const std::uint32_t mask = network.length == 0 ? 0 : ~std::uint32_t{0} << (32 - network.length);
    store_be32(unity.mask.data(), mask);
    written.push_back(unity);
  }
  if (!written.empty()) out.push_back(w::variable_attribute(attribute, w::serialize_unity_networks(written)));
}

void write_ip6_networks(w::Attributes& out, const std::vector<Prefix>& networks) {
  for (const Prefix& network : networks) {
    if (!network.address.is_v6()) continue;
    Bytes value = to_bytes(network.address.bytes());
    value.push_back(network.length);
    out.push_back(w::variable_attribute(CfgAttribute::internal_ip6_subnet, value));
  }
}

void write_text(w::Attributes& out, CfgAttribute attribute, std::string_view text) {
  if (!text.empty()) out.push_back(w::variable_attribute(attribute, as_bytes(text)));
}

event::Failure no_address(const IsakmpSa& sa, Side side) {
  auto failure = phase1_failure(sa, FailureKind::no_virtual_address, side);
  failure.our_proposals.clear();
  return failure;
}

/// What the client asks to have, one of each family; unspecified: whichever.
std::vector<IpAddress> wishes_of(const w::AttributesPayload& request) {
  std::vector<IpAddress> wishes;
  for (const auto& [attribute, family] : {std::pair{CfgAttribute::internal_ip4_address, policy::Family::ipv4},
                                          std::pair{CfgAttribute::internal_ip6_address, policy::Family::ipv6}}) {
    const auto* wish = w::find(request.attributes, attribute);
    if (!wish) continue;
    const auto address = read_address(*wish);
    wishes.push_back(address && address->family() == family ? *address : IpAddress::unspecified(family));
  }
  return wishes;
}

}  // namespace

NetworkConfig read_configuration(const w::Attributes& attributes) {
  NetworkConfig config;
  for (const w::Attribute& attribute : attributes) read_attribute(attribute, config);
  return config;
}

w::Attributes write_configuration(const NetworkConfig& config) {
  w::Attributes out;
  write_addresses(out, config.addresses, CfgAttribute::internal_ip4_address, CfgAttribute::internal_ip6_address);
  if (config.netmask) write_addresses(out, {*config.netmask}, CfgAttribute::internal_ip4_netmask, CfgAttribute{});
  write_addresses(out, config.dns, CfgAttribute::internal_ip4_dns, CfgAttribute::internal_ip6_dns);
  write_addresses(out, config.nbns, CfgAttribute::internal_ip4_nbns, CfgAttribute::internal_ip6_nbns);
  write_networks(out, config.split_include, CfgAttribute::unity_split_include);
  write_ip6_networks(out, config.split_include);
  write_networks(out, config.split_exclude, CfgAttribute::unity_local_lan);
  write_text(out, CfgAttribute::unity_default_domain, config.default_domain);
  std::string domains;
  for (const std::string& domain : config.split_dns) domains += (domains.empty() ? "" : ",") + domain;
  write_text(out, CfgAttribute::unity_split_dns, domains);
  write_text(out, CfgAttribute::unity_banner, config.banner);
  return out;
}

w::AttributesPayload build_configuration_request(const IsakmpSa& sa, std::uint16_t identifier) {
  w::AttributesPayload request{.type = w::CfgType::request, .identifier = identifier, .attributes = {}};
  const auto ask = [&](CfgAttribute attribute) {
    request.attributes.push_back(w::variable_attribute(attribute, ByteView()));
  };
  for (const IpAddress& wish : sa.access.wishes) {
    const auto address = wish.is_v6() ? CfgAttribute::internal_ip6_address : CfgAttribute::internal_ip4_address;
    request.attributes.push_back(
        w::variable_attribute(address, wish.is_unspecified() ? ByteView() : ByteView(wish.bytes())));
    if (!wish.is_v6()) ask(CfgAttribute::internal_ip4_netmask);
    ask(wish.is_v6() ? CfgAttribute::internal_ip6_dns : CfgAttribute::internal_ip4_dns);
    ask(wish.is_v6() ? CfgAttribute::internal_ip6_nbns : CfgAttribute::internal_ip4_nbns);
  }
  for (const auto attribute :
       {CfgAttribute::unity_split_include, CfgAttribute::unity_local_lan, CfgAttribute::unity_default_domain,
        CfgAttribute::unity_split_dns, CfgAttribute::unity_banner})
    ask(attribute);
  return request;
}

ExchangeStep process_configuration(const IsakmpSa& sa, const w::AttributesPayload& message) {
  ExchangeStep step;
  NetworkConfig config = read_configuration(message.attributes);
  if (message.type == w::CfgType::set) {
    // What is accepted is repeated without its value (§2).
    auto& ack = step.attributes.emplace();
    ack.type = w::CfgType::ack;
    ack.identifier = message.identifier;
    if (sa.access.config_pending)
      for (const w::Attribute& attribute : message.attributes)
        if (!attribute.basic && w::find(ack.attributes, CfgAttribute{attribute.type}) == nullptr)
          ack.attributes.push_back(w::variable_attribute(CfgAttribute{attribute.type}, ByteView()));
  }
  if (!sa.access.config_pending) return step;
  // One of each family that was asked for, the first.
  std::vector<IpAddress> taken;
  for (const IpAddress& wish : sa.access.wishes) {
    const auto found = std::ranges::find(config.addresses, wish.family(), &IpAddress::family);
    if (found != config.addresses.end()) taken.push_back(*found);
  }
  config.addresses = std::move(taken);
  // To whom renews and has an address, some gateways do not say it again.
  if (config.addresses.empty() && sa.access.before && sa.access.before->received) config = *sa.access.before->received;
  if (config.addresses.empty()) {
    step.failure = no_address(sa, Side::remote);
    step.close = step.tell_peer = true;
    return step;
  }
  step.received = std::move(config);
  return step;
}

std::string lease_name(const IsakmpSa& sa) {
  return sa.access.remote_user.empty() ? to_string(sa.remote_id) : "user " + sa.access.remote_user;
}

std::expected<NetworkConfig, event::Failure> choose_configuration(const IsakmpSa& sa,
                                                                  const std::vector<IpAddress>& wishes,
                                                                  Environment& env) {
  NetworkConfig config;
  const policy::Pool* pool = nullptr;
  for (const IpAddress& wish : wishes) {
    const auto lease = env.pools.lease(sa.connection->pools, lease_name(sa), sa.id, wish);
    if (!lease) continue;
    if (!pool) {
      pool = lease->pool;
      config = pool->config;
      config.addresses.clear();
    }
    config.addresses.push_back(lease->address);
  }
  if (config.addresses.empty()) return std::unexpected(no_address(sa, Side::local));
  return config;
}

ExchangeStep process_configuration_request(const IsakmpSa& sa, const w::AttributesPayload& request, Environment& env) {
  ExchangeStep step;
  auto& reply = step.attributes.emplace();
  reply.type = w::CfgType::reply;
  reply.identifier = request.identifier;
  if (w::find(request.attributes, CfgAttribute::application_version))
    reply.attributes.push_back(w::variable_attribute(CfgAttribute::application_version, as_bytes("Sallyport")));
  const auto wishes = wishes_of(request);
  if (sa.connection->pools.empty() || wishes.empty()) return step;
  auto config = choose_configuration(sa, wishes, env);
  if (!config) {
    step.failure = std::move(config.error());  // the client finds no address in the answer, and goes
    return step;
  }
  for (w::Attribute& attribute : write_configuration(*config)) reply.attributes.push_back(std::move(attribute));
  step.given = std::move(*config);
  return step;
}

}  // namespace sallyport::ike::v1
