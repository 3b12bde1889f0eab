// Traffic selectors: which packets an SA is for (RFC 4301 §4.4.1.1, RFC 7296 §3.13.1), and narrowing as a pure
// function.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/address.h"
#include "policy/text_error.h"

namespace sallyport::policy {

/// Ports, or ICMP type (high octet) and code (low octet). Both ends included. OPAQUE, which says "the field is not
/// there to be looked at", is first = 65535, last = 0.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 65535;

  static constexpr PortRange any() { return {}; }
  static constexpr PortRange opaque() { return {65535, 0}; }
  static constexpr PortRange one(std::uint16_t port) { return {port, port}; }
  constexpr bool is_any() const { return first == 0 && last == 65535; }
  constexpr bool is_opaque() const { return first == 65535 && last == 0; }
  constexpr bool contains(std::uint16_t port) const { return first <= port && port <= last; }

  friend auto operator<=>(const PortRange&, const PortRange&) = default;
};

struct TrafficSelector {
  AddressRange addresses;
  std::uint8_t protocol = 0;  // IP protocol number; 0 is any
  PortRange ports;

  static TrafficSelector host(const IpAddress& address) { return {AddressRange::host(address), 0, {}}; }
  static TrafficSelector all(Family family) { return {AddressRange::all(family), 0, {}}; }

  bool contains(const TrafficSelector& other) const;
  std::optional<TrafficSelector> intersection(const TrafficSelector& other) const;
  /// `port` is nullopt where a packet has none or hides it (a later fragment): then only "any" and OPAQUE match.
  bool matches(const IpAddress& address, std::uint8_t protocol, std::optional<std::uint16_t> port) const;

  friend auto operator<=>(const TrafficSelector&, const TrafficSelector&) = default;
};

using TrafficSelectors = std::vector<TrafficSelector>;

/// As configured: "dynamic" stands for the host's own address, which only the negotiation knows.
struct SelectorTemplate {
  bool dynamic = false;
  TrafficSelector fixed;  // when dynamic, only its protocol and ports count

  /// "dynamic", CIDR, address or range, then optionally "[protocol/port]": "10.0.0.0/8[tcp/80-443]", "dynamic[udp]",
  /// "10.0.0.1[icmp/2048]", "dynamic[tcp/opaque]". Protocols and ports by number or by common name.
  static std::optional<SelectorTemplate> parse(std::string_view text);
  /// The same, with the reason for a refusal.
  static std::expected<SelectorTemplate, TextError> read(std::string_view text);

  TrafficSelector resolve(const IpAddress& host) const;

  friend auto operator<=>(const SelectorTemplate&, const SelectorTemplate&) = default;
};

using SelectorTemplates = std::vector<SelectorTemplate>;

/// Templates with `host` in place of "dynamic".
TrafficSelectors resolve(const SelectorTemplates& templates, const IpAddress& host);

/// All pairwise intersections, in `first`'s order, without those that another one contains; at most 255, which is what
/// a TS payload can hold.
TrafficSelectors intersect(const TrafficSelectors& first, const TrafficSelectors& second);

/// True when everything that `inner` selects, `outer` selects too (selector by selector).
bool covers(const TrafficSelectors& outer, const TrafficSelectors& inner);

/// A responder's choice (RFC 7296 §2.9): all that is common to what the peer proposed and what is configured, in the
/// order of the proposal. So the peer's first selector, often that of the packet which it wants to send, is in it
/// whenever policy allows it. nullopt when nothing is common.
std::optional<TrafficSelectors> narrow(const TrafficSelectors& configured, const TrafficSelectors& proposed);

/// "10.1.0.0/16", "10.0.0.1/32[tcp/443]", "10.0.0.1-10.0.0.9[udp]"
std::string to_string(const TrafficSelector& selector);
std::string to_string(const SelectorTemplate& selector);
/// Separated by single spaces.
std::string to_string(const TrafficSelectors& selectors);

}  // namespace sallyport::policy
