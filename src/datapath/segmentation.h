// Segmenter: cuts a super-frame, which the kernel left uncut because the TUN said that it could (TSO, USO), into the
// packets that it stands for, each with its own lengths, sequence number, flags and checksums. And finishes the
// checksum of a single packet that the kernel left open.
#pragma once

#include "datapath/offload.h"
#include "wire/ip.h"

namespace sallyport::datapath {

/// Fills in the checksum that `offload` says is missing. ErrorCode::malformed: it would lie outside of the packet.
Result<void> finish_checksum(ByteSpan packet, const Offload& offload);

class Segmenter {
 public:
  /// ErrorCode::malformed when `offload` and the packet's headers contradict each other. `packet` stays where it is
  /// until the last segment is written.
  static Result<Segmenter> of(const wire::IpPacket& packet, const Offload& offload);

  bool is_done() const { return at_ >= packet_.size(); }
  /// Octets of the next segment's packet, headers included.
  std::size_t next_size() const { return headers_ + std::min(segment_size_, packet_.size() - at_); }
  /// Of the largest segment, which is the first.
  std::size_t largest_size() const { return headers_ + std::min(segment_size_, packet_.size() - headers_); }
  std::size_t segments_left() const { return (packet_.size() - at_ + segment_size_ - 1) / segment_size_; }

  /// Writes the next segment's packet without its first `skip` octets, which must not reach into the transport header:
  /// next_size() - skip octets.
  void write_next(std::uint8_t* to, std::size_t skip);

 private:
  Segmenter(const wire::IpPacket& packet, const Offload& offload);
  void note_constants();
  void write_ip_header(std::uint8_t* header, std::size_t size) const;
  void write_transport_header(std::uint8_t* header, std::size_t payload, wire::ChecksumSum sum) const;

  ByteView packet_;
  bool v6_;
  bool is_tcp_;
  std::uint16_t transport_;  // offset of the TCP or UDP header
  std::size_t headers_ = 0;  // octets in front of the payload
  std::size_t segment_size_;
  std::size_t at_ = 0;       // offset of the next segment's payload
  std::uint16_t index_ = 0;  // of the next segment

  // What all segments have in common: nothing that was just written needs to be read again.
  wire::ChecksumSum ip_sum_;         // of an IPv4 header, but for total length, identification and checksum
  wire::ChecksumSum transport_sum_;  // of the pseudo-header and TCP's or UDP's, but for lengths, sequence number, flags
  std::uint16_t id_ = 0;             // of the first
  std::uint32_t sequence_ = 0;
  std::uint8_t flags_ = 0;
};

}  // namespace sallyport::datapath
