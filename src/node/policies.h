// From connections to policies: which packets must be protected (RFC 4301 §4.4.1). A child's selectors are a policy
// from the moment that the configuration is loaded, whether an SA is up or not.
#pragma once

#include <optional>

#include "ike/core/environment.h"
#include "policy/child_sa.h"
#include "policy/shunt.h"

namespace sallyport::node {

/// Entries in the order of the connections and their children, which is not yet that in which they decide
/// (policy::put_in_order); one for each address family of a child. Ids are kept from `previous` where an entry is the
/// same but for its id; new ones count on from `next_id`. "dynamic" selectors stand for the configured addresses, ours
/// being the one that reaches the peer where none is configured. A child whose peer may be anybody makes no policy
/// here; a shunt's "dynamic" is any address then.
policy::Spd make_policies(const std::vector<policy::ConnectionPtr>& connections, const policy::PolicySettings& settings,
                          const ike::HostView& host, const policy::Spd& previous, std::uint32_t& next_id);

bool same_but_for_id(policy::SpdEntry a, const policy::SpdEntry& b);

/// The policy that an SA with a peer that nobody named in advance brings along; nullopt where `spd` covers it already.
std::optional<policy::SpdEntry> policy_of_sa(const policy::ChildSaSpec& spec, const policy::Spd& spd);

}  // namespace sallyport::node
