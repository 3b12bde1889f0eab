#include "ike/engine/engine.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "ike/engine/protocol.h"

namespace sallyport::ike {
namespace {

using event::FailureKind;
using Reason = event::MessageRejected::Reason;

/// By what a repeated first message is recognised, which does not know our SPI yet (RFC 7296 §2.1).
struct FirstMessage {
  std::uint8_t version;
  std::uint64_t spi_initiator;
  policy::Endpoint remote;

  friend bool operator==(const FirstMessage&, const FirstMessage&) = default;
};
struct FirstMessageHash {
  std::size_t operator()(const FirstMessage& key) const noexcept {
    return std::hash<std::uint64_t>()(key.spi_initiator) ^ std::hash<policy::Endpoint>()(key.remote);
  }
};

/// Neither end knew of the other's attempt when it began its own.
bool is_crossed(const SessionFacts& a, const SessionFacts& b) {
  return a.initiator != b.initiator && a.established && b.established && a.created <= *b.established &&
         b.created <= *a.established;
}

/// Behind a NAT there may be several peers, told apart by their ports.
bool same_place(const IkeSaStatus& a, const IkeSaStatus& b) {
  return a.remote.address == b.remote.address && a.nat_remote == b.nat_remote &&
         (!a.nat_remote || a.remote.port == b.remote.port);
}

}  // namespace

/// Sessions by our SPI, what else finds them, and when the next of them wants to be woken.
struct Engine::State final : Contacts {
  State(const Settings& settings_in, crypto::Provider& crypto_in, RandomSource& random_in, const HostView& host_in)
      : settings(settings_in),
        crypto(crypto_in),
        random(random_in),
        host(host_in),
        ikev1(make_ikev1()),
        ikev2(make_ikev2(random_in)) {}

  struct Slot {
    std::unique_ptr<Session> session;
    std::optional<Instant> due;
    bool half_open = false;
    bool unproved = false;
    bool established = false;
    std::optional<FirstMessage> first_message;  // a responder's
  };
  using Slots = std::unordered_map<std::uint64_t, Slot>;

  Environment environment() {
    return {settings, crypto, random, host, connections, pad, numbers, spis, pools, memory, outbox, *this};
  }

  void add(Instant now, std::unique_ptr<Session> session, std::optional<FirstMessage> first_message);
  void touched(Instant now, std::uint64_t spi);
  void settle(Instant now, std::uint64_t spi);
  void forget(Slots::iterator slot);
  template <class Action>
  bool with(Instant now, policy::IkeSaId id, Action action);

  Protocol* protocol(std::uint8_t version) const;
  Protocol* protocol_for(const policy::Connection& connection) const;
  Slots::iterator slot_of(const Protocol& protocol, const wire::IkeHeader& header);
  void on_first_message(Instant now, Protocol& protocol, const Datagram& datagram, const wire::IkeHeader& header);
  void make_room(const Datagram& datagram);
  void reject(const Datagram& datagram, Reason reason);

  void on_established(Instant now, Session& session);
  bool knows(const policy::IpAddress& remote, const policy::Identity& id) const override;
  std::vector<policy::IpAddress> given_before(policy::IkeSaId ike_sa) const override;
  void drop_predecessors(Instant now, const SessionFacts& sole);
  void settle_crossed(Instant now, const SessionFacts& facts);
  bool replaces_children_of(const Session& winner, const Session& loser) const;
  void settle_succession(Instant now, const SessionFacts& facts);
  void hand_over(Instant now, const SessionFacts& from, const SessionFacts& to);
  void grant_wishes(Instant now, std::uint64_t spi);
  void begin_successor(Instant now, Session& session);
  void find_heir(Instant now, const SessionFacts& facts);
  std::vector<SessionFacts> others_of_same_peer(const SessionFacts& facts) const;
  Session* session_for(const policy::Connection& connection);
  bool knows_peer(const policy::Connection& connection, const policy::IpAddress& remote) const;

  const Settings& settings;
  crypto::Provider& crypto;
  RandomSource& random;
  const HostView& host;
  std::vector<policy::ConnectionPtr> connections;
  policy::Pad pad;
  Numbers numbers;
  SpiAllocator spis;
  policy::AddressPools pools;
  ClientMemory memory;
  Outbox outbox;

  Slots slots;
  std::unordered_map<std::uint32_t, std::uint64_t> spi_by_id;
  std::unordered_map<FirstMessage, std::uint64_t, FirstMessageHash> first_messages;
  std::set<std::pair<Instant, std::uint64_t>> wakeups;
  std::size_t half_open = 0;
  std::map<policy::IkeSaId, std::uint64_t> unproved;    // sessions that are, the oldest first
  std::unordered_set<policy::IpAddress> contacted;      // peers that we have had an IKE SA with since the start
  static constexpr std::size_t kMostContacted = 65536;  // beyond, no responder claims to be new to anybody
  std::unique_ptr<Protocol> ikev1, ikev2;               // nullptr: not built
};

Engine::Engine(const Settings& settings, crypto::Provider& crypto, RandomSource& random, const HostView& host)
    : state_(std::make_unique<State>(settings, crypto, random, host)) {}
Engine::~Engine() = default;

void Engine::load(std::vector<policy::ConnectionPtr> connections, policy::Pad pad, std::vector<policy::Pool> pools) {
  state_->pools.load(std::move(pools));
  state_->connections = std::move(connections);
  state_->pad = std::move(pad);
}

std::optional<Output> Engine::poll_output() {
  if (state_->outbox.empty()) return std::nullopt;
  std::optional<Output> output(std::move(state_->outbox.front()));
  state_->outbox.pop_front();
  return output;
}

// ---- Bookkeeping ----

void Engine::State::add(Instant now, std::unique_ptr<Session> session, std::optional<FirstMessage> first_message) {
  const SessionFacts facts = session->facts();
  Slot& slot = slots[facts.local_spi];
  slot.session = std::move(session);
  slot.first_message = first_message;
  spi_by_id[facts.id.value] = facts.local_spi;
  if (first_message) first_messages[*first_message] = facts.local_spi;
  touched(now, facts.local_spi);
}

/// After anything happened to a session: its wake-up, its place among the half-open, its end.
void Engine::State::touched(Instant now, std::uint64_t spi) {
  const auto found = slots.find(spi);
  if (found == slots.end()) return;
  Slot& slot = found->second;
  if (slot.due) wakeups.erase({*slot.due, spi});
  slot.due = slot.session->next_timeout();
  if (slot.due) wakeups.insert({*slot.due, spi});
  const bool open = slot.session->half_open();
  half_open += static_cast<std::size_t>(open) - static_cast<std::size_t>(slot.half_open);
  slot.half_open = open;
  const bool unproved_yet = slot.session->unproved();
  if (unproved_yet && !slot.unproved) unproved[slot.session->facts().id] = spi;
  if (!unproved_yet && slot.unproved) unproved.erase(slot.session->facts().id);
  slot.unproved = unproved_yet;
  for (auto& successor : slot.session->take_successors()) add(now, std::move(successor), std::nullopt);
  return settle(now, spi);
}

/// What it has become since it was last looked at.
void Engine::State::settle(Instant now, std::uint64_t spi) {
  const auto found = slots.find(spi);
  if (found == slots.end()) return;
  Slot& slot = found->second;
  if (slot.session->finished()) return forget(found);
  const bool established = slot.session->facts().established.has_value();
  if (established && !std::exchange(slot.established, true)) return on_established(now, *slot.session);
  if (slot.session->take_initial_contact()) drop_predecessors(now, slot.session->facts());
  grant_wishes(now, spi);
}

void Engine::State::forget(Slots::iterator slot) {
  if (slot->second.due) wakeups.erase({*slot->second.due, slot->first});
  if (slot->second.half_open) --half_open;
  if (slot->second.unproved) unproved.erase(slot->second.session->facts().id);
  if (slot->second.first_message) first_messages.erase(*slot->second.first_message);
  spi_by_id.erase(slot->second.session->facts().id.value);
  slots.erase(slot);
}

template <class Action>
bool Engine::State::with(Instant now, policy::IkeSaId id, Action action) {
  const auto spi = spi_by_id.find(id.value);
  if (spi == spi_by_id.end()) return false;
  const std::uint64_t local_spi = spi->second;
  Environment env = environment();
  action(*slots.at(local_spi).session, env);
  touched(now, local_spi);
  return true;
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
  const FirstMessage key{header.major_version, header.initiator_spi, datagram.remote};
  if (const auto known = first_messages.find(key); known != first_messages.end()) {
    const std::uint64_t spi = known->second;
    slots.at(spi).session->on_message(now, env, datagram, header);
    return touched(now, spi);
  }
  // Room that can be made counts as room.
  const bool full = half_open >= settings.half_open_limit && !unproved.empty();
  const std::size_t counted = full ? settings.half_open_limit - 1 : half_open;
  auto session = speaks.accept(now, env, datagram, header, counted);
  if (!session) return;
  add(now, std::move(session), key);
  if (half_open > settings.half_open_limit) make_room(datagram);
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

std::expected<void, Engine::InitiateError> Engine::initiate(Instant now, std::string_view name, ChildRequest request) {
  State& s = *state_;
  const auto found =
      std::ranges::find_if(s.connections, [&](const auto& connection) { return connection->name == name; });
  if (found == s.connections.end()) return std::unexpected(InitiateError::unknown_connection);
  const policy::ConnectionPtr& connection = *found;
  if (request.child.empty()) {
    if (connection->children.empty()) return std::unexpected(InitiateError::unknown_child);
    for (const policy::Child& child : connection->children)
      if (auto result = initiate(now, name, ChildRequest{child.name}); !result) return result;
    return {};
  }
  if (!connection->find_child(request.child)) return std::unexpected(InitiateError::unknown_child);

  Environment env = s.environment();
  if (Session* session = s.session_for(*connection)) {
    const bool taken = session->request_child(now, env, std::move(request));
    s.touched(now, session->facts().local_spi);
    if (!taken) return std::unexpected(InitiateError::busy);
    return {};
  }
  if (connection->remote_addrs.empty() ||
      connection->remote_addrs.front().first != connection->remote_addrs.front().last)
    return std::unexpected(InitiateError::no_remote_address);
  const policy::IpAddress remote = connection->remote_addrs.front().first;
  std::optional<policy::IpAddress> local;
  for (const auto& range : connection->local_addrs)
    if (range.first == range.last && range.family() == remote.family() && !local) local = range.first;
  if (!local) local = s.host.source_address(remote);
  if (!local) return std::unexpected(InitiateError::no_route);

  Protocol* speaks = s.protocol_for(*connection);
  if (!speaks) return std::unexpected(InitiateError::version_not_built);
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

bool Engine::terminate(Instant now, policy::IkeSaId id, FailureKind why) {
  return state_->with(now, id, [&](Session& session, Environment& env) { session.close(now, env, why, true); });
}

bool Engine::terminate(Instant now, policy::ChildSaId id, FailureKind why) {
  for (const auto& [spi, slot] : state_->slots)
    if (slot.session->has_child(id))
      return state_->with(now, slot.session->facts().id,
                          [&](Session& session, Environment& env) { session.close_child(now, env, id, why); });
  return false;
}

bool Engine::rekey(Instant now, policy::IkeSaId id) {
  bool done = false;
  return state_->with(now, id, [&](Session& session, Environment& env) { done = session.rekey(now, env); }) && done;
}

bool Engine::rekey(Instant now, policy::ChildSaId id) {
  bool done = false;
  for (const auto& [spi, slot] : state_->slots)
    if (slot.session->has_child(id)) {
      state_->with(now, slot.session->facts().id,
                   [&](Session& session, Environment& env) { done = session.rekey_child(now, env, id); });
      break;
    }
  return done;
}

void Engine::on_peer_moved(Instant now, policy::ChildSaId id, const policy::Endpoint& remote) {
  for (const auto& [spi, slot] : state_->slots)
    if (slot.session->has_child(id)) {
      state_->with(now, slot.session->facts().id,
                   [&](Session& session, Environment& env) { session.on_peer_moved(now, env, remote); });
      return;
    }
}

// ---- One peer, several IKE SAs ----

void Engine::State::on_established(Instant now, Session& session) {
  const SessionFacts facts = session.facts();
  const bool sole = session.take_initial_contact();
  if (facts.initiator || (facts.version == 1 && contacted.size() < kMostContacted))
    contacted.insert(facts.remote.address);
  for (const auto& [spi, slot] : slots)
    if (const SessionFacts other = slot.session->facts(); !slot.established && other.connection &&
                                                          other.connection->name == facts.connection->name &&
                                                          other.remote.address == facts.remote.address)
      slot.session->withdraw_initial_contact();
  // Who begins, and began anew, asks for its Child SAs itself. Of a responder that did, we know which ones it lacks
  // when they have been taken over.
  if (sole && !facts.initiator) drop_predecessors(now, facts);
  settle_crossed(now, facts);
  settle_succession(now, facts);
  if (sole && facts.initiator) drop_predecessors(now, facts);
  grant_wishes(now, facts.local_spi);
}

bool Engine::State::knows(const policy::IpAddress& remote, const policy::Identity& id) const {
  if (contacted.contains(remote) || contacted.size() >= kMostContacted) return true;
  return std::ranges::any_of(slots, [&](const auto& entry) {
    const IkeSaStatus status = entry.second.session->status();
    return status.remote_id == id && (status.established || !status.children.empty());
  });
}

/// INITIAL_CONTACT: the peer knows of no other IKE SA with us, so what we have from before is left over (RFC 7296
/// §2.4). What began after this one did is not meant, nor what crossed it: messages overtake each other.
void Engine::State::drop_predecessors(Instant now, const SessionFacts& sole) {
  if (!slots.contains(sole.local_spi)) return;
  std::vector<policy::IkeSaId> old;
  const IkeSaStatus status = slots.at(sole.local_spi).session->status();
  for (const auto& [spi, slot] : slots) {
    const SessionFacts facts = slot.session->facts();
    if (facts.id == sole.id || !facts.established || facts.created > sole.created || is_crossed(facts, sole)) continue;
    const IkeSaStatus other = slot.session->status();
    if (other.local_id == status.local_id && other.remote_id == status.remote_id &&
        other.remote_user == status.remote_user)
      old.push_back(facts.id);
  }
  std::ranges::sort(old);
  for (const auto id : old)
    with(now, id, [&](Session& session, Environment& env) { session.close(now, env, FailureKind::replaced, false); });
  if (sole.initiator) with(now, sole.id, [&](Session& session, Environment& env) { session.forget_past(now, env); });
}

/// Both ends initiated at once, and now there are two IKE SAs for one purpose. The one with the lower initiator's SPI
/// goes; both ends see the same SPIs, and the one that initiated it closes it.
void Engine::State::settle_crossed(Instant now, const SessionFacts& facts) {
  if (!facts.connection) return;
  for (const auto& [spi, slot] : slots) {
    const SessionFacts other = slot.session->facts();
    if (other.id == facts.id || !other.established || !other.connection || other.initiator == facts.initiator ||
        other.connection->name != facts.connection->name)
      continue;
    const bool crossed = other.created <= *facts.established && facts.created <= *other.established;
    if (!crossed) continue;
    const bool this_loses = facts.spi_initiator < other.spi_initiator;
    const SessionFacts& loser = this_loses ? facts : other;
    const SessionFacts& winner = this_loses ? other : facts;
    if (!loser.initiator ||
        !replaces_children_of(*slots.at(winner.local_spi).session, *slots.at(loser.local_spi).session))
      continue;
    with(now, loser.id,
         [&](Session& session, Environment& env) { session.close(now, env, FailureKind::replaced, true); });
    return;  // slots may have changed
  }
}

bool Engine::State::replaces_children_of(const Session& winner, const Session& loser) const {
  const IkeSaStatus kept = winner.status();
  return std::ranges::all_of(loser.status().children, [&](const ChildSaStatus& child) {
    return std::ranges::any_of(kept.children, [&](const ChildSaStatus& other) {
      return other.name == child.name && other.local_ts == child.local_ts && other.remote_ts == child.remote_ts;
    });
  });
}

// ---- Succession: IKEv1's renewal of an IKE SA is another one

/// Established, or closed with Child SAs left; in the order in which they were begun.
std::vector<SessionFacts> Engine::State::others_of_same_peer(const SessionFacts& facts) const {
  std::vector<SessionFacts> others;
  const auto self = slots.find(facts.local_spi);
  if (self == slots.end() || facts.version != 1 || !facts.connection) return others;
  const IkeSaStatus status = self->second.session->status();
  for (const auto& [spi, slot] : slots) {
    const SessionFacts other = slot.session->facts();
    if (other.id == facts.id || other.version != facts.version || !other.connection ||
        other.connection->name != facts.connection->name)
      continue;
    const IkeSaStatus its = slot.session->status();
    if ((!other.established && its.children.empty()) || its.local_id != status.local_id ||
        its.remote_id != status.remote_id || its.local_user != status.local_user ||
        its.remote_user != status.remote_user || !same_place(its, status))
      continue;
    others.push_back(other);
  }
  std::ranges::sort(others, {}, &SessionFacts::id);
  return others;
}

std::vector<policy::IpAddress> Engine::State::given_before(policy::IkeSaId ike_sa) const {
  const auto self = spi_by_id.find(ike_sa.value);
  if (self == spi_by_id.end()) return {};
  std::vector<policy::IpAddress> addresses;
  for (const SessionFacts& other : others_of_same_peer(slots.at(self->second).session->facts()))
    if (const auto given = slots.at(other.local_spi).session->status().given) addresses = given->addresses;
  return addresses;
}

/// A newly established IKE SA succeeds those that there are with the same peer; of two that both ends began at once,
/// the one with the higher initiator's SPI succeeds the other.
void Engine::State::settle_succession(Instant now, const SessionFacts& facts) {
  if (!slots.contains(facts.local_spi)) return;
  for (const SessionFacts& other : others_of_same_peer(facts)) {
    const bool yields = is_crossed(facts, other) && facts.spi_initiator < other.spi_initiator;
    hand_over(now, yields ? facts : other, yields ? other : facts);
    if (yields) return;
  }
}

void Engine::State::hand_over(Instant now, const SessionFacts& from, const SessionFacts& to) {
  const auto older = slots.find(from.local_spi), newer = slots.find(to.local_spi);
  if (older == slots.end() || newer == slots.end()) return;
  // Closed by whoever began the successor; of two that crossed, by whoever began the one that yields.
  const bool close_it = is_crossed(from, to) ? from.initiator : to.initiator;
  Environment env = environment();
  newer->second.session->take_over(now, env, *older->second.session, close_it);
  touched(now, from.local_spi);
  touched(now, to.local_spi);
}

/// What a session cannot do by itself.
void Engine::State::grant_wishes(Instant now, std::uint64_t spi) {
  const auto slot = slots.find(spi);
  if (slot == slots.end()) return;
  Session& session = *slot->second.session;
  const SessionFacts facts = session.facts();
  for (const DeletedSpi stray : session.take_stray_deletes())
    for (const SessionFacts& other : others_of_same_peer(facts))
      with(now, other.id, [&](Session& holder, Environment& env) { holder.on_stray_delete(now, env, stray); });
  if (session.take_wish_for_successor()) begin_successor(now, session);
  if (session.take_wish_for_heir()) find_heir(now, facts);
}

void Engine::State::begin_successor(Instant now, Session& session) {
  const SessionFacts facts = session.facts();
  const IkeSaStatus status = session.status();
  Protocol* const speaks = protocol(facts.version);
  const bool is_begun = std::ranges::any_of(slots, [&](const auto& entry) {
    const SessionFacts other = entry.second.session->facts();
    return other.initiator && other.connection && other.connection->name == facts.connection->name &&
           other.remote.address == facts.remote.address &&
           entry.second.session->status().state == IkeSaStatus::State::connecting;
  });
  if (is_begun || !speaks) return;
  Environment env = environment();
  auto successor = speaks->initiate(now, env,
                                    {.connection = facts.connection,
                                     .local = {status.local.address, facts.connection->local_port},
                                     .remote = {status.remote.address, facts.connection->remote_port},
                                     .child = {},
                                     .initial_contact = false});
  if (successor)
    add(now, std::move(*successor), std::nullopt);
  else
    env.emit(event::NegotiationFailed{facts.id, std::move(successor.error())});
}

/// Its heir, or the newest that there is.
void Engine::State::find_heir(Instant now, const SessionFacts& facts) {
  std::optional<SessionFacts> best;
  for (const SessionFacts& other : others_of_same_peer(facts))
    if (other.established && (!best || best->id != facts.heir)) best = other;
  if (best) hand_over(now, facts, *best);
}

/// The IKE SA that further children of the connection go to: an established one, else one on its way.
Session* Engine::State::session_for(const policy::Connection& connection) {
  Session* best = nullptr;
  SessionFacts best_facts;
  for (const auto& [spi, slot] : slots) {
    const IkeSaStatus::State state = slot.session->status().state;
    const SessionFacts facts = slot.session->facts();
    if (!facts.connection || *facts.connection != connection || state == IkeSaStatus::State::closing) continue;
    if (!best || (facts.established && !best_facts.established) ||
        (facts.established.has_value() == best_facts.established.has_value() && facts.id > best_facts.id)) {
      best = slot.session.get();
      best_facts = facts;
    }
  }
  return best;
}

/// At that address, or by that name at another one: INITIAL_CONTACT is about identities (RFC 7296 §2.4).
bool Engine::State::knows_peer(const policy::Connection& connection, const policy::IpAddress& remote) const {
  return contacted.contains(remote) || std::ranges::any_of(slots, [&](const auto& entry) {
           const IkeSaStatus status = entry.second.session->status();
           return status.remote.address == remote ||
                  (policy::is_exact(connection.remote.id) && status.remote_id == connection.remote.id);
         });
}

// ---- What there is to see ----

const policy::AddressPools& Engine::pools() const { return state_->pools; }

bool Engine::lacks_password(const policy::Connection& connection) const {
  return connection.local_xauth() && !state_->pad.find_user(user_name(connection.local_user())) &&
         !state_->memory.password(connection.name);
}

void Engine::put_password(std::string_view connection, Secret password) {
  state_->memory.put_password(connection, std::move(password));
}

void Engine::forget_password(std::string_view connection) { state_->memory.forget_password(connection); }

std::vector<IkeSaStatus> Engine::status() const {
  std::vector<IkeSaStatus> all;
  for (const auto& [spi, slot] : state_->slots) all.push_back(slot.session->status());
  std::ranges::sort(all, {}, &IkeSaStatus::id);
  return all;
}

std::size_t Engine::sessions() const { return state_->slots.size(); }
std::size_t Engine::half_open() const { return state_->half_open; }

}  // namespace sallyport::ike
