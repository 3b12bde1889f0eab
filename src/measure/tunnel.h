// A tunnel through this machine's kernel: two gateways in network namespaces that are made for it and vanish with it,
// each a TUN device and a worker with a thread of its own, and applications that talk through both.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/time.h"

namespace sallyport::measure {

struct TunnelSpeed {
  double gigabits_per_second = 0;  // of one TCP connection
  Duration round_trip{};           // of a small datagram, the median
  Duration round_trip_p99{};
};

/// As root, with /dev/net/tun. `suite` as for measure_cipher. The error: a sentence that says what is missing.
std::expected<TunnelSpeed, std::string> measure_tunnel(std::string_view suite, bool udp_encap, Duration time);

}  // namespace sallyport::measure
