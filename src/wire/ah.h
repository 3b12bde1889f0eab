// The fields of AH (RFC 4302 §2), and which octets of the IP header in front of it its ICV covers. Pure functions over
// octets in place; how the ICV is computed is not seen here.
//
//   [ IP header, extension headers or options ][ next header, length, reserved ][ SPI ][ sequence number ][ ICV ][
//   padding ] [ ..... mutable fields count as zero ..... ][ AH header ........................ the ICV counts as zero
//   ............. ]
#pragma once

#include <cstring>

#include "wire/ip.h"

namespace sallyport::wire {

inline constexpr std::size_t ah_fixed_size = 12;  // octets in front of the ICV

struct AhHeader {
  IpProtocol next_header{};
  std::size_t size = 0;  // octets of the whole AH header, ICV and padding included: a multiple of 4
  std::uint32_t spi = 0;
  std::uint32_t sequence = 0;  // the low half where extended sequence numbers are used

  friend bool operator==(const AhHeader&, const AhHeader&) = default;
};

/// nullopt when fewer octets are there than the header says, or it says fewer than its fixed part has.
inline std::optional<AhHeader> read_ah_header(ByteView packet) {
  if (packet.size() < ah_fixed_size) return std::nullopt;
  const std::size_t size = (packet[1] + std::size_t{2}) * 4;  // RFC 4302 §2.2
  if (size < ah_fixed_size || size > packet.size()) return std::nullopt;
  return AhHeader{IpProtocol{packet[0]}, size, load_be32(&packet[4]), load_be32(&packet[8])};
}

/// Octets of the AH header around an ICV of `icv_size`: a multiple of 4 over IPv4 and of 8 over IPv6 (RFC 4302
/// §3.3.3.2.1).
constexpr std::size_t ah_header_size(std::size_t icv_size, bool v6) {
  const std::size_t alignment = v6 ? 8 : 4;
  return (ah_fixed_size + icv_size + alignment - 1) & ~(alignment - 1);
}

/// Writes `header.size` octets, at most 1028: ICV and padding are zero.
inline void write_ah_header(std::uint8_t* to, const AhHeader& header) {
  std::memset(to, 0, header.size);
  to[0] = static_cast<std::uint8_t>(header.next_header);
  to[1] = static_cast<std::uint8_t>(header.size / 4 - 2);
  store_be32(to + 4, header.spi);
  store_be32(to + 8, header.sequence);
}

/// Zeroes what may change on the way, as the ICV's input wants it (RFC 4302 §3.3.3.1): `headers` is all in front of AH,
/// an IPv4 header with its options or an IPv6 header with extension headers. Where the addressee is yet to change,
/// because a source route is not used up, what the receiver will see is not computed: ErrorCode::unsupported; and so is
/// what this does not know, be it an option of IPv4 or a kind of routing header. ErrorCode::malformed: lengths
/// contradict each other.
Result<void> zero_mutable_fields(ByteSpan headers);

}  // namespace sallyport::wire
