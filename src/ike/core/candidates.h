// Which connections a first message may be meant for, and who we are on one: by addresses, for nothing else is known
// yet.
#pragma once

#include <vector>

#include "policy/connection_table.h"

namespace sallyport::ike {

/// Those that speak to the pair of addresses, and not `other_version` alone; the narrowest first.
inline std::vector<policy::ConnectionPtr> connections_between(const policy::ConnectionTable& connections,
                                                              policy::IkeVersion other_version,
                                                              const policy::IpAddress& local,
                                                              const policy::IpAddress& remote) {
  return policy::members_of(connections.between(other_version, local, remote));
}

/// Who we are on this connection: as configured, or else our address.
inline policy::Identity identity_on(const policy::Connection& connection, const policy::Endpoint& local) {
  if (connection.local.id.kind != policy::Identity::Kind::any) return connection.local.id;
  return connection.local.method == policy::AuthMethod::null ? policy::Identity::null()
                                                             : policy::Identity::of(local.address);
}

}  // namespace sallyport::ike
