// A negotiation as the lines of a ladder and as values, for `trace` and for an `initiate` that was asked to show it.
#pragma once

#include <vector>

#include "control/message.h"
#include "event/event.h"

namespace sallyport::daemon {

/// List `ladder`: its lines, without newlines. They are a list because one value could not hold a long one.
void write_ladder(control::Message& answer, const std::vector<event::Event>& events, std::size_t width = 96);
/// Section `messages`: each message of the negotiation by its number from 1, with its payloads in words.
void write_messages(control::Message& answer, const std::vector<event::Event>& events);

}  // namespace sallyport::daemon
