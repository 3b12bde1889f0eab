// What a UDP datagram on port 4500 is: IKE, ESP and NAT keepalives share the port (RFC 3948 §2).
#pragma once

#include "base/bytes.h"

namespace sallyport::wire {

/// Four zero octets in front of an IKE message, where ESP has its SPI.
inline constexpr std::size_t non_esp_marker_size = 4;
inline constexpr std::array<std::uint8_t, non_esp_marker_size> non_esp_marker{};
/// The one octet of a NAT keepalive.
inline constexpr std::array<std::uint8_t, 1> nat_keepalive{0xff};

enum class UdpEncapKind : std::uint8_t {
  keepalive,  // to be dropped in silence
  ike,
  esp,
  malformed,  // too short to be any of them
};

struct UdpEncap {
  UdpEncapKind kind;
  ByteView content;  // IKE: without the marker; ESP: from the SPI on; otherwise the whole datagram
};

/// `datagram`: the payload behind the UDP header. ESP is told by its SPI alone; whether a whole ESP header is there is
/// for its receiver to see.
inline UdpEncap classify_udp_encap(ByteView datagram) {
  if (datagram.size() == 1 && datagram[0] == nat_keepalive[0]) return {UdpEncapKind::keepalive, datagram};
  if (datagram.size() < non_esp_marker_size) return {UdpEncapKind::malformed, datagram};
  if (load_be32(datagram.data()) != 0) return {UdpEncapKind::esp, datagram};
  return {UdpEncapKind::ike, datagram.subspan(non_esp_marker_size)};
}

}  // namespace sallyport::wire
