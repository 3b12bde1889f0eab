// PathError: an ICMP error which says that a packet of IPsec that we sent is too large for its path (RFC 1191, RFC
// 8201), read as what anybody may have made up: nobody vouches for it (RFC 4301 §8.2.1).
#pragma once

#include <optional>

#include "policy/child_sa.h"

namespace sallyport::datapath {

struct PathError {
  policy::IpAddress local, remote;  // of the packet that it quotes: from us, to the peer
  bool is_ah = false;
  bool udp_encap = false;
  std::uint16_t local_port = 0, remote_port = 0;  // of UDP
  std::uint32_t spi = 0;
  std::uint32_t sequence = 0;  // the low half
  std::uint16_t mtu = 0;       // octets of the largest IP packet that passes, as it claims
};

/// `icmp`: the message, from its type on. nullopt: another message, a wrong checksum (IPv4's; of IPv6 the kernel looks
/// at it, as its sum takes in addresses), or it quotes too little to say which SA it is about, or something that is not
/// too large for what it claims.
std::optional<PathError> read_path_error(policy::Family family, ByteView icmp);

}  // namespace sallyport::datapath
