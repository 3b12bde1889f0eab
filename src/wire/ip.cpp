#include "wire/ip.h"

namespace sallyport::wire {

Result<void> IpPacket::walk_extension_headers() {
  for (int walked = 0; is_extension_header(protocol_); ++walked) {
    if (walked == max_extension_headers) return fail(ErrorCode::exhausted, payload_offset_);

    const ByteView header = payload();
    if (header.size() < 8) return fail(ErrorCode::truncated, octets_.size());
    const bool is_fragment_header = protocol_ == IpProtocol::fragment;
    const std::size_t size = is_fragment_header ? 8 : (header[1] + 1u) * 8;
    if (header.size() < size) return fail(ErrorCode::truncated, octets_.size());

    if (is_fragment_header) {
      if (fragment_header_ != 0) return fail(ErrorCode::malformed, payload_offset_);
      const std::uint16_t fragment = load_be16(&header[2]);
      fragment_header_ = payload_offset_;
      fragment_offset_ = fragment & 0xfff8;
      more_fragments_ = (fragment & 1) != 0;
    }
    const bool goes_in_front_of_esp = protocol_ != IpProtocol::destination_options;
    protocol_ = IpProtocol{header[0]};
    const std::uint16_t field = protocol_offset_ = payload_offset_;
    payload_offset_ = static_cast<std::uint16_t>(payload_offset_ + size);
    if (goes_in_front_of_esp) {
      transport_offset_ = payload_offset_;
      transport_protocol_offset_ = field;
    }
    // Behind this header is the middle of something.
    if (fragment_offset_ != 0) break;
  }
  return {};
}

bool has_valid_payload_checksum(const IpPacket& packet) {
  const auto offset = checksum_offset(packet.protocol());
  if (!offset) return true;
  const ByteView payload = packet.payload();
  if (payload.size() < *offset + 2) return false;
  if (packet.protocol() == IpProtocol::udp && packet.is_v4() && load_be16(&payload[*offset]) == 0) return true;
  ChecksumSum sum;
  if (packet.protocol() != IpProtocol::icmp)
    sum = pseudo_header_sum(packet.source(), packet.destination(), packet.protocol(), payload.size());
  sum.add(payload);
  return sum.is_valid();
}

}  // namespace sallyport::wire
