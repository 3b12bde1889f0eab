// Events as the timeline tells them.
#pragma once

#include <string>
#include <string_view>

#include "event/event.h"

namespace sallyport::sim {

/// The kind alone: "IKE SA established".
std::string_view event_name(const event::Event& event);
/// With what there is to know: "IKE SA 1 (office) established as initiator".
std::string event_words(const event::Event& event);
/// "no_proposal_chosen" and so on, as the enumeration has them.
std::string_view failure_word(event::FailureKind kind);

}  // namespace sallyport::sim
