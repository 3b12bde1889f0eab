// How long bursts of packets took, as a picture: a bar for each power of two. Pure.
#pragma once

#include <string>

#include "control/message.h"

namespace sallyport::cli {

/// From one direction's part of `latency` in the daemon's `counters`. Ends with a newline; empty: there were no bursts.
std::string latency_text(std::string_view title, const control::Section& direction);

/// "850 ns", "41.2 us", "3.1 ms", "2.5 s"
std::string short_time(std::uint64_t nanoseconds);

}  // namespace sallyport::cli
