// [pools.NAME]: where the inner addresses of clients come from, and what clients are told with them.
#pragma once

#include <optional>

#include "config/config.h"
#include "config/node.h"
#include "policy/network_config.h"

namespace sallyport::config {

/// nullopt: it has errors.
std::optional<policy::Pool> read_pool(const ConfigNode& section, Diagnostics& diagnostics);
/// Complains about connections that name a pool which is not there.
void check_pools(const Config& config, Diagnostics& diagnostics);

}  // namespace sallyport::config
