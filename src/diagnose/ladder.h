// The ladder: a negotiation as a person would draw it, time running down between two uprights, each message a rung.
//
//    192.0.2.1:500                                          192.0.2.2:500
//         │  IKE_SA_INIT request                                  │
//         │    offers aes256gcm16-prfsha384-ecp384                │
//         ├──────────────────────────────────────────────────────▶│
#pragma once

#include <string>
#include <vector>

#include "event/event.h"

namespace sallyport::diagnose {

/// Draws the events of one negotiation, in order; other events are passed over. Our side is the left upright. `width`
/// in columns, at least 60. Ends with a newline.
std::string draw_ladder(const std::vector<event::Event>& events, std::size_t width = 96);

/// A payload in words: "SA: offers aes256gcm16-…, …", "TSi: traffic of 10.1.0.0/16".
std::string retell(const event::PayloadSummary& payload, const event::MessageSummary& message);

}  // namespace sallyport::diagnose
