#include "datapath/path_error.h"

#include <algorithm>
#include <array>

#include "wire/esp.h"
#include "wire/ip.h"

namespace sallyport::datapath {
namespace {

constexpr std::uint8_t unreachable_v4 = 3, fragmentation_needed = 4, too_big_v6 = 2;

/// Routers older than RFC 1191 do not say how much passes: then it is the next of the sizes that networks have (§7.1).
std::uint16_t next_plateau(std::size_t size) {
  constexpr std::array<std::uint16_t, 9> plateaus = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296};
  const auto below = std::ranges::find_if(plateaus, [&](std::uint16_t plateau) { return plateau < size; });
  return below == plateaus.end() ? 68 : *below;
}

/// What stands behind the IP headers of a packet of which only the beginning is there.
struct Quoted {
  policy::IpAddress source, destination;
  wire::IpProtocol protocol{};
  std::size_t size = 0;  // of the whole packet, as its header says
  ByteView payload;
};

std::optional<Quoted> read_quoted_v4(ByteView octets) {
  if (octets.size() < wire::ipv4_header_size || octets[0] >> 4 != 4) return std::nullopt;
  const std::size_t header = (octets[0] & 0x0fu) * std::size_t{4};
  const bool later_fragment = (load_be16(&octets[6]) & 0x1fff) != 0;
  if (header < wire::ipv4_header_size || header > octets.size() || later_fragment) return std::nullopt;
  return Quoted{.source = *policy::IpAddress::from_bytes(octets.subspan(12, 4)),
                .destination = *policy::IpAddress::from_bytes(octets.subspan(16, 4)),
                .protocol = static_cast<wire::IpProtocol>(octets[9]),
                .size = load_be16(&octets[2]),
                .payload = octets.subspan(header)};
}

std::optional<Quoted> read_quoted_v6(ByteView octets) {
  if (octets.size() < wire::ipv6_header_size || octets[0] >> 4 != 6) return std::nullopt;
  Quoted quoted{.source = *policy::IpAddress::from_bytes(octets.subspan(8, 16)),
                .destination = *policy::IpAddress::from_bytes(octets.subspan(24, 16)),
                .protocol = static_cast<wire::IpProtocol>(octets[6]),
                .size = wire::ipv6_header_size + load_be16(&octets[4]),
                .payload = octets.subspan(wire::ipv6_header_size)};
  for (int i = 0; wire::is_extension_header(quoted.protocol); ++i) {
    const ByteView rest = quoted.payload;
    if (i == wire::max_extension_headers || rest.size() < 8) return std::nullopt;
    const bool is_fragment = quoted.protocol == wire::IpProtocol::fragment;
    if (is_fragment && (load_be16(&rest[2]) & 0xfff8) != 0) return std::nullopt;
    const std::size_t header = is_fragment ? 8 : (rest[1] + std::size_t{1}) * 8;
    if (header > rest.size()) return std::nullopt;
    quoted.protocol = static_cast<wire::IpProtocol>(rest[0]);
    quoted.payload = rest.subspan(header);
  }
  return quoted;
}

/// Which SA: ESP's first eight octets, of UDP too, or AH's first twelve.
bool read_sa(const Quoted& quoted, PathError& error) {
  ByteView ipsec = quoted.payload;
  if (quoted.protocol == wire::IpProtocol::udp) {
    if (ipsec.size() < wire::udp_header_size) return false;
    error.udp_encap = true;
    error.local_port = load_be16(&ipsec[0]);
    error.remote_port = load_be16(&ipsec[2]);
    ipsec = ipsec.subspan(wire::udp_header_size);
  } else if (quoted.protocol == wire::IpProtocol::ah) {
    if (ipsec.size() < 4) return false;
    error.is_ah = true;
    ipsec = ipsec.subspan(4);
  } else if (quoted.protocol != wire::IpProtocol::esp) {
    return false;
  }
  if (ipsec.size() < 8) return false;
  error.spi = load_be32(&ipsec[0]);
  error.sequence = load_be32(&ipsec[4]);
  return error.spi > wire::max_reserved_spi;
}

}  // namespace

std::optional<PathError> read_path_error(policy::Family family, ByteView icmp) {
  if (icmp.size() < wire::icmp_header_size) return std::nullopt;
  const bool v6 = family == policy::Family::ipv6;
  if (v6 ? icmp[0] != too_big_v6 : icmp[0] != unreachable_v4 || icmp[1] != fragmentation_needed) return std::nullopt;
  if (!v6 && wire::internet_checksum(icmp) != 0) return std::nullopt;
  const ByteView octets = icmp.subspan(wire::icmp_header_size);
  const auto quoted = v6 ? read_quoted_v6(octets) : read_quoted_v4(octets);
  if (!quoted) return std::nullopt;
  PathError error{.local = quoted->source, .remote = quoted->destination};
  if (!read_sa(*quoted, error)) return std::nullopt;
  std::size_t mtu = v6 ? load_be32(&icmp[4]) : load_be16(&icmp[6]);
  if (mtu == 0 && !v6) mtu = next_plateau(quoted->size);
  if (mtu >= quoted->size) return std::nullopt;  // that would have passed
  error.mtu = static_cast<std::uint16_t>(mtu);
  return error;
}

}  // namespace sallyport::datapath
