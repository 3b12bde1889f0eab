// A UDP datagram's worth of IKE, and which way it goes. The non-ESP marker of port 4500 is not part of it: whoever owns
// the sockets puts it there and takes it away (wire/udp_encap.h).
#pragma once

#include "base/bytes.h"
#include "policy/address.h"

namespace sallyport::ike {

/// As received; the view lives for the call.
struct Datagram {
  policy::Endpoint local;
  policy::Endpoint remote;
  ByteView message;
};

inline constexpr std::uint16_t kIkePort = 500;
inline constexpr std::uint16_t kNatTraversalPort = 4500;  // RFC 3948

}  // namespace sallyport::ike
