// The inner addresses of an IKE SA: they come with IKE_AUTH, go over to its successor, and go with the last of them.
#include "ike/v2/configuration.h"
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {

using event::Side;

void Ikev2Session::apply_configuration(Environment& env, Step& step) {
  if (step.given) {
    const bool fresh = sa_.given != step.given;
    sa_.given = std::move(step.given);
    if (fresh) env.emit(event::NetworkConfigured{sa_.id, sa_.connection_name(), Side::remote, *sa_.given});
  }
  if (!step.received) return;
  sa_.received = std::move(step.received);
  env.memory.put_addresses(sa_.connection->name, sa_.received->addresses);
  for (const policy::IpAddress& address : sa_.received->addresses) env.outbox.push_back(AddAddress{address});
  env.emit(event::NetworkConfigured{sa_.id, sa_.connection_name(), Side::local, *sa_.received});
}

void Ikev2Session::inherit_configuration(Environment& env, IkeSa& predecessor) {
  sa_.received = std::exchange(predecessor.received, std::nullopt);
  sa_.given = std::exchange(predecessor.given, std::nullopt);
  if (!sa_.given) return;
  for (const policy::IpAddress& address : sa_.given->addresses)
    env.pools.share(address, lease_name(sa_.remote_id), sa_.id);
  env.pools.release(predecessor.id);
}

/// Closed, and its children gone.
void Ikev2Session::leave_network(Environment& env) {
  if (std::exchange(sa_.given, std::nullopt)) env.pools.release(sa_.id);
  const auto received = std::exchange(sa_.received, std::nullopt);
  if (!received) return;
  for (const policy::IpAddress& address : received->addresses) env.outbox.push_back(RemoveAddress{address});
}

}  // namespace sallyport::ike::v2
