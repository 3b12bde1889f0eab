// Transport mode on the way in: what came out of ESP is put behind an IP header again, and the checksums that a NAT has
// spoiled are mended.
#pragma once

#include "datapath/sad.h"
#include "wire/ip.h"

namespace sallyport::datapath {

/// Octets of the header that write_transport_header() writes.
inline std::size_t transport_header_size(const Sa& sa) {
  return sa.transport_local.is_v6() ? wire::ipv6_header_size : wire::ipv4_header_size;
}

/// The header of the clear packet, from the peer to us; sockets do not show the one that was on the wire. Its addresses
/// are those that the SA was made for. `payload`: octets behind it.
void write_transport_header(std::uint8_t* to, const Sa& sa, wire::IpProtocol protocol, std::size_t payload,
                            std::uint8_t traffic_class, std::uint8_t hop_limit);

/// Computes the TCP, UDP or ICMPv6 checksum afresh: the sender's was over addresses that a NAT has changed outside (RFC
/// 3948 §3.1.2). The payload is authentic. A UDP packet over IPv4 without a checksum stays so.
void mend_checksum(ByteSpan octets, const wire::IpPacket& packet);

}  // namespace sallyport::datapath
