// Child SAs in the place of others. A request names what it renews (REKEY_SA), so both ends know the successor; whoever
// made it deletes the older one, after a grace in which traffic goes over. Where both ends renew the same one at once,
// there are two successors: the one that the lowest of the four nonces went into is deleted by whoever made it (RFC
// 7296 §2.8.1), and the other counts.
//
//     ours   CREATE_CHILD_SA {REKEY_SA(old), …} ──▶           our traffic goes by the successor at once
//                                               ◀── {…}       the peer's when it has heard ours
//            grace
//            INFORMATIONAL {D(old)} ──▶  ◀── {D(old)}         and for some seconds what is under way still comes in
#include <algorithm>

#include "ike/v2/session.h"

namespace sallyport::ike::v2 {
namespace {

using event::FailureKind;
using event::Side;

/// After its Delete, packets that were sent before it may still come.
constexpr Duration kLinger = std::chrono::seconds(2);

/// Our traffic goes by it; but where another IKE SA is about to take over, by a Child SA of that one.
void use(const IkeSa& sa, policy::ChildSaId child, Environment& env) {
  if (!sa.timers.is_set(Timer::retirement)) env.outbox.push_back(UseChildSa{child});
}

}  // namespace

ChildSa* Ikev2Session::find(policy::ChildSaId id) {
  const auto found = std::ranges::find(sa_.children, id, &ChildSa::id);
  return found == sa_.children.end() ? nullptr : &*found;
}

// ---- Renewing ----

bool Ikev2Session::rekey_child(Instant now, Environment& env, policy::ChildSaId id) {
  if (sa_.state != State::established || !sa_.find_child(id)) return false;
  renew_child(now, env, id);
  return true;
}

void Ikev2Session::renew_child(Instant now, Environment& env, policy::ChildSaId id) {
  ChildSa* const child = find(id);
  if (!child || child->superseded || child->closing || child->gone) return;
  child->rekeys.reset();
  CreateChild wanted{.request = {.child = child->name}, .replaces = id};
  if (sa_.state != State::established || sa_.tasks.size() >= env.settings.queued_tasks_per_ike_sa)
    on_renewal_failed(now, id);
  else if (!is_wanted_already(wanted))
    want(std::move(wanted));
  arm_child_life();
  run_next_task(now, env);
}

void Ikev2Session::on_renewal_failed(Instant now, policy::ChildSaId id) {
  ChildSa* const child = find(id);
  if (!child || child->superseded || child->closing || child->gone) return;
  plan_renewal_again(*child, now);
  arm_child_life();
}

// ---- Which one counts ----

/// `id` has come, in the place of another. While ours for the same is under way, how that ends decides.
void Ikev2Session::settle_renewal(Instant now, Environment& env, policy::ChildSaId id) {
  const ChildSa* const child = sa_.find_child(id);
  ASSERT(child);
  if (!child->replaces || (!child->initiated && sa_.renews(*child->replaces))) return;
  // Where the peer renews once more what it has made in the place of the same one, its newest stands for that.
  const ChildSa* const older = sa_.find_child(*child->replaces);
  std::optional<std::pair<policy::ChildSaId, Bytes>> stands_for;
  if (!child->initiated && older && !older->initiated && older->replaces && sa_.renews(*older->replaces))
    stands_for.emplace(*older->replaces, older->lowest_nonce);
  choose_successor(now, env, id);
  if (ChildSa* const newest = stands_for ? find(id) : nullptr) {
    newest->replaces = stands_for->first;
    newest->lowest_nonce = std::move(stands_for->second);
  }
}

/// Our own renewal of it came to nothing, or too late; the peer's, if there is one, counts.
void Ikev2Session::settle_without_ours(Instant now, Environment& env, policy::ChildSaId replaced) {
  const auto theirs = std::ranges::find_if(sa_.children, [&](const ChildSa& other) {
    return other.replaces == replaced && !other.initiated && !other.superseded && !other.gone;
  });
  if (theirs != sa_.children.end()) choose_successor(now, env, theirs->id);
}

/// What `id` makes of the one that it replaces, and of the other end's for the same.
void Ikev2Session::choose_successor(Instant now, Environment& env, policy::ChildSaId id) {
  ChildSa* winner = find(id);
  const policy::ChildSaId replaced = *winner->replaces;
  const auto rival = std::ranges::find_if(sa_.children, [&](const ChildSa& other) {
    return other.replaces == replaced && other.initiated != winner->initiated && !other.superseded && !other.gone;
  });
  if (rival != sa_.children.end()) {
    ChildSa* loser = &*rival;
    if (winner->lowest_nonce < loser->lowest_nonce) std::swap(winner, loser);
    supersede(now, env, *loser, *winner, loser->initiated);
  }
  ChildSa* const old = find(replaced);
  if (!old) return;
  const bool unwanted = old->closing && !old->superseded;  // while it was being renewed
  if (!old->superseded)
    env.emit(event::ChildSaRekeyed{sa_.id, replaced, winner->id, sa_.connection_name(), winner->name, winner->spi_in,
                                   winner->spi_out});
  const policy::ChildSaId counts = winner->id;
  supersede(now, env, *old, *winner, winner->initiated);
  if (unwanted) close_child(now, env, counts, FailureKind::closed_by_user);
}

namespace {

/// Each end has asked for one of them, for the same traffic, and not in the place of the same one.
bool are_twins(const ChildSa& a, const ChildSa& b) {
  const auto counts = [](const ChildSa& child) { return !child.superseded && !child.closing && !child.gone; };
  return counts(a) && counts(b) && a.initiated != b.initiated && a.name == b.name && a.local_ts == b.local_ts &&
         a.remote_ts == b.remote_ts && (!a.replaces || a.replaces != b.replaces) && a.replaces != b.id &&
         b.replaces != a.id;
}

/// What both ends agree on.
std::pair<std::uint32_t, std::uint32_t> rank(const ChildSa& child) { return std::minmax(child.spi_in, child.spi_out); }

}  // namespace

/// Both ends wanted the same Child SA at once. Of the two, the one with the lower SPIs goes: whoever has asked for it
/// deletes it. One that a peer without this rule has asked for stays.
void Ikev2Session::settle_twins(Instant now, Environment& env, policy::ChildSaId id) {
  ChildSa* const child = find(id);
  if (!child) return;
  for (ChildSa& other : sa_.children) {
    if (!are_twins(*child, other)) continue;
    const bool this_goes = rank(*child) < rank(other);
    ChildSa& loser = this_goes ? *child : other;
    if (loser.initiated) supersede(now, env, loser, this_goes ? other : *child, true);
  }
}

void Ikev2Session::supersede(Instant now, Environment& env, ChildSa& older, const ChildSa& by, bool ours_to_delete) {
  older.rekeys.reset();
  older.retires.reset();
  older.superseded = true;
  older.successor = by.id;
  for (ChildSa& other : sa_.children)  // what it had superseded itself does not count again when it goes
    if (other.successor == older.id && other.id != by.id) other.successor = by.id;
  older.ours_to_delete = ours_to_delete;
  if (older.gone)
    older.retires = now + kLinger;
  else if (!older.closing)
    plan_retirement(older, now);
  if (by.confirmed) use(sa_, by.id, env);
  arm_child_life();
}

/// A request of the peer's shows that it has our answers to all before its window (RFC 7296 §2.3); and whoever has
/// renewed the IKE SA was done with what it made on the older one (§2.25.2).
void Ikev2Session::confirm_children(Environment& env, std::uint32_t request) {
  for (ChildSa& child : sa_.children)
    if (!child.confirmed &&
        (!child.made_by || (request > *child.made_by && request - *child.made_by >= sa_.window.own())))
      confirm(env, child);
}

void Ikev2Session::confirm(Environment& env, ChildSa& child) {
  child.confirmed = true;
  if (!child.superseded) use(sa_, child.id, env);
}

/// Both ends have closed it. What it has a successor for may still be under way.
void Ikev2Session::let_go(Instant now, Environment& env, policy::ChildSaId id, const event::Failure& why) {
  settle_without_ours(now, env, id);
  ChildSa* const child = find(id);
  if (!child || child->gone) return;
  if (!child->superseded) return remove_child(now, env, id, why);
  // That the peer has deleted it shows that it has what took its place.
  if (ChildSa* const by = child->successor ? find(*child->successor) : nullptr; by && !by->confirmed) confirm(env, *by);
  child->gone = true;
  child->closing = false;
  child->expires.reset();
  child->retires = now + kLinger;
  arm_child_life();
}

/// What counted has gone. What it had superseded counts again, if it is still there, and wants to be renewed.
void Ikev2Session::put_in_place_of(Instant now, Environment& env, policy::ChildSaId gone) {
  if (sa_.state == State::closed) return;
  ChildSa* best = nullptr;
  std::vector<policy::ChildSaId> left;
  for (ChildSa& child : sa_.children) {
    if (child.successor != gone) continue;
    if (child.gone || child.closing)
      left.push_back(child.id);
    else if (!best || child.id > best->id)
      best = &child;
  }
  if (best) {
    best->superseded = best->ours_to_delete = false;
    best->retires.reset();
    best->successor.reset();
    const policy::Child* config = sa_.connection->find_child(best->name);
    if (config && config->rekey_time.count() > 0) plan_renewal_again(*best, now);
    for (ChildSa& child : sa_.children)
      if (child.successor == gone) child.successor = best->id;
    return;
  }
  for (const auto id : left)
    if (const ChildSa* child = sa_.find_child(id); child && child->gone)
      remove_child(now, env, id, failure(FailureKind::rekeyed, Side::local));
}

// ---- What time brings ----

void Ikev2Session::on_child_life(Instant now, Environment& env) {
  const DueChildren due = due_children(sa_.children, now);
  for (const auto id : due.ended) {
    const ChildSa* child = sa_.find_child(id);
    // With no way to another one on this IKE SA, it ends as a whole (RFC 7296 §2.8).
    if (child && child->last_of_kind && !child->superseded) return close(now, env, FailureKind::expired, true);
    close_child(now, env, id, FailureKind::expired);
  }
  for (const auto id : due.retired) retire_child(now, env, id);
  for (const auto id : due.to_renew) renew_child(now, env, id);
  arm_child_life();
}

/// As long as the peer might not have the successor, the older one is not ours to take away. Of twins that is not for
/// ever: if nothing passes, neither shows that it is there.
void Ikev2Session::retire_child(Instant now, Environment& env, policy::ChildSaId id) {
  ChildSa* const child = find(id);
  if (!child || !child->retires) return;
  if (child->gone) return remove_child(now, env, id, failure(FailureKind::rekeyed, Side::local));
  if (ChildSa* by = child->successor ? find(*child->successor) : nullptr; by && !by->confirmed) {
    const bool may_lack_it = by->replaces == id || now - by->installed < kLongGrace;
    if (may_lack_it && !env.host.last_inbound(by->id)) {
      child->retires = now + kGrace;
      return;
    }
    by->confirmed = true;
    use(sa_, by->id, env);
  }
  close_child(now, env, id, FailureKind::rekeyed);
}

void Ikev2Session::arm_child_life() {
  if (const auto first = next_due(sa_.children))
    sa_.timers.set(Timer::child_life, *first);
  else
    sa_.timers.cancel(Timer::child_life);
}

}  // namespace sallyport::ike::v2
