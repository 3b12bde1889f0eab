// What the figures of a machine mean for whoever configures it, in sentences.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "measure/packets.h"
#include "measure/tunnel.h"

namespace sallyport::measure {

struct SuiteFigures {
  std::string suite;
  PacketTime large, small;  // of the whole datapath, in packets of large_packet and small_packet octets
};
inline constexpr std::size_t large_packet = 1420, small_packet = 64;

struct Figures {
  std::vector<SuiteFigures> suites;
  std::optional<TunnelSpeed> udp, ip;  // ESP in UDP, and as IP protocol 50
  unsigned cores = 1;
};

std::vector<std::string> advice(const Figures& figures);

}  // namespace sallyport::measure
