#include "datapath/transport.h"

#include "datapath/checksum.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {

void write_transport_header(std::uint8_t* to, const Sa& sa, wire::IpProtocol protocol, std::size_t payload,
                            std::uint8_t traffic_class, std::uint8_t hop_limit) {
  if (sa.transport_local.is_v6()) {
    wire::Ipv6Header header{.traffic_class = traffic_class,
                            .payload_length = static_cast<std::uint16_t>(payload),
                            .next_header = protocol,
                            .hop_limit = hop_limit};
    std::ranges::copy(sa.transport_remote.bytes(), header.source.begin());
    std::ranges::copy(sa.transport_local.bytes(), header.destination.begin());
    wire::write_ipv6_header(to, header);
    return;
  }
  // Without fragmentation its identification means nothing (RFC 6864 §4.1).
  wire::Ipv4Header header{.traffic_class = traffic_class,
                          .total_length = static_cast<std::uint16_t>(wire::ipv4_header_size + payload),
                          .dont_fragment = true,
                          .ttl = hop_limit,
                          .protocol = protocol};
  std::ranges::copy(sa.transport_remote.bytes(), header.source.begin());
  std::ranges::copy(sa.transport_local.bytes(), header.destination.begin());
  wire::write_ipv4_header(to, header);
}

void mend_checksum(ByteSpan octets, const wire::IpPacket& packet) {
  const bool covers_addresses = packet.protocol() == wire::IpProtocol::tcp ||
                                packet.protocol() == wire::IpProtocol::udp ||
                                (packet.protocol() == wire::IpProtocol::icmpv6 && packet.is_v6());
  if (!covers_addresses || packet.is_fragment()) return;
  const std::size_t offset = *wire::checksum_offset(packet.protocol());
  const ByteSpan payload = octets.subspan(packet.payload_offset(), packet.payload().size());
  if (payload.size() < offset + 2) return;
  const bool is_udp = packet.protocol() == wire::IpProtocol::udp;
  if (is_udp && packet.is_v4() && load_be16(&payload[offset]) == 0) return;
  store_be16(&payload[offset], 0);
  wire::ChecksumSum sum =
      wire::pseudo_header_sum(packet.source(), packet.destination(), packet.protocol(), payload.size());
  add_octets(sum, payload);
  const std::uint16_t checksum = sum.checksum();
  store_be16(&payload[offset], is_udp && checksum == 0 ? 0xffff : checksum);
}

}  // namespace sallyport::datapath
