#include "datapath/counters.h"

#include <numeric>

namespace sallyport::datapath {

std::string_view to_string(DropReason reason) {
  switch (reason) {
    case DropReason::malformed_packet: return "malformed_packet";
    case DropReason::no_policy: return "no_policy";
    case DropReason::policy_discard: return "policy_discard";
    case DropReason::policy_bypass: return "policy_bypass";
    case DropReason::no_sa: return "no_sa";
    case DropReason::hold_overflow: return "hold_overflow";
    case DropReason::hold_expired: return "hold_expired";
    case DropReason::too_big: return "too_big";
    case DropReason::sequence_exhausted: return "sequence_exhausted";
    case DropReason::volume_exhausted: return "volume_exhausted";
    case DropReason::fragment: return "fragment";
    case DropReason::reassembly_failed: return "reassembly_failed";
    case DropReason::uncoverable_header: return "uncoverable_header";
    case DropReason::malformed_esp: return "malformed_esp";
    case DropReason::malformed_ah: return "malformed_ah";
    case DropReason::unknown_spi: return "unknown_spi";
    case DropReason::incomplete_bundle: return "incomplete_bundle";
    case DropReason::replay: return "replay";
    case DropReason::replay_stale: return "replay_stale";
    case DropReason::integrity: return "integrity";
    case DropReason::early_overflow: return "early_overflow";
    case DropReason::early_expired: return "early_expired";
    case DropReason::bad_padding: return "bad_padding";
    case DropReason::bad_next_header: return "bad_next_header";
    case DropReason::bad_compression: return "bad_compression";
    case DropReason::malformed_inner: return "malformed_inner";
    case DropReason::selector: return "selector";
    case DropReason::ecn_congestion: return "ecn_congestion";
    case DropReason::count_: break;
  }
  return "?";
}

std::uint64_t DropCounters::total() const { return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}); }

DropCounters& DropCounters::operator+=(const DropCounters& other) {
  for (std::size_t i = 0; i < drop_reasons; ++i) counts_[i] += other.counts_[i];
  return *this;
}

}  // namespace sallyport::datapath
