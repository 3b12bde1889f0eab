#include "node/node.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace sallyport::node {
namespace {

using event::FailureKind;

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

/// Where it was written is no reason to restart a connection.
bool same_meaning(policy::Connection a, policy::Connection b) {
  for (policy::Connection* connection : {&a, &b}) {
    *connection = as_configured(std::move(*connection));
    connection->origins.clear();
    for (policy::Child& child : connection->children) child.origins.clear();
  }
  return a == b;
}

}  // namespace

std::string_view to_string(ConnectionStatus::State state) {
  switch (state) {
    case ConnectionStatus::State::up: return "up";
    case ConnectionStatus::State::connecting: return "connecting";
    case ConnectionStatus::State::on_demand: return "on-demand";
    case ConnectionStatus::State::down: break;
  }
  return "down";
}

Node::Node(const ike::Settings& settings, crypto::Provider& crypto, RandomSource& random, const ike::HostView& host)
    : random_(random), engine_(settings, crypto, random, host), policies_(host) {}

// ---- Configuration ----

LoadPlan Node::plan(const std::vector<policy::ConnectionPtr>& connections) const {
  return plan_load(this->connections(), connections);
}

void Node::load(Instant now, std::vector<policy::ConnectionPtr> connections, policy::Pad pad,
                std::vector<policy::Pool> pools, policy::PolicySettings policies) {
  const LoadPlan plan = this->plan(connections);
  const auto resumed = begun_here(plan.restarted);
  // What means the same is the same object: its SAs compare themselves with it.
  for (auto& next : connections)
    if (const auto current = find(next->name); current && same_meaning(*current, *next)) next = current;
  resolve(names_.load(now, connections));
  for (auto& next : connections)
    if (names_.has_names(next->name) && find(next->name) != next) next = addressed(*next);
  policies_.configure(connections, pools, std::move(policies));
  publish_policies();
  engine_.load(now, std::move(connections), std::move(pad), std::move(pools));  // closes what is otherwise now
  drain_engine(now);

  for (const auto* items : {&plan.removed, &plan.restarted})
    for (const LoadPlan::Item& item : *items) forget(item);
  for (const auto* items : {&plan.added, &plan.restarted})
    for (const LoadPlan::Item& item : *items) start(now, item);
  on_timeout(now);
  for (const auto& [connection, child] : resumed)
    if (const auto config = find(connection); config && config->find_child(child))
      try_to_initiate(now, connection, {child});
}

void Node::forget(const LoadPlan::Item& item) {
  if (item.child.empty()) {
    keeper_.forget_connection(item.connection);
    redirections_.erase(item.connection);
    std::erase_if(detours_, [&](const auto& detour) { return detour.connection == item.connection; });
  } else {
    keeper_.forget(item.connection, item.child);
  }
  last_failures_.erase(item.connection);
}

void Node::start(Instant now, const LoadPlan::Item& item) {
  const auto connection = find(item.connection);
  for (const policy::Child& child : connection->children)
    if (item.child.empty() || item.child == child.name) keeper_.start(now, *connection, child);
}

/// Children of these that are up on IKE SAs that we have begun.
std::vector<Keeper::Target> Node::begun_here(const std::vector<LoadPlan::Item>& items) const {
  std::set<Keeper::Target> up;
  for (const auto& sa : engine_.status())
    for (const auto& child : sa.children)
      if (sa.initiator) up.insert({sa.connection, child.name});
  std::vector<Keeper::Target> found;
  for (const LoadPlan::Item& item : items)
    for (auto at = up.lower_bound({item.connection, item.child}); at != up.end() && at->first == item.connection; ++at)
      if (item.child.empty() || item.child == at->second) found.push_back(*at);
  return found;
}

void Node::shut_down(Instant now) {
  shutting_down_ = true;
  keeper_.forget_all();
  for (const auto& sa : engine_.status()) engine_.terminate(now, sa.id);
  drain_engine(now);
}

void Node::publish_policies() {
  for (const auto& [connection, child] : keeper_.take_traps_changed())
    policies_.set_waiting(connection, child, keeper_.waits_for_traffic(connection, child));
  if (auto spd = policies_.publish()) effects_.emplace_back(SetPolicy{std::move(spd)});
}

// ---- Inputs ----

void Node::on_ike_datagram(Instant now, const ike::Datagram& datagram) {
  engine_.on_datagram(now, datagram);
  drain_engine(now);
}

void Node::on_need_sa(Instant now, policy::PolicyId id, const policy::TrafficSelector& source,
                      const policy::TrafficSelector& destination) {
  const policy::SpdEntry* entry = policies_.find(id);
  if (!entry || shutting_down_) return;
  const auto connection = find(entry->connection);
  if (!connection) return;
  // Where others are up, a client that is not is not to be called.
  const bool wanted = entry->on_demand || (connection->pools.empty() && is_up(entry->connection, entry->child));
  if (!wanted || keeper_.rests_until(now, entry->connection, entry->child)) return;
  effects_.emplace_back(ike::Notice{event::Acquired{entry->connection, entry->child, source, destination}});
  try_to_initiate(now, connection->name, {entry->child, source, destination});
}

/// Nobody waits for the answer: what cannot even begin counts as an attempt that failed.
void Node::try_to_initiate(Instant now, const std::string& connection, const ike::ChildRequest& request) {
  const auto begun = begin(now, connection, request);
  drain_engine(now);
  if (!begun)
    on_down(now, {.kind = FailureKind::system_refused, .connection = connection, .child = request.child}, false);
}

void Node::on_peer_moved(Instant now, policy::ChildSaId id, const policy::Endpoint& remote) {
  engine_.on_peer_moved(now, id, remote);
  drain_engine(now);
}

void Node::on_stray_packet(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                           std::uint32_t spi) {
  engine_.on_stray_packet(now, local, remote, spi);
  drain_engine(now);
}

void Node::on_addresses_changed(Instant now) {
  engine_.on_addresses_changed(now);
  drain_engine(now);
}

void Node::on_child_runs_low(Instant now, policy::ChildSaId id) {
  engine_.rekey(now, id);
  drain_engine(now);
}

void Node::on_child_exhausted(Instant now, policy::ChildSaId id) {
  engine_.terminate(now, id, FailureKind::expired);
  drain_engine(now);
}

void Node::on_timeout(Instant now) {
  take_in_names(now);
  engine_.on_timeout(now);
  drain_engine(now);
  for (const auto& [connection, child] : keeper_.pop_due(now)) try_to_initiate(now, connection, {child});
}

std::optional<Instant> Node::next_timeout() const {
  const auto engine = engine_.next_timeout();
  std::optional<Instant> first = names_due_;
  for (const auto& due : {engine, keeper_.next_timeout()})
    if (due && (!first || *due < *first)) first = due;
  return first;
}

/// Policies that nothing waits for are published once for all that happened.
std::optional<Effect> Node::poll_effect() {
  if (effects_.empty()) publish_policies();
  if (effects_.empty()) return std::nullopt;
  Effect effect = std::move(effects_.front());
  effects_.pop_front();
  return effect;
}

// ---- Commands ----

std::expected<void, Node::InitiateError> Node::initiate(Instant now, std::string_view connection,
                                                        std::string_view child) {
  const auto named = find(connection);
  const auto each = [&](auto action) {
    if (!named) return;
    for (const policy::Child& one : named->children)
      if (child.empty() || one.name == child) action(one);
  };
  each([&](const policy::Child& one) { keeper_.on_initiated(*named, one); });
  auto result = begin(now, connection, {std::string(child)});
  drain_engine(now);
  if (!result)
    each([&](const policy::Child& one) {
      if (one.keep == policy::Keep::up)
        on_down(now, {.kind = FailureKind::system_refused, .connection = named->name, .child = one.name}, false);
    });
  return result;
}

std::size_t Node::terminate(Instant now, std::string_view connection, std::string_view child) {
  std::size_t matches = 0;
  for (const auto& sa : connection.empty() ? engine_.status() : engine_.status(connection)) {
    if (sa.state == ike::IkeSaStatus::State::closing && sa.children.empty()) continue;
    if (child.empty()) {
      matches += engine_.terminate(now, sa.id);
      continue;
    }
    for (const auto& child_sa : sa.children)
      if (child_sa.name == child && child_sa.state != ike::ChildSaStatus::State::deleted)
        matches += engine_.terminate(now, child_sa.id);
  }
  const auto named = connection.empty() ? connections() : std::vector{find(connection)};
  for (const auto& configured : named) {
    if (!configured) continue;
    for (const policy::Child& each : configured->children)
      if (child.empty() || each.name == child) keeper_.forget(configured->name, each.name);
    matches += give_up_names(now, configured->name, child);
    if (child.empty()) engine_.forget_password(configured->name);
  }
  drain_engine(now);
  return matches;
}

bool Node::rekey(Instant now, policy::IkeSaId id) {
  const bool done = engine_.rekey(now, id);
  drain_engine(now);
  return done;
}

bool Node::redirect(Instant now, policy::IkeSaId id, const policy::GatewayId& gateway) {
  const bool done = engine_.redirect(now, id, gateway);
  drain_engine(now);
  return done;
}

bool Node::reauthenticate(Instant now, policy::IkeSaId id) {
  const bool done = engine_.reauthenticate(now, id);
  drain_engine(now);
  return done;
}

bool Node::rekey(Instant now, policy::ChildSaId id) {
  const bool done = engine_.rekey(now, id);
  drain_engine(now);
  return done;
}

bool Node::terminate(Instant now, policy::IkeSaId id) {
  const auto sa = engine_.status(id);
  const auto connection = sa ? find(sa->connection) : nullptr;
  std::vector<policy::ChildSaId> closed;
  if (sa)
    for (const auto& child : sa->children) closed.push_back(child.id);
  if (connection)
    for (const policy::Child& child : connection->children) forget_wish({connection->name, child.name}, closed);
  const bool done = engine_.terminate(now, id);
  drain_engine(now);
  return done;
}

bool Node::terminate(Instant now, policy::ChildSaId id) {
  if (const auto child = installed_.find(id); child != installed_.end()) forget_wish(child->second, {&id, 1});
  const bool done = engine_.terminate(now, id);
  drain_engine(now);
  return done;
}

/// These are closed by hand. A child that other SAs are there for is wanted as before.
void Node::forget_wish(const Keeper::Target& target, std::span<const policy::ChildSaId> closed) {
  const auto up = up_.find(target);
  const auto goes = static_cast<std::size_t>(std::ranges::count_if(closed, [&](policy::ChildSaId id) {
    const auto sa = installed_.find(id);
    return sa != installed_.end() && sa->second == target;
  }));
  if (up == up_.end() || up->second == goes) keeper_.forget(target.first, target.second);
}

// ---- Outputs of the engine ----

void Node::drain_engine(Instant now) {
  while (auto output = engine_.poll_output()) {
    std::visit(Overloaded{[&](ike::InstallChildSa& install) {
                            const policy::ChildSaSpec& spec = install.spec;
                            const Keeper::Target target{spec.connection, spec.child};
                            if (installed_.emplace(spec.id, target).second) ++up_[target];
                            policies_.on_installed(spec);
                            publish_policies();
                            effects_.emplace_back(std::move(install));
                          },
                          [&](ike::RemoveChildSa& remove) {
                            if (const auto gone = installed_.extract(remove.id); !gone.empty())
                              if (const auto up = up_.find(gone.mapped()); --up->second == 0) up_.erase(up);
                            policies_.on_removed(remove.id);
                            effects_.emplace_back(remove);
                          },
                          [&](ike::AddAddress& add) {
                            if (policies_.on_address(add.address)) effects_.emplace_back(add);
                          },
                          [&](ike::RemoveAddress& remove) {
                            if (policies_.on_address_gone(remove.address)) effects_.emplace_back(remove);
                          },
                          [&](ike::Notice& notice) {
                            on_event(now, notice.event);
                            effects_.emplace_back(std::move(notice));
                          },
                          [&](auto& other) { effects_.emplace_back(std::move(other)); }},
               *output);
  }
}

void Node::on_event(Instant now, const event::Event& event) {
  std::visit(Overloaded{[&](const event::ChildSaInstalled& up) { on_up(now, up.connection, up.child); },
                        [&](const event::ChildSaRemoved& down) { on_down(now, down.why, true); },
                        [&](const event::Redirected& redirected) { on_redirected(now, redirected); },
                        [&](const event::NegotiationFailed& failed) {
                          on_down(now, failed.failure, false);
                          if (failed.failure.kind == FailureKind::no_matching_connection) resolve(names_.doubt(now));
                        },
                        [](const auto&) {}},
             event);
}

void Node::on_up(Instant now, const std::string& name, const std::string& child_name) {
  const auto connection = find(name);
  const policy::Child* child = connection ? connection->find_child(child_name) : nullptr;
  if (!child) return;
  keeper_.on_up(now, *connection, *child);
  const bool waits_for_others = std::ranges::any_of(
      connection->children, [&](const policy::Child& other) { return keeper_.waits(name, other.name).has_value(); });
  if (!waits_for_others) last_failures_.erase(name);
}

/// A child went down (`lost`), or did not come up; without a child's name, none of the connection's did.
void Node::on_down(Instant now, const event::Failure& why, bool lost) {
  const auto connection = find(why.connection);
  if (!connection || shutting_down_ || why.kind == FailureKind::redirected) return;  // that goes on elsewhere
  for (const policy::Child& child : connection->children) {
    if (!why.child.empty() && child.name != why.child) continue;
    if (is_up(connection->name, child.name)) continue;  // another SA of it is there
    last_failures_[connection->name] = why;
    keeper_.on_down(now, random_, *connection, child, why.kind, lost);
  }
}

// ---- What there is to see ----

bool Node::is_up(std::string_view connection, std::string_view child) const {
  return up_.contains(Keeper::Target(connection, child));
}

ConnectionStatus Node::status_of(const policy::ConnectionPtr& connection, std::vector<ike::IkeSaStatus> sas) const {
  ConnectionStatus status{.connection = connection,
                          .names = names_.status(connection->name),
                          .awaits_names = names_.is_awaited(connection->name),
                          .ike_sas = std::move(sas)};
  const bool up = std::ranges::any_of(status.ike_sas, [&](const auto& sa) {
    return !sa.children.empty() || (connection->children.empty() && sa.state == ike::IkeSaStatus::State::established);
  });
  const bool connecting =
      std::ranges::any_of(status.ike_sas, [](const auto& sa) { return sa.state != ike::IkeSaStatus::State::closing; });
  const bool on_demand = std::ranges::any_of(connection->children, [&](const policy::Child& child) {
    return child.start_action == policy::StartAction::trap || keeper_.waits_for_traffic(connection->name, child.name);
  });
  status.state = up                                  ? ConnectionStatus::State::up
                 : connecting || status.awaits_names ? ConnectionStatus::State::connecting
                 : on_demand                         ? ConnectionStatus::State::on_demand
                                                     : ConnectionStatus::State::down;
  for (const policy::Child& child : connection->children)
    if (const auto wait = keeper_.waits(connection->name, child.name))
      status.waiting.push_back({child.name, wait->until, wait->failures});
  const auto why = last_failures_.find(connection->name);
  if ((!up || !status.waiting.empty()) && why != last_failures_.end()) status.why = why->second;
  return status;
}

std::vector<ConnectionStatus> Node::status() const {
  std::unordered_map<std::string, std::vector<ike::IkeSaStatus>> sas;
  for (auto& sa : engine_.status()) sas[sa.connection].push_back(std::move(sa));
  std::vector<ConnectionStatus> all;
  for (const auto& connection : connections()) {
    const auto its = sas.find(connection->name);
    all.push_back(status_of(connection, its == sas.end() ? std::vector<ike::IkeSaStatus>() : std::move(its->second)));
  }
  return all;
}

std::optional<ConnectionStatus> Node::status(std::string_view connection) const {
  const auto configured = find(connection);
  if (!configured) return std::nullopt;
  return status_of(configured, engine_.status(connection));
}

}  // namespace sallyport::node
