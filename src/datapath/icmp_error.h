// ICMP errors that we make, for the source of a clear packet that does not leave: as if its destination had sent them,
// which is the one address that is sure to be routed into the TUN.
#pragma once

#include <optional>

#include "base/time.h"
#include "wire/ip.h"

namespace sallyport::datapath {

// nullopt: to this packet nothing is answered, because it is an ICMP error, no first fragment, or not from one host to
// one other (RFC 1122 §3.2.2, RFC 4443 §2.4).

/// "Fragmentation needed" (RFC 1191 §4) or "packet too big" (RFC 4443 §3.2): no more than `largest` octets pass.
std::optional<Bytes> too_big_reply(const wire::IpPacket& packet, std::size_t largest);
/// "Communication administratively prohibited" (RFC 4301 §5.1.1).
std::optional<Bytes> prohibited_reply(const wire::IpPacket& packet);

/// RFC 4443 §2.4 (f): errors are sent at a bounded rate.
class IcmpRate {
 public:
  bool allow(Instant now);

 private:
  static constexpr int burst = 50;
  static constexpr Duration interval = std::chrono::milliseconds(10);
  int tokens_ = burst;
  Instant refilled_{};
};

}  // namespace sallyport::datapath
