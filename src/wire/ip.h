// IpPacket: a view of one IPv4 or IPv6 packet, whose headers were walked once to the next layer (RFC 791, RFC 8200). On
// the packet path: nothing is copied or allocated, and the accessors are loads. It reads; ip_header.h writes.
#pragma once

#include "base/result.h"
#include "wire/checksum.h"

namespace sallyport::wire {

/// Numbers of IANA's "Protocol Numbers", as far as we look at them. Any other value is as good.
enum class IpProtocol : std::uint8_t {
  hop_by_hop = 0,
  icmp = 1,
  ipv4 = 4,  // IPv4 in something: next header of an ESP tunnel
  tcp = 6,
  udp = 17,
  dccp = 33,
  ipv6 = 41,  // IPv6 in something: next header of an ESP tunnel
  routing = 43,
  fragment = 44,
  esp = 50,
  ah = 51,
  icmpv6 = 58,
  no_next_header = 59,  // in ESP: a dummy packet (RFC 4303 §2.6)
  destination_options = 60,
  ipcomp = 108,
  sctp = 132,
  mobility = 135,
  udp_lite = 136,
};

/// The extension headers of IPv6 that are passed on the way to the next layer (RFC 4301 §4.4.1.1).
constexpr bool is_extension_header(IpProtocol protocol) {
  return protocol == IpProtocol::hop_by_hop || protocol == IpProtocol::routing || protocol == IpProtocol::fragment ||
         protocol == IpProtocol::destination_options;
}

inline constexpr std::size_t ipv4_header_size = 20;  // octets, without options
inline constexpr std::size_t ipv6_header_size = 40;
inline constexpr std::size_t udp_header_size = 8;
inline constexpr std::size_t tcp_header_size = 20;  // without options
inline constexpr std::size_t icmp_header_size = 8;
/// Bound on the extension headers that are walked; a packet with more is refused.
inline constexpr int max_extension_headers = 8;

class IpPacket {
 public:
  /// The packet at the start of `octets`; what lies behind its total length is not part of it. ErrorCode::malformed for
  /// a version that is neither 4 nor 6 or header lengths that contradict each other; ErrorCode::truncated for an end
  /// within the headers or before the total length; ErrorCode::exhausted for too many extension headers.
  /// The IPv4 header's checksum is not looked at: has_valid_header_checksum() does that.
  static Result<IpPacket> parse(ByteView octets);

  bool is_v4() const { return octets_[0] >> 4 == 4; }
  bool is_v6() const { return !is_v4(); }
  /// The whole packet, as long as its header says.
  ByteView octets() const { return octets_; }
  ByteView source() const { return is_v4() ? octets_.subspan(12, 4) : octets_.subspan(8, 16); }
  ByteView destination() const { return is_v4() ? octets_.subspan(16, 4) : octets_.subspan(24, 16); }

  /// DSCP and ECN: IPv4's type of service, IPv6's traffic class.
  std::uint8_t traffic_class() const {
    return is_v4() ? octets_[1] : static_cast<std::uint8_t>(octets_[0] << 4 | octets_[1] >> 4);
  }
  std::uint8_t hop_limit() const { return is_v4() ? octets_[8] : octets_[7]; }
  /// 20 bits; 0 for IPv4.
  std::uint32_t flow_label() const { return is_v4() ? 0 : load_be32(octets_.data()) & 0xfffff; }

  /// What routers may not do; always so for IPv6.
  bool dont_fragment() const { return is_v6() || (octets_[6] & 0x40) != 0; }
  bool is_fragment() const { return more_fragments_ || fragment_offset_ != 0; }
  bool is_first_fragment() const { return more_fragments_ && fragment_offset_ == 0; }
  bool is_later_fragment() const { return fragment_offset_ != 0; }
  bool more_fragments() const { return more_fragments_; }
  /// Where the payload stands in the whole datagram's, in octets.
  std::uint16_t fragment_offset() const { return fragment_offset_; }
  /// IPv4: 16 bits, always there; IPv6: 32 bits from the fragment header, 0 without one.
  std::uint32_t fragment_id() const {
    if (is_v4()) return load_be16(&octets_[4]);
    return fragment_header_ == 0 ? 0 : load_be32(&octets_[fragment_header_ + 4u]);
  }
  /// Where IPv6's fragment header begins; 0 when there is none.
  std::size_t fragment_header_offset() const { return fragment_header_; }

  /// The next layer protocol of RFC 4301 §4.4.1.1: what comes after IPv6's hop-by-hop, routing, fragment and
  /// destination options headers. In a later fragment, what the fragment header says is next.
  IpProtocol protocol() const { return protocol_; }
  /// The next layer's octets; in a later fragment, some of its middle.
  ByteView payload() const { return octets_.subspan(payload_offset_); }
  std::size_t payload_offset() const { return payload_offset_; }
  /// The protocol or next header field that names protocol().
  std::size_t protocol_offset() const { return protocol_offset_; }

  /// Where a transport mode ESP or AH header goes: behind the headers that routers or reassembly look at (RFC 4303
  /// §3.1.1); destination options count among those only in front of a routing header.
  std::size_t transport_offset() const { return transport_offset_; }
  /// The protocol or next header field that says what stands at transport_offset().
  std::size_t transport_protocol_offset() const { return transport_protocol_offset_; }
  IpProtocol transport_protocol() const { return IpProtocol{octets_[transport_protocol_offset_]}; }

  /// Always true for IPv6, which has none.
  bool has_valid_header_checksum() const { return is_v6() || internet_checksum(octets_.first(header_size())) == 0; }
  /// Octets of the IPv4 header with its options, or of the fixed IPv6 header.
  std::size_t header_size() const { return is_v4() ? (octets_[0] & 0x0fu) * std::size_t{4} : ipv6_header_size; }

 private:
  IpPacket() = default;
  static Result<IpPacket> parse_v4(ByteView octets);
  static Result<IpPacket> parse_v6(ByteView octets);
  Result<void> walk_extension_headers();

  ByteView octets_;
  std::uint16_t payload_offset_ = 0;
  std::uint16_t protocol_offset_ = 0;
  std::uint16_t transport_offset_ = 0;
  std::uint16_t transport_protocol_offset_ = 0;
  std::uint16_t fragment_offset_ = 0;
  std::uint16_t fragment_header_ = 0;
  bool more_fragments_ = false;
  IpProtocol protocol_{};
};

inline Result<IpPacket> IpPacket::parse(ByteView octets) {
  if (octets.empty()) return fail(ErrorCode::truncated);
  switch (octets[0] >> 4) {
    case 4: return parse_v4(octets);
    case 6: return parse_v6(octets);
    default: return fail(ErrorCode::malformed);
  }
}

inline Result<IpPacket> IpPacket::parse_v4(ByteView octets) {
  if (octets.size() < ipv4_header_size) return fail(ErrorCode::truncated, octets.size());
  const std::size_t header_size = (octets[0] & 0x0fu) * std::size_t{4};
  const std::size_t total_length = load_be16(&octets[2]);
  if (header_size < ipv4_header_size) return fail(ErrorCode::malformed, 0);
  if (total_length < header_size) return fail(ErrorCode::malformed, 2);
  if (total_length > octets.size()) return fail(ErrorCode::truncated, octets.size());

  IpPacket packet;
  packet.octets_ = octets.first(total_length);
  const std::uint16_t fragment = load_be16(&octets[6]);
  packet.more_fragments_ = (fragment & 0x2000) != 0;
  packet.fragment_offset_ = static_cast<std::uint16_t>((fragment & 0x1fff) * 8);
  packet.protocol_ = IpProtocol{octets[9]};
  packet.payload_offset_ = packet.transport_offset_ = static_cast<std::uint16_t>(header_size);
  packet.protocol_offset_ = packet.transport_protocol_offset_ = 9;
  return packet;
}

inline Result<IpPacket> IpPacket::parse_v6(ByteView octets) {
  if (octets.size() < ipv6_header_size) return fail(ErrorCode::truncated, octets.size());
  const std::size_t size = ipv6_header_size + load_be16(&octets[4]);
  if (size > octets.size()) return fail(ErrorCode::truncated, octets.size());

  IpPacket packet;
  packet.octets_ = octets.first(size);
  packet.protocol_ = IpProtocol{octets[6]};
  packet.payload_offset_ = packet.transport_offset_ = ipv6_header_size;
  packet.protocol_offset_ = packet.transport_protocol_offset_ = 6;
  if (is_extension_header(packet.protocol_)) TRY(packet.walk_extension_headers());
  return packet;
}

struct Ports {
  std::uint16_t source;
  std::uint16_t destination;

  friend bool operator==(const Ports&, const Ports&) = default;
};
/// Ports of TCP, UDP, UDP-Lite, SCTP and DCCP; nullopt for other protocols, for later fragments, and where the payload
/// ends before them.
inline std::optional<Ports> ports(const IpPacket& packet) {
  switch (packet.protocol()) {
    case IpProtocol::tcp:
    case IpProtocol::udp:
    case IpProtocol::udp_lite:
    case IpProtocol::sctp:
    case IpProtocol::dccp: break;
    default: return std::nullopt;
  }
  const ByteView payload = packet.payload();
  if (packet.is_later_fragment() || payload.size() < 4) return std::nullopt;
  return Ports{load_be16(&payload[0]), load_be16(&payload[2])};
}

struct IcmpTypeCode {
  std::uint8_t type;
  std::uint8_t code;

  friend bool operator==(const IcmpTypeCode&, const IcmpTypeCode&) = default;
};
/// Type and code of ICMP in IPv4 and of ICMPv6 in IPv6; nullopt as for ports().
inline std::optional<IcmpTypeCode> icmp_type_code(const IpPacket& packet) {
  if (packet.protocol() != (packet.is_v4() ? IpProtocol::icmp : IpProtocol::icmpv6)) return std::nullopt;
  const ByteView payload = packet.payload();
  if (packet.is_later_fragment() || payload.size() < 2) return std::nullopt;
  return IcmpTypeCode{payload[0], payload[1]};
}

/// Type of an IPv6 mobility header (RFC 6275 §6.1.1); nullopt as for ports().
inline std::optional<std::uint8_t> mobility_type(const IpPacket& packet) {
  if (packet.protocol() != IpProtocol::mobility || packet.is_later_fragment() || packet.payload().size() < 3)
    return std::nullopt;
  return packet.payload()[2];
}

/// The pseudo-header that TCP, UDP and ICMPv6 put in front of what they sum (RFC 9293 §3.1, RFC 8200 §8.1). `size`:
/// octets of header and data of the next layer, at most 65535.
inline ChecksumSum pseudo_header_sum(ByteView source, ByteView destination, IpProtocol protocol, std::size_t size) {
  ChecksumSum sum;
  sum.add(source);
  sum.add(destination);
  sum.add_u16(static_cast<std::uint8_t>(protocol));
  sum.add_u16(static_cast<std::uint16_t>(size));
  return sum;
}

/// Where in its payload a protocol keeps its checksum (TCP 16, UDP 6, ICMP and ICMPv6 2); nullopt for the others.
constexpr std::optional<std::size_t> checksum_offset(IpProtocol protocol) {
  switch (protocol) {
    case IpProtocol::tcp: return 16;
    case IpProtocol::udp: return 6;
    case IpProtocol::icmp:
    case IpProtocol::icmpv6: return 2;
    default: return std::nullopt;
  }
}

/// Whether the TCP, UDP, ICMP or ICMPv6 checksum of an unfragmented packet is right. True for what has none: other
/// protocols, and UDP over IPv4 that says zero. False when the payload is too short for the field.
bool has_valid_payload_checksum(const IpPacket& packet);

}  // namespace sallyport::wire
