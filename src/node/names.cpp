// Node, as far as it waits for names: an IKE SA that is begun with a peer that has one begins when its address is
// known.
#include <algorithm>
#include <set>

#include "node/node.h"

namespace sallyport::node {
namespace {

/// After answers that were taken in so lately, others are collected: with thousands of names they come one by one, and
/// taking them in looks at all connections.
constexpr Duration kCollect = std::chrono::milliseconds(200);

bool is_host(const policy::AddressRange& range) { return range.first == range.last && !range.first.is_unspecified(); }

/// What was known before stays while an IKE SA is there: its traffic is still protected, wherever it goes.
std::vector<policy::IpAddress> with_former(std::vector<policy::IpAddress> addresses,
                                           const std::vector<policy::AddressRange>& list, std::size_t resolved) {
  for (std::size_t i = 0; i < resolved; ++i)
    if (is_host(list[i]) && std::ranges::find(addresses, list[i].first) == addresses.end())
      addresses.push_back(list[i].first);
  return addresses;
}

}  // namespace

/// Whose peer has a name waits until that is looked up, unless there is an IKE SA with it already, or no such child.
std::expected<void, Node::InitiateError> Node::begin(Instant now, std::string_view connection,
                                                     ike::ChildRequest request) {
  const auto named = find(connection);
  if (!names_.has_names(connection) || engine_.has_session(connection) ||
      (!request.child.empty() && !named->find_child(request.child)))
    return engine_.initiate(now, connection, std::move(request));
  resolve(names_.wait(connection, std::move(request)));
  return {};
}

void Node::resolve(std::vector<std::string> names) {
  for (std::string& name : names) effects_.emplace_back(ResolveName{std::move(name)});
}

void Node::on_resolved(Instant now, std::string_view name, NameAnswer answer) {
  if (shutting_down_) return;
  follow_names(now, name, answer);
  for (NameBook::Ready& ready : names_.answer(name, std::move(answer))) named_.push_back(std::move(ready));
  if (!named_.empty() && !names_due_) names_due_ = std::max(now, names_taken_in_ + kCollect);
  take_in_names(now);
}

/// With what its names stand for by now.
policy::ConnectionPtr Node::addressed(const policy::Connection& connection) const {
  auto local = names_.local_addresses(connection.name), remote = names_.remote_addresses(connection.name);
  const auto before = find(connection.name);
  if (before && before->local_names == connection.local_names && before->remote_names == connection.remote_names &&
      engine_.has_session(connection.name)) {
    local = with_former(std::move(local), before->local_addrs, before->local_resolved);
    remote = with_former(std::move(remote), before->remote_addrs, before->remote_resolved);
  }
  return with_addresses(connection, local, remote);
}

/// Addresses first, for all of them at once, then what waited for them.
void Node::take_in_names(Instant now) {
  if (!names_due_ || *names_due_ > now) return;
  names_due_.reset();
  names_taken_in_ = now;
  const auto ready = std::exchange(named_, {});
  std::set<std::string_view> affected;
  for (const NameBook::Ready& each : ready) affected.insert(each.connection);
  auto all = connections();
  bool changed = false;
  for (policy::ConnectionPtr& current : all) {
    if (!affected.contains(current->name)) continue;
    auto next = addressed(*current);
    if (*next == *current) continue;
    current = std::move(next);
    changed = true;
  }
  if (changed) {
    policies_.configure(all);
    publish_policies();
    engine_.replace(now, std::move(all));
    drain_engine(now);
  }
  for (const NameBook::Ready& each : ready) go_on(now, each);
  drain_engine(now);
}

void Node::go_on(Instant now, const NameBook::Ready& ready) {
  const auto connection = find(ready.connection);
  if (!connection) return;
  const bool nowhere = connection->remote_addrs.empty() || !is_host(connection->remote_addrs.front()) ||
                       (!connection->local_addrs.empty() && connection->local_addrs.front().first.is_unspecified() &&
                        connection->local_resolved != 0);
  for (const ike::ChildRequest& request : ready.waiting) {
    event::Failure why{.connection = ready.connection, .child = request.child};
    if (!nowhere) {
      const auto begun = engine_.initiate(now, ready.connection, request);
      drain_engine(now);
      if (begun) continue;
      why.kind = event::FailureKind::system_refused;
    } else if (const NameStatus* missing = names_.missing(ready.connection)) {
      why.kind = event::FailureKind::name_unresolved;
      why.name = missing->name;
      why.message = missing->answer.error;
    }
    fail(now, std::move(why));
  }
}

/// What waited for a name comes to nothing, and whoever follows events hears of it.
void Node::fail(Instant now, event::Failure why) {
  const event::Event failed = event::NegotiationFailed{{}, std::move(why)};
  on_event(now, failed);
  effects_.emplace_back(ike::Notice{failed});
}

/// By hand: what of the connection waits for its names waits no more.
std::size_t Node::give_up_names(Instant now, const std::string& connection, std::string_view child) {
  std::size_t waited = names_.forget(connection, child);
  waited += std::erase_if(detours_, [&](const auto& detour) { return detour.connection == connection; });
  if (waited != 0)
    fail(now, {.kind = event::FailureKind::closed_by_user, .connection = connection, .child = std::string(child)});
  return waited;
}

}  // namespace sallyport::node
