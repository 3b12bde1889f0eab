// Which connections a first message may be meant for, and who we are on one: by addresses, for nothing else is known
// yet.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "policy/connection.h"

namespace sallyport::ike {

/// How narrowly a connection's addresses describe this peer.
inline int address_rank(const policy::Connection& connection, const policy::IpAddress& local,
                        const policy::IpAddress& remote) {
  const auto rank = [](const std::vector<policy::AddressRange>& ranges, const policy::IpAddress& address) {
    for (const auto& range : ranges)
      if (range.contains(address)) return range.first == range.last ? 2 : 1;
    return 0;
  };
  return 3 * rank(connection.remote_addrs, remote) + rank(connection.local_addrs, local);
}

/// Those that speak to the pair of addresses, and not `other_version` alone; the narrowest first.
inline std::vector<policy::ConnectionPtr> connections_between(const std::vector<policy::ConnectionPtr>& connections,
                                                              policy::IkeVersion other_version,
                                                              const policy::IpAddress& local,
                                                              const policy::IpAddress& remote) {
  const auto rank = [&](const policy::ConnectionPtr& connection) { return address_rank(*connection, local, remote); };
  std::vector<policy::ConnectionPtr> found;
  for (const auto& connection : connections)
    if (connection->version != other_version && matches_addresses(*connection, local, remote))
      found.insert(std::ranges::upper_bound(found, rank(connection), std::greater<>(), rank), connection);
  return found;
}

/// Who we are on this connection: as configured, or else our address.
inline policy::Identity identity_on(const policy::Connection& connection, const policy::Endpoint& local) {
  return connection.local.id.kind == policy::Identity::Kind::any ? policy::Identity::of(local.address)
                                                                 : connection.local.id;
}

}  // namespace sallyport::ike
