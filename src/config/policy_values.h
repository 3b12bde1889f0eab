// The values of policy in a configuration: addresses, proposals, selectors, identities.
#pragma once

#include <optional>
#include <vector>

#include "config/diagnostic.h"
#include "config/node.h"
#include "policy/connection.h"

namespace sallyport::config {

/// Empty stands for any address, if there are no names. What can only be a name goes into `names`.
std::optional<std::vector<policy::AddressRange>> read_addresses(const ConfigNode& node, Diagnostics& diagnostics,
                                                                std::vector<std::string>& names);
/// At least one. "default" stands for all of the default ones. Weak algorithms earn a warning each.
std::optional<std::vector<policy::Proposal>> read_proposals(const ConfigNode& node, policy::Protocol protocol,
                                                            Diagnostics& diagnostics);
/// At least one.
std::optional<policy::SelectorTemplates> read_selectors(const ConfigNode& node, Diagnostics& diagnostics);
std::optional<policy::Identity> read_identity(const ConfigNode& node, Diagnostics& diagnostics);
/// One identity, or an array of them.
std::vector<policy::Identity> read_identities(const ConfigNode& node, Diagnostics& diagnostics);

}  // namespace sallyport::config
