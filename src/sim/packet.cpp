#include "sim/packet.h"

#include "base/check.h"
#include "base/writer.h"
#include "wire/ip_header.h"

namespace sallyport::sim {
namespace {

constexpr std::size_t udp_checksum_offset = 6;

policy::IpAddress address_of(ByteView octets) { return *policy::IpAddress::from_bytes(octets); }

// `udp`: header and payload, whose checksum field is zero.
std::uint16_t udp_checksum(ByteView source, ByteView destination, ByteView udp) {
  wire::ChecksumSum sum = wire::pseudo_header_sum(source, destination, wire::IpProtocol::udp, udp.size());
  sum.add(udp);
  const std::uint16_t checksum = sum.checksum();
  return checksum == 0 ? 0xffff : checksum;  // zero would say that there is none (RFC 768)
}

std::size_t header_size(const policy::IpAddress& address) {
  return address.is_v6() ? wire::ipv6_header_size : wire::ipv4_header_size;
}

void write_header(std::uint8_t* to, const IpFields& fields, std::size_t payload_size) {
  if (fields.source.is_v6()) {
    wire::Ipv6Header header{.traffic_class = fields.traffic_class,
                            .payload_length = static_cast<std::uint16_t>(payload_size),
                            .next_header = fields.protocol,
                            .hop_limit = fields.hop_limit};
    std::ranges::copy(fields.source.bytes(), header.source.begin());
    std::ranges::copy(fields.destination.bytes(), header.destination.begin());
    wire::write_ipv6_header(to, header);
  } else {
    wire::Ipv4Header header{.traffic_class = fields.traffic_class,
                            .total_length = static_cast<std::uint16_t>(wire::ipv4_header_size + payload_size),
                            .dont_fragment = fields.dont_fragment,
                            .ttl = fields.hop_limit,
                            .protocol = fields.protocol};
    std::ranges::copy(fields.source.bytes(), header.source.begin());
    std::ranges::copy(fields.destination.bytes(), header.destination.begin());
    wire::write_ipv4_header(to, header);
  }
}

std::optional<wire::IpPacket> parse_whole(ByteView packet) {
  const auto ip = wire::IpPacket::parse(packet);
  if (!ip || !ip->has_valid_header_checksum() || ip->is_fragment() || ip->octets().size() != packet.size())
    return std::nullopt;
  return *ip;
}

}  // namespace

std::optional<IpView> parse_ip(ByteView packet) {
  const auto ip = parse_whole(packet);
  if (!ip) return std::nullopt;
  return IpView{{.source = address_of(ip->source()),
                 .destination = address_of(ip->destination()),
                 .protocol = ip->protocol(),
                 .traffic_class = ip->traffic_class(),
                 .hop_limit = ip->hop_limit(),
                 .dont_fragment = ip->dont_fragment()},
                ip->payload()};
}

Bytes build_ip(const IpFields& fields, ByteView payload) {
  ASSERT(fields.source.family() == fields.destination.family());
  const std::size_t header = header_size(fields.source);
  ASSERT(header + payload.size() <= 65535);
  Bytes packet;
  packet.reserve(header + payload.size());
  packet.resize(header);
  write_header(packet.data(), fields, payload.size());
  append(packet, payload);
  return packet;
}

std::optional<UdpView> parse_udp(ByteView packet) {
  const auto ip = parse_ip(packet);
  if (!ip || ip->fields.protocol != wire::IpProtocol::udp || ip->payload.size() < wire::udp_header_size)
    return std::nullopt;
  const std::uint8_t* udp = ip->payload.data();
  if (load_be16(udp + 4) != ip->payload.size()) return std::nullopt;
  if (!wire::has_valid_payload_checksum(*wire::IpPacket::parse(packet))) return std::nullopt;
  return UdpView{ip->fields,
                 {ip->fields.source, load_be16(udp)},
                 {ip->fields.destination, load_be16(udp + 2)},
                 ip->payload.subspan(wire::udp_header_size)};
}

Bytes build_udp(const policy::Endpoint& source, const policy::Endpoint& destination, ByteView payload,
                const IpFields& fields) {
  Bytes udp;
  udp.reserve(wire::udp_header_size + payload.size());
  Writer writer(udp);
  writer.u16(source.port);
  writer.u16(destination.port);
  writer.u16(static_cast<std::uint16_t>(wire::udp_header_size + payload.size()));
  writer.u16(0);
  writer.bytes(payload);
  store_be16(udp.data() + udp_checksum_offset, udp_checksum(source.address.bytes(), destination.address.bytes(), udp));
  IpFields whole = fields;
  whole.source = source.address;
  whole.destination = destination.address;
  whole.protocol = wire::IpProtocol::udp;
  return build_ip(whole, udp);
}

std::optional<std::size_t> content_offset(ByteView packet) {
  const auto ip = parse_whole(packet);
  if (!ip) return std::nullopt;
  const bool is_udp = ip->protocol() == wire::IpProtocol::udp && ip->payload().size() >= wire::udp_header_size;
  return ip->payload_offset() + (is_udp ? wire::udp_header_size : 0);
}

void mend(Bytes& packet) {
  wire::set_packet_size(packet.data(), packet.size());
  const auto ip = parse_whole(packet);
  if (!ip || ip->protocol() != wire::IpProtocol::udp || ip->payload().size() < wire::udp_header_size) return;
  const ByteSpan udp = ByteSpan(packet).subspan(ip->payload_offset());
  store_be16(udp.data() + 4, static_cast<std::uint16_t>(udp.size()));
  store_be16(udp.data() + udp_checksum_offset, 0);
  store_be16(udp.data() + udp_checksum_offset, udp_checksum(ip->source(), ip->destination(), udp));
}

void count_hop(Bytes& packet) {
  const auto ip = parse_whole(packet);
  ASSERT(ip && ip->hop_limit() > 0);
  wire::set_hop_limit(packet.data(), static_cast<std::uint8_t>(ip->hop_limit() - 1));
}

}  // namespace sallyport::sim
