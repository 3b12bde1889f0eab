// An IKE SA whose connection is configured with other children than it was: those that mean what they meant are not
// touched, the others are closed, and what was to be begun of them is begun as it is configured now. A child that is
// being negotiated comes up as it was offered (PendingChild::offered_by), and is closed then.
#include <algorithm>

#include "ike/v2/session.h"
#include "policy/changes.h"

namespace sallyport::ike::v2 {

using event::FailureKind;

void Ikev2Session::on_reconfigured(Instant now, Environment& env, policy::ConnectionPtr connection) {
  const auto changed = policy::changed_children(*sa_.connection, *connection);
  sa_.connection = std::move(connection);
  if (sa_.state == State::closing || sa_.state == State::closed) return;
  const bool wanted = !sa_.tasks.empty();
  std::erase_if(sa_.tasks, [&](const QueuedTask& queued) {
    const auto* create = std::get_if<CreateChild>(&queued.task);
    return create && !sa_.connection->find_child(create->request.child);
  });
  if (!sa_.established && !sa_.pending_child && wanted && sa_.tasks.empty())
    return close(now, env, FailureKind::reconfigured, true);  // there is nothing left that it was begun for
  sa_.any_exchange([&](const OwnExchange& each) {
    if (!each.pending_child || each.pending_child->task.replaces) return false;
    const std::string& child = each.pending_child->task.request.child;
    if (changed.contains(child) && sa_.connection->find_child(child)) want(CreateChild{.request = {child}});
    return false;
  });
  // What the peer is in the middle of making goes on as it is configured now, or not at all.
  drop_promised(env, [&](const FollowUp& each) {
    const auto* child = std::get_if<NewChild>(&each.made);
    return child && (changed.contains(child->spec.child) || !sa_.connection->find_child(child->spec.child));
  });
  for (FollowUp& each : sa_.promised)
    if (auto* child = std::get_if<NewChild>(&each.made)) child->config = sa_.connection->find_child(child->spec.child);
  std::vector<policy::ChildSaId> old;
  for (const ChildSa& child : sa_.children)
    if (changed.contains(child.name)) old.push_back(child.id);
  for (const auto id : old) close_child(now, env, id, FailureKind::reconfigured);
}

/// The Child SA that has just come up is of a child that has been configured otherwise meanwhile.
void Ikev2Session::close_if_outdated(Instant now, Environment& env, const PendingChild& pending) {
  const std::string& name = pending.task.request.child;
  if (pending.offered_by == sa_.connection ||
      !policy::changed_children(*pending.offered_by, *sa_.connection).contains(name))
    return;
  for (const ChildSa& child : sa_.children)
    if (child.spi_in == pending.spi_in) return close_child(now, env, child.id, FailureKind::reconfigured);
}

}  // namespace sallyport::ike::v2
