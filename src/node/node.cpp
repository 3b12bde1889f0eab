#include "node/node.h"

#include <algorithm>
#include <set>

#include "node/policies.h"

namespace sallyport::node {
namespace {

using event::FailureKind;

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

policy::ConnectionPtr find_in(const std::vector<policy::ConnectionPtr>& connections, std::string_view name) {
  const auto found =
      std::ranges::find_if(connections, [&](const auto& connection) { return connection->name == name; });
  return found == connections.end() ? nullptr : *found;
}

/// Where it was written is no reason to restart a connection.
bool same_meaning(policy::Connection a, policy::Connection b) {
  for (policy::Connection* connection : {&a, &b}) {
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
    : random_(random),
      host_(host),
      engine_(settings, crypto, random, host),
      spd_(std::make_shared<const policy::Spd>()) {}

// ---- Configuration ----

LoadPlan Node::plan(const std::vector<policy::ConnectionPtr>& connections) const {
  return plan_load(connections_, connections);
}

void Node::load(Instant now, std::vector<policy::ConnectionPtr> connections, policy::Pad pad,
                std::vector<policy::Pool> pools, policy::PolicySettings policies) {
  const LoadPlan plan = this->plan(connections);
  const auto resumed = begun_here(plan.restarted);
  // What means the same is the same object: its SAs compare themselves with it.
  for (auto& next : connections)
    if (const auto current = find(next->name); current && same_meaning(*current, *next)) next = current;
  connections_ = connections;
  policy_settings_ = std::move(policies);
  configured_ = make_policies(connections_, policy_settings_, host_, configured_, next_policy_);
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
  if (item.child.empty())
    keeper_.forget_connection(item.connection);
  else
    keeper_.forget(item.connection, item.child);
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

/// Those of the configuration, and those that SAs bring along, which last as long as one SA needs them, be it a renewed
/// one, or as long as the inner address that they are for.
void Node::publish_policies() {
  auto spd = std::make_shared<policy::Spd>(configured_);
  for (policy::SpdEntry& entry : spd->entries)
    entry.on_demand |= keeper_.waits_for_traffic(entry.connection, entry.child);
  const auto add = [&](const policy::SpdEntry& entry) {
    if (std::ranges::find(spd->entries, entry) == spd->entries.end()) spd->entries.push_back(entry);
  };
  for (const auto& [id, entry] : of_sas_) add(entry);
  for (const policy::SpdEntry& entry : of_addresses_) add(entry);
  policy::put_in_order(spd->entries);
  if (spd->entries == spd_->entries) return;
  spd_ = std::move(spd);
  effects_.emplace_back(SetPolicy{spd_});
}

/// Is it for an inner address that we still have? Then nothing of it may leave in clear, be there an SA or not.
bool Node::is_of_inner_address(const policy::SpdEntry& entry) const {
  return std::ranges::any_of(own_addresses_, [&](const auto& own) {
    return entry.local_ts.front().addresses == policy::AddressRange::host(own.first);
  });
}

// ---- Inputs ----

void Node::on_ike_datagram(Instant now, const ike::Datagram& datagram) {
  engine_.on_datagram(now, datagram);
  drain_engine(now);
}

void Node::on_need_sa(Instant now, policy::PolicyId id, const policy::TrafficSelector& source,
                      const policy::TrafficSelector& destination) {
  const auto entry = std::ranges::find(spd_->entries, id, &policy::SpdEntry::id);
  if (entry == spd_->entries.end() || shutting_down_) return;
  const auto connection = find(entry->connection);
  const bool wanted = entry->on_demand || is_up(entry->connection, entry->child);
  if (!connection || !wanted || keeper_.rests_until(now, entry->connection, entry->child)) return;
  effects_.emplace_back(ike::Notice{event::Acquired{entry->connection, entry->child, source, destination}});
  try_to_initiate(now, entry->connection, {entry->child, source, destination});
}

/// Nobody waits for the answer: what cannot even begin counts as an attempt that failed.
void Node::try_to_initiate(Instant now, const std::string& connection, const ike::ChildRequest& request) {
  const auto begun = engine_.initiate(now, connection, request);
  drain_engine(now);
  if (!begun)
    on_down(now, {.kind = FailureKind::system_refused, .connection = connection, .child = request.child}, false);
}

void Node::on_peer_moved(Instant now, policy::ChildSaId id, const policy::Endpoint& remote) {
  engine_.on_peer_moved(now, id, remote);
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
  engine_.on_timeout(now);
  drain_engine(now);
  for (const auto& [connection, child] : keeper_.pop_due(now)) try_to_initiate(now, connection, {child});
}

std::optional<Instant> Node::next_timeout() const {
  const auto engine = engine_.next_timeout();
  const auto keeper = keeper_.next_timeout();
  return !engine ? keeper : !keeper ? engine : std::min(*engine, *keeper);
}

std::optional<Effect> Node::poll_effect() {
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
  auto result = engine_.initiate(now, connection, {std::string(child)});
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
  for (const auto& sa : engine_.status()) {
    if (!connection.empty() && sa.connection != connection) continue;
    if (sa.state == ike::IkeSaStatus::State::closing && sa.children.empty()) continue;
    if (child.empty()) {
      matches += engine_.terminate(now, sa.id);
      continue;
    }
    for (const auto& child_sa : sa.children)
      if (child_sa.name == child && child_sa.state != ike::ChildSaStatus::State::deleted)
        matches += engine_.terminate(now, child_sa.id);
  }
  for (const auto& configured : connections_)
    if (connection.empty() || configured->name == connection)
      for (const policy::Child& each : configured->children)
        if (child.empty() || each.name == child) keeper_.forget(configured->name, each.name);
  if (child.empty())
    for (const auto& configured : connections_)
      if (connection.empty() || configured->name == connection) engine_.forget_password(configured->name);
  drain_engine(now);
  publish_policies();
  return matches;
}

bool Node::rekey(Instant now, policy::IkeSaId id) {
  const bool done = engine_.rekey(now, id);
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
  const bool stays = std::ranges::any_of(installed_, [&](const auto& sa) {
    return sa.second == target && std::ranges::find(closed, sa.first) == closed.end();
  });
  if (!stays) keeper_.forget(target.first, target.second);
}

// ---- Outputs of the engine ----

void Node::drain_engine(Instant now) {
  while (auto output = engine_.poll_output()) {
    std::visit(Overloaded{[&](ike::InstallChildSa& install) {
                            const policy::ChildSaSpec& spec = install.spec;
                            installed_[spec.id] = {spec.connection, spec.child};
                            if (auto entry = policy_of_sa(spec, configured_)) {
                              entry->priority = policy_settings_.priority_of(spec.connection, spec.child);
                              const auto twin = std::ranges::find_if(
                                  spd_->entries, [&](const auto& other) { return same_but_for_id(*entry, other); });
                              entry->id = twin != spd_->entries.end() ? twin->id : policy::PolicyId{++next_policy_};
                              of_sas_[spec.id] = std::move(*entry);
                              publish_policies();
                            }
                            effects_.emplace_back(std::move(install));
                          },
                          [&](ike::RemoveChildSa& remove) {
                            installed_.erase(remove.id);
                            effects_.emplace_back(remove);
                            const auto entry = of_sas_.extract(remove.id);
                            if (entry.empty()) return;
                            const bool known = std::ranges::find(of_addresses_, entry.mapped()) != of_addresses_.end();
                            if (!known && is_of_inner_address(entry.mapped()))
                              of_addresses_.push_back(std::move(entry.mapped()));
                            publish_policies();
                          },
                          [&](ike::AddAddress& add) {
                            if (++own_addresses_[add.address] == 1) effects_.emplace_back(add);
                          },
                          [&](ike::RemoveAddress& remove) {
                            const auto own = own_addresses_.find(remove.address);
                            if (own == own_addresses_.end() || --own->second != 0) return;
                            own_addresses_.erase(own);
                            effects_.emplace_back(remove);
                            std::erase_if(of_addresses_,
                                          [&](const auto& entry) { return !is_of_inner_address(entry); });
                            publish_policies();
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
  std::visit(Overloaded{[&](const event::ChildSaInstalled& up) {
                          on_up(now, up.connection, up.child);
                          publish_policies();
                        },
                        [&](const event::ChildSaRemoved& down) { on_down(now, down.why, true); },
                        [&](const event::NegotiationFailed& failed) { on_down(now, failed.failure, false); },
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
  if (!connection || shutting_down_) return;
  for (const policy::Child& child : connection->children) {
    if (!why.child.empty() && child.name != why.child) continue;
    if (is_up(connection->name, child.name)) continue;  // another SA of it is there
    last_failures_[connection->name] = why;
    keeper_.on_down(now, random_, *connection, child, why.kind, lost);
  }
  publish_policies();
}

// ---- What there is to see ----

policy::ConnectionPtr Node::find(std::string_view connection) const { return find_in(connections_, connection); }

bool Node::is_up(std::string_view connection, std::string_view child) const {
  return std::ranges::any_of(
      installed_, [&](const auto& entry) { return entry.second.first == connection && entry.second.second == child; });
}

std::vector<ConnectionStatus> Node::status() const {
  const auto sas = engine_.status();
  std::vector<ConnectionStatus> all;
  for (const auto& connection : connections_) {
    ConnectionStatus status{.connection = connection};
    for (const auto& sa : sas)
      if (sa.connection == connection->name) status.ike_sas.push_back(sa);
    const bool up = std::ranges::any_of(status.ike_sas, [&](const auto& sa) {
      return !sa.children.empty() || (connection->children.empty() && sa.state == ike::IkeSaStatus::State::established);
    });
    const bool connecting = std::ranges::any_of(
        status.ike_sas, [](const auto& sa) { return sa.state != ike::IkeSaStatus::State::closing; });
    const bool on_demand = std::ranges::any_of(connection->children, [&](const policy::Child& child) {
      return child.start_action == policy::StartAction::trap || keeper_.waits_for_traffic(connection->name, child.name);
    });
    status.state = up           ? ConnectionStatus::State::up
                   : connecting ? ConnectionStatus::State::connecting
                   : on_demand  ? ConnectionStatus::State::on_demand
                                : ConnectionStatus::State::down;
    for (const policy::Child& child : connection->children)
      if (const auto wait = keeper_.waits(connection->name, child.name))
        status.waiting.push_back({child.name, wait->until, wait->failures});
    const auto why = last_failures_.find(connection->name);
    if ((!up || !status.waiting.empty()) && why != last_failures_.end()) status.why = why->second;
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace sallyport::node
