// Path MTU (RFC 4301 §8.2): how large a clear packet may be.
#pragma once

#include "base/time.h"
#include "datapath/sad.h"
#include "wire/ip.h"

namespace sallyport::datapath {

/// The smallest path MTU that is believed: what every IPv4 host takes (RFC 791 §3.2).
inline constexpr std::uint16_t smallest_path_mtu = 576;
/// Every IPv6 network takes this (RFC 8200 §5): what says otherwise is wrong.
inline constexpr std::uint16_t smallest_path_mtu_v6 = 1280;
/// How long an ICMP error counts (RFC 1191 §6.3, RFC 8201 §4): the path may be another one by then.
inline constexpr Duration narrow_path_time = std::chrono::minutes(10);

/// Octets of the largest clear packet with these headers that fits through the SA unfragmented.
std::size_t largest_clear_packet(const Sa& sa, const wire::IpPacket& packet);
/// The same for packets that have nothing in front of their next layer but the IP header.
std::size_t largest_clear_packet(const Sa& sa);

/// Whether a clear packet of `size` octets that does not fit is refused rather than fragmented behind ESP: its source
/// must have forbidden fragmentation, and must be able to send less (RFC 8200 §5: IPv6 never less than 1280).
bool must_shrink(const wire::IpPacket& packet, std::size_t size);

}  // namespace sallyport::datapath
