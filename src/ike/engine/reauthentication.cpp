#include "ike/engine/reauthentication.h"

#include <algorithm>

namespace sallyport::ike {
namespace {

bool is_used(const ChildSaStatus& child) { return child.state == ChildSaStatus::State::installed; }

/// The peer's own in the place of what `made` replaces.
const Kin* find_rival(const Kin& made, const std::vector<Kin>& others) {
  const auto rival = std::ranges::find_if(others, [&](const Kin& other) {
    return !other.facts.began_lineage && other.facts.lineage > *made.facts.reauthenticates &&
           other.facts.lineage != made.facts.lineage && !other.facts.leaving && same_place(other.status, made.status);
  });
  return rival == others.end() ? nullptr : &*rival;
}

}  // namespace

bool same_place(const IkeSaStatus& a, const IkeSaStatus& b) {
  return a.remote.address == b.remote.address && (a.remote.port == b.remote.port || !a.nat_remote || !b.nat_remote);
}

bool covers_children_of(const IkeSaStatus& winner, const IkeSaStatus& loser) {
  return std::ranges::all_of(loser.children, [&](const ChildSaStatus& child) {
    return !is_used(child) || std::ranges::any_of(winner.children, [&](const ChildSaStatus& other) {
      return is_used(other) && other.name == child.name && other.local_ts == child.local_ts &&
             other.remote_ts == child.remote_ts;
    });
  });
}

bool is_replaced(const Kin& old, const std::vector<Kin>& others) {
  return std::ranges::any_of(others, [&](const Kin& other) {
    return other.facts.lineage > old.facts.lineage && !other.facts.leaving && same_place(other.status, old.status) &&
           covers_children_of(other.status, old.status);
  });
}

Farewell bid_farewell(const Kin& made, const std::vector<Kin>& others) {
  const Kin* rival = find_rival(made, others);
  if (rival && made.facts.lineage_spi < rival->facts.lineage_spi) {
    if (!covers_children_of(rival->status, made.status)) return {};
    return {rival->facts.id, {made.facts.id}};
  }
  Farewell farewell;
  for (const Kin& other : others)
    if (other.facts.lineage == *made.facts.reauthenticates && !other.facts.leaving)
      farewell.leaving.push_back(other.facts.id);
  if (rival || !farewell.leaving.empty()) farewell.heir = made.facts.id;
  return farewell;
}

}  // namespace sallyport::ike
