// What a configuration may name only where the cryptographic library of this machine has it: it comes with the system,
// and may be older than what we know how to use.
#pragma once

#include <vector>

#include "config/diagnostic.h"
#include "crypto/provider.h"
#include "policy/connection.h"

namespace sallyport::daemon {

/// An error for each key exchange that is named and not there.
std::vector<config::Diagnostic> check_library(const policy::Connection& connection, const crypto::Provider& crypto);

}  // namespace sallyport::daemon
