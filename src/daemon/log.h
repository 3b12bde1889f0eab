// The daemon's log: lines on standard error, where systemd's journal picks them up. What is logged are the journal's
// events and what the system refused; how much is the configuration's `log` level.
#pragma once

#include <string_view>

#include "config/config.h"
#include "event/event.h"

namespace sallyport::daemon::log {

/// Before the first line: `info` until then.
void set_level(config::LogLevel level);

void error(std::string_view line);
void warning(std::string_view line);
void info(std::string_view line);
/// An event, at the level that it deserves. `connection` is the one that it names; nullptr: none of ours.
void event(const event::Event& event, const policy::Connection* connection, const policy::Pad* secrets);

}  // namespace sallyport::daemon::log
