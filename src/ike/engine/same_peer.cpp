// Several IKE SAs with one peer: which of them counts, and who takes over from whom.
#include <algorithm>
#include <iterator>

#include "ike/engine/engine_state.h"

namespace sallyport::ike {
namespace {

using event::FailureKind;

/// Neither end knew of the other's attempt when it began its own.
bool is_crossed(const SessionFacts& a, const SessionFacts& b) {
  return a.began_lineage != b.began_lineage && a.lineage_established && b.lineage_established &&
         a.lineage_created <= *b.lineage_established && b.lineage_created <= *a.lineage_established;
}

bool same_users(const IkeSaStatus& a, const IkeSaStatus& b) {
  return a.local_user == b.local_user && a.remote_user == b.remote_user;
}

}  // namespace

void Engine::State::on_established(Instant now, Session& session) {
  const SessionFacts facts = session.facts();
  const bool sole = session.take_initial_contact();
  end_resumed(now, session);
  if (facts.initiator || (facts.version == 1 && contacted.size() < kMostContacted))
    contacted.insert(facts.remote.address);
  for (const std::uint64_t spi : index.of_connection_at(facts.connection->name, facts.remote.address))
    if (Slot& slot = slots.at(spi); !slot.established) slot.session->withdraw_initial_contact();
  // Who begins, and began anew, asks for its Child SAs itself. Of a responder that did, we know which ones it lacks
  // when they have been taken over.
  if (sole && !facts.initiator) drop_predecessors(now, facts);
  if (!facts.initiator) end_attempts(now, session);
  settle_crossed(now, facts);
  settle_succession(now, facts);
  if (sole && facts.initiator) drop_predecessors(now, facts);
  grant_wishes(now, facts.local_spi);
}

bool Engine::State::knows(const policy::IpAddress& remote, const policy::Identity& id) const {
  if (contacted.contains(remote) || contacted.size() >= kMostContacted) return true;
  return std::ranges::any_of(index.of_peer(id), [&](std::uint64_t spi) {
    const IkeSaStatus status = slots.at(spi).session->status();
    return status.established || !status.children.empty();
  });
}

/// INITIAL_CONTACT: the peer knows of no other IKE SA with us, so what we have from before is left over (RFC 7296
/// §2.4). What began after this one did is not meant, nor what crossed it: messages overtake each other.
void Engine::State::drop_predecessors(Instant now, const SessionFacts& sole) {
  if (!slots.contains(sole.local_spi)) return;
  std::vector<policy::IkeSaId> old;
  const IkeSaStatus status = slots.at(sole.local_spi).session->status();
  for (const std::uint64_t spi : index.of_peer(status.remote_id)) {
    const Session& session = *slots.at(spi).session;
    const SessionFacts facts = session.facts();
    if (facts.id == sole.id || !facts.established || facts.lineage_created > sole.created || is_crossed(facts, sole))
      continue;
    const IkeSaStatus other = session.status();
    if (other.local_id == status.local_id && other.remote_user == status.remote_user) old.push_back(facts.id);
  }
  std::ranges::sort(old);
  for (const auto id : old)
    with(now, id, [&](Session& session, Environment& env) { session.close(now, env, FailureKind::replaced, false); });
  if (sole.initiator) with(now, sole.id, [&](Session& session, Environment& env) { session.forget_past(now, env); });
}

/// Nobody is told: whoever has resumed it has lost it (RFC 5723 §4.3.4).
void Engine::State::end_resumed(Instant now, Session& established) {
  if (const auto old = established.take_resumed(); old && !established.facts().initiator)
    with(now, *old, [&](Session& session, Environment& env) { session.close(now, env, FailureKind::replaced, false); });
}

/// The peer was first.
void Engine::State::end_attempts(Instant now, const Session& established) {
  const IkeSaStatus other = established.status();
  const SessionFacts facts = established.facts();
  for (const std::uint64_t spi : index.of_connection_at(facts.connection->name, facts.remote.address)) {
    Session& session = *slots.at(spi).session;
    const SessionFacts attempt = session.facts();
    if (!attempt.initiator || attempt.established) continue;
    with(now, attempt.id, [&](Session& one, Environment& env) { one.yield_to(env, other); });
  }
}

/// Both ends initiated at once, and now there are two IKE SAs for one purpose. The one with the lower initiator's SPI
/// goes; both ends see the same SPIs, and the one that initiated it closes it. Either may have been rekeyed before the
/// other was complete: what counts is how they began.
void Engine::State::settle_crossed(Instant now, const SessionFacts& facts) {
  if (!facts.connection) return;
  std::vector<std::uint64_t> rivals = index.of_connection(facts.connection->name, false);
  std::ranges::copy(index.of_connection(facts.connection->name, true), std::back_inserter(rivals));
  for (const std::uint64_t spi : rivals) {
    const SessionFacts other = slots.at(spi).session->facts();
    // One that reauthenticates waits until its rival is complete (say_farewell).
    if (!other.established || !is_crossed(facts, other) || facts.reauthenticates || other.reauthenticates) continue;
    const bool this_loses = facts.lineage_spi < other.lineage_spi;
    const SessionFacts& loser = this_loses ? facts : other;
    const SessionFacts& winner = this_loses ? other : facts;
    if (!loser.began_lineage ||
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

/// Between the same identities, for the same connection; in the order in which they were begun.
template <class Predicate>
std::vector<SessionFacts> Engine::State::others_of_same_name(const SessionFacts& facts, Predicate wanted) const {
  std::vector<SessionFacts> others;
  const auto self = slots.find(facts.local_spi);
  if (self == slots.end() || facts.version != 1 || !facts.connection) return others;
  const IkeSaStatus status = self->second.session->status();
  for (const std::uint64_t spi : index.of_peer(status.remote_id)) {
    const Session& session = *slots.at(spi).session;
    const SessionFacts other = session.facts();
    if (other.id == facts.id || other.version != facts.version || !other.connection ||
        other.connection->name != facts.connection->name)
      continue;
    const IkeSaStatus its = session.status();
    if (its.local_id == status.local_id && wanted(other, its, status)) others.push_back(other);
  }
  std::ranges::sort(others, {}, &SessionFacts::id);
  return others;
}

/// Established, or closed with Child SAs left.
std::vector<SessionFacts> Engine::State::others_of_same_peer(const SessionFacts& facts) const {
  return others_of_same_name(facts, [](const SessionFacts& other, const IkeSaStatus& its, const IkeSaStatus& ours) {
    return (other.established || !its.children.empty()) && same_users(its, ours) && same_place(its, ours);
  });
}

std::vector<policy::IpAddress> Engine::State::given_before(policy::IkeSaId ike_sa) const {
  const auto self = spi_by_id.find(ike_sa.value);
  if (self == spi_by_id.end()) return {};
  std::vector<policy::IpAddress> addresses;
  for (const SessionFacts& other : others_of_same_peer(slots.at(self->second).session->facts()))
    if (const auto given = slots.at(other.local_spi).session->status().given) addresses = given->addresses;
  return addresses;
}

/// The newest that there is. Who the user is of the one that asks has still to be said.
std::optional<Standing> Engine::State::standing_before(policy::IkeSaId ike_sa) const {
  const auto self = spi_by_id.find(ike_sa.value);
  if (self == spi_by_id.end()) return std::nullopt;
  const auto granted =
      others_of_same_name(slots.at(self->second).session->facts(),
                          [](const SessionFacts& other, const IkeSaStatus& its, const IkeSaStatus& ours) {
                            const bool alive = other.established || !its.children.empty();
                            return alive && (its.received || !its.local_user.empty()) && same_place(its, ours);
                          });
  if (granted.empty()) return std::nullopt;
  const IkeSaStatus newest = slots.at(granted.back().local_spi).session->status();
  return Standing{newest.local_user, newest.received};
}

/// A newly established IKE SA succeeds those that there are with the same peer; of two that both ends began at once,
/// the one with the higher initiator's SPI succeeds the other. What those that are closed have said to no avail is said
/// again, wherever the peer was then.
void Engine::State::settle_succession(Instant now, const SessionFacts& facts) {
  if (!slots.contains(facts.local_spi)) return;
  SessionFacts heir = facts;
  for (const SessionFacts& other : others_of_same_peer(facts)) {
    const bool yields = is_crossed(facts, other) && facts.spi_initiator < other.spi_initiator;
    hand_over(now, yields ? facts : other, yields ? other : facts);
    if (!yields) continue;
    heir = other;
    break;
  }
  const auto is_closed = [](const SessionFacts&, const IkeSaStatus& its, const IkeSaStatus&) {
    return its.state == IkeSaStatus::State::closing && its.children.empty();
  };
  for (const SessionFacts& closed : others_of_same_name(heir, is_closed)) hand_over(now, closed, heir);
}

void Engine::State::hand_over(Instant now, const SessionFacts& from, const SessionFacts& to) {
  const auto older = slots.find(from.local_spi), newer = slots.find(to.local_spi);
  if (older == slots.end() || newer == slots.end()) return;
  // Closed by whoever began the successor; of two that crossed, by whoever began the one that yields.
  const bool close_it = is_crossed(from, to) ? from.initiator : to.initiator;
  Environment env = environment();
  newer->second.session->take_over(now, env, *older->second.session, close_it);
  own_children(*newer->second.session);
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
  if (session.take_wish_for_farewell()) say_farewell(now, facts);
}

// ---- Reauthentication: IKEv2's renewal of the peers' proof is another IKE SA, too

/// Established, of IKEv2, and with the same peer.
std::vector<Kin> Engine::State::kin_of(const SessionFacts& facts) const {
  std::vector<Kin> kin;
  const Session& self = *slots.at(facts.local_spi).session;
  const policy::Identity local_id = self.status().local_id;
  for (const std::uint64_t spi : index.of_peer(self.remote_id())) {
    const Session& session = *slots.at(spi).session;
    SessionFacts other = session.facts();
    if (other.id == facts.id || other.version != 2 || !other.established ||
        other.connection->name != facts.connection->name)
      continue;
    IkeSaStatus its = session.status();
    if (its.local_id == local_id) kin.push_back({std::move(other), std::move(its)});
  }
  std::ranges::sort(kin, {}, [](const Kin& each) { return each.facts.id; });
  return kin;
}

void Engine::State::say_farewell(Instant now, const SessionFacts& made) {
  if (!made.established || !made.reauthenticates || made.leaving) return;
  const IkeSaStatus status = slots.at(made.local_spi).session->status();
  const Farewell farewell = bid_farewell({made, status}, kin_of(made));
  if (farewell.heir) with(now, *farewell.heir, [](Session& session, Environment& env) { session.take_traffic(env); });
  for (const auto id : farewell.leaving) {
    outbox.push_back(Notice{event::IkeSaReauthenticated{id, *farewell.heir, made.connection->name}});
    with(now, id, [&](Session& session, Environment& env) { session.give_way(now, env); });
  }
}

void Engine::State::begin_successor(Instant now, Session& session) {
  const SessionFacts facts = session.facts();
  const IkeSaStatus status = session.status();
  Protocol* const speaks = protocol(facts.version);
  const auto rivals = index.of_connection_at(facts.connection->name, facts.remote.address);
  const bool is_begun = std::ranges::any_of(rivals, [&](std::uint64_t spi) {
    const Session& other = *slots.at(spi).session;
    return other.facts().initiator && other.status().state == IkeSaStatus::State::connecting;
  });
  if (is_begun || !speaks || (facts.version == 2 && is_replaced({facts, status}, kin_of(facts)))) return;
  Initiation initiation{.connection = facts.connection,
                        .local = {status.local.address, facts.connection->local_port},
                        .remote = {status.remote.address, facts.connection->remote_port},
                        .child = {},
                        .initial_contact = false};
  session.describe_successor(initiation);
  Environment env = environment();
  auto successor = speaks->initiate(now, env, std::move(initiation));
  if (successor)
    add(now, std::move(*successor), std::nullopt);
  else
    env.emit(event::NegotiationFailed{facts.id, std::move(successor.error())});
}

/// Its heir, or the newest that there is. One that has no Child SAs left may be heard of wherever the peer is.
void Engine::State::find_heir(Instant now, const SessionFacts& facts) {
  std::optional<SessionFacts> best;
  const auto may_be = [](const SessionFacts& other, const IkeSaStatus& its, const IkeSaStatus& ours) {
    return other.established && same_users(its, ours) && (ours.children.empty() || same_place(its, ours));
  };
  for (const SessionFacts& other : others_of_same_name(facts, may_be))
    if (!best || best->id != facts.heir) best = other;
  if (best) hand_over(now, facts, *best);
}

/// The IKE SA that further children of the connection go to: an established one, else one on its way.
Session* Engine::State::session_for(const policy::Connection& connection) {
  Session* best = nullptr;
  SessionFacts best_facts;
  std::vector<std::uint64_t> of_it = index.of_connection(connection.name, true);
  std::ranges::copy(index.of_connection(connection.name, false), std::back_inserter(of_it));
  for (const std::uint64_t spi : of_it) {
    Session& session = *slots.at(spi).session;
    const SessionFacts facts = session.facts();
    const bool same = facts.connection.get() == &connection || *facts.connection == connection;
    if (!same || session.status().state == IkeSaStatus::State::closing) continue;
    if (!best || (facts.established && !best_facts.established) ||
        (facts.established.has_value() == best_facts.established.has_value() && facts.id > best_facts.id)) {
      best = &session;
      best_facts = facts;
    }
  }
  return best;
}

/// At that address, or by that name at another one: INITIAL_CONTACT is about identities (RFC 7296 §2.4).
bool Engine::State::knows_peer(const policy::Connection& connection, const policy::IpAddress& remote) const {
  return contacted.contains(remote) || index.any_at(remote) ||
         (policy::is_exact(connection.remote.id) && !index.of_peer(connection.remote.id).empty());
}

}  // namespace sallyport::ike
