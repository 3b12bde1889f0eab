#include "node/keeper.h"

#include <algorithm>

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

void Keeper::start(Instant now, const policy::Connection& connection, const policy::Child& child) {
  if (child.start_action == policy::StartAction::start) wanted_[{connection.name, child.name}] = {.due = now};
}

void Keeper::on_initiated(const policy::Connection& connection, const policy::Child& child) {
  const Target target{connection.name, child.name};
  resting_.erase(target);
  if (child.keep == Keep::up) wanted_.try_emplace(target);
}

void Keeper::forget(std::string_view connection, std::string_view child) {
  const Target target{std::string(connection), std::string(child)};
  wanted_.erase(target);
  resting_.erase(target);
  trapped_.erase(target);
}

void Keeper::forget_connection(std::string_view connection) {
  std::erase_if(wanted_, [&](const auto& entry) { return entry.first.first == connection; });
  std::erase_if(resting_, [&](const auto& entry) { return entry.first.first == connection; });
  std::erase_if(trapped_, [&](const Target& target) { return target.first == connection; });
}

void Keeper::forget_all() {
  wanted_.clear();
  resting_.clear();
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
    found->second = {.due = {}, .failures = failures, .up = found->second.up.value_or(now)};
  }
  resting_.erase(target);
  trapped_.erase(target);
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
  const bool dead_peer = why == FailureKind::peer_unreachable;
  const bool restart = was_wanted || (lost && (dead_peer ? child.dpd_action == policy::DpdAction::restart
                                                         : child.close_action == policy::StartAction::start));
  const bool trap = lost && (dead_peer ? child.dpd_action == policy::DpdAction::trap
                                       : child.close_action == policy::StartAction::trap);
  if (why == FailureKind::replaced && !for_ever) return forget(target.first, target.second);
  if (trap) trapped_.insert(target);
  if (child.keep == Keep::on_demand && is_failed_attempt(why, was_up)) {
    Wait& rest = resting_[target];
    rest.until = now + wait_after(rest.failures++, kLongestRest, random);
  }
  if (!restart) {
    wanted_.erase(target);
    return;
  }

  Wanted& wanted = wanted_[target];
  wanted.up.reset();
  const bool was_stable = !for_ever || (since && now - *since >= kStable);
  if (was_up && was_stable) wanted.failures = 0;
  if (is_failed_attempt(why, was_up) || (was_up && !was_stable)) ++wanted.failures;
  if (!for_ever && wanted.failures >= connection.keyingtries && connection.keyingtries != 0)
    return forget(target.first, target.second);
  wanted.due = now + wait_after(wanted.failures, kLongestWait, random);
}

std::vector<Keeper::Target> Keeper::pop_due(Instant now) {
  std::vector<Target> due;
  for (auto& [target, wanted] : wanted_)
    if (wanted.due && *wanted.due <= now) {
      due.push_back(target);
      wanted.due.reset();
    }
  return due;
}

std::optional<Instant> Keeper::next_timeout() const {
  std::optional<Instant> first;
  for (const auto& [target, wanted] : wanted_)
    if (wanted.due && (!first || *wanted.due < *first)) first = wanted.due;
  return first;
}

}  // namespace sallyport::node
