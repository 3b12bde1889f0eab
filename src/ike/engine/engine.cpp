#include "ike/engine/engine.h"

#include <algorithm>

#include "ike/engine/engine_state.h"

namespace sallyport::ike {
namespace {

using event::FailureKind;
using Reason = event::MessageRejected::Reason;

}  // namespace

Engine::Engine(const Settings& settings, crypto::Provider& crypto, RandomSource& random, const HostView& host)
    : state_(std::make_unique<State>(settings, crypto, random, host)) {}
Engine::~Engine() = default;

void Engine::load(Instant now, std::vector<policy::ConnectionPtr> connections, policy::Pad pad,
                  std::vector<policy::Pool> pools) {
  state_->pools.load(std::move(pools));
  state_->connections = policy::ConnectionTable(std::move(connections));
  state_->pad = std::move(pad);
  for (const auto id : state_->all_ids()) state_->reconcile(now, id);
}

void Engine::replace(Instant now, std::vector<policy::ConnectionPtr> connections) {
  std::vector<std::string> changed;
  for (const auto& next : connections)
    if (state_->connections.find(next->name) != next) changed.push_back(next->name);
  state_->connections = policy::ConnectionTable(std::move(connections));
  for (const std::string& name : changed)
    for (const auto id : state_->ids_of(name)) state_->reconcile(now, id);
}

bool Engine::has_session(std::string_view name) const {
  const auto connection = state_->connections.find(name);
  return connection && state_->session_for(*connection) != nullptr;
}

std::optional<Output> Engine::poll_output() {
  if (state_->outbox.empty()) return std::nullopt;
  std::optional<Output> output(std::move(state_->outbox.front()));
  state_->outbox.pop_front();
  if (state_->outputs_seen != 0) --state_->outputs_seen;
  return output;
}

// ---- Bookkeeping ----

void Engine::State::add(Instant now, std::unique_ptr<Session> session, std::optional<FirstMessage> first_message) {
  const SessionFacts facts = session->facts();
  Slot& slot = slots[facts.local_spi];
  slot.session = std::move(session);
  slot.first_message = first_message;
  spi_by_id[facts.id.value] = facts.local_spi;
  own_children(*slot.session);
  if (first_message) first_messages[*first_message] = facts.local_spi;
  touched(now, facts.local_spi);
}

/// After anything happened to a session: its wake-up, its place among the half-open, its end.
void Engine::State::touched(Instant now, std::uint64_t spi) {
  const auto found = slots.find(spi);
  if (found == slots.end()) return;
  Slot& slot = found->second;
  index.update(*slot.session);
  const bool has_more = note_children(spi);
  if (slot.due) wakeups.erase({*slot.due, spi});
  slot.due = slot.session->next_timeout();
  if (slot.due) wakeups.insert({*slot.due, spi});
  const bool unproved_yet = slot.session->unproved();
  const bool open = slot.session->half_open();
  if (open && !slot.half_open) half_open.add(spi);
  if (!open && slot.half_open) half_open.remove(spi);
  slot.half_open = open;
  if (open && !unproved_yet && !std::exchange(slot.placed, true))
    half_open.place(now, spi, slot.session->facts().remote.address);
  if (unproved_yet && !slot.unproved) unproved[slot.session->facts().id] = spi;
  if (!unproved_yet && slot.unproved) unproved.erase(slot.session->facts().id);
  slot.unproved = unproved_yet;
  for (auto& successor : slot.session->take_successors()) add(now, std::move(successor), std::nullopt);
  settle(now, spi);
  // Now it may have all that the other of two that crossed has.
  if (const auto still = slots.find(spi); has_more && still != slots.end())
    if (const SessionFacts facts = still->second.session->facts(); facts.established) settle_crossed(now, facts);
}

/// Only of a peer's own Child SAs, and from where it is: anybody may say so.
void Engine::State::on_spi_report(Instant now, const policy::Endpoint& from, std::uint32_t spi) {
  for (const auto child : index.of_outbound(spi)) {
    const auto session = index.of_child(child);
    if (!session || slots.at(*session).session->facts().remote.address != from.address) continue;
    with(now, child, [&](Session& holder, Environment& env) { holder.doubt_peer(now, env); });
    return;
  }
}

/// The Child SAs that have come and gone, as told by the outputs: those since the last look are of this session. True:
/// some have come.
bool Engine::State::note_children(std::uint64_t spi) {
  bool has_more = false;
  for (; outputs_seen < outbox.size(); ++outputs_seen) {
    if (const auto* come = std::get_if<InstallChildSa>(&outbox[outputs_seen])) {
      index.put_child(come->spec.id, spi, come->spec.outbound.spi);
      has_more = true;
    }
    if (const auto* gone = std::get_if<RemoveChildSa>(&outbox[outputs_seen])) index.forget_child(gone->id);
  }
  return has_more;
}

/// It has come with Child SAs of another, or has taken them over.
void Engine::State::own_children(const Session& session) {
  for (const ChildSaStatus& child : session.status().children)
    index.put_child(child.id, session.facts().local_spi, child.spi_out);
}

/// What it has become since it was last looked at.
void Engine::State::settle(Instant now, std::uint64_t spi) {
  const auto found = slots.find(spi);
  if (found == slots.end()) return;
  Slot& slot = found->second;
  if (slot.session->finished()) return forget(found);
  const bool established = slot.session->facts().established.has_value();
  if (established && !std::exchange(slot.established, true)) {
    const SessionFacts facts = slot.session->facts();
    if (connections.find(facts.connection->name) == facts.connection) return on_established(now, *slot.session);
    reconcile(now, facts.id);  // begun under another configuration
    const auto still = slots.find(spi);
    if (still == slots.end() || still->second.session->status().state != IkeSaStatus::State::established) return;
    return on_established(now, *still->second.session);
  }
  if (slot.session->take_initial_contact()) drop_predecessors(now, slot.session->facts());
  grant_wishes(now, spi);
}

void Engine::State::forget(Slots::iterator slot) {
  if (slot->second.due) wakeups.erase({*slot->second.due, slot->first});
  half_open.remove(slot->first);
  if (slot->second.unproved) unproved.erase(slot->second.session->facts().id);
  if (slot->second.first_message) first_messages.erase(*slot->second.first_message);
  spi_by_id.erase(slot->second.session->facts().id.value);
  index.forget(slot->first);
  slots.erase(slot);
}

// ---- Another configuration ----

std::vector<policy::IkeSaId> Engine::State::all_ids() const {
  std::vector<policy::IkeSaId> all;
  for (const auto& [spi, slot] : slots) all.push_back(slot.session->facts().id);
  std::ranges::sort(all);
  return all;
}

std::vector<policy::IkeSaId> Engine::State::ids_of(const std::string& connection) const {
  std::vector<policy::IkeSaId> all;
  for (const bool initiated : {false, true})
    for (const std::uint64_t spi : index.of_connection(connection, initiated))
      all.push_back(slots.at(spi).session->facts().id);
  std::ranges::sort(all);
  return all;
}

/// What goes by a connection that is gone, or means something else now, is closed; where only its children do, these
/// alone. A connection that means the same is the same object.
void Engine::State::reconcile(Instant now, policy::IkeSaId id) {
  with(now, id, [&](Session& session, Environment& env) {
    const policy::ConnectionPtr was = session.facts().connection;
    if (!was) return;  // a stranger's: it will be looked at when it is known whose it is
    const policy::ConnectionPtr is = connections.find(was->name);
    if (is == was) return;
    if (is && policy::means_same_but_children(*was, *is)) return session.on_reconfigured(now, env, is);
    session.close(now, env, FailureKind::reconfigured, true);
  });
}

// ---- Messages ----

void Engine::on_datagram(Instant now, const Datagram& datagram) {
  State& s = *state_;
  const auto header = wire::parse_ike_header(datagram.message);
  if (!header) return s.reject(datagram, Reason::malformed);
  Protocol* protocol = s.protocol(header->major_version);
  Environment env = s.environment();
  if (!protocol) return (s.ikev2 ? s.ikev2 : s.ikev1)->refuse_version(env, datagram, *header);

  const auto slot = s.slot_of(*protocol, *header);
  if (slot == s.slots.end()) {
    if (const auto spi = protocol->read_spi_report(datagram, *header)) s.on_spi_report(now, datagram.remote, *spi);
    // Nothing is said of an IKE SA that is here, or is about to be, whichever end's the message pretends to be.
    else if (!s.has_or_will_have(header->initiator_spi) && !s.has_or_will_have(header->responder_spi))
      protocol->answer_stray(now, env, datagram, *header);
    if (protocol->begins(*header)) return s.on_first_message(now, *protocol, datagram, *header);
    return s.reject(datagram, Reason::unknown_spi);
  }
  const std::uint64_t spi = slot->first;
  slot->second.session->on_message(now, env, datagram, *header);
  s.touched(now, spi);
}

Protocol* Engine::State::protocol(std::uint8_t version) const {
  return version == 1 ? ikev1.get() : version == 2 ? ikev2.get() : nullptr;
}

/// Where the connection leaves it open, IKEv2 if there is one. nullptr: not built.
Protocol* Engine::State::protocol_for(const policy::Connection& connection) const {
  if (connection.version == policy::IkeVersion::any) return ikev2 ? ikev2.get() : ikev1.get();
  return protocol(static_cast<std::uint8_t>(connection.version));
}

Engine::State::Slots::iterator Engine::State::slot_of(const Protocol& speaks, const wire::IkeHeader& header) {
  for (const std::uint64_t spi : speaks.local_spis(header)) {
    const auto slot = slots.find(spi);
    if (slot != slots.end() && slot->second.session->facts().version == header.major_version) return slot;
  }
  return slots.end();
}

/// Of a new initiator, or of one that did not hear our answer.
void Engine::State::on_first_message(Instant now, Protocol& speaks, const Datagram& datagram,
                                     const wire::IkeHeader& header) {
  Environment env = environment();
  const FirstMessage key{header.major_version, header.initiator_spi, datagram.local, datagram.remote};
  if (const auto known = first_messages.find(key); known != first_messages.end()) {
    const std::uint64_t spi = known->second;
    slots.at(spi).session->on_message(now, env, datagram, header);
    return touched(now, spi);
  }
  Unfinished unfinished = half_open.seen_from(now, datagram.remote.address);
  // Room that can be made counts as room.
  if (unfinished.all >= settings.half_open_limit && !unproved.empty()) unfinished.all = settings.half_open_limit - 1;
  auto session = speaks.accept(now, env, datagram, header, unfinished);
  if (!session) return;
  add(now, std::move(session), key);
  if (half_open.size() > settings.half_open_limit) make_room(datagram);
}

/// IKEv1 has no cookies that would keep strangers out until they answer. So that a flood of them shuts nobody out, the
/// oldest whose address may be forged goes: whoever is honest answers sooner.
void Engine::State::make_room(const Datagram& datagram) {
  reject(datagram, Reason::half_open_limit);
  forget(slots.find(unproved.begin()->second));
}

void Engine::State::reject(const Datagram& datagram, Reason reason) {
  outbox.push_back(Notice{event::MessageRejected{reason, datagram.remote, {}}});
}

// ---- Time ----

void Engine::on_timeout(Instant now) {
  State& s = *state_;
  while (!s.wakeups.empty() && s.wakeups.begin()->first <= now) {
    const std::uint64_t spi = s.wakeups.begin()->second;
    Environment env = s.environment();
    s.slots.at(spi).session->on_timeout(now, env);
    s.touched(now, spi);
  }
}

std::optional<Instant> Engine::next_timeout() const {
  if (state_->wakeups.empty()) return std::nullopt;
  return state_->wakeups.begin()->first;
}

// ---- Commands ----

/// Where we speak to a peer from: the configured host, or the one that reaches it.
std::optional<policy::IpAddress> Engine::State::local_address(const policy::Connection& connection,
                                                              const policy::IpAddress& remote) const {
  for (const auto& range : connection.local_addrs)
    if (range.first == range.last && range.family() == remote.family()) return range.first;
  return host.source_address(remote);
}

std::expected<void, Engine::InitiateError> Engine::initiate(Instant now, std::string_view name, ChildRequest request) {
  State& s = *state_;
  const policy::ConnectionPtr connection = s.connections.find(name);
  if (!connection) return std::unexpected(InitiateError::unknown_connection);
  const bool alone = connection->children.empty() && connection->version != policy::IkeVersion::v1 &&
                     connection->childless != policy::Childless::never;  // RFC 6023
  if (request.child.empty() && !alone) {
    if (connection->children.empty()) return std::unexpected(InitiateError::unknown_child);
    for (const policy::Child& child : connection->children)
      if (auto result = initiate(now, name, ChildRequest{child.name}); !result) return result;
    return {};
  }
  if (!request.child.empty() && !connection->find_child(request.child))
    return std::unexpected(InitiateError::unknown_child);

  Environment env = s.environment();
  if (Session* session = s.session_for(*connection)) {
    if (request.child.empty()) return {};
    const bool taken = session->request_child(now, env, std::move(request));
    s.touched(now, session->facts().local_spi);
    if (!taken) return std::unexpected(InitiateError::busy);
    return {};
  }
  if (connection->remote_addrs.empty() ||
      connection->remote_addrs.front().first != connection->remote_addrs.front().last)
    return std::unexpected(InitiateError::no_remote_address);
  const policy::IpAddress remote = connection->remote_addrs.front().first;
  const auto local = s.local_address(*connection, remote);
  if (!local) return std::unexpected(InitiateError::no_route);

  Protocol* speaks = s.protocol_for(*connection);
  if (!speaks) return std::unexpected(InitiateError::version_not_built);
  if (request.child.empty() && speaks != s.ikev2.get()) return std::unexpected(InitiateError::unknown_child);
  auto session = speaks->initiate(now, env,
                                  {.connection = connection,
                                   .local = {*local, connection->local_port},
                                   .remote = {remote, connection->remote_port},
                                   .child = std::move(request),
                                   .initial_contact = !s.knows_peer(*connection, remote)});
  if (!session)
    env.emit(event::NegotiationFailed{{}, std::move(session.error())});
  else
    s.add(now, std::move(*session), std::nullopt);
  return {};
}

std::expected<void, Engine::InitiateError> Engine::follow(Instant now, const event::Redirected& redirected,
                                                          const policy::IpAddress& gateway) {
  State& s = *state_;
  const policy::ConnectionPtr connection = s.connections.find(redirected.connection);
  if (!connection) return std::unexpected(InitiateError::unknown_connection);
  const auto local = s.local_address(*connection, gateway);
  if (!local) return std::unexpected(InitiateError::no_route);
  if (!s.ikev2) return std::unexpected(InitiateError::version_not_built);
  Initiation initiation{.connection = connection,
                        .local = {*local, connection->local_port},
                        .remote = {gateway, connection->remote_port},
                        .child = {},
                        .initial_contact = false,
                        .further = {},
                        .reauthenticates = redirected.reauthenticates,
                        .redirected_from = policy::GatewayId{redirected.from.address, {}}};
  for (const std::string& child : redirected.children)
    if (connection->find_child(child)) initiation.further.push_back({.child = child});
  if (!initiation.further.empty()) {
    initiation.child = std::move(initiation.further.front());
    initiation.further.erase(initiation.further.begin());
  }
  Environment env = s.environment();
  auto session = s.ikev2->initiate(now, env, std::move(initiation));
  if (!session)
    env.emit(event::NegotiationFailed{{}, std::move(session.error())});
  else
    s.add(now, std::move(*session), std::nullopt);
  return {};
}

bool Engine::redirect(Instant now, policy::IkeSaId id, const policy::GatewayId& gateway) {
  bool done = false;
  return state_->with(now, id, [&](Session& session, Environment& env) {
    done = session.redirect(now, env, gateway);
  }) && done;
}

bool Engine::terminate(Instant now, policy::IkeSaId id, FailureKind why) {
  return state_->with(now, id, [&](Session& session, Environment& env) { session.close(now, env, why, true); });
}

bool Engine::terminate(Instant now, policy::ChildSaId id, FailureKind why) {
  return state_->with(now, id, [&](Session& session, Environment& env) { session.close_child(now, env, id, why); });
}

bool Engine::rekey(Instant now, policy::IkeSaId id) {
  bool done = false;
  return state_->with(now, id, [&](Session& session, Environment& env) { done = session.rekey(now, env); }) && done;
}

bool Engine::reauthenticate(Instant now, policy::IkeSaId id) {
  bool done = false;
  return state_->with(now, id, [&](Session& session, Environment& env) { done = session.reauthenticate(now, env); }) &&
         done;
}

bool Engine::rekey(Instant now, policy::ChildSaId id) {
  bool done = false;
  return state_->with(now, id, [&](Session& session, Environment& env) { done = session.rekey_child(now, env, id); }) &&
         done;
}

void Engine::on_peer_moved(Instant now, policy::ChildSaId id, const policy::Endpoint& remote) {
  state_->with(now, id, [&](Session& session, Environment& env) { session.on_peer_moved(now, env, remote); });
}

/// While an IKE SA with the peer is there, it goes on by what that says.
void Engine::on_stray_packet(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                             std::uint32_t spi) {
  State& s = *state_;
  if (!s.ikev2 || s.index.any_at(remote.address)) return;
  Environment env = s.environment();
  s.ikev2->report_spi(now, env, local, remote, spi);
}

void Engine::on_addresses_changed(Instant now) {
  for (const auto id : state_->all_ids())
    state_->with(now, id, [&](Session& session, Environment& env) { session.on_addresses_changed(now, env); });
}

// ---- What there is to see ----

const policy::AddressPools& Engine::pools() const { return state_->pools; }
const policy::ConnectionTable& Engine::connections() const { return state_->connections; }
const policy::Pad& Engine::pad() const { return state_->pad; }

bool Engine::lacks_password(const policy::Connection& connection) const {
  return connection.local_xauth() && !state_->pad.find_user(user_name(connection.local_user())) &&
         !state_->memory.password(connection.name);
}

void Engine::put_password(std::string_view connection, Secret password) {
  state_->memory.put_password(connection, std::move(password));
}

void Engine::forget_password(std::string_view connection) { state_->memory.forget_password(connection); }

std::vector<IkeSaStatus> Engine::status() const {
  std::vector<std::pair<policy::IkeSaId, const Session*>> sessions;  // what they have to say is long, and moved seldom
  for (const auto& [spi, slot] : state_->slots)
    if (!slot.session->over()) sessions.emplace_back(slot.session->facts().id, slot.session.get());
  std::ranges::sort(sessions);
  std::vector<IkeSaStatus> all;
  all.reserve(sessions.size());
  for (const auto& [id, session] : sessions) all.push_back(session->status());
  return all;
}

bool Engine::has_said_goodbye() const {
  return std::ranges::all_of(state_->slots, [](const auto& each) {
    if (each.second.session->over()) return true;
    const IkeSaStatus status = each.second.session->status();
    return status.state == IkeSaStatus::State::closing && status.children.empty();
  });
}

std::vector<IkeSaStatus> Engine::status(std::string_view connection) const {
  std::vector<IkeSaStatus> all;
  for (const bool initiated : {false, true})
    for (const std::uint64_t spi : state_->index.of_connection(std::string(connection), initiated))
      if (const Session& session = *state_->slots.at(spi).session; !session.over()) all.push_back(session.status());
  std::ranges::sort(all, {}, &IkeSaStatus::id);
  return all;
}

std::optional<IkeSaStatus> Engine::status(policy::IkeSaId id) const {
  const auto spi = state_->spi_by_id.find(id.value);
  if (spi == state_->spi_by_id.end()) return std::nullopt;
  const Session& session = *state_->slots.at(spi->second).session;
  return session.over() ? std::nullopt : std::optional(session.status());
}

std::size_t Engine::sessions() const { return state_->slots.size(); }
std::size_t Engine::half_open() const { return state_->half_open.size(); }

}  // namespace sallyport::ike
