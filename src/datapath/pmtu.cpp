#include "datapath/pmtu.h"

namespace sallyport::datapath {
namespace {

/// `kept`: what of the packet's own headers stays in front of ESP or AH, in transport mode.
std::size_t largest_clear(const Sa& sa, std::size_t kept) {
  const bool outer_v6 = sa.local.address.is_v6();
  const std::size_t outer = (kept != 0  ? kept
                             : outer_v6 ? wire::ipv6_header_size
                                        : wire::ipv4_header_size) +
                            (sa.udp_encap ? wire::udp_header_size : 0);
  if (sa.outbound.path_mtu <= outer) return kept;
  if (sa.protocol == policy::Protocol::ah)
    return kept + (sa.outbound.path_mtu - outer - std::min<std::size_t>(sa.outbound.path_mtu - outer, sa.ah.header));
  const std::size_t room = sa.outbound.path_mtu - outer;
  const std::size_t ah = sa.outer_ah ? sa.outer_ah->ah.header : 0;
  return kept + sa.outbound.layout.largest_payload(room - std::min(room, ah));
}

}  // namespace

std::size_t largest_clear_packet(const Sa& sa, const wire::IpPacket& packet) {
  return largest_clear(sa, sa.mode == policy::Mode::transport ? packet.transport_offset() : 0);
}

std::size_t largest_clear_packet(const Sa& sa) {
  const std::size_t header = sa.local.address.is_v6() ? wire::ipv6_header_size : wire::ipv4_header_size;
  return largest_clear(sa, sa.mode == policy::Mode::transport ? header : 0);
}

bool must_shrink(const wire::IpPacket& packet, std::size_t size) {
  return packet.is_v4() ? packet.dont_fragment() : size > smallest_path_mtu_v6;
}

}  // namespace sallyport::datapath
