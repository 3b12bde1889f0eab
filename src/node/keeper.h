// Keeper: the will to keep children up. It knows which are meant to be up (keep, start_action, close_action,
// dpd_action, keyingtries), when to try again after a failure, first soon, then less and less often, and which have
// gone down and wait for traffic. `keep` is for ever: it counts no tries, outlives whatever the peer does, and ends by
// hand alone.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "event/failure.h"
#include "policy/connection.h"

namespace sallyport::node {

class Keeper {
 public:
  /// Connection and child by name.
  using Target = std::pair<std::string, std::string>;

  /// `child` is to be up from now on, if its start action says so.
  void start(Instant now, const policy::Connection& connection, const policy::Child& child);
  /// It is being initiated by hand: kept up from now on, if that is configured.
  void on_initiated(const policy::Connection& connection, const policy::Child& child);
  /// No longer wanted: closed by hand, or gone from the configuration.
  void forget(std::string_view connection, std::string_view child);
  void forget_connection(std::string_view connection);
  void forget_all();

  void on_up(Instant now, const policy::Connection& connection, const policy::Child& child);
  /// An attempt came to nothing, or what was up has gone (`lost`). Decides whether and when to try again.
  void on_down(Instant now, RandomSource& random, const policy::Connection& connection, const policy::Child& child,
               event::FailureKind why, bool lost);

  /// Went down, and its next packet is to bring it up: close_action or dpd_action `trap`.
  bool waits_for_traffic(std::string_view connection, std::string_view child) const;
  /// Of which that may have changed since this was asked last.
  std::set<Target> take_traps_changed() { return std::exchange(traps_changed_, {}); }
  /// Kept on demand, its last tries have failed, and the next packet is not to begin another before this moment.
  std::optional<Instant> rests_until(Instant now, std::string_view connection, std::string_view child) const;
  /// What is waited for before a child is tried again; nullopt: it is up, being tried, or not wanted.
  struct Wait {
    Instant until;
    std::uint32_t failures = 0;  // in a row
  };
  std::optional<Wait> waits(std::string_view connection, std::string_view child) const;
  /// What is due to be initiated.
  std::vector<Target> pop_due(Instant now);
  std::optional<Instant> next_timeout() const;

 private:
  struct Wanted {
    std::optional<Instant> due = {};  // nullopt: up, or an attempt is under way
    std::uint32_t failures = 0;       // in a row
    std::optional<Instant> up = {};   // since
  };
  using WantedOnes = std::map<Target, Wanted>;
  void set_due(WantedOnes::value_type& wanted, std::optional<Instant> due);
  void want_no_more(const Target& target);

  WantedOnes wanted_;
  std::set<std::pair<Instant, Target>> due_;  // those of wanted_ that are
  std::map<Target, Wait> resting_;            // kept on demand, and failed
  std::set<Target> trapped_;                  // until they are up, or forgotten
  std::set<Target> traps_changed_;
};

}  // namespace sallyport::node
