// The maximum segment size that TCP's ends tell each other when they begin (RFC 9293 §3.7.1), lowered to what an SA
// takes in one piece: so that connections through it do not depend on ICMP errors reaching their ends.
#pragma once

#include "wire/ip.h"

namespace sallyport::datapath {

/// Whether the packet begins a TCP connection, or answers that: a few loads.
inline bool begins_tcp(const wire::IpPacket& packet) {
  constexpr std::uint8_t syn = 0x02;
  return packet.protocol() == wire::IpProtocol::tcp && !packet.is_fragment() &&
         packet.payload().size() >= wire::tcp_header_size && (packet.payload()[13] & syn) != 0;
}

/// Lowers the option's value in `octets`, which `packet` views, where segments of that size would make IP packets of
/// more than `largest` octets. The checksum is mended, unless it is not there yet (`checksum_open`). No option: nothing
/// is done, as that stands for 536 octets in IPv4, and 1220 in IPv6. True: it was changed.
bool lower_mss(ByteSpan octets, const wire::IpPacket& packet, std::size_t largest, bool checksum_open);

}  // namespace sallyport::datapath
