// The addresses of this host, and which of them it would use towards another.
#pragma once

#include <vector>

#include "linux/footprint.h"
#include "linux/netlink_socket.h"

namespace sallyport::linux {

struct OwnAddress {
  policy::IpAddress address;
  policy::AddressRange subnet;  // of the neighbours on the same link
  std::uint32_t device = 0;     // interface index
};
/// Those that packets may have as their source beyond the local link, in the order of their interfaces.
Result<std::vector<OwnAddress>> own_addresses(NetlinkSocket& netlink);

/// Gives an address to a device, as that of a host alone, or takes it away; once more is no error.
SystemResult<void> add_address(NetlinkSocket& netlink, std::uint32_t device, const policy::IpAddress& address);
SystemResult<void> remove_address(NetlinkSocket& netlink, std::uint32_t device, const policy::IpAddress& address);

struct OuterRoute {
  policy::IpAddress source;
  std::uint32_t device = 0;  // interface index
  std::uint16_t mtu = 0;     // octets of an IP packet; what the kernel has learned of the path does not count
};
/// How a packet of ours leaves for `remote`, past our own rules. nullopt: there is no route.
std::optional<OuterRoute> outer_route(NetlinkSocket& netlink, const Footprint& footprint,
                                      const policy::IpAddress& remote);

}  // namespace sallyport::linux
