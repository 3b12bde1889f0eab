// What the timers of an IKE SA do: repetitions, liveness, keepalives, the ends of lifetimes.
#include "ike/core/child_sas.h"
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {

using event::FailureKind;
using event::Side;

void Ikev2Session::on_timeout(Instant now, Environment& env) {
  while (const auto due = sa_.timers.pop_due(now)) on_timer(now, env, *due);
}

void Ikev2Session::on_timer(Instant now, Environment& env, Timer timer) {
  switch (timer) {
    case Timer::retransmit: return on_retransmit(now, env);
    case Timer::puzzle: return go_on_with_search(now, env);
    case Timer::half_open:
      if (sa_.state != State::closed) close_now(now, env, failure(FailureKind::peer_unreachable, Side::remote));
      sa_.timers.cancel_all();
      return;
    case Timer::confirm:
      if (!sa_.peer_confirmed && last_heard(env) <= *sa_.established) {
        want(CheckLiveness{});
        run_next_task(now, env);
      }
      return;
    case Timer::liveness: return on_liveness(now, env);
    case Timer::keepalive: return sa_.timers.set(Timer::keepalive, sa_.keep_mapping(now, env));
    case Timer::retry: return run_next_task(now, env);
    case Timer::life: return close(now, env, FailureKind::expired, true);
    case Timer::renewal: return on_renewal(now, env);
    case Timer::reauthentication: return on_reauthentication(now);
    case Timer::farewell: return watch_farewell(now, env);
    case Timer::retirement: return close(now, env, FailureKind::rekeyed, true);
    case Timer::reassembly: return on_reassembly(now, env);
    case Timer::follow_up: return on_follow_up(now, env);
    case Timer::child_life: return on_child_life(now, env);
    case Timer::count_: break;
  }
}

void Ikev2Session::on_retransmit(Instant now, Environment& env) {
  if (resumes_in_vain()) {
    begin_anew(now, env, event::Resumption::Outcome::unanswered);
    return close_now(now, env, failure(FailureKind::not_resumed, Side::remote));
  }
  // Who only follows leaves the leading end the time to find another path (RFC 4555 §3.11).
  Settings patient = env.settings;
  if (sa_.state == State::established && sa_.mobility.agreed && !sa_.mobility.leads) ++patient.retransmit_tries;
  while (const auto due = sa_.window.due(now))
    if (!repeat(now, env, *due, patient)) return;
  arm_retransmission();
}

/// False: that was the end.
bool Ikev2Session::repeat(Instant now, Environment& env, std::uint32_t request, const Settings& patient) {
  auto repetition = sa_.window.repeat_request(now, request, patient, env.random);
  // Before what is alive is given up: an outage may have lasted just until now.
  if (!repetition && sa_.state == State::established && last_heard(env) > sa_.window.last_sent(request) &&
      sa_.window.revive(request, patient))
    repetition = sa_.window.repeat_request(now, request, patient, env.random);
  if (!repetition) {
    auto why = failure(FailureKind::peer_unreachable, Side::remote);
    why.attempts = sa_.window.attempts(request);
    if (sa_.setup && sa_.setup->puzzles.declined != 0) {
      why.kind = FailureKind::puzzle_declined;
      why.zero_bits = sa_.setup->puzzles.declined;
    }
    // A Delete that nobody answers ends the SA all the same, for the reason that it had.
    close_now(now, env, sa_.failure ? *sa_.failure : std::move(why));
    return false;
  }
  env.emit(event::Retransmitted{sa_.id, sa_.connection_name(), repetition->id, repetition->attempt});
  if (const Fragmentation* f = sa_.fragmentation.get();
      f && f->long_requests.contains(request) && repetition->attempt >= kRepetitionsBeforeSmaller)
    if (auto smaller = cut_smaller(env, f->long_requests.at(request), sa_.local, sa_.keys); !smaller.empty())
      sa_.window.replace_request(request, std::move(smaller));
  send(now, env, sa_.window.request(request), sa_.local, sa_.remote);
  if (sa_.mobility.agreed && repetition->attempt >= 2) probe_other_paths(now, env, request);
  return true;
}

void Ikev2Session::on_liveness(Instant now, Environment& env) {
  const Duration delay = sa_.connection->dpd_delay;
  // That the peer answers does not say that it would find us: a NAT may have another mapping for us since (RFC 4555
  // §3.8). That ESP comes does, and what the peer says of where it sees us.
  const Mobility& mobility = sa_.mobility;
  const Instant heard = mobility.agreed && mobility.leads && sa_.nat_local
                            ? ike::last_heard(mobility.seen_at, sa_.children, env)
                            : last_heard(env);
  const Instant due = heard + delay;
  sa_.timers.set(Timer::liveness, due > now ? due : now + delay);
  if (due > now || sa_.window.request_outstanding()) return;  // an unanswered request asks the same question
  want(CheckLiveness{});
  run_next_task(now, env);
}

void Ikev2Session::arm_established_timers(Instant now, Environment& env) {
  sa_.timers.cancel(Timer::half_open);
  if (!sa_.initiator()) sa_.timers.set(Timer::confirm, now + env.settings.confirm_after);
  if (sa_.nat_local && env.settings.keep_alive > Duration::zero())
    sa_.timers.set(Timer::keepalive, now + env.settings.keep_alive);
  const policy::Connection& connection = *sa_.connection;
  if (connection.dpd_delay.count() > 0) sa_.timers.set(Timer::liveness, now + connection.dpd_delay);
  if (connection.rekey_time.count() > 0)
    sa_.timers.set(Timer::life, now + connection.rekey_time + connection.over_time);
  plan_renewal(now, env);
}

Instant Ikev2Session::last_heard(const Environment& env) const {
  return ike::last_heard(sa_.last_received, sa_.children, env);
}

}  // namespace sallyport::ike::v2
