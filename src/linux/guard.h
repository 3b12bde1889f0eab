// The guard: puts the packet filter of linux/guard_ruleset.h into the kernel, where it stays whatever becomes of this
// process, until somebody lifts it.
#pragma once

#include "linux/guard_ruleset.h"
#include "linux/system_error.h"

namespace sallyport::linux {

/// In one step; what was there of ours before is replaced. Without policies the guard is lifted.
/// After an error the old rules stand unchanged.
SystemResult<void> load_guard(const policy::Spd& spd, const GuardSettings& settings);
/// Takes the block away: what policies protected may pass in clear again. Nothing to take away is no error.
SystemResult<void> lift_guard(const Footprint& footprint);
/// The rules as they stand in the kernel, with their counters; empty when there are none.
SystemResult<std::string> loaded_guard(const Footprint& footprint);

/// What policies that bypass or discard have done since the guard was loaded last.
SystemResult<std::map<policy::PolicyId, PolicyTraffic>> loaded_policy_traffic(const Footprint& footprint);

}  // namespace sallyport::linux
