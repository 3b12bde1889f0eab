#include "node/load_plan.h"

#include <string_view>
#include <unordered_map>

namespace sallyport::node {
namespace {

using ByName = std::unordered_map<std::string_view, const policy::Connection*>;

ByName by_name(const std::vector<policy::ConnectionPtr>& connections) {
  ByName all;
  for (const auto& each : connections) all.emplace(each->name, each.get());
  return all;
}

/// Of a connection whose IKE SAs go on.
void plan_children(LoadPlan& plan, const policy::Connection& before, const policy::Connection& after) {
  for (const policy::Child& child : after.children) {
    const policy::Child* const current = before.find_child(child.name);
    if (!current) {
      plan.added.push_back({after.name, child.name, {}});
    } else if (auto why = policy::changes(*current, child); !why.empty()) {
      plan.restarted.push_back({after.name, child.name, std::move(why)});
    }
  }
  for (const policy::Child& child : before.children)
    if (!after.find_child(child.name)) plan.removed.push_back({before.name, child.name, {}});
}

}  // namespace

LoadPlan plan_load(const std::vector<policy::ConnectionPtr>& before, const std::vector<policy::ConnectionPtr>& after) {
  LoadPlan plan;
  const ByName was = by_name(before), is = by_name(after);
  for (const auto& next : after) {
    const auto current = was.find(next->name);
    if (current == was.end()) {
      plan.added.push_back({next->name, {}, {}});
    } else if (current->second == next.get()) {
      plan.kept.push_back(next->name);
    } else if (auto why = policy::changes(*current->second, *next); !why.empty()) {
      plan.restarted.push_back({next->name, {}, std::move(why)});
    } else {
      plan.kept.push_back(next->name);
      plan_children(plan, *current->second, *next);
    }
  }
  for (const auto& current : before)
    if (!is.contains(current->name)) plan.removed.push_back({current->name, {}, {}});
  return plan;
}

}  // namespace sallyport::node
