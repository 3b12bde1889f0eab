// What `sallyport status` shows to people: each connection with its state and why, its SAs, what protects what, and how
// much of it. Pure.
#pragma once

#include <string>
#include <vector>

#include "control/message.h"

namespace sallyport::cli {

/// From the events of the daemon's `status` command. Ends with a newline.
std::string status_text(const std::vector<control::Message>& connections);

/// "84 octets", "1.5 MiB"
std::string amount(std::uint64_t octets);
/// "45 s", "12 min", "3 h 5 min", "4 d 2 h"
std::string span_of_time(std::uint64_t seconds);

}  // namespace sallyport::cli
