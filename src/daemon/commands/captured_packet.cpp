#include "daemon/commands/captured_packet.h"

#include "wire/ip_header.h"

namespace sallyport::daemon {
namespace {

constexpr std::size_t kUdpHeader = 8;

void append_udp(Bytes& out, const WirePacket& packet, ByteView source, ByteView destination) {
  const std::size_t at = out.size();
  const auto size = static_cast<std::uint16_t>(kUdpHeader + packet.marker.size() + packet.payload.size());
  out.resize(at + kUdpHeader);
  store_be16(&out[at], packet.from.port);
  store_be16(&out[at + 2], packet.to.port);
  store_be16(&out[at + 4], size);
  append(out, packet.marker);
  append(out, packet.payload);
  wire::ChecksumSum sum;
  sum.add(source);
  sum.add(destination);
  sum.add_u16(17);
  sum.add_u16(size);
  sum.add(ByteView(out).subspan(at));
  const std::uint16_t checksum = sum.checksum();
  store_be16(&out[at + 6], checksum == 0 ? std::uint16_t{0xffff} : checksum);
}

template <std::size_t Size>
std::array<std::uint8_t, Size> octets(const policy::IpAddress& address) {
  std::array<std::uint8_t, Size> bytes{};  // an address that was left to the route to choose may be of neither family
  if (address.size() == Size) std::ranges::copy(address.bytes(), bytes.begin());
  return bytes;
}

void write_v4_header(Bytes& out, const WirePacket& packet, std::size_t header) {
  const wire::Ipv4Header fixed{.traffic_class = packet.traffic_class,
                               .total_length = static_cast<std::uint16_t>(out.size()),
                               .dont_fragment = packet.dont_fragment,
                               .ttl = packet.hop_limit,
                               .protocol = wire::IpProtocol{packet.protocol},
                               .source = octets<4>(packet.from.address),
                               .destination = octets<4>(packet.to.address)};
  wire::write_ipv4_header(out.data(), fixed);
  if (header == wire::ipv4_header_size) return;
  out[0] = static_cast<std::uint8_t>(0x40 | header / 4);
  store_be16(&out[10], 0);
  store_be16(&out[10], wire::internet_checksum(ByteView(out).first(header)));
}

void write_v6_header(Bytes& out, const WirePacket& packet) {
  const std::uint8_t next = packet.extensions.empty() ? packet.protocol : packet.first_extension;
  wire::write_ipv6_header(out.data(),
                          {.traffic_class = packet.traffic_class,
                           .payload_length = static_cast<std::uint16_t>(out.size() - wire::ipv6_header_size),
                           .next_header = wire::IpProtocol{next},
                           .hop_limit = packet.hop_limit,
                           .source = octets<16>(packet.from.address),
                           .destination = octets<16>(packet.to.address)});
}

}  // namespace

Bytes to_ip_packet(const WirePacket& packet) {
  const bool v6 = packet.to.address.is_v6() || packet.from.address.is_v6();
  Bytes out(v6 ? wire::ipv6_header_size : wire::ipv4_header_size);
  append(out, packet.extensions);
  if (!v6) out.resize((out.size() + 3) / 4 * 4);  // options end with zeros
  const std::size_t header = out.size();
  const auto source = octets<16>(packet.from.address), destination = octets<16>(packet.to.address);
  if (packet.protocol == 17 && v6) {
    append_udp(out, packet, source, destination);
  } else if (packet.protocol == 17) {
    append_udp(out, packet, octets<4>(packet.from.address), octets<4>(packet.to.address));
  } else {
    append(out, packet.payload);
  }
  if (v6)
    write_v6_header(out, packet);
  else
    write_v4_header(out, packet, header);
  return out;
}

Bytes to_ip_packet(const datapath::Send& send, ByteView packet) {
  if (send.is_ah) return {packet.begin(), packet.end()};
  return to_ip_packet({.from = send.local,
                       .to = send.remote,
                       .protocol = send.protocol(),
                       .traffic_class = send.traffic_class,
                       .hop_limit = send.hop_limit,
                       .dont_fragment = send.dont_fragment,
                       .extensions = send.extension_headers,
                       .first_extension = send.first_extension_header,
                       .marker = {},
                       .payload = packet});
}

Bytes to_ip_packet(const datapath::Datagram& datagram, ByteView packet) {
  if (datagram.is_ah) return {packet.begin(), packet.end()};
  return to_ip_packet({.from = datagram.remote,
                       .to = datagram.local,
                       .protocol = static_cast<std::uint8_t>(datagram.udp_encap ? 17 : 50),
                       .traffic_class = datagram.traffic_class,
                       .hop_limit = datagram.hop_limit,
                       .extensions = {},
                       .marker = {},
                       .payload = packet});
}

}  // namespace sallyport::daemon
