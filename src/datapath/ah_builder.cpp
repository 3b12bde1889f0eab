#include "datapath/ah_builder.h"

#include "datapath/fragmentation.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

/// Octets in front of AH: a tunnel's header, or what transport mode keeps of the packet.
std::size_t headers_in_front(const Sa& sa, const wire::IpPacket& ip) {
  if (sa.mode == policy::Mode::transport) return ip.transport_offset();
  return sa.local.address.is_v6() ? wire::ipv6_header_size : wire::ipv4_header_size;
}

void write_addresses(std::uint8_t* header, const Sa& sa) {
  const bool v6 = sa.local.address.is_v6();
  std::ranges::copy(sa.local.address.bytes(), header + (v6 ? 8 : 12));
  std::ranges::copy(sa.remote.address.bytes(), header + (v6 ? 24 : 16));
}

void write_tunnel_header(std::uint8_t* to, const Sa& sa, const OuterFields& fields, std::size_t size,
                         std::uint16_t ipv4_id) {
  if (sa.local.address.is_v6()) {
    wire::write_ipv6_header(to, {.traffic_class = fields.traffic_class,
                                 .payload_length = static_cast<std::uint16_t>(size - wire::ipv6_header_size),
                                 .next_header = wire::IpProtocol::ah,
                                 .hop_limit = fields.hop_limit});
    return write_addresses(to, sa);
  }
  wire::Ipv4Header header{.traffic_class = fields.traffic_class,
                          .total_length = static_cast<std::uint16_t>(size),
                          .id = ipv4_id,
                          .dont_fragment = fields.dont_fragment,
                          .ttl = fields.hop_limit,
                          .protocol = wire::IpProtocol::ah};
  std::ranges::copy(sa.local.address.bytes(), header.source.begin());
  std::ranges::copy(sa.remote.address.bytes(), header.destination.begin());
  wire::write_ipv4_header(to, header);
}

void write_transport_header(std::uint8_t* to, const Sa& sa, const wire::IpPacket& ip, const OuterFields& fields,
                            std::size_t size, std::uint16_t ipv4_id) {
  const std::size_t header_size = ip.transport_offset();
  std::memcpy(to, ip.octets().data(), header_size);
  write_addresses(to, sa);
  to[ip.transport_protocol_offset()] = static_cast<std::uint8_t>(wire::IpProtocol::ah);
  if (ip.is_v6()) return store_be16(to + 4, static_cast<std::uint16_t>(size - wire::ipv6_header_size));
  store_be16(to + 2, static_cast<std::uint16_t>(size));
  store_be16(to + 4, ipv4_id);
  store_be16(to + 6, fields.dont_fragment ? 0x4000 : 0);
  store_be16(to + 10, 0);
  store_be16(to + 10, wire::internet_checksum({to, header_size}));
}

}  // namespace

void AhBuilder::begin_burst(std::vector<Send>& sends) {
  sends_ = &sends;
  arena_.reset();
  count_ = dropped_ = 0;
}

/// Never zero: raw sockets would put one of the kernel's in its place, and the ICV covers it.
std::uint16_t AhBuilder::ipv4_id() {
  if ((++next_id_ & 0xffff) == 0) ++next_id_;
  return static_cast<std::uint16_t>(next_id_);
}

std::size_t AhBuilder::write_headers(std::uint8_t* to, const Sa& sa, const wire::IpPacket& ip,
                                     const OuterFields& fields, const Content& content) {
  const std::size_t headers = headers_in_front(sa, ip);
  const std::size_t size = headers + sa.ah.header + content.size;
  if (sa.mode == policy::Mode::tunnel) {
    write_tunnel_header(to, sa, fields, size, ipv4_id());
  } else {
    const auto own = static_cast<std::uint16_t>(ip.fragment_id() + content.segment);
    write_transport_header(to, sa, ip, fields, size, own != 0 ? own : ipv4_id());
  }
  return headers;
}

std::uint8_t* AhBuilder::add(Sa& sa, const wire::IpPacket& ip, const OuterFields& fields, const Content& content) {
  if (count_ == jobs_.size()) dropped_ += seal(sa);
  const bool transport = sa.mode == policy::Mode::transport;
  if (transport && ip.is_v6() != sa.local.address.is_v6()) return nullptr;

  const std::size_t headers_size = headers_in_front(sa, ip);
  const std::size_t size = headers_size + sa.ah.header + content.size;
  std::uint8_t* headers = arena_.take(headers_size);
  write_headers(headers, sa, ip, fields, content);
  std::uint8_t* packet = arena_.take(size + sa.ah.icv);
  std::memcpy(packet, headers, headers_size);
  if (!wire::zero_mutable_fields({packet, headers_size})) return nullptr;
  wire::write_ah_header(packet + headers_size, {.next_header = content.next_header,
                                                .size = sa.ah.header,
                                                .spi = sa.outbound.spi,
                                                .sequence = static_cast<std::uint32_t>(content.sequence)});
  pending_[count_] = {packet, size, headers, headers_size, fields};
  jobs_[count_++] = AhLayout::job(packet, size, content.sequence);
  return packet + headers_size + sa.ah.header;
}

std::size_t AhBuilder::seal(Sa& sa) {
  const std::size_t count = std::exchange(count_, 0);
  std::size_t dropped = std::exchange(dropped_, 0);
  if (count == 0) return dropped;
  sa.outbound.cipher->seal(std::span(jobs_).first(count));
  for (const Pending& pending : std::span(pending_).first(count)) {
    std::memcpy(pending.packet, pending.headers, pending.headers_size);
    std::memcpy(pending.packet + pending.headers_size + wire::ah_fixed_size, pending.packet + pending.size, sa.ah.icv);
    if (!send(sa, pending)) ++dropped;
  }
  return dropped;
}

bool AhBuilder::send(const Sa& sa, const Pending& pending) {
  const ByteView packet(pending.packet, pending.size);
  if (pending.size <= sa.outbound.path_mtu || pending.fields.dont_fragment) {
    send_one(sa, packet, pending.fields);
    return true;
  }
  fragments_.clear();
  if (!cut_into_fragments(packet, sa.outbound.path_mtu, ++next_id_, arena_, fragments_)) return false;
  for (const ByteView fragment : fragments_) send_one(sa, fragment, pending.fields);
  return true;
}

void AhBuilder::send_one(const Sa& sa, ByteView packet, const OuterFields& fields) {
  sends_->push_back({.sa = sa.id,
                     .local = {sa.local.address, 0},
                     .remote = {sa.remote.address, 0},
                     .is_ah = true,
                     .traffic_class = fields.traffic_class,
                     .hop_limit = fields.hop_limit,
                     .dont_fragment = fields.dont_fragment,
                     .extension_headers = {},
                     .bytes = packet,
                     .segment_size = static_cast<std::uint16_t>(packet.size())});
}

}  // namespace sallyport::datapath
