// Footprint: the names and numbers by which all that we put into the network stack is recognised, by our own sockets,
// rules and filters, by a daemon that cleans up after one that was killed, and by an administrator who looks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sallyport::linux {

struct Footprint {
  std::string device = "sally0";           // the TUN
  std::string filter_table = "sallyport";  // of nftables, family inet
  std::uint32_t own_mark = 0x53504f57;     // on what we send: never into the TUN again
  std::uint32_t steer_mark = 0x53505354;   // on what only the packet filter can tell must go into the TUN
  std::uint8_t route_protocol = 83;        // of our routes and rules (RTPROT_*, FRA_PROTOCOL)
  std::uint32_t first_table = 83000;       // of our routing tables
  std::uint32_t first_priority = 200;      // of our rules: behind `local`, before everybody else's
  std::vector<std::uint16_t> ike_ports = {500, 4500};

  friend bool operator==(const Footprint&, const Footprint&) = default;
};

}  // namespace sallyport::linux
