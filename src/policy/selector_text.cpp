// The text form of traffic selectors: "10.0.0.0/8[tcp/80-443]".
#include <algorithm>
#include <array>

#include "policy/number.h"
#include "policy/selector.h"
#include "policy/spelling.h"

namespace sallyport::policy {
namespace {

struct NamedNumber {
  std::string_view name;
  std::uint16_t number;
};

// IANA's protocol numbers; the first name of a number is the one that is printed.
constexpr std::array kProtocols = std::to_array<NamedNumber>({
    {"icmp", 1},      {"igmp", 2},
    {"ipencap", 4},   {"tcp", 6},
    {"egp", 8},       {"udp", 17},
    {"dccp", 33},     {"ipv6", 41},
    {"gre", 47},      {"esp", 50},
    {"ah", 51},       {"ipv6-icmp", 58},
    {"icmpv6", 58},   {"icmp6", 58},
    {"eigrp", 88},    {"ospf", 89},
    {"etherip", 97},  {"pim", 103},
    {"vrrp", 112},    {"l2tp", 115},
    {"sctp", 132},    {"mobility-header", 135},
    {"udplite", 136},
});

// IANA's service names, as far as tunnels are made for them.
constexpr std::array kServices = std::to_array<NamedNumber>({
    {"ftp", 21},     {"ssh", 22},    {"telnet", 23},       {"smtp", 25},   {"domain", 53},   {"dns", 53},
    {"tftp", 69},    {"http", 80},   {"kerberos", 88},     {"pop3", 110},  {"sunrpc", 111},  {"ntp", 123},
    {"imap", 143},   {"snmp", 161},  {"bgp", 179},         {"ldap", 389},  {"https", 443},   {"microsoft-ds", 445},
    {"syslog", 514}, {"ldaps", 636}, {"imaps", 993},       {"l2tp", 1701}, {"radius", 1812}, {"nfs", 2049},
    {"mysql", 3306}, {"rdp", 3389},  {"postgresql", 5432}, {"sip", 5060},  {"vxlan", 4789},
});

/// Those whose packets have something in the place of ports: ICMP's type and code, Mobility Header's type included.
bool has_ports(std::uint8_t protocol) {
  constexpr std::array<std::uint8_t, 8> with_ports = {1, 6, 17, 33, 58, 132, 135, 136};
  return std::ranges::find(with_ports, protocol) != with_ports.end();
}

template <class Table>
std::optional<std::uint16_t> number_named(const Table& table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &NamedNumber::name);
  if (found == table.end()) return std::nullopt;
  return found->number;
}

template <class Table>
std::string suggestion_from(const Table& table, std::string_view word) {
  std::vector<std::string_view> names;
  names.reserve(table.size());
  for (const NamedNumber& each : table) names.push_back(each.name);
  return did_you_mean(word, names);
}

std::unexpected<TextError> trouble(std::size_t offset, std::string message, std::string suggestion = {}) {
  return std::unexpected(TextError{offset, std::move(message), std::move(suggestion)});
}

std::expected<std::uint8_t, TextError> read_protocol(std::string_view word, std::size_t offset) {
  if (word == "any") return std::uint8_t{0};
  if (const auto number = parse_number<std::uint8_t>(word)) return *number;
  if (const auto number = number_named(kProtocols, word)) return static_cast<std::uint8_t>(*number);
  return trouble(offset, quoted(word) + " is no IP protocol: a name such as tcp, or a number to 255",
                 suggestion_from(kProtocols, word));
}

std::expected<std::uint16_t, TextError> read_port(std::string_view word, std::size_t offset) {
  if (const auto number = parse_number<std::uint16_t>(word)) return *number;
  if (const auto number = number_named(kServices, word)) return *number;
  return trouble(offset, quoted(word) + R"( is no port: a number to 65535, a service's name, "any" or "opaque")",
                 suggestion_from(kServices, word));
}

std::expected<PortRange, TextError> read_ports(std::string_view word, std::size_t offset) {
  if (word == "any") return PortRange::any();
  if (word == "opaque") return PortRange::opaque();
  // A service's name may have a dash, a range of ports has one between numbers.
  const auto dash = number_named(kServices, word) ? std::string_view::npos : word.find('-');
  const auto first = read_port(word.substr(0, dash), offset);
  if (!first) return std::unexpected(first.error());
  if (dash == std::string_view::npos) return PortRange::one(*first);
  const auto last = read_port(word.substr(dash + 1), offset + dash + 1);
  if (!last) return std::unexpected(last.error());
  if (*last < *first) return trouble(offset, "the range of ports ends before it begins");
  return PortRange{*first, *last};
}

/// What stands between the brackets: "tcp", "tcp/80-443".
std::expected<void, TextError> read_service(std::string_view text, std::size_t offset, TrafficSelector& selector) {
  const auto slash = text.find('/');
  const auto protocol = read_protocol(text.substr(0, slash), offset);
  if (!protocol) return std::unexpected(protocol.error());
  selector.protocol = *protocol;
  if (slash == std::string_view::npos) return {};
  const auto ports = read_ports(text.substr(slash + 1), offset + slash + 1);
  if (!ports) return std::unexpected(ports.error());
  selector.ports = *ports;
  if (ports->is_any() || (ports->is_opaque() && *protocol != 0) || has_ports(*protocol)) return {};
  return trouble(offset + slash + 1,
                 *protocol == 0 ? "ports need a protocol in front, as in \"[tcp/80]\"" : "this protocol has no ports");
}

std::string service_text(const TrafficSelector& selector) {
  if (selector.protocol == 0 && selector.ports.is_any()) return {};
  std::string text = "[";
  const auto named = std::ranges::find(kProtocols, selector.protocol, &NamedNumber::number);
  if (selector.protocol == 0) {
    text += "any";
  } else if (named != kProtocols.end()) {
    text += named->name;
  } else {
    text += std::to_string(selector.protocol);
  }
  if (selector.ports.is_opaque()) {
    text += "/opaque";
  } else if (!selector.ports.is_any()) {
    text += "/" + std::to_string(selector.ports.first);
    if (selector.ports.first != selector.ports.last) text += "-" + std::to_string(selector.ports.last);
  }
  return text + "]";
}

}  // namespace

std::expected<SelectorTemplate, TextError> SelectorTemplate::read(std::string_view text) {
  SelectorTemplate result;
  const auto bracket = text.find('[');
  const std::string_view where = text.substr(0, bracket);
  if (where == "dynamic") {
    result.dynamic = true;
  } else if (const auto range = AddressRange::parse(where)) {
    result.fixed.addresses = *range;
  } else {
    return trouble(0, quoted(where) + R"( is no selector: an address, a network such as 10.1.0.0/16, a range such as )"
                                      R"(10.1.0.1-10.1.0.9, or "dynamic")");
  }
  if (bracket == std::string_view::npos) return result;
  if (text.back() != ']') return trouble(bracket, "the bracket is not closed by \"]\" at the end");
  const auto service = text.substr(bracket + 1, text.size() - bracket - 2);
  if (const auto read = read_service(service, bracket + 1, result.fixed); !read) return std::unexpected(read.error());
  return result;
}

std::optional<SelectorTemplate> SelectorTemplate::parse(std::string_view text) {
  auto result = read(text);
  if (!result) return std::nullopt;
  return *result;
}

std::string to_string(const TrafficSelector& selector) {
  const AddressRange& range = selector.addresses;
  const std::string where =
      range.first == range.last ? to_string(Prefix{range.first, range.first.bits()}) : to_string(range);
  return where + service_text(selector);
}

std::string to_string(const SelectorTemplate& selector) {
  return selector.dynamic ? "dynamic" + service_text(selector.fixed) : to_string(selector.fixed);
}

std::string to_string(const TrafficSelectors& selectors) {
  std::string text;
  for (const TrafficSelector& each : selectors) {
    if (!text.empty()) text += ' ';
    text += to_string(each);
  }
  return text;
}

}  // namespace sallyport::policy
