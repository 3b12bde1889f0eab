// What `counters` says of packets, in sections: over all, of one Child SA, and of where they meet the system.
#pragma once

#include "control/message.h"
#include "daemon/workers.h"
#include "ike/core/status.h"

namespace sallyport::daemon {

/// inbound, outbound, drops: every reason, also those that never occurred.
void write_packets(control::Section& section, const datapath::Counters& counters);
/// The same of one Child SA, with what it is known by; of a bundle also AH's drops.
void write_child_counters(control::Section& section, const ike::ChildSaStatus& child,
                          const datapath::SaStatus& traffic);
/// system: what the sockets and the device did not take; latency: how long bursts took.
void write_system(control::Section& section, const Workers::Totals& totals);
/// bursts, quantiles in nanoseconds, and each bucket that is not empty as "FROM BELOW COUNT".
void write_histogram(control::Section& section, const Histogram& histogram);

}  // namespace sallyport::daemon
