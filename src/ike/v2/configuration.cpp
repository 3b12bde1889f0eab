#include "ike/v2/configuration.h"

#include <algorithm>
#include <bit>

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using policy::AddressRange;
using policy::Family;
using policy::IpAddress;
using policy::NetworkConfig;
using policy::Prefix;
using Type = w::CfgAttributeType;

constexpr std::size_t kMostServers = 16;
constexpr std::size_t kMostNetworks = 256;
constexpr std::size_t kLongestDomain = 255;

/// 4 octets, or 16, or 16 and the length of a prefix behind them (§3.15.1).
std::optional<IpAddress> read_inner_address(ByteView value) {
  return IpAddress::from_bytes(value.size() == 17 ? value.first(16) : value);
}

void take_address(std::vector<IpAddress>& list, ByteView value, Family family) {
  const auto address = read_inner_address(value);
  if (address && address->family() == family && !address->is_unspecified() && list.size() < kMostServers)
    list.push_back(*address);
}

void take_network(std::vector<Prefix>& list, const IpAddress& address, unsigned length) {
  if (length > address.bits() || list.size() >= kMostNetworks) return;
  list.push_back(AddressRange::of({address, static_cast<std::uint8_t>(length)}).prefixes().front());
}

void take_subnet(std::vector<Prefix>& list, ByteView value, Type type) {
  if (type == Type::internal_ip6_subnet) {
    if (value.size() == 17) take_network(list, *IpAddress::from_bytes(value.first(16)), value[16]);
    return;
  }
  if (value.size() != 8) return;
  const std::uint32_t mask = load_be32(value.data() + 4);
  const auto length = static_cast<unsigned>(std::countl_one(mask));
  if (length < 32 && (mask << length) != 0) return;  // the ones of a mask are all in front
  take_network(list, *IpAddress::from_bytes(value.first(4)), length);
}

/// RFC 8598 §4.1: a name as people write it.
void take_domain(std::vector<std::string>& list, ByteView value) {
  const auto plain = [](std::uint8_t c) { return c > ' ' && c <= '~'; };
  if (value.empty() || value.size() > kLongestDomain || list.size() >= kMostNetworks) return;
  if (std::ranges::all_of(value, plain)) list.emplace_back(as_text(value));
}

void read_attribute(const w::CfgAttribute& attribute, NetworkConfig& config) {
  const ByteView value = attribute.value;
  switch (attribute.type) {
    case Type::internal_ip4_address: return take_address(config.addresses, value, Family::ipv4);
    case Type::internal_ip6_address: return take_address(config.addresses, value, Family::ipv6);
    case Type::internal_ip4_netmask:
      if (value.size() == 4) config.netmask = IpAddress::from_bytes(value);
      return;
    case Type::internal_ip4_dns: return take_address(config.dns, value, Family::ipv4);
    case Type::internal_ip6_dns: return take_address(config.dns, value, Family::ipv6);
    case Type::internal_ip4_nbns: return take_address(config.nbns, value, Family::ipv4);
    case Type::internal_ip4_subnet:
    case Type::internal_ip6_subnet: return take_subnet(config.split_include, value, attribute.type);
    case Type::internal_dns_domain: return take_domain(config.split_dns, value);
    default: return;  // unknown ones are passed over (§3.15.1)
  }
}

Bytes with_prefix_length(const IpAddress& address, std::uint8_t length) {
  Bytes value = to_bytes(address.bytes());
  value.push_back(length);
  return value;
}

w::CfgAttribute write_inner_address(const IpAddress& address) {
  if (address.is_v6()) return {Type::internal_ip6_address, with_prefix_length(address, 128)};
  return {Type::internal_ip4_address, to_bytes(address.bytes())};
}

w::CfgAttribute write_subnet(const Prefix& network) {
  if (network.address.is_v6()) return {Type::internal_ip6_subnet, with_prefix_length(network.address, network.length)};
  Bytes value = to_bytes(network.address.bytes());
  value.resize(8);
  store_be32(value.data() + 4, network.length == 0 ? 0 : ~std::uint32_t{0} << (32 - network.length));
  return {Type::internal_ip4_subnet, std::move(value)};
}

const w::CfgAttribute* find_attribute(const w::CpPayload& payload, Type type) {
  const auto found = std::ranges::find(payload.attributes, type, &w::CfgAttribute::type);
  return found == payload.attributes.end() ? nullptr : &*found;
}

/// What a client asks to have, one of each family; unspecified: whichever.
std::vector<IpAddress> wishes_of(const w::CpPayload& request) {
  std::vector<IpAddress> wishes;
  for (const auto& [type, family] :
       {std::pair{Type::internal_ip4_address, Family::ipv4}, std::pair{Type::internal_ip6_address, Family::ipv6}}) {
    const auto* wish = find_attribute(request, type);
    if (!wish) continue;
    const auto address = read_inner_address(wish->value);
    wishes.push_back(address && address->family() == family ? *address : IpAddress::unspecified(family));
  }
  return wishes;
}

std::optional<NetworkConfig> lease(const IkeSa& sa, const policy::Connection& connection,
                                   const policy::Identity& client, const std::vector<IpAddress>& wishes,
                                   bool begins_anew, Environment& env) {
  const std::string name = lease_name(client);
  std::optional<NetworkConfig> config;
  for (IpAddress wish : wishes) {
    if (wish.is_unspecified() && begins_anew)
      wish = env.pools.held_by(connection.pools, name, wish.family()).value_or(wish);
    const auto leased = env.pools.lease(connection.pools, name, sa.id, wish);
    if (!leased) continue;
    if (!config) {
      config = leased->pool->config;
      config->addresses.clear();
    }
    config->addresses.push_back(leased->address);
  }
  return config;
}

policy::TrafficSelectors resolve_for(const policy::SelectorTemplates& templates,
                                     const std::vector<AddressRange>& dynamic) {
  policy::TrafficSelectors selectors;
  for (const policy::SelectorTemplate& each : templates) {
    if (!each.dynamic)
      selectors.push_back(each.fixed);
    else
      for (const AddressRange& range : dynamic) selectors.push_back({range, each.fixed.protocol, each.fixed.ports});
  }
  return selectors;
}

std::vector<AddressRange> as_ranges(const std::vector<IpAddress>& addresses) {
  std::vector<AddressRange> ranges;
  for (const IpAddress& address : addresses) ranges.push_back(AddressRange::host(address));
  return ranges;
}

}  // namespace

NetworkConfig read_configuration(const CfgAttributes& attributes) {
  NetworkConfig config;
  for (const w::CfgAttribute& attribute : attributes) read_attribute(attribute, config);
  return config;
}

CfgAttributes write_configuration(const NetworkConfig& config) {
  CfgAttributes out;
  for (const IpAddress& address : config.addresses) out.push_back(write_inner_address(address));
  if (config.netmask && !config.netmask->is_v6())
    out.push_back({Type::internal_ip4_netmask, to_bytes(config.netmask->bytes())});
  for (const IpAddress& server : config.dns)
    out.push_back({server.is_v6() ? Type::internal_ip6_dns : Type::internal_ip4_dns, to_bytes(server.bytes())});
  for (const IpAddress& server : config.nbns)
    if (!server.is_v6()) out.push_back({Type::internal_ip4_nbns, to_bytes(server.bytes())});
  for (const Prefix& network : config.split_include) out.push_back(write_subnet(network));
  if (!config.dns.empty())  // RFC 8598 §3.2: domains say what these servers are for
    for (const std::string& domain : config.split_dns)
      out.push_back({Type::internal_dns_domain, to_bytes(as_bytes(domain))});
  return out;
}

w::CpPayload build_configuration_request(const policy::Connection& connection, const ClientMemory& memory) {
  w::CpPayload request{.type = w::CfgType::request, .attributes = {}};
  const auto ask = [&](Type type) { request.attributes.push_back({type, {}}); };
  for (const IpAddress& vip : connection.vips) {
    const IpAddress wish = vip.is_unspecified() ? memory.address(connection.name, vip.family()) : vip;
    if (wish.is_unspecified())
      ask(wish.is_v6() ? Type::internal_ip6_address : Type::internal_ip4_address);
    else
      request.attributes.push_back(write_inner_address(wish));
    ask(wish.is_v6() ? Type::internal_ip6_dns : Type::internal_ip4_dns);
    ask(wish.is_v6() ? Type::internal_ip6_subnet : Type::internal_ip4_subnet);
    if (!wish.is_v6()) ask(Type::internal_ip4_nbns);
  }
  ask(Type::internal_dns_domain);
  return request;
}

std::optional<NetworkConfig> take_configuration(const policy::Connection& connection, const w::PayloadChain& answer) {
  const auto* payload = answer.find<w::CpPayload>();
  if (!payload || payload->type != w::CfgType::reply) return std::nullopt;
  NetworkConfig config = read_configuration(payload->attributes);
  std::vector<IpAddress> taken;
  for (const IpAddress& vip : connection.vips) {
    const auto found = std::ranges::find(config.addresses, vip.family(), &IpAddress::family);
    if (found != config.addresses.end()) taken.push_back(*found);
  }
  if (taken.empty()) return std::nullopt;
  config.addresses = std::move(taken);
  return config;
}

const w::CpPayload* find_configuration_request(const w::PayloadChain& request) {
  const auto* payload = request.find<w::CpPayload>();
  return payload && payload->type == w::CfgType::request ? payload : nullptr;
}

std::expected<Configuration, event::Failure> answer_configuration(const IkeSa& sa, const policy::Connection& connection,
                                                                  const policy::Identity& client,
                                                                  const w::CpPayload& request, bool begins_anew,
                                                                  Environment& env) {
  Configuration answer{.reply = {.type = w::CfgType::reply, .attributes = {}}, .given = {}};
  if (find_attribute(request, Type::application_version))
    answer.reply.attributes.push_back({Type::application_version, to_bytes(as_bytes("Sallyport"))});
  const auto wishes = wishes_of(request);
  if (connection.pools.empty() || wishes.empty()) return answer;
  answer.given = sa.given ? sa.given : lease(sa, connection, client, wishes, begins_anew, env);
  if (!answer.given) {
    auto failure = sa.failure_of(event::FailureKind::no_virtual_address, event::Side::local);
    failure.connection = connection.name;
    failure.remote_id = client;
    return std::unexpected(std::move(failure));
  }
  for (w::CfgAttribute& attribute : write_configuration(*answer.given))
    answer.reply.attributes.push_back(std::move(attribute));
  return answer;
}

std::string lease_name(const policy::Identity& client) { return to_string(client); }

Hosts hosts_of(const IkeSa& sa, const policy::Connection& connection, const NetworkConfig* given) {
  Hosts hosts{.own = {AddressRange::host(sa.local.address)}, .peers = {}, .given = given};
  if (sa.received) {
    hosts.own = as_ranges(sa.received->addresses);
  } else if (!connection.vips.empty() && sa.initiator() && !sa.established) {
    hosts.own.clear();
    for (const IpAddress& vip : connection.vips) hosts.own.push_back(AddressRange::all(vip.family()));
  }
  if (given)
    hosts.peers = as_ranges(given->addresses);
  else if (connection.pools.empty())
    hosts.peers = {AddressRange::host(sa.remote.address)};
  return hosts;
}

policy::TrafficSelectors local_selectors(const policy::Child& child, const Hosts& hosts) {
  auto selectors = resolve_for(child.local_ts, hosts.own);
  if (!hosts.given || hosts.given->split_include.empty()) return selectors;
  policy::TrafficSelectors reachable;
  for (const Prefix& network : hosts.given->split_include) reachable.push_back({AddressRange::of(network), 0, {}});
  return policy::intersect(selectors, reachable);
}

policy::TrafficSelectors remote_selectors(const policy::Child& child, const Hosts& hosts) {
  return resolve_for(child.remote_ts, hosts.peers);
}

}  // namespace sallyport::ike::v2
