// What is counted where packets meet the system: what was dropped or not taken there, and how long bursts took.
#pragma once

#include "base/histogram.h"

namespace sallyport::linux {

/// What was dropped before it reached a worker, or what the system did not take. In packets.
struct PumpCounters {
  std::uint64_t malformed = 0;    // neither IKE nor ESP nor a keepalive; or a frame of the TUN that is none
  std::uint64_t keepalives = 0;   // received
  std::uint64_t too_big = 0;      // larger than the path allows, and not to be fragmented
  std::uint64_t send_failed = 0;  // refused by the system for any other reason
  std::uint64_t no_socket = 0;    // from an address or port that we have no socket for
  std::uint64_t tun_refused = 0;  // which the TUN device did not take
  std::uint64_t extension_headers =
      0;                            // transport mode with IPv6 routing headers, which sockets do not send as they are
  std::uint64_t handed_over = 0;    // given to the worker whose SA they are for
  std::uint64_t handover_full = 0;  // not given, because it was behind
  std::uint64_t ike_overflow = 0;   // IKE that strayed to a worker, and more of it than could be passed on

  PumpCounters& operator+=(const PumpCounters& other);
};

/// How long bursts of one direction took, each from the first system call that read of it to the last that wrote.
/// Packets of one wake-up that were read in one go are a burst. Of a packet that comes alone it is the time it spent
/// here, but for what it waited in the kernel.
struct BurstTimes {
  Histogram read;     // from the device, or the sockets; what IKE made of its messages meanwhile included
  Histogram work;     // sealing, or opening
  Histogram written;  // to the sockets, or the device
  Histogram whole;

  BurstTimes& operator+=(const BurstTimes& other);
};

}  // namespace sallyport::linux
