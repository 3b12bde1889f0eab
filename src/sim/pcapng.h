// The packets of a trace as a pcapng file (draft-ietf-opsawg-pcapng), which Wireshark, tshark and tcpdump read: an
// interface per link, whole IP packets (LINKTYPE_RAW), times since the start of the world, and the fate of each packet
// as its comment.
#pragma once

#include "base/bytes.h"
#include "sim/trace.h"

namespace sallyport::sim {

Bytes to_pcapng(const Trace& trace);

}  // namespace sallyport::sim
