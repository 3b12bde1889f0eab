#include "node/keeper.h"

#include <algorithm>

namespace sallyport::node {
namespace {

using event::FailureKind;

constexpr Duration kFirstWait = std::chrono::seconds(2);
constexpr Duration kLongestWait = std::chrono::minutes(5);

/// What comes after an attempt that failed for this reason, or an SA that ended for it.
bool ends_for_good(FailureKind why) { return why == FailureKind::closed_by_user || why == FailureKind::replaced; }

bool is_failed_attempt(FailureKind why, bool was_up) {
  return !was_up && !ends_for_good(why) && why != FailureKind::closed_by_peer && why != FailureKind::expired;
}

}  // namespace

void Keeper::start(Instant now, const policy::Connection& connection, const policy::Child& child) {
  if (child.start_action == policy::StartAction::start) wanted_[{connection.name, child.name}] = {.due = now};
}

void Keeper::forget(std::string_view connection, std::string_view child) {
  wanted_.erase({std::string(connection), std::string(child)});
  trapped_.erase({std::string(connection), std::string(child)});
}

void Keeper::forget_connection(std::string_view connection) {
  std::erase_if(wanted_, [&](const auto& entry) { return entry.first.first == connection; });
  std::erase_if(trapped_, [&](const Target& target) { return target.first == connection; });
}

void Keeper::forget_all() {
  wanted_.clear();
  trapped_.clear();
}

bool Keeper::waits_for_traffic(std::string_view connection, std::string_view child) const {
  return trapped_.contains({std::string(connection), std::string(child)});
}

void Keeper::on_up(std::string_view connection, std::string_view child) {
  const auto found = wanted_.find({std::string(connection), std::string(child)});
  if (found != wanted_.end()) found->second = {.up = true};
  trapped_.erase({std::string(connection), std::string(child)});
}

void Keeper::on_down(Instant now, RandomSource& random, const policy::Connection& connection,
                     const policy::Child& child, FailureKind why, bool lost) {
  const Target target{connection.name, child.name};
  const auto found = wanted_.find(target);
  const bool was_wanted = found != wanted_.end();
  const bool was_up = lost || (was_wanted && found->second.up);
  const bool dead_peer = why == FailureKind::peer_unreachable;
  const bool restart = was_wanted || (lost && (dead_peer ? child.dpd_action == policy::DpdAction::restart
                                                         : child.close_action == policy::StartAction::start));
  const bool trap = lost && (dead_peer ? child.dpd_action == policy::DpdAction::trap
                                       : child.close_action == policy::StartAction::trap);
  if (ends_for_good(why)) return forget(target.first, target.second);
  if (trap) trapped_.insert(target);
  if (!restart) {
    wanted_.erase(target);
    return;
  }

  Wanted& wanted = wanted_[target];
  wanted.up = false;
  if (is_failed_attempt(why, was_up)) ++wanted.failures;
  if (wanted.failures >= connection.keyingtries && connection.keyingtries != 0)
    return forget(target.first, target.second);
  const auto doublings = std::min<std::uint32_t>(wanted.failures, 8);
  const Duration wait = std::min(kLongestWait, kFirstWait * (1 << doublings));
  wanted.due =
      now + wait / 2 + Duration(static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(wait.count() / 2))));
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
