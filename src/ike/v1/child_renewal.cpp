// Child SAs for the same traffic. IKEv1 has no word for rekeying: whoever renews a Child SA begins another Quick Mode
// for its selectors, and so there are two. The newer one supersedes the older; whoever made it deletes the older when
// nothing more comes in by that. Where both ends renew at once, both see the same two and keep the same one. Those that
// one Quick Mode made (several SA payloads) stand side by side, and are superseded together.
//
//     ours       Q1 ──▶   ◀── Q2   Q3 ──▶   our traffic goes by the new one    grace    D(old) ──▶
//     the peer's Q1 ◀──   ──▶ Q2   Q3 ◀──   our traffic goes by the new one             D(old) ◀──
#include <algorithm>

#include "ike/core/child_sas.h"
#include "ike/core/lifetimes.h"
#include "ike/v1/session.h"

namespace sallyport::ike::v1 {
namespace {

using event::FailureKind;
using event::Side;

/// A superseded Child SA stays beyond its grace while the peer still sends by it.
constexpr Duration kQuiet = std::chrono::seconds(3);
/// Or may do so, because our third message has not reached it: nothing has come by the other one in so long a time.
constexpr Duration kSilence = std::chrono::seconds(30);
/// Peers install theirs when our third message has come, and some take tens of milliseconds over it.
constexpr Duration kSettling = std::chrono::seconds(1);

bool same_traffic(const ChildSa& a, const ChildSa& b) {
  return a.name == b.name && a.mode == b.mode && a.local_ts == b.local_ts && a.remote_ts == b.remote_ts;
}

bool renews(const ChildSa& child, policy::ChildSaId older) {
  return std::ranges::find(child.renews, older) != child.renews.end();
}

/// Of two that were made at the same time by both ends: both ends know the same pairs of SPIs.
bool outranks(const ChildSa& a, const ChildSa& b) {
  const auto rank = [](const ChildSa& child) {
    return std::pair(std::min(child.spi_in, child.spi_out), std::max(child.spi_in, child.spi_out));
  };
  return rank(a) > rank(b);
}

ChildSa* find_in(std::vector<ChildSa>& children, policy::ChildSaId id) {
  const auto found = std::ranges::find(children, id, &ChildSa::id);
  return found == children.end() ? nullptr : &*found;
}

}  // namespace

// ---- Renewing ----

bool Ikev1Session::rekey_child(Instant now, Environment& env, policy::ChildSaId id) {
  renew_child(now, env, id);
  return true;
}

void Ikev1Session::renew_child(Instant now, Environment& env, policy::ChildSaId id) {
  ChildSa* child = find_in(sa_.children, id);
  if (!child || child->superseded || !sa_.connection->find_child(child->name)) return;
  child->rekeys.reset();
  const WantedChild wanted{child->name, child->local_ts.front(), child->remote_ts.front(), id};
  const bool closed = sa_.state == State::closed;
  if (closed) wants_successor_ = true;  // which takes it over, and is asked again
  if (closed || sa_.wanted.size() >= env.settings.queued_tasks_per_ike_sa) return on_renewals_failed(now, {id});
  if (!is_wanted_already(wanted)) sa_.wanted.push_back(wanted);
  run_wanted(now, env);
  arm_child_life();
}

/// Those that a Quick Mode for this will supersede.
std::vector<policy::ChildSaId> Ikev1Session::current_for(const WantedChild& wanted) const {
  std::vector<policy::ChildSaId> current;
  for (const ChildSa& child : sa_.children)
    if (!child.superseded && child.name == wanted.child && child.local_ts == policy::TrafficSelectors{wanted.local} &&
        child.remote_ts == policy::TrafficSelectors{wanted.remote})
      current.push_back(child.id);
  return current;
}

/// The peer was quicker, or closed it.
bool Ikev1Session::is_wanted_no_more(const WantedChild& wanted) const {
  if (!wanted.renews) return false;
  const ChildSa* child = sa_.find_child(*wanted.renews);
  return !child || child->superseded;
}

void Ikev1Session::on_renewals_failed(Instant now, const std::vector<policy::ChildSaId>& children) {
  for (const auto id : children) {
    ChildSa* child = find_in(sa_.children, id);
    if (child && !child->superseded) plan_renewal_again(*child, now);
    if (child || !sa_.heir) continue;
    sa_.unrenewed.push_back(id);
    wants_heir_ = true;
  }
  if (!children.empty()) arm_child_life();
}

// ---- Which one counts ----

/// What we send by it before the peer has installed it is lost, so our traffic stays with the older one for a while.
void Ikev1Session::settle_later(Instant now, ChildSa& child, policy::ChildSaSpec& spec) {
  child.confirmed = false;
  child.settles = now + kSettling;
  spec.settling = true;
}

/// `id` has come: what that makes of the others for the same traffic, and of itself.
void Ikev1Session::settle_twins(Instant now, Environment& env, policy::ChildSaId id) {
  ChildSa* young = find_in(sa_.children, id);
  ASSERT(young);
  for (ChildSa& old : sa_.children) {
    if (old.eldest == young->eldest || !same_traffic(old, *young)) continue;
    if (renews(*young, old.id)) {
      supersede(now, env, old, *young, true);
    } else if (renews(old, id)) {
      supersede(now, env, *young, old, true);
    } else if (!old.superseded && !young->superseded) {
      // Ours was begun when theirs was not known here; the other way round, the peer tells what it means by its
      // Deletes.
      const auto is_left = [&](policy::ChildSaId renewed) { return sa_.find_child(renewed) != nullptr; };
      const bool crossed =
          young->initiated != old.initiated && (young->initiated || std::ranges::any_of(old.renews, is_left));
      const bool old_stays = crossed && outranks(old, *young);
      ChildSa& loser = old_stays ? *young : old;
      supersede(now, env, loser, old_stays ? old : *young, crossed ? loser.initiated : young->initiated);
    }
  }
}

void Ikev1Session::supersede(Instant now, Environment& env, ChildSa& older, const ChildSa& by, bool ours_to_delete) {
  older.rekeys.reset();
  older.ours_to_delete = ours_to_delete;
  // As long as the peer might not have the one that counts, it is not ours to take the other away.
  if (by.confirmed) plan_retirement(older, now);
  if (!std::exchange(older.superseded, true))
    env.emit(event::ChildSaRekeyed{sa_.id, older.id, by.id, sa_.connection_name(), by.name, by.spi_in, by.spi_out});
  if (by.confirmed) env.outbox.push_back(UseChildSa{by.id});
}

/// The peer's third message has come, or what only one that has sent it would send. Of several that one Quick Mode
/// made, our traffic goes by the first.
void Ikev1Session::confirm_children(Instant now, Environment& env, const std::vector<std::uint32_t>& spis_in) {
  for (std::size_t i = spis_in.size(); i-- > 0;) confirm_child(now, env, spis_in[i]);
}

void Ikev1Session::confirm_child(Instant now, Environment& env, std::uint32_t spi_in) {
  if (sa_.heir) wants_heir_ = true;
  const auto child = std::ranges::find(sa_.children, spi_in, &ChildSa::spi_in);
  if (child == sa_.children.end()) return;
  child->settles.reset();
  if (std::exchange(child->confirmed, true) || child->superseded) return;
  env.outbox.push_back(UseChildSa{child->id});
  for (ChildSa& older : sa_.children)
    if (older.superseded && same_traffic(older, *child)) plan_retirement(older, now);
  arm_child_life();
}

/// What counted has gone. The newest that it had superseded, if that is still there, counts again, and wants to be
/// renewed.
void Ikev1Session::put_in_place_of(Instant now, const ChildSa& gone) {
  if (gone.superseded || sa_.state == State::closed) return;
  ChildSa* best = nullptr;
  for (ChildSa& child : sa_.children) {
    if (!same_traffic(child, gone)) continue;
    if (!child.superseded) return;
    if (!best || child.id > best->id) best = &child;
  }
  if (!best) return;
  best->superseded = best->ours_to_delete = false;
  best->retires.reset();
  const policy::Child* config = sa_.connection->find_child(best->name);
  if (config && config->rekey_time.count() > 0) on_renewals_failed(now, {best->id});
}

// ---- What time brings ----

void Ikev1Session::on_child_life(Instant now, Environment& env) {
  std::vector<std::uint32_t> settled;
  for (const ChildSa& child : sa_.children)
    if (child.settles && *child.settles <= now) settled.push_back(child.spi_in);
  confirm_children(now, env, settled);
  const DueChildren due = due_children(sa_.children, now);
  for (const auto id : due.ended)
    if (const ChildSa* child = sa_.find_child(id))
      close_child(now, env, id, child->superseded ? FailureKind::rekeyed : FailureKind::expired);
  for (const auto id : due.retired) retire_child(now, env, id);
  for (const auto id : due.to_renew) renew_child(now, env, id);
  arm_child_life();
}

void Ikev1Session::retire_child(Instant now, Environment& env, policy::ChildSaId id) {
  ChildSa* child = find_in(sa_.children, id);
  if (!child || !child->retires) return;
  const auto heard = env.host.last_inbound(id);
  const bool silent = std::ranges::any_of(sa_.children, [&](const ChildSa& other) {
    return !other.superseded && same_traffic(other, *child) && !env.host.last_inbound(other.id) &&
           now - other.installed < kSilence;
  });
  if (silent || (heard && now - *heard < kQuiet))
    child->retires = now + kQuiet;
  else
    close_child(now, env, id, FailureKind::rekeyed);
}

void Ikev1Session::arm_child_life() {
  auto first = next_due(sa_.children);
  for (const ChildSa& child : sa_.children)
    if (child.settles && (!first || *child.settles < *first)) first = child.settles;
  if (first)
    sa_.timers.set(Timer::child_life, *first);
  else
    sa_.timers.cancel(Timer::child_life);
}

}  // namespace sallyport::ike::v1
