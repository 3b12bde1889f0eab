#include "node/keeper.h"

#include <algorithm>
#include <functional>

namespace sallyport::node {
namespace {

using event::FailureKind;

constexpr Duration kFirstWait = std::chrono::seconds(2);
constexpr Duration kLongestWait = std::chrono::minutes(5);
/// Somebody waits for an answer to the packet.
constexpr Duration kLongestRest = std::chrono::seconds(30);
/// What goes down sooner than this was hardly up: coming up counts as one more failure.
constexpr Duration kStable = std::chrono::minutes(1);

using policy::Keep;

/// By hand, or by another configuration. Whoever did that has said at once what is wanted from now on; that it is done
/// may be heard of much later, when something else is under way.
bool is_decided_already(FailureKind why) {
  return why == FailureKind::closed_by_user || why == FailureKind::reconfigured;
}

bool is_failed_attempt(FailureKind why, bool was_up) {
  return !was_up && why != FailureKind::replaced && why != FailureKind::closed_by_peer && why != FailureKind::expired;
}

/// Between half of it and all of it, so that many do not try at once.
Duration wait_after(std::uint32_t failures, Duration longest, RandomSource& random) {
  const Duration wait = std::min(longest, kFirstWait * (1 << std::min<std::uint32_t>(failures, 8)));
  return wait / 2 + Duration(static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(wait.count() / 2))));
}

}  // namespace

void Keeper::set_due(WantedOnes::value_type& wanted, std::optional<Instant> due) {
  if (wanted.second.due) due_.erase({*wanted.second.due, wanted.first});
  wanted.second.due = due;
  if (due) due_.emplace(*due, wanted.first);
}

void Keeper::want_no_more(const Target& target) {
  const auto found = wanted_.find(target);
  if (found == wanted_.end()) return;
  set_due(*found, std::nullopt);
  wanted_.erase(found);
}

void Keeper::start(Instant now, const policy::Connection& connection, const policy::Child& child) {
  if (child.start_action != policy::StartAction::start) return;
  const Target target{connection.name, child.name};
  want_no_more(target);
  set_due(*wanted_.try_emplace(target).first, now);
}

void Keeper::on_initiated(const policy::Connection& connection, const policy::Child& child) {
  const Target target{connection.name, child.name};
  resting_.erase(target);
  if (child.keep == Keep::up) wanted_.try_emplace(target);
}

void Keeper::forget(std::string_view connection, std::string_view child) {
  const Target target{std::string(connection), std::string(child)};
  want_no_more(target);
  resting_.erase(target);
  if (trapped_.erase(target) != 0) traps_changed_.insert(target);
}

void Keeper::forget_connection(std::string_view connection) {
  std::set<Target> found;
  const auto collect = [&](const auto& targets, auto name) {
    for (auto at = targets.lower_bound(Target(connection, "")); at != targets.end() && name(*at).first == connection;
         ++at)
      found.insert(name(*at));
  };
  const auto key = [](const auto& entry) -> const Target& { return entry.first; };
  collect(wanted_, key);
  collect(resting_, key);
  collect(trapped_, std::identity());
  for (const Target& target : found) forget(target.first, target.second);
}

void Keeper::forget_all() {
  wanted_.clear();
  due_.clear();
  resting_.clear();
  traps_changed_.merge(trapped_);
  trapped_.clear();
}

bool Keeper::waits_for_traffic(std::string_view connection, std::string_view child) const {
  return trapped_.contains({std::string(connection), std::string(child)});
}

std::optional<Instant> Keeper::rests_until(Instant now, std::string_view connection, std::string_view child) const {
  const auto found = resting_.find({std::string(connection), std::string(child)});
  return found == resting_.end() || found->second.until <= now ? std::nullopt : std::optional(found->second.until);
}

std::optional<Keeper::Wait> Keeper::waits(std::string_view connection, std::string_view child) const {
  const Target target{std::string(connection), std::string(child)};
  if (const auto wanted = wanted_.find(target); wanted != wanted_.end() && wanted->second.due)
    return Wait{*wanted->second.due, wanted->second.failures};
  if (const auto resting = resting_.find(target); resting != resting_.end()) return resting->second;
  return std::nullopt;
}

void Keeper::on_up(Instant now, const policy::Connection& connection, const policy::Child& child) {
  const Target target{connection.name, child.name};
  const bool kept = child.keep == Keep::up;
  const auto found = kept ? wanted_.try_emplace(target).first : wanted_.find(target);
  if (found != wanted_.end()) {
    const std::uint32_t failures = kept ? found->second.failures : 0;
    set_due(*found, std::nullopt);
    found->second = {.due = {}, .failures = failures, .up = found->second.up.value_or(now)};
  }
  resting_.erase(target);
  if (trapped_.erase(target) != 0) traps_changed_.insert(target);
}

void Keeper::on_down(Instant now, RandomSource& random, const policy::Connection& connection,
                     const policy::Child& child, FailureKind why, bool lost) {
  if (is_decided_already(why)) return;
  const Target target{connection.name, child.name};
  const bool for_ever = child.keep == Keep::up || child.keep == Keep::on_demand;
  const auto found = wanted_.find(target);
  const bool was_wanted = found != wanted_.end();
  const std::optional<Instant> since = was_wanted ? found->second.up : std::nullopt;
  const bool was_up = lost || since;
  const bool dead_peer = why == FailureKind::peer_unreachable || why == FailureKind::peer_restarted;
  const bool restart = was_wanted || (lost && (dead_peer ? child.dpd_action == policy::DpdAction::restart
                                                         : child.close_action == policy::StartAction::start));
  const bool trap = lost && (dead_peer ? child.dpd_action == policy::DpdAction::trap
                                       : child.close_action == policy::StartAction::trap);
  if (why == FailureKind::replaced && !for_ever) return forget(target.first, target.second);
  if (trap && trapped_.insert(target).second) traps_changed_.insert(target);
  if (child.keep == Keep::on_demand && is_failed_attempt(why, was_up)) {
    Wait& rest = resting_[target];
    rest.until = now + wait_after(rest.failures++, kLongestRest, random);
  }
  if (!restart) return want_no_more(target);

  WantedOnes::value_type& entry = *wanted_.try_emplace(target).first;
  Wanted& wanted = entry.second;
  wanted.up.reset();
  const bool was_stable = !for_ever || (since && now - *since >= kStable);
  if (was_up && was_stable) wanted.failures = 0;
  if (is_failed_attempt(why, was_up) || (was_up && !was_stable)) ++wanted.failures;
  if (!for_ever && wanted.failures >= connection.keyingtries && connection.keyingtries != 0)
    return forget(target.first, target.second);
  set_due(entry, now + wait_after(wanted.failures, kLongestWait, random));
}

std::vector<Keeper::Target> Keeper::pop_due(Instant now) {
  std::vector<Target> due;
  while (!due_.empty() && due_.begin()->first <= now) {
    due.push_back(due_.begin()->second);
    set_due(*wanted_.find(due.back()), std::nullopt);
  }
  return due;
}

std::optional<Instant> Keeper::next_timeout() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

}  // namespace sallyport::node
