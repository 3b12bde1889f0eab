#include "daemon/commands/initiation.h"

#include <fmt/format.h>

#include "diagnose/event_text.h"

namespace sallyport::daemon {

void Initiation::on_event(const event::Event& event) {
  if (ended() || diagnose::connection_of(event) != connection_) return;
  if (const auto* logged = std::get_if<event::MessageLogged>(&event)) {
    if (logged->direction == event::Direction::sent) {
      ++sent_;
      remote_ = to_string(logged->message.remote);
    } else {
      last_received_ = logged->message.exchange;
    }
  } else if (std::holds_alternative<event::Retransmitted>(event)) {
    ++sent_;
  } else if (const auto* installed = std::get_if<event::ChildSaInstalled>(&event)) {
    missing_.erase(installed->child);
  } else if (std::holds_alternative<event::IkeSaEstablished>(event)) {
    awaits_ike_sa_ = false;
  } else if (const auto* failed = std::get_if<event::NegotiationFailed>(&event)) {
    on_failure(failed->failure);
  } else if (const auto* closed = std::get_if<event::IkeSaClosed>(&event)) {
    // Another one takes its place: what is wanted goes on there.
    const bool goes_on = closed->why.kind == event::FailureKind::replaced ||
                         closed->why.kind == event::FailureKind::rekeyed ||
                         closed->why.kind == event::FailureKind::redirected;
    if (!goes_on) on_failure(closed->why);
  }
}

void Initiation::on_failure(const event::Failure& failure) {
  if (failure.child.empty() || missing_.contains(failure.child)) failure_ = failure;
}

std::string Initiation::so_far() const {
  if (sent_ == 0) return "nothing has been sent yet: another negotiation of this connection is under way";
  if (last_received_.empty())
    return fmt::format("no answer from {} yet; {} message{} sent", remote_, sent_, sent_ == 1 ? "" : "s");
  return fmt::format("still negotiating with {}, which last answered {}; {} message{} sent", remote_, last_received_,
                     sent_, sent_ == 1 ? "" : "s");
}

}  // namespace sallyport::daemon
