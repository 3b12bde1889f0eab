#include "linux/guard_ruleset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <optional>

namespace sallyport::linux {
namespace {

using policy::PortRange;
using policy::SpdAction;

constexpr std::string_view kLaterFragment4 = "ip frag-off & 0x1fff != 0";
constexpr std::string_view kLaterFragment6 = "frag frag-off != 0";
// Of first fragments, whose ports the filter sees, but routing rules do not.
constexpr std::string_view kMoreFragments4 = "ip frag-off & 0x2000 != 0";
constexpr std::string_view kMoreFragments6 = "frag more-fragments 1";
// RFC 4861: neighbours must find each other before there can be a packet to protect. The hop limit proves the link.
constexpr std::string_view kNeighbourDiscovery = "icmpv6 type { 133-137 } ip6 hoplimit 255 accept";

enum class Direction {
  outbound,
  inbound
};

std::string ports(std::string_view field, const PortRange& range) {
  if (range.is_any()) return {};
  if (range.first == range.last) return fmt::format(" {} {}", field, range.first);
  return fmt::format(" {} {}-{}", field, range.first, range.last);
}

class RulesetWriter {
 public:
  RulesetWriter(const policy::Spd& spd, const GuardSettings& settings)
      : flows_(flows_of(spd)), settings_(settings), names_(settings.footprint) {}

  std::string write() {
    // The chains stay hooked and only their rules change: deleting the table would unhook it for a moment. For the same
    // reason there are no named sets: they outlive a flush.
    line("table inet {0}\nflush table inet {0}\ntable inet {0} {{", names_.filter_table);
    line("  comment \"blocks what Sallyport protects, even after it has died\"");
    judgement("outbound", Direction::outbound, false);
    judgement("inbound", Direction::inbound, true);
    judgement("passing", Direction::inbound, false);
    steering();
    arriving();
    forwarded();
    departing("departing", -1);
    departing("departing_translated", 1);
    line("}}");
    return std::move(text_);
  }

 private:
  template <class... Values>
  void line(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
    text_ += '\n';
  }

  static std::string address(const AddressSet& set) {
    if (set.ranges().size() == 1) return to_string(set.ranges().front());
    std::string all;
    for (const policy::AddressRange& range : set.ranges()) all += (all.empty() ? "" : ", ") + to_string(range);
    return "{ " + all + " }";
  }

  std::string addresses(std::size_t index, Direction direction) const {
    const Flows& flows = flows_[index];
    const std::string_view ip = flows.family() == policy::Family::ipv6 ? "ip6" : "ip";
    const std::string local = address(flows.local);
    const std::string remote = address(flows.remote);
    const bool out = direction == Direction::outbound;
    std::string match = fmt::format("{0} saddr {1} {0} daddr {2}", ip, out ? local : remote, out ? remote : local);
    if (flows.service.protocol != 0) match += fmt::format(" meta l4proto {}", flows.service.protocol);
    return match;
  }

  static std::string_view later_fragment(const Flows& flows) {
    return flows.family() == policy::Family::ipv6 ? kLaterFragment6 : kLaterFragment4;
  }

  /// All that a rule must say for packets of `flows_[index]`; what is OPAQUE are the later fragments.
  std::string match(std::size_t index, Direction direction) const {
    const Service& service = flows_[index].service;
    const std::string where = addresses(index, direction);
    if (service.opaque()) return fmt::format("{} {}", where, later_fragment(flows_[index]));
    if (service.is_icmp()) return where + ports("@th,0,16", service.local_ports);
    const bool out = direction == Direction::outbound;
    return where + ports("th sport", out ? service.local_ports : service.remote_ports) +
           ports("th dport", out ? service.remote_ports : service.local_ports);
  }

  /// By which policy_traffic() knows a rule again.
  static std::string label(const Flows& flows, Direction direction) {
    return fmt::format(" comment \"policy {} {}\"", flows.policy.value,
                       direction == Direction::outbound ? "out" : "in");
  }

  /// A chain that drops what is protected and returns with the rest.
  void judgement(std::string_view chain, Direction direction, bool counts) {
    line("  chain {} {{", chain);
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      const Flows& flows = flows_[i];
      const bool bypass = flows.action == SpdAction::bypass;
      const bool counted = counts && flows.policy.value != 0;
      line("    {} {}{}{}", match(i, direction), bypass && counted ? "counter " : "",
           bypass ? "return" : "counter drop", counted ? label(flows, Direction::inbound) : std::string());
      if (!bypass && !flows.service.any_port() && !flows.service.opaque())
        line("    {} {} counter drop", addresses(i, direction), later_fragment(flows));
    }
    line("  }}");
  }

  void steering() {
    line("  chain steering {{");
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      if (flows_[i].action != SpdAction::protect) {
        const bool counted = flows_[i].policy.value != 0;
        line("    {} {}return{}", match(i, Direction::outbound), counted ? "counter " : "",
             counted ? label(flows_[i], Direction::outbound) : std::string());
      } else if (needs_steering_mark(flows_[i].service)) {
        line("    {} meta mark set {:#x}", match(i, Direction::outbound), names_.steer_mark);
      }
      if (flows_[i].action == SpdAction::protect && hides_in_fragments(flows_[i].service)) {
        const bool v6 = flows_[i].family() == policy::Family::ipv6;
        line("    {} {} meta mark set {:#x}", match(i, Direction::outbound), v6 ? kMoreFragments6 : kMoreFragments4,
             names_.steer_mark);
        line("    {} {} meta mark set {:#x}", addresses(i, Direction::outbound), later_fragment(flows_[i]),
             names_.steer_mark);
      }
    }
    line("  }}");
    line("  chain originated {{");
    line("    type route hook output priority mangle; policy accept;");
    line("    meta mark {:#x} accept", names_.own_mark);
    line("    oifname {{ \"lo\", \"{}\" }} accept", names_.device);
    line("    jump steering");
    line("  }}");
  }

  std::string ike_ports() const { return fmt::format("{{ {} }}", fmt::join(names_.ike_ports, ", ")); }

  void arriving() {
    line("  chain arriving {{");
    line("    type filter hook prerouting priority raw; policy accept;");
    line("    iifname {{ \"lo\", \"{}\" }} accept", names_.device);
    if (settings_.mark_arriving) {
      line("    fib daddr type local meta l4proto {{ esp, ah }} meta mark set {:#x}", names_.own_mark);
      line("    fib daddr type local udp dport {} meta mark set {:#x}", ike_ports(), names_.own_mark);
    }
    line("    meta l4proto {{ esp, ah }} accept");
    line("    udp dport {} accept", ike_ports());
    line("    {}", kNeighbourDiscovery);
    line("    {} goto steering", kLaterFragment4);
    line("    {} goto steering", kLaterFragment6);
    line("    jump inbound");
    line("    jump steering");
    line("  }}");
  }

  void forwarded() {
    line("  chain forwarded {{");
    line("    type filter hook forward priority filter; policy accept;");
    line("    iifname != \"{}\" jump passing", names_.device);
    line("    oifname != \"{}\" jump outbound", names_.device);
    line("  }}");
  }

  /// `side` of source address translation: -1 before, 1 after it.
  void departing(std::string_view chain, int side) {
    const std::string_view priority = side < 0 ? "srcnat - 10" : "srcnat + 10";
    line("  chain {} {{", chain);
    line("    type filter hook postrouting priority {}; policy accept;", priority);
    line("    oifname {{ \"lo\", \"{}\" }} accept", names_.device);
    line("    meta mark {:#x} meta l4proto {{ esp, ah }} accept", names_.own_mark);
    line("    meta mark {:#x} udp sport {} accept", names_.own_mark, ike_ports());
    line("    {}", kNeighbourDiscovery);
    line("    jump outbound");
    line("  }}");
  }

  std::vector<Flows> flows_;
  const GuardSettings& settings_;
  const Footprint& names_;
  std::string text_;
};

std::optional<std::uint64_t> number_behind(std::string_view line, std::string_view words) {
  const auto at = line.find(words);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  const std::string_view rest = line.substr(at + words.size());
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc{}) return std::nullopt;
  return number;
}

}  // namespace

bool needs_steering_mark(const Service& service) {
  if (service.any_port()) return false;
  if (service.is_icmp() || service.opaque()) return true;
  const auto touches_an_end = [](const PortRange& ports) {
    return !ports.is_any() && (ports.first == 0 || ports.last == 65535);
  };
  return touches_an_end(service.local_ports) || touches_an_end(service.remote_ports);
}

bool hides_in_fragments(const Service& service) { return !service.any_port() && !service.opaque(); }

PolicyTraffic& PolicyTraffic::operator+=(const PolicyTraffic& more) {
  packets_in += more.packets_in;
  bytes_in += more.bytes_in;
  packets_out += more.packets_out;
  bytes_out += more.bytes_out;
  return *this;
}

std::map<policy::PolicyId, PolicyTraffic> policy_traffic(std::string_view loaded) {
  std::map<policy::PolicyId, PolicyTraffic> all;
  for (std::size_t at = 0; at < loaded.size();) {
    const std::string_view line = loaded.substr(at, loaded.find('\n', at) - at);
    at += line.size() + 1;
    const auto packets = number_behind(line, "counter packets "), bytes = number_behind(line, " bytes ");
    const auto policy = number_behind(line, "comment \"policy ");
    if (!packets || !bytes || !policy) continue;
    PolicyTraffic& traffic = all[policy::PolicyId{static_cast<std::uint32_t>(*policy)}];
    const bool out = line.find(" out\"") != std::string_view::npos;
    (out ? traffic.packets_out : traffic.packets_in) += *packets;
    (out ? traffic.bytes_out : traffic.bytes_in) += *bytes;
  }
  return all;
}

std::string guard_ruleset(const policy::Spd& spd, const GuardSettings& settings) {
  return RulesetWriter(spd, settings).write();
}

}  // namespace sallyport::linux
