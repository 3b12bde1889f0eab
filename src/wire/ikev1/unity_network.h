// The value of UNITY_SPLIT_INCLUDE and UNITY_LOCAL_LAN: networks behind a gateway, fourteen octets each. Cisco never
// published the format; the protocol and ports are zero in practice.
//
//   [ address ][ mask ][ protocol ][ source port ][ destination port ]
//       4         4         2            2               2
#pragma once

#include "base/reader.h"
#include "base/writer.h"

namespace sallyport::wire::ikev1 {

struct UnityNetwork {
  std::array<std::uint8_t, 4> address{};
  std::array<std::uint8_t, 4> mask{};
  std::uint16_t protocol = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;

  friend bool operator==(const UnityNetwork&, const UnityNetwork&) = default;
};

/// ErrorCode::truncated when the value does not end with a whole network. Offsets count from the value's first octet.
Result<std::vector<UnityNetwork>> parse_unity_networks(ByteView value);
Bytes serialize_unity_networks(const std::vector<UnityNetwork>& networks);

}  // namespace sallyport::wire::ikev1
