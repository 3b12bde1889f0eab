// What IKEv1 cannot do, or does at a price, although each key alone may say so: a pre-shared key that would have to be
// found by name, and Aggressive Mode with one. Warnings all: nothing is refused.
#pragma once

#include "config/diagnostic.h"
#include "policy/pad.h"

namespace sallyport::config {

/// Of connections that were read; `secrets` are complete.
void check_ikev1(const std::vector<policy::Connection>& connections, const policy::Pad& secrets,
                 Diagnostics& diagnostics);

}  // namespace sallyport::config
