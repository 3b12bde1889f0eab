#include "datapath/segmentation.h"

#include "datapath/checksum.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

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
  transport_sum_.add(packet.source());
  transport_sum_.add(packet.destination());
  transport_sum_.add_u16(static_cast<std::uint8_t>(packet.protocol()));
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
  segmenter.note_constants();
  return segmenter;
}

void Segmenter::note_constants() {
  const ByteView transport = packet_.subspan(transport_, headers_ - transport_);
  if (!v6_) {
    id_ = load_be16(&packet_[4]);
    ip_sum_.add(packet_.first(2));
    ip_sum_.add(packet_.subspan(6, 4));
    ip_sum_.add(packet_.subspan(12, transport_ - 12u));
  }
  transport_sum_.add(transport.first(4));  // ports
  if (!is_tcp_) return;
  sequence_ = load_be32(&transport[4]);
  flags_ = transport[13];
  transport_sum_.add(transport.subspan(8, 4));
  transport_sum_.add_u16(static_cast<std::uint16_t>(transport[12] << 8));
  transport_sum_.add(transport.subspan(14, 2));
  transport_sum_.add(transport.subspan(18));
}

void Segmenter::write_next(std::uint8_t* to, std::size_t skip) {
  const std::size_t payload = std::min(segment_size_, packet_.size() - at_);
  wire::ChecksumSum sum = transport_sum_;
  std::memcpy(to, packet_.data() + skip, headers_ - skip);
  copy_and_add_octets(sum, to + headers_ - skip, packet_.subspan(at_, payload));
  if (skip == 0) write_ip_header(to, headers_ + payload);
  write_transport_header(to + transport_ - skip, payload, sum);
  at_ += payload;
  ++index_;
}

void Segmenter::write_ip_header(std::uint8_t* header, std::size_t size) const {
  if (v6_) return wire::set_packet_size(header, size);
  const auto total_length = static_cast<std::uint16_t>(size);
  const auto id = static_cast<std::uint16_t>(id_ + index_);
  wire::ChecksumSum sum = ip_sum_;
  sum.add_u16(total_length);
  sum.add_u16(id);
  store_be16(header + 2, total_length);
  store_be16(header + 4, id);
  store_be16(header + 10, sum.checksum());
}

void Segmenter::write_transport_header(std::uint8_t* header, std::size_t payload, wire::ChecksumSum sum) const {
  const auto size = static_cast<std::uint16_t>(headers_ - transport_ + payload);
  sum.add_u16(size);  // of the pseudo-header
  if (!is_tcp_) {
    sum.add_u16(size);
    store_be16(header + 4, size);
    return store_be16(header + udp_checksum, never_zero(sum.checksum()));
  }
  const std::uint32_t sequence = sequence_ + static_cast<std::uint32_t>(at_ - headers_);
  std::uint8_t flags = flags_;
  if (at_ + payload < packet_.size()) flags &= static_cast<std::uint8_t>(~(fin | push));  // on the last alone
  if (index_ != 0) flags &= static_cast<std::uint8_t>(~congestion_window_reduced);        // on the first alone
  sum.add_u16(static_cast<std::uint16_t>(sequence >> 16));
  sum.add_u16(static_cast<std::uint16_t>(sequence));
  sum.add_u16(flags);
  store_be32(header + 4, sequence);
  header[13] = flags;
  store_be16(header + tcp_checksum, sum.checksum());
}

}  // namespace sallyport::datapath
