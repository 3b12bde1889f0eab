// The packets of the wire, put together again for a capture: sockets carry what is behind IP and UDP, and say beside it
// what was in those headers. What nobody says (identification, flow label) is zero.
#pragma once

#include "base/bytes.h"
#include "datapath/verdicts.h"

namespace sallyport::daemon {

struct WirePacket {
  policy::Endpoint from, to;
  std::uint8_t protocol = 17;  // UDP, then there are ports; or 50
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 64;
  bool dont_fragment = false;
  ByteView extensions;               // behind the fixed IP header: IPv4's options, IPv6's headers
  std::uint8_t first_extension = 0;  // over IPv6
  ByteView marker;                   // in front of the payload
  ByteView payload;
};

/// A whole IP packet.
Bytes to_ip_packet(const WirePacket& packet);

/// One packet of what is sent, or of what has come.
Bytes to_ip_packet(const datapath::Send& send, ByteView packet);
Bytes to_ip_packet(const datapath::Datagram& datagram, ByteView packet);

}  // namespace sallyport::daemon
