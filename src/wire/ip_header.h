// Writing IPv4 and IPv6 headers: outer headers of tunnels, and single fields of headers that are already there. Inline,
// into memory of the caller's.
#pragma once

#include "wire/ip.h"

namespace sallyport::wire {

struct Ipv4Header {
  std::uint8_t traffic_class = 0;
  std::uint16_t total_length = 0;  // octets of header and payload
  std::uint16_t id = 0;
  bool dont_fragment = false;
  bool more_fragments = false;
  std::uint16_t fragment_offset = 0;  // octets, a multiple of 8
  std::uint8_t ttl = 64;
  IpProtocol protocol{};
  std::array<std::uint8_t, 4> source{};
  std::array<std::uint8_t, 4> destination{};
};

struct Ipv6Header {
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;      // 20 bits
  std::uint16_t payload_length = 0;  // octets behind the 40 of this header
  IpProtocol next_header{};
  std::uint8_t hop_limit = 64;
  std::array<std::uint8_t, 16> source{};
  std::array<std::uint8_t, 16> destination{};
};

/// Writes 20 octets, checksum included.
inline void write_ipv4_header(std::uint8_t* to, const Ipv4Header& header) {
  to[0] = 0x45;
  to[1] = header.traffic_class;
  store_be16(to + 2, header.total_length);
  store_be16(to + 4, header.id);
  const unsigned flags = (header.dont_fragment ? 0x4000u : 0) | (header.more_fragments ? 0x2000u : 0);
  store_be16(to + 6, static_cast<std::uint16_t>(flags | header.fragment_offset / 8u));
  to[8] = header.ttl;
  to[9] = static_cast<std::uint8_t>(header.protocol);
  store_be16(to + 10, 0);
  std::memcpy(to + 12, header.source.data(), 4);
  std::memcpy(to + 16, header.destination.data(), 4);
  store_be16(to + 10, internet_checksum({to, ipv4_header_size}));
}

/// Writes 40 octets.
inline void write_ipv6_header(std::uint8_t* to, const Ipv6Header& header) {
  store_be32(to, 6u << 28 | static_cast<std::uint32_t>(header.traffic_class) << 20 | (header.flow_label & 0xfffff));
  store_be16(to + 4, header.payload_length);
  to[6] = static_cast<std::uint8_t>(header.next_header);
  to[7] = header.hop_limit;
  std::memcpy(to + 8, header.source.data(), 16);
  std::memcpy(to + 24, header.destination.data(), 16);
}

/// Changes the 16-bit word at the even `offset` of an IPv4 header, and its checksum accordingly.
inline void set_ipv4_word(std::uint8_t* header, std::size_t offset, std::uint16_t value) {
  const std::uint16_t checksum = load_be16(header + 10);
  store_be16(header + 10, updated_checksum(checksum, load_be16(header + offset), value));
  store_be16(header + offset, value);
}

// Setters of single fields, for the header of an IPv4 or IPv6 packet that was parsed; IPv4's checksum follows.

inline bool is_ipv4_header(const std::uint8_t* header) { return header[0] >> 4 == 4; }

inline void set_traffic_class(std::uint8_t* header, std::uint8_t value) {
  if (is_ipv4_header(header)) {
    set_ipv4_word(header, 0, static_cast<std::uint16_t>(header[0] << 8 | value));
  } else {
    header[0] = static_cast<std::uint8_t>(0x60 | value >> 4);
    header[1] = static_cast<std::uint8_t>(value << 4 | (header[1] & 0x0f));
  }
}
inline void set_hop_limit(std::uint8_t* header, std::uint8_t value) {
  if (is_ipv4_header(header))
    set_ipv4_word(header, 8, static_cast<std::uint16_t>(value << 8 | header[9]));
  else
    header[7] = value;
}
/// `size`: octets of the whole packet, headers included; at most 65535 for IPv4 and 40 more for IPv6.
inline void set_packet_size(std::uint8_t* header, std::size_t size) {
  if (is_ipv4_header(header))
    set_ipv4_word(header, 2, static_cast<std::uint16_t>(size));
  else
    store_be16(header + 4, static_cast<std::uint16_t>(size - ipv6_header_size));
}
/// Writes a protocol field that IpPacket::transport_protocol_offset() named.
inline void set_protocol(std::uint8_t* header, std::size_t field_offset, IpProtocol value) {
  const auto octet = static_cast<std::uint8_t>(value);
  if (is_ipv4_header(header))
    set_ipv4_word(header, 8, static_cast<std::uint16_t>(header[8] << 8 | octet));
  else
    header[field_offset] = octet;
}
inline void set_ipv4_id(std::uint8_t* header, std::uint16_t id) { set_ipv4_word(header, 4, id); }
inline void set_ipv4_dont_fragment(std::uint8_t* header, bool dont_fragment) {
  const unsigned word = load_be16(header + 6);
  set_ipv4_word(header, 6, static_cast<std::uint16_t>(dont_fragment ? word | 0x4000u : word & ~0x4000u));
}

}  // namespace sallyport::wire
