// A trace as text for people: one line for each packet, as somebody without keys sees it, and for each note.
//
//     +0.000000  alice: initiates office
//     +0.000000  alice -> internet  192.0.2.1:500 > 192.0.2.2:500  IKE_SA_INIT request, id 0, 412 octets
//     +0.010000  internet -> bob    192.0.2.1:500 > 192.0.2.2:500  IKE_SA_INIT request, id 0, 412 octets  (lost)
#pragma once

#include <string>

#include "sim/trace.h"

namespace sallyport::sim {

/// Seconds since the start of the world: "+1.250000".
std::string time_text(Instant at);
std::string to_timeline(const Trace& trace);

}  // namespace sallyport::sim
