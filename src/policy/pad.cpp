#include "policy/pad.h"

#include <algorithm>
#include <compare>

namespace sallyport::policy {
namespace {

/// How well one side's identity is among a key's owners: 0 when it is not, or only because anybody is.
int best_match(const std::vector<Identity>& owners, const Identity& identity) {
  int best = 0;
  for (const Identity& owner : owners)
    if (matches(owner, identity)) best = std::max(best, specificity(owner));
  return best;
}

bool is_for_anybody(const SharedKey& key) {
  return key.owners.empty() || std::ranges::find(key.owners, Identity::any()) != key.owners.end();
}

/// Could somebody whom `side`, as a pattern, accepts be among a key's owners?
bool may_match(const std::vector<Identity>& owners, const Identity& side) {
  if (side.kind != Identity::Kind::any && !has_wildcards(side)) return false;
  return std::ranges::any_of(owners, [&](const Identity& owner) { return matches(side, owner); });
}

/// Compared from the first member to the last.
struct Fit {
  bool both = false;
  bool remote = false;
  bool local = false;
  bool anybody = false;
  bool perhaps = false;
  int specificity = 0;

  friend auto operator<=>(const Fit&, const Fit&) = default;
};

std::optional<Fit> fit(const SharedKey& key, const Identity& local, const Identity& remote) {
  const int local_match = best_match(key.owners, local);
  const int remote_match = best_match(key.owners, remote);
  const Fit fit{.both = local_match > 0 && remote_match > 0,
                .remote = remote_match > 0,
                .local = local_match > 0,
                .anybody = is_for_anybody(key),
                .perhaps = may_match(key.owners, local) || may_match(key.owners, remote),
                .specificity = local_match + remote_match};
  if (!fit.remote && !fit.local && !fit.anybody && !fit.perhaps) return std::nullopt;
  return fit;
}

}  // namespace

void Pad::add(SharedKey key) {
  const auto same = std::ranges::find(keys_, key.name, &SharedKey::name);
  if (same == keys_.end()) {
    keys_.push_back(std::move(key));
  } else {
    *same = std::move(key);
  }
}

bool Pad::remove(std::string_view name) {
  return std::erase_if(keys_, [&](const SharedKey& key) { return key.name == name; }) != 0;
}

const SharedKey* Pad::find(const Identity& local, const Identity& remote) const {
  const SharedKey* best = nullptr;
  Fit best_fit;
  for (const SharedKey& key : keys_) {
    const auto this_fit = fit(key, local, remote);
    if (!this_fit || (best != nullptr && *this_fit <= best_fit)) continue;
    best = &key;
    best_fit = *this_fit;
  }
  return best;
}

}  // namespace sallyport::policy
