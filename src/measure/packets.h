// What one core does with packets in memory: their ciphers alone, and all of the datapath.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace sallyport::measure {

/// Nanoseconds for each packet, one way; the least of several rounds, which is what the machine does when left alone.
struct PacketTime {
  double seal = 0;
  double open = 0;
};

/// Gbit of such packets that this is in a second.
inline double gigabits_per_second(double nanoseconds, std::size_t octets) {
  return nanoseconds == 0 ? 0 : 8.0 * static_cast<double>(octets) / nanoseconds;
}

/// `suite`: in the words of `esp_proposals`. `octets` of each clear packet. ErrorCode::unsupported: this machine has no
/// such cipher.
Result<PacketTime> measure_cipher(std::string_view suite, std::size_t octets, Duration time);
/// The same with policies, sequence numbers, replay window, headers and selectors, in bursts of one flow.
Result<PacketTime> measure_datapath(std::string_view suite, std::size_t octets, Duration time);

}  // namespace sallyport::measure
