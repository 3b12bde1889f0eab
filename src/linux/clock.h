// The machine's clocks, for whoever drives the engines.
#pragma once

#include "base/time.h"

namespace sallyport::linux {

/// CLOCK_MONOTONIC: never set back, stands still while the machine is suspended.
Instant monotonic_now();
WallTime wall_clock_now();

}  // namespace sallyport::linux
