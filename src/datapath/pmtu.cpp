#include "datapath/pmtu.h"

#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

constexpr std::size_t ipv6_minimum_mtu = 1280;
// An ICMP error fits into the smallest datagram that everybody takes (RFC 1812 §4.3.2.3, RFC 4443 §2.4 (c)).
constexpr std::size_t largest_icmp_v4 = 576, largest_icmp_v6 = ipv6_minimum_mtu;

bool is_unicast(const wire::IpPacket& packet, ByteView address) {
  if (std::ranges::all_of(address, [](std::uint8_t octet) { return octet == 0; })) return false;
  return packet.is_v4() ? address[0] < 224 : address[0] != 0xff;
}

bool is_icmp_error_or_unknown(const wire::IpPacket& packet) {
  const auto icmp = wire::icmp_type_code(packet);
  if (!icmp) return false;
  if (packet.is_v6()) return icmp->type < 128;
  return icmp->type != 0 && icmp->type != 8;  // all but echo
}

Bytes reply_v4(const wire::IpPacket& packet, std::size_t largest) {
  const std::size_t quoted =
      std::min(packet.octets().size(), largest_icmp_v4 - wire::ipv4_header_size - wire::icmp_header_size);
  Bytes reply(wire::ipv4_header_size + wire::icmp_header_size + quoted);
  wire::Ipv4Header header{.traffic_class = 0xc0,  // internetwork control (RFC 1812 §4.3.2.5)
                          .total_length = static_cast<std::uint16_t>(reply.size()),
                          .protocol = wire::IpProtocol::icmp};
  std::ranges::copy(packet.destination(), header.source.begin());
  std::ranges::copy(packet.source(), header.destination.begin());
  wire::write_ipv4_header(reply.data(), header);
  const ByteSpan icmp = ByteSpan(reply).subspan(wire::ipv4_header_size);
  icmp[0] = 3;  // destination unreachable
  icmp[1] = 4;  // fragmentation needed and DF set
  store_be16(&icmp[6], static_cast<std::uint16_t>(largest));
  std::ranges::copy(packet.octets().first(quoted), icmp.begin() + wire::icmp_header_size);
  store_be16(&icmp[2], wire::internet_checksum(icmp));
  return reply;
}

Bytes reply_v6(const wire::IpPacket& packet, std::size_t largest) {
  const std::size_t quoted =
      std::min(packet.octets().size(), largest_icmp_v6 - wire::ipv6_header_size - wire::icmp_header_size);
  Bytes reply(wire::ipv6_header_size + wire::icmp_header_size + quoted);
  wire::Ipv6Header header{.payload_length = static_cast<std::uint16_t>(wire::icmp_header_size + quoted),
                          .next_header = wire::IpProtocol::icmpv6};
  std::ranges::copy(packet.destination(), header.source.begin());
  std::ranges::copy(packet.source(), header.destination.begin());
  wire::write_ipv6_header(reply.data(), header);
  const ByteSpan icmp = ByteSpan(reply).subspan(wire::ipv6_header_size);
  icmp[0] = 2;  // packet too big
  store_be32(&icmp[4], static_cast<std::uint32_t>(largest));
  std::ranges::copy(packet.octets().first(quoted), icmp.begin() + wire::icmp_header_size);
  wire::ChecksumSum sum =
      wire::pseudo_header_sum(header.source, header.destination, wire::IpProtocol::icmpv6, icmp.size());
  sum.add(icmp);
  store_be16(&icmp[2], sum.checksum());
  return reply;
}

}  // namespace

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
  return packet.is_v4() ? packet.dont_fragment() : size > ipv6_minimum_mtu;
}

std::optional<Bytes> too_big_reply(const wire::IpPacket& packet, std::size_t largest) {
  if (packet.is_later_fragment() || is_icmp_error_or_unknown(packet)) return std::nullopt;
  // RFC 4443 §2.4 (e): to multicast destinations this one error is allowed; we have no use for it.
  if (!is_unicast(packet, packet.source()) || !is_unicast(packet, packet.destination())) return std::nullopt;
  if (packet.is_v4()) return reply_v4(packet, largest);
  return reply_v6(packet, std::max(largest, ipv6_minimum_mtu));
}

bool IcmpRate::allow(Instant now) {
  if (now > refilled_) {
    const auto earned = (now - refilled_) / interval;
    if (earned >= burst - tokens_) {
      tokens_ = burst;
      refilled_ = now;
    } else {
      tokens_ += static_cast<int>(earned);
      refilled_ += earned * interval;
    }
  }
  if (tokens_ == 0) return false;
  --tokens_;
  return true;
}

}  // namespace sallyport::datapath
