#include "config/pools.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/keys.h"
#include "config/policy_values.h"
#include "config/section_keys.h"
#include "config/values.h"
#include "policy/text_error.h"

namespace sallyport::config {
namespace {

using policy::AddressRange;
using policy::IpAddress;
using policy::Pool;
using policy::Prefix;

void read_range(Pool& pool, const ConfigNode& node, Diagnostics& diagnostics) {
  const auto text = read_text(node, diagnostics);
  if (!text) return;
  const auto range = AddressRange::parse(*text);
  if (!range) {
    diagnostics.error(node.origin(), fmt::format("{}: {} is no range of addresses", node.path(), policy::quoted(*text)),
                      "write \"10.3.0.0/24\" or \"10.3.0.10-10.3.0.99\"");
    return;
  }
  pool.addresses = *range;
  // Of a network, neither its own address nor that of all its hosts is anybody's.
  const auto prefixes = range->prefixes();
  const bool network = !range->first.is_v6() && prefixes.size() == 1 && prefixes.front().length < 31 &&
                       text->find('-') == std::string_view::npos;
  if (!network) return;
  const auto moved = [](const IpAddress& address, std::uint32_t by) {
    Bytes octets(4);
    store_be32(octets.data(), load_be32(address.bytes().data()) + by);
    return *IpAddress::from_bytes(octets);
  };
  pool.addresses = {moved(range->first, 1), moved(range->last, ~std::uint32_t{0})};
}

std::vector<IpAddress> read_hosts(const ConfigNode& node, Diagnostics& diagnostics) {
  std::vector<IpAddress> hosts;
  for (const Item& item : read_list(node, diagnostics)) {
    if (const auto host = IpAddress::parse(item.text))
      hosts.push_back(*host);
    else
      diagnostics.error(item.origin(), fmt::format("{}: {} is no address", node.path(), policy::quoted(item.text)));
  }
  return hosts;
}

std::vector<Prefix> read_networks(const ConfigNode& node, Diagnostics& diagnostics) {
  std::vector<Prefix> networks;
  for (const Item& item : read_list(node, diagnostics)) {
    const auto range = AddressRange::parse(item.text);
    const auto prefixes = range ? range->prefixes() : std::vector<Prefix>();
    if (prefixes.size() == 1)
      networks.push_back(prefixes.front());
    else
      diagnostics.error(item.origin(), fmt::format("{}: {} is no network", node.path(), policy::quoted(item.text)),
                        "write \"10.2.0.0/16\"");
  }
  return networks;
}

void read_netmask(Pool& pool, const ConfigNode& node, Diagnostics& diagnostics) {
  const auto hosts = read_hosts(node, diagnostics);
  if (hosts.size() == 1 && !hosts.front().is_v6()) pool.config.netmask = hosts.front();
}

void read_domains(Pool& pool, const ConfigNode& node, Diagnostics& diagnostics) {
  for (const Item& item : read_list(node, diagnostics)) pool.config.split_dns.emplace_back(item.text);
}

/// One text; from swanctl, which makes a list of every attribute, the items of that with its commas between them again.
void read_words(std::string& words, const ConfigNode& node, Diagnostics& diagnostics) {
  if (node.kind() != ConfigNode::Kind::list) return assign(words, read_text(node, diagnostics));
  words.clear();
  for (const Item& item : read_list(node, diagnostics)) {
    if (!words.empty()) words += ", ";
    words += item.text;
  }
}

void read_default_domain(Pool& pool, const ConfigNode& node, Diagnostics& diagnostics) {
  read_words(pool.config.default_domain, node, diagnostics);
}

void read_banner(Pool& pool, const ConfigNode& node, Diagnostics& diagnostics) {
  read_words(pool.config.banner, node, diagnostics);
}

constexpr auto kPoolKeys = std::to_array<Key<Pool>>({
    {{"addrs", "network or range", "", "the addresses that clients get: \"10.3.0.0/24\", \"10.3.0.10-10.3.0.99\""},
     read_range},
    {{"dns", "addresses", "", "name servers"},
     [](Pool& p, const ConfigNode& n, Diagnostics& d) { p.config.dns = read_hosts(n, d); }},
    {{"nbns", "addresses", "", "NetBIOS name servers (WINS)"},
     [](Pool& p, const ConfigNode& n, Diagnostics& d) { p.config.nbns = read_hosts(n, d); }},
    {{"netmask", "address", "", "netmask, for clients that want one"}, read_netmask},
    {{"split_include", "networks", "", "what is behind the gateway (Unity); without it, clients decide"},
     [](Pool& p, const ConfigNode& n, Diagnostics& d) { p.config.split_include = read_networks(n, d); }},
    {{"split_exclude", "networks", "", "what clients keep outside the tunnel (Unity's local LAN)"},
     [](Pool& p, const ConfigNode& n, Diagnostics& d) { p.config.split_exclude = read_networks(n, d); }},
    {{"default_domain", "domain", "", "of names without one (Unity); swanctl's 28674"}, read_default_domain},
    {{"split_dns", "domains", "", "the domains that the name servers are for (Unity); swanctl's 28675"}, read_domains},
    {{"banner", "text", "", "words for the user (Unity); swanctl's 28672"}, read_banner},
    {{"28674", "domain", "", "default_domain"}, read_default_domain},
    {{"28675", "domains", "", "split_dns"}, read_domains},
    {{"28672", "text", "", "banner"}, read_banner},

    {{"dhcp", "addresses", "", "DHCP servers"}},
    {{"server", "addresses", "", "servers of no defined kind"}},
    {{"subnet", "networks", "", "networks behind the gateway", {}, "split_include"}},
    {{"p_cscf", "addresses", "", "P-CSCF servers (RFC 7651)"}},
});

}  // namespace

KeySection describe_pools() {
  return describe("pools.NAME", "Inner addresses for clients, and what clients are told with them.",
                  std::span<const Key<Pool>>(kPoolKeys));
}

std::optional<Pool> read_pool(const ConfigNode& section, Diagnostics& diagnostics) {
  if (!section.is_section()) {
    report_wrong_type(section, "a table", diagnostics);
    return std::nullopt;
  }
  const std::size_t errors_before = diagnostics.errors();
  Pool pool{.name = section.name()};
  Written written;
  written.path = section.path();
  written.origins[""] = section.key_origin();
  for (const ConfigNode& entry : section.children())
    read_key(entry, std::span<const Key<Pool>>(kPoolKeys), pool, written, "", diagnostics);
  if (!written.has("addrs")) written.error("addrs", "missing", diagnostics, "write addrs = \"10.3.0.0/24\"");
  if (diagnostics.errors() != errors_before) return std::nullopt;
  return pool;
}

void check_pools(const Config& config, Diagnostics& diagnostics) {
  for (const policy::Connection& connection : config.connections)
    for (const std::string& name : connection.pools) {
      if (std::ranges::find(config.pools, name, &Pool::name) != config.pools.end()) continue;
      const auto where = connection.origins.find("pools");
      diagnostics.error(where == connection.origins.end() ? Origin{} : where->second,
                        fmt::format("connections.{}.pools: there is no pool {}", connection.name, policy::quoted(name)),
                        fmt::format("add [pools.{}] with addrs = \"...\"", name));
    }
}

}  // namespace sallyport::config
