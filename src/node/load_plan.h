// LoadPlan: what loading another configuration does to what there is, and why. Made by comparison alone, so that a dry
// run and the real thing cannot differ.
#pragma once

#include <string>
#include <vector>

#include "policy/changes.h"

namespace sallyport::node {

struct LoadPlan {
  /// A connection; with `child` that child of it alone.
  struct Item {
    std::string connection, child;
    policy::Changes why;  // of what is restarted

    /// "office", "office/lan".
    std::string name() const { return child.empty() ? connection : connection + "/" + child; }
  };
  std::vector<Item> added, removed, restarted;
  /// Connections whose IKE SAs go on. Children of theirs may be among the others.
  std::vector<std::string> kept;
};

LoadPlan plan_load(const std::vector<policy::ConnectionPtr>& before, const std::vector<policy::ConnectionPtr>& after);

}  // namespace sallyport::node
