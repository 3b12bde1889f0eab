// Time as the engines see it: handed in, never asked for. The clock below has no now(), so code that wants to know the
// time without being told does not compile.
#pragma once

#include <chrono>

namespace sallyport {

using Duration = std::chrono::nanoseconds;

struct EngineClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<EngineClock>;
  static constexpr bool is_steady = true;
};

/// A moment on the monotonic clock of whoever drives the engine; its epoch means nothing.
using Instant = EngineClock::time_point;

/// Seconds since 1970-01-01 UTC, for what is dated in the world outside: certificates, log lines.
using WallTime = std::chrono::sys_seconds;

}  // namespace sallyport
