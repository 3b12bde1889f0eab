// Who we are on a connection that a message may be meant for.
#pragma once

#include "policy/connection_table.h"

namespace sallyport::ike {

/// Who we are on this connection: as configured, or else our address.
inline policy::Identity identity_on(const policy::Connection& connection, const policy::Endpoint& local) {
  if (connection.local.id.kind != policy::Identity::Kind::any) return connection.local.id;
  return connection.local.method == policy::AuthMethod::null ? policy::Identity::null()
                                                             : policy::Identity::of(local.address);
}

}  // namespace sallyport::ike
