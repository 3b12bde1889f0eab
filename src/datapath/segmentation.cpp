#include "datapath/segmentation.h"

#include "datapath/checksum.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

constexpr std::size_t tcp_checksum = 16, udp_checksum = 6;
enum TcpFlags : std::uint8_t {
  fin = 0x01,
  push = 0x08,
  congestion_window_reduced = 0x80
};

// A UDP checksum of zero would say that there is none (RFC 768).
std::uint16_t never_zero(std::uint16_t checksum) { return checksum == 0 ? 0xffff : checksum; }

}  // namespace

Result<void> finish_checksum(ByteSpan packet, const Offload& offload) {
  const std::size_t field = std::size_t{offload.checksum_start} + offload.checksum_offset;
  if (field + 2 > packet.size()) return fail(ErrorCode::malformed, field);
  wire::ChecksumSum sum;
  add_octets(sum, packet.subspan(offload.checksum_start));
  const std::uint16_t checksum = sum.checksum();
  store_be16(&packet[field], offload.checksum_offset == udp_checksum ? never_zero(checksum) : checksum);
  return {};
}

Segmenter::Segmenter(const wire::IpPacket& packet, const Offload& offload)
    : packet_(packet.octets()),
      v6_(packet.is_v6()),
      is_tcp_(offload.segments != Offload::Segments::udp),
      transport_(static_cast<std::uint16_t>(packet.payload_offset())),
      segment_size_(offload.segment_size) {
  addresses_.add(packet.source());
  addresses_.add(packet.destination());
  addresses_.add_u16(static_cast<std::uint8_t>(packet.protocol()));
}

Result<Segmenter> Segmenter::of(const wire::IpPacket& packet, const Offload& offload) {
  Segmenter segmenter(packet, offload);
  const auto expected = segmenter.is_tcp_ ? wire::IpProtocol::tcp : wire::IpProtocol::udp;
  if (packet.protocol() != expected || packet.is_fragment() || offload.segment_size == 0)
    return fail(ErrorCode::malformed);
  if ((offload.segments == Offload::Segments::tcp4 && segmenter.v6_) ||
      (offload.segments == Offload::Segments::tcp6 && !segmenter.v6_))
    return fail(ErrorCode::malformed);
  const ByteView transport = packet.payload();
  const std::size_t smallest = segmenter.is_tcp_ ? wire::tcp_header_size : wire::udp_header_size;
  if (transport.size() < smallest) return fail(ErrorCode::malformed);
  const std::size_t header = segmenter.is_tcp_ ? (transport[12] >> 4) * std::size_t{4} : wire::udp_header_size;
  if (header < smallest || header > transport.size()) return fail(ErrorCode::malformed);
  segmenter.headers_ = segmenter.at_ = segmenter.transport_ + header;
  if (segmenter.is_done()) return fail(ErrorCode::malformed);  // a super-frame without payload stands for nothing
  return segmenter;
}

void Segmenter::write_next(std::uint8_t* to, std::size_t skip) {
  const std::size_t payload = std::min(segment_size_, packet_.size() - at_);
  std::memcpy(to, packet_.data() + skip, headers_ - skip);
  std::memcpy(to + headers_ - skip, packet_.data() + at_, payload);
  if (skip == 0) write_ip_header(to, headers_ + payload);
  write_transport_header(to + transport_ - skip, payload);
  at_ += payload;
  ++index_;
}

void Segmenter::write_ip_header(std::uint8_t* header, std::size_t size) const {
  if (v6_) return wire::set_packet_size(header, size);
  store_be16(header + 2, static_cast<std::uint16_t>(size));
  store_be16(header + 4, static_cast<std::uint16_t>(load_be16(header + 4) + index_));
  // Afresh: the super-frame's own was never on a wire.
  store_be16(header + 10, 0);
  store_be16(header + 10, wire::internet_checksum({header, (header[0] & 0x0fu) * std::size_t{4}}));
}

void Segmenter::write_transport_header(std::uint8_t* header, std::size_t payload) const {
  const std::size_t size = headers_ - transport_ + payload;
  if (is_tcp_) {
    store_be32(header + 4, load_be32(header + 4) + static_cast<std::uint32_t>(at_ - headers_));
    std::uint8_t flags = header[13];
    if (at_ + payload < packet_.size()) flags &= static_cast<std::uint8_t>(~(fin | push));  // on the last alone
    if (index_ != 0) flags &= static_cast<std::uint8_t>(~congestion_window_reduced);        // on the first alone
    header[13] = flags;
  } else {
    store_be16(header + 4, static_cast<std::uint16_t>(size));
  }
  const std::size_t field = is_tcp_ ? tcp_checksum : udp_checksum;
  store_be16(header + field, 0);
  wire::ChecksumSum sum = addresses_;
  sum.add_u16(static_cast<std::uint16_t>(size));
  add_octets(sum, {header, size});
  store_be16(header + field, is_tcp_ ? sum.checksum() : never_zero(sum.checksum()));
}

}  // namespace sallyport::datapath
