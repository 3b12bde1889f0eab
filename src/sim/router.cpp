#include "sim/router.h"

#include <algorithm>

#include "sim/packet.h"
#include "sim/world.h"

namespace sallyport::sim {

void Router::add_route(const policy::Prefix& destination, const Link& via) {
  const Route route{policy::AddressRange::of(destination), destination.length, port_of(via)};
  const auto place = std::ranges::find_if(routes_, [&](const Route& other) { return other.length <= route.length; });
  routes_.insert(place, route);
}

Link& Router::attach(Device& device, const policy::IpAddress& address, const LinkQuality& quality) {
  Link& link = world().connect(device, *this, quality);
  add_route({address, address.bits()}, link);
  return link;
}

const Router::Route* Router::find(const policy::IpAddress& destination) const {
  const auto route =
      std::ranges::find_if(routes_, [&](const Route& candidate) { return candidate.range.contains(destination); });
  return route == routes_.end() ? nullptr : &*route;
}

void Router::on_packet(PortNumber, Bytes packet) {
  const auto ip = parse_ip(packet);
  const Route* route = ip ? find(ip->fields.destination) : nullptr;
  if (!route || ip->fields.hop_limit <= 1) {
    ++dropped_;
    return;
  }
  count_hop(packet);
  ++forwarded_;
  send(route->port, std::move(packet));
}

}  // namespace sallyport::sim
