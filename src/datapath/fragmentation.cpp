#include "datapath/fragmentation.h"

#include <cstring>

#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

constexpr std::size_t fragment_header_size = 8;  // of IPv6

struct Piece {
  std::size_t offset;
  std::size_t size;
  bool is_last;
};

void write_ipv4_fields(std::uint8_t* header, const Piece& piece) {
  store_be16(header + 2, static_cast<std::uint16_t>(wire::ipv4_header_size + piece.size));
  store_be16(header + 6, static_cast<std::uint16_t>(piece.offset / 8 | (piece.is_last ? 0u : 0x2000u)));
  store_be16(header + 10, 0);
  store_be16(header + 10, wire::internet_checksum({header, wire::ipv4_header_size}));
}

/// `front`: octets of the headers that every fragment has, whose last names the fragment header.
void write_ipv6_fields(std::uint8_t* headers, const wire::IpPacket& packet, std::size_t front, const Piece& piece,
                       std::uint32_t id) {
  const std::size_t size = front + fragment_header_size + piece.size;
  store_be16(headers + 4, static_cast<std::uint16_t>(size - wire::ipv6_header_size));
  std::uint8_t* fragment = headers + front;
  fragment[0] = static_cast<std::uint8_t>(packet.transport_protocol());
  fragment[1] = 0;
  store_be16(fragment + 2, static_cast<std::uint16_t>(piece.offset | (piece.is_last ? 0u : 1u)));
  store_be32(fragment + 4, id);
  headers[packet.transport_protocol_offset()] = static_cast<std::uint8_t>(wire::IpProtocol::fragment);
}

}  // namespace

bool cut_into_fragments(ByteView packet, std::size_t mtu, std::uint32_t id, Arena& arena,
                        std::vector<ByteView>& fragments) {
  const auto ip = wire::IpPacket::parse(packet);
  if (!ip || ip->is_fragment() || (ip->is_v4() && ip->header_size() != wire::ipv4_header_size)) return false;
  const std::size_t front = ip->transport_offset();
  const std::size_t headers = front + (ip->is_v6() ? fragment_header_size : 0);
  if (mtu < headers + 8) return false;
  const std::size_t room = (mtu - headers) & ~std::size_t{7};
  const ByteView content = ip->octets().subspan(front);
  for (std::size_t at = 0; at < content.size(); at += room) {
    const Piece piece{at, std::min(room, content.size() - at), content.size() - at <= room};
    std::uint8_t* fragment = arena.take(headers + piece.size);
    std::memcpy(fragment, packet.data(), front);
    std::memcpy(fragment + headers, content.data() + at, piece.size);
    if (ip->is_v4())
      write_ipv4_fields(fragment, piece);
    else
      write_ipv6_fields(fragment, *ip, front, piece, id);
    fragments.emplace_back(fragment, headers + piece.size);
  }
  return true;
}

}  // namespace sallyport::datapath
