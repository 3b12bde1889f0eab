// What differs between a connection as it was and as it is configured now, in the keys of the configuration: why
// loading restarts something, and where to look for it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "policy/connection.h"

namespace sallyport::policy {

struct Change {
  std::string key;    // "proposals", "local.id"; empty: the section
  Origin where;       // of the new value; empty file: not from a file
  bool gone = false;  // the key is not written any more; `where` is its old place

  friend bool operator==(const Change&, const Change&) = default;
};
using Changes = std::vector<Change>;

/// In the order of the keys in docs/configuration.md. What follows from another key that has changed (life_time from
/// rekey_time, close_action from keep) is not named unless it was written itself. Empty: they mean the same.
Changes changes(const Child& before, const Child& after);
/// Without those within children.
Changes changes(const Connection& before, const Connection& after);

/// Children of `before` that `after` lacks, or means otherwise.
std::set<std::string> changed_children(const Connection& before, const Connection& after);

/// "proposals at office.toml:7:16", "mobike, no longer at office.toml:9:10".
std::string to_string(const Change& change);

}  // namespace sallyport::policy
