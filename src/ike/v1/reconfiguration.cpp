// An ISAKMP SA whose connection is configured with other children than it was: those that mean what they meant are not
// touched, the others are closed, and what was to be begun of them is begun as it is configured now.
#include <algorithm>

#include "ike/v1/session.h"
#include "policy/changes.h"

namespace sallyport::ike::v1 {

using event::FailureKind;

void Ikev1Session::on_reconfigured(Instant now, Environment& env, policy::ConnectionPtr connection) {
  const auto changed = policy::changed_children(*sa_.connection, *connection);
  sa_.connection = std::move(connection);
  std::set<std::string> again;
  std::erase_if(sa_.wanted, [&](const WantedChild& wanted) {
    if (!changed.contains(wanted.child)) return false;
    if (!wanted.renews) again.insert(wanted.child);
    return true;
  });
  std::erase_if(sa_.access.requests,
                [&](const ChildRequest& request) { return !sa_.connection->find_child(request.child); });
  for (Exchange& exchange : sa_.exchanges) {
    if (exchange.state != ExchangeState::quick_asked || !changed.contains(exchange.quick->child)) continue;
    if (exchange.renews.empty()) again.insert(exchange.quick->child);
    exchange.renews.clear();
    finish(now, env, exchange);  // what the peer makes of it, it takes back when no third message comes
  }
  std::vector<policy::ChildSaId> old;
  for (const ChildSa& child : sa_.children)
    if (changed.contains(child.name)) old.push_back(child.id);
  for (const auto id : old) close_child(now, env, id, FailureKind::reconfigured);
  for (const std::string& child : again) request_child(now, env, {child});
  arm_exchanges();
  arm_child_life();
}

}  // namespace sallyport::ike::v1
