#include "policy/pad.h"

#include <algorithm>
#include <compare>
#include <iterator>

namespace sallyport::policy {
namespace {

bool is_pattern(const Identity& identity) { return identity.kind == Identity::Kind::any || has_wildcards(identity); }

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
  if (!is_pattern(side)) return false;
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

/// The best of several keys, which come in the order of their places.
class Best {
 public:
  Best(const Identity& local, const Identity& remote) : local_(local), remote_(remote) {}

  void consider(const SharedKey& key) {
    const auto fit = policy::fit(key, local_, remote_);
    if (!fit || (key_ != nullptr && *fit <= fit_)) return;
    key_ = &key;
    fit_ = *fit;
  }
  const SharedKey* key() const { return key_; }
  bool knows_remote() const { return fit_.remote; }

 private:
  const Identity& local_;
  const Identity& remote_;
  const SharedKey* key_ = nullptr;
  Fit fit_;
};

}  // namespace

void Pad::add(SharedKey key) {
  const auto [known, is_new] = by_name_.try_emplace(key.name, keys_.size());
  if (is_new) {
    keys_.push_back(std::move(key));
    index(keys_.size() - 1);
  } else {
    keys_[known->second] = std::move(key);
    rebuild_index();
  }
}

bool Pad::remove(std::string_view name) {
  const bool removed = std::erase_if(keys_, [&](const SharedKey& key) { return key.name == name; }) != 0;
  if (removed) rebuild_index();
  return removed;
}

void Pad::clear() {
  keys_.clear();
  rebuild_index();
}

void Pad::index(std::size_t place) {
  if (keys_[place].kind == SecretKind::ppk)
    for (const Identity& owner : keys_[place].owners) ppk_by_id_.try_emplace(std::string(as_text(owner.data)), place);
  if (keys_[place].kind != SecretKind::ike) return;
  bool patterns = false;
  for (const Identity& owner : keys_[place].owners) {
    if (is_pattern(owner)) {
      patterns = true;
    } else {
      by_owner_[lookup_key(owner)].push_back(place);
    }
  }
  if (patterns) with_patterns_.push_back(place);
}

void Pad::rebuild_index() {
  by_name_.clear();
  ppk_by_id_.clear();
  by_owner_.clear();
  with_patterns_.clear();
  for (std::size_t place = 0; place < keys_.size(); ++place) {
    by_name_.emplace(keys_[place].name, place);
    index(place);
  }
}

const SharedKey* Pad::find(const Identity& local, const Identity& remote) const {
  // A key that names the peer beats all that do not: those that may are looked at first, in the order of their places.
  if (!is_pattern(remote)) {
    const auto named = by_owner_.find(lookup_key(remote));
    std::vector<std::size_t> places;
    if (named == by_owner_.end()) {
      places = with_patterns_;
    } else {
      std::ranges::set_union(named->second, with_patterns_, std::back_inserter(places));
    }
    Best best(local, remote);
    for (const std::size_t place : places) best.consider(keys_[place]);
    if (best.knows_remote()) return best.key();
  }
  Best best(local, remote);
  for (const SharedKey& key : keys_)
    if (key.kind == SecretKind::ike) best.consider(key);
  return best.key();
}

const SharedKey* Pad::find_user(std::string_view user) const {
  for (const SharedKey& key : keys_) {
    if (key.kind != SecretKind::user) continue;
    for (const Identity& owner : key.owners)
      if (user_name(owner) == user) return &key;
  }
  return nullptr;
}

const SharedKey* Pad::find_ppk(const Identity& id) const {
  const auto found = ppk_by_id_.find(std::string(as_text(id.data)));
  return found == ppk_by_id_.end() ? nullptr : &keys_[found->second];
}

std::string user_name(const Identity& identity) {
  switch (identity.kind) {
    case Identity::Kind::fqdn:
    case Identity::Kind::user_fqdn:
    case Identity::Kind::key_id: return std::string(as_text(identity.data));
    case Identity::Kind::any:
    case Identity::Kind::null: return {};
    case Identity::Kind::ipv4:
    case Identity::Kind::ipv6:
    case Identity::Kind::dn: break;
  }
  return to_string(identity);
}

}  // namespace sallyport::policy
