#include "datapath/offload.h"

#include <cstring>

namespace sallyport::datapath {
namespace {

// struct virtio_net_hdr of the virtio specification, §5.1.6 "Device Operation".
struct VirtioHeader {
  std::uint8_t flags;
  std::uint8_t gso_type;
  std::uint16_t hdr_len;
  std::uint16_t gso_size;
  std::uint16_t csum_start;
  std::uint16_t csum_offset;
};
static_assert(sizeof(VirtioHeader) == offload_size);

constexpr std::uint8_t flag_needs_checksum = 1;
constexpr std::uint8_t gso_none = 0, gso_tcp4 = 1, gso_tcp6 = 4, gso_udp = 5, gso_ecn = 0x80;

}  // namespace

Result<Offload> parse_offload(ByteView header) {
  if (header.size() < offload_size) return fail(ErrorCode::truncated, header.size());
  VirtioHeader raw;
  std::memcpy(&raw, header.data(), sizeof raw);
  Offload offload;
  // With gso_ecn the first segment alone carries CWR, which is how super-frames are cut in any case.
  switch (raw.gso_type & ~gso_ecn) {
    case gso_none: break;
    case gso_tcp4: offload.segments = Offload::Segments::tcp4; break;
    case gso_tcp6: offload.segments = Offload::Segments::tcp6; break;
    case gso_udp: offload.segments = Offload::Segments::udp; break;
    default: return fail(ErrorCode::unsupported, 1);
  }
  offload.needs_checksum = (raw.flags & flag_needs_checksum) != 0;
  offload.header_size = raw.hdr_len;
  offload.segment_size = raw.gso_size;
  offload.checksum_start = raw.csum_start;
  offload.checksum_offset = raw.csum_offset;
  return offload;
}

void serialize_offload(const Offload& offload, std::span<std::uint8_t, offload_size> header) {
  constexpr std::uint8_t gso_types[] = {gso_none, gso_tcp4, gso_tcp6, gso_udp};
  const VirtioHeader raw{.flags = offload.needs_checksum ? flag_needs_checksum : std::uint8_t{0},
                         .gso_type = gso_types[static_cast<std::size_t>(offload.segments)],
                         .hdr_len = offload.header_size,
                         .gso_size = offload.segment_size,
                         .csum_start = offload.checksum_start,
                         .csum_offset = offload.checksum_offset};
  std::memcpy(header.data(), &raw, sizeof raw);
}

}  // namespace sallyport::datapath
