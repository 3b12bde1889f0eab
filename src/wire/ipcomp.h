// The header of IPComp (RFC 3173 §3.2):
//
//   [ next header ][ flags, zero ][ CPI ] and the compressed octets
#pragma once

#include <optional>

#include "wire/ip.h"

namespace sallyport::wire {

inline constexpr std::size_t ipcomp_header_size = 4;
/// CPIs that may be agreed on are from here to there (§3.3); below are those of algorithms that need no agreement.
inline constexpr std::uint16_t first_ipcomp_cpi = 256, last_ipcomp_cpi = 61439;

struct IpcompHeader {
  IpProtocol next_header{};
  std::uint16_t cpi = 0;

  friend bool operator==(const IpcompHeader&, const IpcompHeader&) = default;
};

/// nullopt: too short. Flags are ignored (§3.2).
inline std::optional<IpcompHeader> read_ipcomp_header(ByteView octets) {
  if (octets.size() < ipcomp_header_size) return std::nullopt;
  return IpcompHeader{IpProtocol{octets[0]}, load_be16(&octets[2])};
}

inline void write_ipcomp_header(std::uint8_t* to, const IpcompHeader& header) {
  to[0] = static_cast<std::uint8_t>(header.next_header);
  to[1] = 0;
  store_be16(to + 2, header.cpi);
}

}  // namespace sallyport::wire
