// Offload: what a TUN device with IFF_VNET_HDR says in front of a packet (virtio_net_hdr, 10 octets in host byte
// order): whether its checksum is still to be filled in, and whether it stands for a run of segments that nobody has
// cut yet.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace sallyport::datapath {

inline constexpr std::size_t offload_size = 10;

struct Offload {
  /// What the packet is to be cut into; none: it is one packet.
  enum class Segments : std::uint8_t {
    none,
    tcp4,
    tcp6,
    udp
  };

  Segments segments = Segments::none;
  /// The checksum at checksum_start + checksum_offset holds only the pseudo-header's sum: what lies from checksum_start
  /// to the end of the packet is still to be added.
  bool needs_checksum = false;
  std::uint16_t header_size = 0;      // octets before the first segment's payload; a hint that is not to be trusted
  std::uint16_t segment_size = 0;     // payload octets of each segment but the last
  std::uint16_t checksum_start = 0;   // offset from the IP header: that of the TCP or UDP header
  std::uint16_t checksum_offset = 0;  // from checksum_start

  bool is_super_frame() const { return segments != Segments::none; }
  friend bool operator==(const Offload&, const Offload&) = default;
};

/// ErrorCode::truncated, or ErrorCode::unsupported for kinds of segments that were not asked for.
Result<Offload> parse_offload(ByteView header);
void serialize_offload(const Offload& offload, std::span<std::uint8_t, offload_size> header);

}  // namespace sallyport::datapath
