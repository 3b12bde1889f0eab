// RenewableChild: a Child SA on its way to a successor with fresh keys. The older one stays beside the newer for a
// while, so that what is under way by it still comes in, and then goes. Which of two counts, and who deletes the other,
// each version of IKE finds out in its own way.
#pragma once

#include <algorithm>
#include <ranges>
#include <vector>

#include "ike/core/lifetimes.h"
#include "ike/core/status.h"

namespace sallyport::ike {

struct RenewableChild : ChildSaStatus {
  bool initiated = false;          // by us
  bool confirmed = false;          // the peer has it for certain
  bool superseded = false;         // another has its place
  bool ours_to_delete = false;     // superseded, and the other end leaves that to us
  std::optional<Instant> retires;  // when we do
};

/// A superseded Child SA stays for so long, so that what is under way by it still comes in.
inline constexpr Duration kGrace = std::chrono::seconds(5);
/// So long where deleting it is the other end's business, which may have lost it, or never had it.
inline constexpr Duration kLongGrace = std::chrono::seconds(60);

/// When it will be renewed, from its life as configured, and as agreed where the peers agree on one.
inline void plan_renewal(RenewableChild& child, const policy::Child& config, Instant now, RandomSource& random) {
  const auto agreed = child.expires ? std::optional<Duration>(*child.expires - now) : std::nullopt;
  const auto after = renewal_after({config.rekey_time, config.life_time, config.rand_time}, agreed, random);
  if (after) child.rekeys = now + *after;
}
/// A renewal of it came to nothing.
inline void plan_renewal_again(RenewableChild& child, Instant now) {
  const auto again = renewal_again_after(child.expires ? std::optional(*child.expires - now) : std::nullopt);
  child.rekeys = again ? std::optional(now + *again) : std::nullopt;
}
/// It has been superseded; not beyond its life.
inline void plan_retirement(RenewableChild& child, Instant now) {
  if (child.retires) return;
  const Duration left = child.expires ? std::max(*child.expires - now, Duration::zero()) : Duration::max();
  child.retires = now + std::min(child.ours_to_delete ? kGrace : kLongGrace, left / 2);
}

/// What is due at `now`: each child once, for what weighs most.
struct DueChildren {
  std::vector<policy::ChildSaId> ended, retired, to_renew;
};
template <std::ranges::input_range Children>
DueChildren due_children(const Children& children, Instant now) {
  const auto is_due = [&](const std::optional<Instant>& at) { return at && *at <= now; };
  DueChildren due;
  for (const RenewableChild& child : children)
    if (is_due(child.expires))
      due.ended.push_back(child.id);
    else if (is_due(child.retires))
      due.retired.push_back(child.id);
    else if (is_due(child.rekeys))
      due.to_renew.push_back(child.id);
  return due;
}
/// When the first of these is.
template <std::ranges::input_range Children>
std::optional<Instant> next_due(const Children& children) {
  std::optional<Instant> first;
  for (const RenewableChild& child : children)
    for (const auto& at : {child.expires, child.retires, child.rekeys})
      if (at && (!first || *at < *first)) first = at;
  return first;
}

}  // namespace sallyport::ike
