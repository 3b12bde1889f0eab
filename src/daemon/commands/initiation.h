// Initiation: follows the events of one connection while some of its children are to come up, or an IKE SA without any,
// and knows when they are, or why they will not be. Pure: it sees events and nothing else.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "event/event.h"

namespace sallyport::daemon {

class Initiation {
 public:
  Initiation(std::string connection, std::set<std::string> children)
      : connection_(std::move(connection)), missing_(std::move(children)), awaits_ike_sa_(missing_.empty()) {}

  void on_event(const event::Event& event);

  bool is_up() const { return missing_.empty() && !awaits_ike_sa_; }
  /// The first failure of what is wanted.
  const std::optional<event::Failure>& failure() const { return failure_; }
  bool ended() const { return is_up() || failure_; }

  /// When patience ends before the negotiation does: what is known so far, in one sentence.
  std::string so_far() const;

 private:
  void on_failure(const event::Failure& failure);

  std::string connection_;
  std::set<std::string> missing_;  // children
  bool awaits_ike_sa_;             // none of them was asked for
  std::optional<event::Failure> failure_;
  std::uint32_t sent_ = 0;  // messages, repetitions included
  std::string remote_;      // where they went
  std::string last_received_;
};

}  // namespace sallyport::daemon
