// What the timers of an ISAKMP SA do: phase 1's repetitions, liveness, keepalives, the ends of lifetimes.
#include "ike/core/child_sas.h"
#include "ike/v1/dpd.h"
#include "ike/v1/session.h"

namespace sallyport::ike::v1 {

namespace w = wire::ikev1;
using event::FailureKind;
using event::Side;

void Ikev1Session::on_timeout(Instant now, Environment& env) {
  while (const auto due = sa_.timers.pop_due(now)) on_timer(now, env, *due);
}

void Ikev1Session::on_timer(Instant now, Environment& env, Timer timer) {
  switch (timer) {
    case Timer::retransmit: return on_retransmit(now, env);
    case Timer::half_open:
      // Who heard our proof and falls silent does not believe it: another key.
      if (!sa_.established)
        close_now(now, env,
                  failure(sa_.state == State::aggressive_answered ? FailureKind::authentication_failed
                                                                  : FailureKind::peer_unreachable,
                          Side::remote));
      return;
    case Timer::exchanges: return on_exchanges(now, env);
    case Timer::confirm:
      if (!sa_.peer_confirmed && last_heard(env) <= *sa_.established) probe(now, env);
      return;
    case Timer::liveness:
      return sa_.state == State::closed ? on_liveness_without_isakmp_sa(now, env) : on_liveness(now, env);
    case Timer::probe: return on_probe(now, env);
    case Timer::keepalive: return sa_.timers.set(Timer::keepalive, sa_.keep_mapping(now, env));
    case Timer::access: return on_access_timeout(now, env);
    case Timer::life:
      for (Exchange& exchange : sa_.exchanges) leave_to_heir(exchange);
      return close(now, env, FailureKind::expired, true);
    case Timer::renewal: return on_renewal(now);
    case Timer::retirement: return on_retirement(now, env);
    case Timer::child_life: return on_child_life(now, env);
    case Timer::fragments: {
      const auto limits = fragment_limits(env.settings);
      fragments_.expire(now, limits);
      if (const auto expiry = fragments_.next_expiry(limits)) sa_.timers.set(Timer::fragments, *expiry);
      return;
    }
    case Timer::linger:
    case Timer::count_: break;
  }
}

void Ikev1Session::on_retransmit(Instant now, Environment& env) {
  if (!sa_.failure && sa_.last.repeat(now, env.settings.retransmit_tries, env.settings, env.random)) {
    env.emit(event::Retransmitted{sa_.id, sa_.connection_name(), 0, sa_.last.attempts() - 1});
    sa_.timers.set(Timer::retransmit, *sa_.last.due());
    return send(now, env, to_bytes(sa_.last.octets()), sa_.local, sa_.remote);
  }
  // Who answered twice and falls silent at our proof of identity most likely could not read it: another key.
  const bool proof_refused = sa_.state == State::main_proved;
  auto why = failure(proof_refused ? FailureKind::authentication_failed : FailureKind::peer_unreachable, Side::remote);
  why.attempts = sa_.last.attempts();
  close_now(now, env, sa_.failure ? *sa_.failure : sa_.suspicion ? *sa_.suspicion : std::move(why));
}

void Ikev1Session::on_liveness(Instant now, Environment& env) {
  const Duration delay = sa_.connection->dpd_delay;
  const Instant due = last_heard(env) + delay;
  sa_.timers.set(Timer::liveness, due > now ? due : now + delay);
  if (due <= now && sa_.probes == 0 && sa_.quick_modes(true) == 0) probe(now, env);
}

/// Asks whether the peer is there; a peer without RFC 3706 would not know the question.
void Ikev1Session::probe(Instant now, Environment& env) {
  if (!sa_.peer_has_dpd) return;
  if (sa_.message_ids.exhausted()) return close(now, env, FailureKind::expired, true);
  if (sa_.probes++ == 0) {
    probed_ = now;
    if (sa_.probe_sequence == 0) sa_.probe_sequence = env.random.u32() >> 1;
  }
  ++sa_.probe_sequence;
  w::PayloadChain payloads;
  payloads.add(are_you_there(sa_, sa_.probe_sequence));
  send_informational(now, env, payloads);
  double wait = static_cast<double>(env.settings.retransmit_timeout.count());
  for (std::uint32_t i = 1; i < sa_.probes; ++i) wait *= env.settings.retransmit_base;
  sa_.timers.set(Timer::probe, now + Duration(static_cast<Duration::rep>(wait)));
}

void Ikev1Session::on_probe(Instant now, Environment& env) {
  if (last_heard(env) > probed_) {
    sa_.probes = 0;
    return;
  }
  if (sa_.probes <= env.settings.retransmit_tries) return probe(now, env);
  auto why = failure(FailureKind::peer_unreachable, Side::remote);
  why.attempts = sa_.probes;
  close_now(now, env, std::move(why));
}

void Ikev1Session::arm_established_timers(Instant now, Environment& env) {
  sa_.timers.cancel(Timer::half_open);
  sa_.timers.cancel(Timer::retransmit);
  if (!sa_.initiator()) sa_.timers.set(Timer::confirm, now + env.settings.confirm_after);
  if (sa_.nat_local && env.settings.keep_alive > Duration::zero())
    sa_.timers.set(Timer::keepalive, now + env.settings.keep_alive);
  if (sa_.connection->dpd_delay.count() > 0) sa_.timers.set(Timer::liveness, now + sa_.connection->dpd_delay);
  constexpr std::uint64_t kLongest = 1u << 30;  // seconds
  if (sa_.life_seconds && *sa_.life_seconds < kLongest)
    sa_.timers.set(Timer::life, now + std::chrono::seconds(static_cast<std::int64_t>(*sa_.life_seconds)));
  plan_renewal(now, env);
}

Instant Ikev1Session::last_heard(const Environment& env) const {
  return ike::last_heard(sa_.last_received, sa_.children, env);
}

}  // namespace sallyport::ike::v1
