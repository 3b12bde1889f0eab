#include "sim/udp_host.h"

#include "sim/world.h"

namespace sallyport::sim {

void UdpHost::send_udp(std::uint16_t from_port, const policy::Endpoint& to, ByteView payload) {
  send(0, build_udp({address_, from_port}, to, payload));
}

void UdpHost::on_packet(PortNumber, Bytes packet) {
  const auto ip = parse_ip(packet);
  if (!ip || ip->fields.destination != address_) return;
  const auto udp = parse_udp(packet);
  if (!udp) {
    others_.push_back(std::move(packet));
    return;
  }
  received_.push_back({world().now(), udp->source, udp->destination, to_bytes(udp->payload)});
  if (echo_) send_udp(udp->destination.port, udp->source, udp->payload);
}

}  // namespace sallyport::sim
