// ISAKMP SAs with the same peer, one after the other. A new phase 1 is the only way that an ISAKMP SA gets fresh keys;
// the Child SAs know nothing of it. The engine finds who succeeds whom; here is what that means to both: the heir takes
// over the Child SAs and all that is wanted, the other finishes what is under way and retires.
//
// A peer may also close an ISAKMP SA and leave its Child SAs alone (RFC 2408 §3.15: each Delete names what it is
// about). They live on with nobody to speak for them, until another ISAKMP SA with the peer takes them over; one is
// begun when they have to be renewed, or when the peer falls silent where liveness checks are configured.
#include <algorithm>

#include "ike/core/child_sas.h"
#include "ike/core/lifetimes.h"
#include "ike/v1/informational.h"
#include "ike/v1/mode_config.h"
#include "ike/v1/session.h"

namespace sallyport::ike::v1 {
namespace {

using event::FailureKind;
using event::Side;

/// Who has been succeeded stays for so long, so that the peer finishes there what it has begun.
constexpr Duration kFarewell = std::chrono::seconds(10);
/// And so long, if closing it is the peer's business: it may see things otherwise when messages were lost.
constexpr Duration kLongFarewell = std::chrono::seconds(60);

/// A peer that has not heard our Delete so long ago has found out by itself, or has long begun anew.
constexpr Duration kWorthTelling = std::chrono::minutes(5);

/// A Quick Mode of the peer's whose third message has not come is finished where it was begun.
bool is_under_way(const IsakmpSa& sa, const ChildSa& child) {
  return std::ranges::any_of(sa.exchanges, [&](const Exchange& exchange) {
    return exchange.state == ExchangeState::quick_answered && has_made(exchange, child.spi_in);
  });
}

/// A peer behind a NAT cannot be reached by a first message; it has to begin. And of two between whom there is XAUTH it
/// is who has begun before: hardly anybody knows the methods by which a responder is the user.
bool may_begin(const IsakmpSa& sa) {
  if (!sa.connection || sa.initiator()) return sa.connection != nullptr;
  return !sa.nat_remote && !sa.connection->remote_xauth() && !sa.connection->local_xauth();
}

}  // namespace

// ---- Wanting a successor ----

void Ikev1Session::plan_renewal(Instant now, Environment& env) {
  if (!may_begin(sa_)) return;
  const auto ends = sa_.timers.at(Timer::life);
  const policy::Connection& config = *sa_.connection;
  const auto after = renewal_after({config.phase1_time(), config.phase1_time() + config.over_time, config.rand_time},
                                   ends ? std::optional<Duration>(*ends - now) : std::nullopt, env.random);
  if (after) sa_.timers.set(Timer::renewal, now + *after);
}

bool Ikev1Session::rekey(Instant now, Environment&) {
  if (!may_begin(sa_)) return false;
  if (!sa_.established || sa_.heir) return true;  // it is young enough, or its heir is
  wants_successor_ = true;
  sa_.timers.set(Timer::renewal, now + *renewal_again_after(std::nullopt));
  return true;
}

/// Again and again until there is one, or the life is over. What nobody uses is not worth renewing.
void Ikev1Session::on_renewal(Instant now) {
  const auto ends = sa_.timers.at(Timer::life);
  const auto again = renewal_again_after(ends ? std::optional(*ends - now) : std::nullopt);
  if (again) sa_.timers.set(Timer::renewal, now + *again);
  wants_successor_ = sa_.state == State::established && (!sa_.children.empty() || !sa_.wanted.empty());
}

// ---- Taking over ----

void Ikev1Session::take_over(Instant now, Environment& env, Session& predecessor, bool close_it) {
  auto* const old = dynamic_cast<Ikev1Session*>(&predecessor);
  ASSERT(old && old != this);
  tell_again(now, env, old->sa_);
  adopt_wishes(now, old->sa_);
  if (old->sa_.state == State::closed && old->sa_.children.empty()) return run_wanted(now, env);
  if (sa_.heir && sa_.state == State::established) come_back(now);
  if (old->sa_.heir != sa_.id) {
    env.emit(event::IkeSaRekeyed{old->sa_.id, sa_.id, sa_.connection_name(), 1});
    old->step_back(now, sa_.id, close_it);
  }
  inherit_network(env, old->sa_);
  // The peer did not answer there, and does here: it may have begun anew, without its Child SAs.
  const bool doubtful = old->sa_.probes > 0;
  const bool moved = old->sa_.local != sa_.local || old->sa_.remote != sa_.remote;
  std::vector<policy::ChildSaId> adopted;
  for (std::size_t i = 0; i < old->sa_.children.size();) {
    ChildSa& child = old->sa_.children[i];
    if (is_under_way(old->sa_, child)) {
      ++i;
      continue;
    }
    if (moved && child.udp_encap) env.outbox.push_back(MoveChildSa{child.id, sa_.local, sa_.remote});
    if (!sa_.connection->find_child(child.name)) child.rekeys.reset();
    adopted.push_back(child.id);
    sa_.children.push_back(std::move(child));
    old->sa_.children.erase(old->sa_.children.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (const auto id : adopted) settle_twins(now, env, id);
  if (doubtful)
    for (const auto id : adopted) replace_child(now, env, id, FailureKind::peer_unreachable);
  move_house(now, env, old->sa_, adopted);
  old->arm_child_life();
  arm_child_life();
  run_wanted(now, env);
}

/// What was to be begun there, or came to nothing.
void Ikev1Session::adopt_wishes(Instant now, IsakmpSa& predecessor) {
  for (WantedChild& wanted : std::exchange(predecessor.wanted, {}))
    if (sa_.connection->find_child(wanted.child) && !is_wanted_already(wanted)) sa_.wanted.push_back(std::move(wanted));
  on_renewals_failed(now, std::exchange(predecessor.unrenewed, {}));
}

/// A Quick Mode of ours will come to nothing here: where the Child SAs are now, it is begun again.
void Ikev1Session::leave_to_heir(Exchange& exchange) {
  if (!sa_.heir || exchange.state != ExchangeState::quick_asked) return;
  const auto renews = std::exchange(exchange.renews, {});
  sa_.wanted.push_back({exchange.quick->child, exchange.quick->local, exchange.quick->remote,
                        renews.empty() ? std::nullopt : std::optional(renews.back())});
  wants_heir_ = true;
}

/// What the peer has deleted by our word, if it heard it. Once: who does not answer Deletes would be told for ever.
void Ikev1Session::tell_again(Instant now, Environment& env, IsakmpSa& predecessor) {
  if (sa_.state != State::established) return;
  std::vector<ToldDelete> unheard = std::exchange(predecessor.unheard, {});
  for (Exchange& exchange : predecessor.exchanges)
    for (ToldDelete& told : exchange.deleted)
      if (!std::exchange(told.told_again, true)) unheard.push_back(told);
  std::erase_if(unheard, [&](const ToldDelete& told) { return told.told + kWorthTelling < now; });
  if (unheard.empty()) return;
  for (ToldDelete& told : unheard) told.told_again = true;
  Exchange exchange = make_exchange(env, 0, true);
  exchange.state = ExchangeState::delete_sent;
  exchange.last.sent(now, send_informational(now, env, build_deletes(unheard)), true, env.settings, env.random);
  exchange.deleted = std::move(unheard);
  sa_.exchanges.push_back(std::move(exchange));
  arm_exchanges();
}

/// A client that asks for no address once more keeps the one that it has. One that does is given the same, if it can
/// be.
void Ikev1Session::inherit_network(Environment& env, const IsakmpSa& predecessor) {
  if (sa_.access.given || !predecessor.access.given) return;
  const auto is_kept = [&](const policy::IpAddress& address) {
    return env.pools.share(address, lease_name(sa_), sa_.id);
  };
  if (std::ranges::all_of(predecessor.access.given->addresses, is_kept)) sa_.access.given = predecessor.access.given;
}

/// The client's: the gateway has given it another address. Child SAs for the old one stay for as long as that does.
void Ikev1Session::move_house(Instant now, Environment& env, const IsakmpSa& predecessor,
                              const std::vector<policy::ChildSaId>& children) {
  if (!sa_.access.received || !predecessor.access.received) return;
  const auto& kept = sa_.access.received->addresses;
  std::vector<std::string> wanted;
  for (ChildSa& child : sa_.children)
    for (const policy::IpAddress& address : predecessor.access.received->addresses) {
      const bool left = std::ranges::find(kept, address) == kept.end() &&
                        child.local_ts.front().addresses == policy::AddressRange::host(address);
      if (!left || std::ranges::find(children, child.id) == children.end()) continue;
      if (!std::exchange(child.superseded, true)) wanted.push_back(child.name);
      child.ours_to_delete = true;
      child.retires = now + 2 * kFarewell;
      child.rekeys.reset();
    }
  for (const std::string& name : wanted) request_child(now, env, {name});
}

/// By another of the same kind, which is sure to be there at both ends.
void Ikev1Session::replace_child(Instant now, Environment& env, policy::ChildSaId id, FailureKind why) {
  const ChildSa* child = sa_.find_child(id);
  if (!child) return;
  const WantedChild wanted{child->name, child->local_ts.front(), child->remote_ts.front()};
  const bool again = !child->superseded && sa_.connection->find_child(wanted.child) && !is_wanted_already(wanted);
  if (again) sa_.wanted.push_back(wanted);
  close_child(now, env, id, why);
}

/// The peer began anew after they came up, and does not have them. It says so in answer to the last that we said in
/// phase 1; of what has come up since, it may have known nothing yet.
void Ikev1Session::forget_past(Instant now, Environment& env) {
  std::vector<policy::ChildSaId> old;
  for (const ChildSa& child : sa_.children)
    if (child.installed < sa_.last_said) old.push_back(child.id);
  for (const auto id : old) replace_child(now, env, id, FailureKind::replaced);
  run_wanted(now, env);
}

/// `heir` has taken over.
void Ikev1Session::step_back(Instant now, policy::IkeSaId heir, bool close_it) {
  sa_.heir = heir;
  wants_successor_ = false;
  for (const Timer timer : {Timer::renewal, Timer::liveness, Timer::probe, Timer::confirm, Timer::keepalive})
    sa_.timers.cancel(timer);
  if (sa_.state != State::established) return;
  // One heir after the other must not put it off for ever.
  const Instant retires = now + (close_it ? kFarewell : kLongFarewell);
  sa_.timers.set(Timer::retirement, std::min(retires, sa_.timers.at(Timer::retirement).value_or(retires)));
}

/// The heir is gone before this one.
void Ikev1Session::come_back(Instant now) {
  sa_.heir.reset();
  sa_.timers.cancel(Timer::retirement);
  sa_.probes = 0;
  if (sa_.connection->dpd_delay.count() > 0) sa_.timers.set(Timer::liveness, now + sa_.connection->dpd_delay);
  if (sa_.connection->phase1_time().count() > 0 && may_begin(sa_)) on_renewal(now), wants_successor_ = false;
}

void Ikev1Session::on_retirement(Instant now, Environment& env) {
  const bool busy = sa_.quick_modes(true) != 0 || sa_.quick_modes(false) != 0 || !sa_.children.empty();
  if (!busy) return close(now, env, FailureKind::rekeyed, true);
  sa_.timers.set(Timer::retirement, now + kFarewell);
}

// ---- The peer closes ----

/// The peer has closed it. Its Child SAs are not meant, but for one that it has left unfinished.
void Ikev1Session::part(Instant now, Environment& env, event::Failure why) {
  for (Exchange& exchange : sa_.exchanges) {
    if (!is_used_by_peer(env, exchange)) continue;
    confirm_children(now, env, exchange.made);
    exchange.state = ExchangeState::done;
  }
  for (Exchange& exchange : sa_.exchanges) leave_to_heir(exchange);
  std::vector<policy::ChildSaId> unfinished;
  for (const ChildSa& child : sa_.children)
    if (is_under_way(sa_, child)) unfinished.push_back(child.id);
  for (const auto id : unfinished) remove_child(now, env, id, why);
  if (sa_.children.empty() || !sa_.established) return close_now(now, env, std::move(why));
  sa_.state = State::closed;
  for (Exchange& exchange : sa_.exchanges) finish(now, env, exchange);
  env.emit(event::IkeSaClosed{sa_.id, sa_.connection_name(), why});
  sa_.failure = std::move(why);
  sa_.timers.cancel_all();
  sa_.timers.set(Timer::linger, now + env.settings.half_open_timeout);
  if (sa_.connection->dpd_delay.count() > 0 && may_begin(sa_))
    sa_.timers.set(Timer::liveness, now + sa_.connection->dpd_delay);
  sa_.probes = 0;
  arm_child_life();
  wants_heir_ = true;
}

/// Nobody speaks for the Child SAs. Is the peer still there? A new phase 1 will tell.
void Ikev1Session::on_liveness_without_isakmp_sa(Instant now, Environment& env) {
  if (sa_.children.empty() || sa_.heir) return;
  const Duration delay = sa_.connection->dpd_delay;
  const Instant due = last_heard(env) + delay;
  if (due > now) {
    sa_.probes = 0;
    sa_.timers.set(Timer::liveness, due);
  } else if (sa_.probes++ == 0) {
    wants_successor_ = true;
    sa_.timers.set(Timer::liveness, now + std::max(delay, patience(env.settings)));
  } else {
    while (!sa_.children.empty())
      remove_child(now, env, sa_.children.back().id, failure(FailureKind::peer_unreachable, Side::remote));
  }
}

// ---- Deletes that came elsewhere ----

void Ikev1Session::on_stray_delete(Instant now, Environment& env, DeletedSpi stray) {
  if (const ChildSa* child = sa_.find_child(stray)) {
    const FailureKind why = child->superseded ? FailureKind::rekeyed : FailureKind::closed_by_peer;
    if (sa_.state == State::established) send_informational(now, env, build_delete_children({child}));
    remove_child(now, env, child->id, failure(why, Side::remote));
  }
  for (Exchange& exchange : sa_.exchanges)
    if (std::erase(exchange.deleted, stray) != 0 && exchange.deleted.empty() && !exchange.deletes_isakmp_sa)
      finish(now, env, exchange);
  std::erase(sa_.unheard, stray);
  arm_exchanges();
}

}  // namespace sallyport::ike::v1
