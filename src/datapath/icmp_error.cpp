#include "datapath/icmp_error.h"

#include <algorithm>

#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

// An ICMP error fits into the smallest datagram that everybody takes (RFC 1812 §4.3.2.3, RFC 4443 §2.4 (c)).
constexpr std::size_t largest_icmp_v4 = 576, largest_icmp_v6 = 1280;

/// The first eight octets, but for the checksum.
struct IcmpHead {
  std::uint8_t type;
  std::uint8_t code;
  std::uint32_t rest;
};

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

bool may_be_answered(const wire::IpPacket& packet) {
  // RFC 4443 §2.4 (e): to multicast destinations "too big" is allowed; we have no use for it.
  return !packet.is_later_fragment() && !is_icmp_error_or_unknown(packet) && is_unicast(packet, packet.source()) &&
         is_unicast(packet, packet.destination());
}

/// Behind a header that is there already.
void write_icmp(ByteSpan icmp, const IcmpHead& head, ByteView quoted) {
  icmp[0] = head.type;
  icmp[1] = head.code;
  store_be32(&icmp[4], head.rest);
  std::ranges::copy(quoted, icmp.begin() + wire::icmp_header_size);
}

Bytes reply_v4(const wire::IpPacket& packet, const IcmpHead& head) {
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
  write_icmp(icmp, head, packet.octets().first(quoted));
  store_be16(&icmp[2], wire::internet_checksum(icmp));
  return reply;
}

Bytes reply_v6(const wire::IpPacket& packet, const IcmpHead& head) {
  const std::size_t quoted =
      std::min(packet.octets().size(), largest_icmp_v6 - wire::ipv6_header_size - wire::icmp_header_size);
  Bytes reply(wire::ipv6_header_size + wire::icmp_header_size + quoted);
  wire::Ipv6Header header{.payload_length = static_cast<std::uint16_t>(wire::icmp_header_size + quoted),
                          .next_header = wire::IpProtocol::icmpv6};
  std::ranges::copy(packet.destination(), header.source.begin());
  std::ranges::copy(packet.source(), header.destination.begin());
  wire::write_ipv6_header(reply.data(), header);
  const ByteSpan icmp = ByteSpan(reply).subspan(wire::ipv6_header_size);
  write_icmp(icmp, head, packet.octets().first(quoted));
  wire::ChecksumSum sum =
      wire::pseudo_header_sum(header.source, header.destination, wire::IpProtocol::icmpv6, icmp.size());
  sum.add(icmp);
  store_be16(&icmp[2], sum.checksum());
  return reply;
}

}  // namespace

std::optional<Bytes> too_big_reply(const wire::IpPacket& packet, std::size_t largest) {
  if (!may_be_answered(packet)) return std::nullopt;
  if (packet.is_v4()) return reply_v4(packet, {3, 4, static_cast<std::uint16_t>(largest)});
  return reply_v6(packet, {2, 0, static_cast<std::uint32_t>(std::max(largest, largest_icmp_v6))});
}

std::optional<Bytes> prohibited_reply(const wire::IpPacket& packet) {
  if (!may_be_answered(packet)) return std::nullopt;
  return packet.is_v4() ? reply_v4(packet, {3, 13, 0}) : reply_v6(packet, {1, 1, 0});
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
