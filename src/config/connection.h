// Connections out of a tree: the same code for files and for the control protocol's load-conn.
#pragma once

#include <optional>

#include "config/diagnostic.h"
#include "config/node.h"
#include "policy/connection.h"
#include "policy/shunt.h"

namespace sallyport::config {

struct ReadConnection {
  std::optional<policy::Connection> connection;  // nullopt: there is no child that needs a peer
  policy::PolicySettings policies;

  friend bool operator==(const ReadConnection&, const ReadConnection&) = default;
};

/// `section` bears the connection's name and holds swanctl's keys. nullopt after one or more errors; a connection may
/// have warnings all the same. Whether there is a secret for it is not looked at.
std::optional<ReadConnection> read_connection(const ConfigNode& section, Diagnostics& diagnostics);

}  // namespace sallyport::config
