// Flows: the policies as the network stack sees them. A policy lists selectors of both sides; routes, rules and packet
// filters want sets of addresses: "from any of these to any of those, with this protocol and these ports". Many
// policies become few flows here, so that what the kernel looks through does not grow with the number of peers.
//
// It also says what a broad selector does not mean. Where a range merely includes them, policies leave alone:
//   - link-local, multicast and limited broadcast addresses: the local link's own affairs, which no peer can serve;
//   - traffic between two addresses of the local side, when the remote side is wider (10.1.0.0/16 to 0.0.0.0/0): else a
//     gateway could no longer speak to its own network.
// A selector that names them (lies inside them) protects them like all others.
#pragma once

#include <vector>

#include "linux/address_set.h"
#include "policy/spd.h"

namespace sallyport::linux {

/// What a packet is besides its addresses, seen from the local side: its protocol and ports. With ICMP, both port
/// ranges are the same and stand for type and code, as in policy::PortRange.
struct Service {
  std::uint8_t protocol = 0;  // 0: any
  policy::PortRange local_ports;
  policy::PortRange remote_ports;

  bool any_port() const { return local_ports.is_any() && remote_ports.is_any(); }
  /// Only packets whose ports cannot be seen: later fragments (RFC 4301 §4.4.1.1, OPAQUE).
  bool opaque() const { return local_ports.is_opaque() || remote_ports.is_opaque(); }
  bool is_icmp() const { return protocol == 1 || protocol == 58; }

  friend auto operator<=>(const Service&, const Service&) = default;
};

/// All packets from one of `local` to one of `remote` (and, inbound, the other way round).
struct Flows {
  policy::SpdAction action = policy::SpdAction::protect;
  policy::PolicyId policy;  // whose they are alone; 0: of several, or nobody wants to know
  Service service;
  AddressSet local;
  AddressSet remote;

  policy::Family family() const { return local.ranges().front().family(); }
  friend bool operator==(const Flows&, const Flows&) = default;
};

/// Up to so many policies that bypass or discard are kept apart, so that what each does can be counted. They are few,
/// or else they are joined like all others: what the kernel looks through is not to grow with them.
inline constexpr std::size_t kMostCounted = 256;

/// In the order in which they are to be asked; the first that matches decides. Neither address set is ever empty. Among
/// neighbours with the same action the order means nothing.
std::vector<Flows> flows_of(const policy::Spd& spd);

}  // namespace sallyport::linux
