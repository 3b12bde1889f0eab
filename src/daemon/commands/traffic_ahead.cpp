#include "daemon/commands/traffic_ahead.h"

#include <algorithm>
#include <span>

namespace sallyport::daemon {
namespace {

/// A worker is kept from its packets for some 20 us.
constexpr std::size_t kAtOnce = 128;

}  // namespace

std::optional<datapath::SaStatus> TrafficAhead::operator()(policy::ChildSaId id) {
  const auto rest = std::span(in_order_).subspan(next_);
  const auto near = rest.first(std::min(rest.size(), kAtOnce));
  if (const auto asked = std::ranges::find(near, id); asked != near.end()) {
    const auto from = static_cast<std::size_t>(asked - near.begin());
    const auto batch = rest.subspan(from, std::min(rest.size() - from, kAtOnce));
    known_ = workers_->statuses(batch);
    next_ += from + batch.size();
  }
  const auto known = known_.find(id);
  return known == known_.end() ? std::nullopt : std::optional(known->second);
}

}  // namespace sallyport::daemon
