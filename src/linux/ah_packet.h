// AH over raw sockets, beyond what PacketSocket does for ESP: its ICV covers the IP header, which raw IPv4 sockets show
// and raw IPv6 sockets do not. What the latter tell of it beside the packet is put together again here.
#pragma once

#include <sys/socket.h>

#include "linux/control_messages.h"
#include "linux/packet_socket.h"

namespace sallyport::linux {

/// Octets in front of a received packet that restore_ipv6_header() wants to be free: the fixed header, and extension
/// headers as long as control messages can be.
inline constexpr std::size_t kAhHeadroom = 40 + sizeof(ControlRoom);

/// Lets packets out with the IP header that they are given, and has the kernel tell the headers that it takes off.
/// False, and errno: it will not.
bool prepare_for_ah(int fd, policy::Family family);

/// `packet.bytes` begins with kAhHeadroom free octets, and then has what an IPv6 socket delivered: from AH on. Puts the
/// IPv6 header and the extension headers in front, which the control messages of `message` tell; `packet.bytes` then
/// begins there. False: they do not tell it, or it does not fit.
bool restore_ipv6_header(msghdr& message, ReceivedPacket& packet);

}  // namespace sallyport::linux
