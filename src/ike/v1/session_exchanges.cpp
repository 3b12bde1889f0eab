// The table of phase 2's exchanges: when each is repeated, given up, forgotten.
#include <algorithm>

#include "ike/v1/session.h"

namespace sallyport::ike::v1 {
namespace {

using event::FailureKind;
using event::Side;

/// A peer that does not answer the Delete of an ISAKMP SA, as most do not, gets this many more of them; what it does
/// not hear, its own liveness checks tell it. Of a Child SA nothing else would, so that Delete is repeated like a
/// question. Nor does a client that renews what it has been granted need to hear of it again.
constexpr std::uint32_t kFewRepetitions = 2;

}  // namespace

Exchange* Ikev1Session::find_exchange(std::uint32_t id) {
  const auto found = std::ranges::find(sa_.exchanges, id, &Exchange::id);
  return found == sa_.exchanges.end() || id == 0 ? nullptr : &*found;
}

Exchange Ikev1Session::make_exchange(Environment& env, std::uint32_t id, bool ours) const {
  return {.id = id,
          .state = ExchangeState::done,
          .ours = ours,
          .chain = sa_.chain->of_exchange(env.crypto, id),
          .last = {},
          .forget = {}};
}

/// Of those that are over, the oldest go first.
void Ikev1Session::trim_exchanges() {
  const auto is_done = [](const Exchange& exchange) { return exchange.state == ExchangeState::done; };
  while (static_cast<std::size_t>(std::ranges::count_if(sa_.exchanges, is_done)) > IsakmpSa::max_done)
    sa_.exchanges.erase(std::ranges::find_if(sa_.exchanges, is_done));
}

void Ikev1Session::arm_exchanges() {
  std::optional<Instant> first;
  for (const Exchange& exchange : sa_.exchanges) {
    const bool done = exchange.state == ExchangeState::done;
    if (done && sa_.state == State::closed) continue;  // it goes with the rest
    const auto due = done ? std::optional(exchange.forget) : exchange.last.due();
    if (due && (!first || *due < *first)) first = due;
  }
  if (first)
    sa_.timers.set(Timer::exchanges, *first);
  else
    sa_.timers.cancel(Timer::exchanges);
}

void Ikev1Session::on_exchanges(Instant now, Environment& env) {
  std::erase_if(sa_.exchanges, [&](const Exchange& exchange) {
    return exchange.state == ExchangeState::done && exchange.forget <= now;
  });
  // One after the other: giving one up may close everything.
  for (std::size_t i = 0; i < sa_.exchanges.size(); ++i) {
    const auto due = sa_.exchanges[i].last.due();
    if (due && *due <= now) on_exchange_due(now, env, i);
  }
  arm_exchanges();
}

void Ikev1Session::on_exchange_due(Instant now, Environment& env, std::size_t place) {
  Exchange& exchange = sa_.exchanges[place];
  if (is_used_by_peer(env, exchange)) {
    confirm_children(now, env, exchange.made);
    return finish(now, env, exchange);
  }
  const bool deletes = exchange.state == ExchangeState::delete_sent;
  const bool dispensable = exchange.deletes_isakmp_sa || (exchange.state == ExchangeState::asked && sa_.access.before);
  const std::uint32_t tries =
      dispensable ? std::min(kFewRepetitions, env.settings.retransmit_tries) : env.settings.retransmit_tries;
  if (!exchange.last.repeat(now, tries, env.settings, env.random)) {
    if (deletes) return finish(now, env, exchange);
    return give_up(now, env, exchange.id);
  }
  if (!deletes)
    env.emit(event::Retransmitted{sa_.id, sa_.connection_name(), exchange.id, exchange.last.attempts() - 1});
  // Aggressive Mode's last message has no answer: a silent peer may have missed that one.
  if (!deletes && !sa_.peer_confirmed && !sa_.last.octets().empty())
    send(now, env, to_bytes(sa_.last.octets()), sa_.local, sa_.remote);
  send(now, env, to_bytes(exchange.last.octets()), sa_.local, sa_.remote);
}

/// Quick Mode's third message has not come, but ESP or AH has, by a Child SA that it would confirm.
bool Ikev1Session::is_used_by_peer(const Environment& env, const Exchange& exchange) const {
  return exchange.state == ExchangeState::quick_answered &&
         std::ranges::any_of(sa_.children, [&](const ChildSa& child) {
           return has_made(exchange, child.spi_in) && env.host.last_inbound(child.id);
         });
}

/// No answer, or none that makes sense.
void Ikev1Session::give_up(Instant now, Environment& env, std::uint32_t id) {
  Exchange* exchange = find_exchange(id);
  if (exchange->state == ExchangeState::asked) return give_up_transaction(now, env, *exchange);
  auto why = failure(FailureKind::peer_unreachable, Side::remote);
  why.attempts = exchange->last.attempts();
  if (exchange->state == ExchangeState::quick_asked) {
    why.child = exchange->quick->child;
    const bool silent = last_heard(env) <= *exchange->began;
    leave_to_heir(*exchange);  // the peer may have closed this one, and talks about it there
    finish(now, env, *exchange);
    if (sa_.heir) return;
    if (silent) {
      why.child.clear();
      send_delete_of_isakmp_sa(now, env);  // it may hear us though we do not hear it
      return close_now(now, env, std::move(why));
    }
    why.kind = FailureKind::child_refused;  // it lives, and does not want to talk about this
    why.notify = "no answer";
    env.emit(event::NegotiationFailed{sa_.id, why});
    return close_if_useless(now, env, std::move(why));
  }
  std::vector<policy::ChildSaId> made;
  for (const ChildSa& child : sa_.children)
    if (has_made(*exchange, child.spi_in)) made.push_back(child.id);
  finish(now, env, *exchange);
  for (const auto child : made) close_child(now, env, child, FailureKind::peer_unreachable);
}

}  // namespace sallyport::ike::v1
