#include "datapath/fragmentation.h"

#include <cstring>

#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

constexpr std::size_t fragment_header_size = 8;  // of IPv6
constexpr std::uint16_t more_fragments_v4 = 0x2000;

struct Piece {
  std::size_t offset;  // in the datagram that the packet is, or is of
  std::size_t size;
  bool is_last;
};

void write_ipv4_fields(std::uint8_t* header, std::size_t header_size, const Piece& piece) {
  header[0] = static_cast<std::uint8_t>(0x40 | header_size / 4);
  store_be16(header + 2, static_cast<std::uint16_t>(header_size + piece.size));
  store_be16(header + 6, static_cast<std::uint16_t>(piece.offset / 8 | (piece.is_last ? 0u : more_fragments_v4)));
  store_be16(header + 10, 0);
  store_be16(header + 10, wire::internet_checksum({header, header_size}));
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

/// The IPv4 header of the fragments behind the first: with those options alone that say of themselves that they belong
/// into each (RFC 791 §3.1). nullopt: what stands there are no options.
std::optional<Bytes> later_header(ByteView header) {
  constexpr std::uint8_t end_of_options = 0, no_operation = 1, is_copied = 0x80;
  Bytes later = to_bytes(header.first(wire::ipv4_header_size));
  for (ByteView rest = header.subspan(wire::ipv4_header_size); !rest.empty() && rest[0] != end_of_options;) {
    const std::size_t size = rest[0] == no_operation ? 1 : rest.size() < 2 ? 0 : rest[1];
    if (size == 0 || size > rest.size() || (size == 1 && rest[0] != no_operation)) return std::nullopt;
    if ((rest[0] & is_copied) != 0) append(later, rest.first(size));
    rest = rest.subspan(size);
  }
  later.resize((later.size() + 3) & ~std::size_t{3});
  return later;
}

bool cut_ipv4(const wire::IpPacket& ip, std::size_t mtu, Arena& arena, std::vector<ByteView>& fragments) {
  const ByteView first = ip.octets().first(ip.header_size());
  const auto later = later_header(first);
  if (!later || mtu < first.size() + 8) return false;
  const ByteView content = ip.payload();
  for (std::size_t at = 0; at < content.size();) {
    const ByteView header = at == 0 ? first : ByteView(*later);
    const std::size_t left = content.size() - at;
    const std::size_t size = left <= mtu - header.size() ? left : (mtu - header.size()) & ~std::size_t{7};
    const Piece piece{ip.fragment_offset() + at, size, size == left && !ip.more_fragments()};
    std::uint8_t* fragment = arena.take(header.size() + size);
    std::ranges::copy(header, fragment);
    std::memcpy(fragment + header.size(), content.data() + at, size);
    write_ipv4_fields(fragment, header.size(), piece);
    fragments.emplace_back(fragment, header.size() + size);
    at += size;
  }
  return true;
}

bool cut_ipv6(const wire::IpPacket& ip, std::size_t mtu, std::uint32_t id, Arena& arena,
              std::vector<ByteView>& fragments) {
  const std::size_t front = ip.transport_offset();
  const std::size_t headers = front + fragment_header_size;
  if (ip.is_fragment() || mtu < headers + 8) return false;
  const std::size_t room = (mtu - headers) & ~std::size_t{7};
  const ByteView content = ip.octets().subspan(front);
  for (std::size_t at = 0; at < content.size(); at += room) {
    const Piece piece{at, std::min(room, content.size() - at), content.size() - at <= room};
    std::uint8_t* fragment = arena.take(headers + piece.size);
    std::memcpy(fragment, ip.octets().data(), front);
    std::memcpy(fragment + headers, content.data() + at, piece.size);
    write_ipv6_fields(fragment, ip, front, piece, id);
    fragments.emplace_back(fragment, headers + piece.size);
  }
  return true;
}

}  // namespace

bool cut_into_fragments(ByteView packet, std::size_t mtu, std::uint32_t id, Arena& arena,
                        std::vector<ByteView>& fragments) {
  const auto ip = wire::IpPacket::parse(packet);
  if (!ip) return false;
  return ip->is_v4() ? cut_ipv4(*ip, mtu, arena, fragments) : cut_ipv6(*ip, mtu, id, arena, fragments);
}

}  // namespace sallyport::datapath
