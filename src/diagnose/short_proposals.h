// Proposals for a reader: IKEv1 offers each combination of algorithms as a transform of its own, and the list of them
// all hides what is meant.
#pragma once

#include <vector>

#include "policy/proposal.h"

namespace sallyport::diagnose {

/// The same in fewer: neighbours that differ in their sequence numbers alone become one.
std::vector<policy::Proposal> in_short(std::vector<policy::Proposal> proposals);

}  // namespace sallyport::diagnose
