// IKE SAs in the place of others (RFC 7296 §2.8, §2.18). A CREATE_CHILD_SA exchange makes the successor; it takes over
// the Child SAs and all that is wanted, and whoever made it deletes the old one. Where both ends rekey at once there
// are two successors: the one that the lowest of the four nonces went into is deleted by whoever made it (§2.8.2), and
// the other inherits. Until both exchanges are over the Child SAs stay where they are.
#include "ike/core/lifetimes.h"
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {
namespace {

using event::FailureKind;

/// Deleting what has been rekeyed is the business of whoever made the successor, and is left to it for so long at
/// least.
constexpr Duration kFarewell = std::chrono::seconds(60);

}  // namespace

// ---- Wanting a successor ----

void Ikev2Session::plan_renewal(Instant now, Environment& env) {
  const policy::Connection& config = *sa_.connection;
  const auto after = renewal_after({config.rekey_time, config.rekey_time + config.over_time, config.rand_time},
                                   std::nullopt, env.random);
  if (after) sa_.timers.set(Timer::renewal, now + *after);
}

bool Ikev2Session::rekey(Instant now, Environment& env) {
  if (sa_.state != State::established || sa_.wants<CloseIkeSa>()) return false;
  sa_.timers.cancel(Timer::renewal);
  if (!sa_.wants<RekeyIkeSa>()) want(RekeyIkeSa{});
  run_next_task(now, env);
  return true;
}

/// What nobody uses is not worth renewing.
void Ikev2Session::on_renewal(Instant now, Environment& env) {
  if (sa_.children.empty() && sa_.tasks.empty() && !sa_.window.request_outstanding())
    on_rekeying_failed(now);
  else
    rekey(now, env);
}

void Ikev2Session::on_rekeying_failed(Instant now) {
  const auto ends = sa_.timers.at(Timer::life);
  const auto again = renewal_again_after(ends ? std::optional(*ends - now) : std::nullopt);
  if (again) sa_.timers.set(Timer::renewal, now + *again);
}

// ---- What an exchange has made ----

void Ikev2Session::apply_ike_sa(Instant now, Environment& env, NewIkeSa made) {
  if (!made.initiated && sa_.pending_ike_sa) {  // ours is under way: how that ends decides
    sa_.pending_ike_sa->rival = std::move(made);
    return;
  }
  auto rival = sa_.pending_ike_sa ? std::exchange(sa_.pending_ike_sa->rival, std::nullopt) : std::nullopt;
  sa_.pending_ike_sa.reset();
  if (rival && made.lowest_nonce < rival->lowest_nonce) std::swap(made, *rival);
  succeed(now, env, std::move(made));
  if (rival) add_loser(now, env, std::move(*rival));
}

std::unique_ptr<Ikev2Session> Ikev2Session::make_successor(Instant now, Environment& env, NewIkeSa made) const {
  auto session = std::make_unique<Ikev2Session>();
  IkeSa& sa = session->sa_;
  static_cast<AnyIkeSa&>(sa) = static_cast<const AnyIkeSa&>(sa_);
  sa.id = env.numbers.next_ike_sa();
  sa.role = made.initiated ? Role::initiator : Role::responder;
  sa.state = State::established;
  sa.spi_i = made.spi_i;
  sa.spi_r = made.spi_r;
  sa.suite = made.suite;
  sa.keys = std::move(made.keys);
  sa.ppk = sa_.ppk;
  sa.redirectable = sa_.redirectable;
  sa.resumed = sa_.resumed;
  if (sa_.fragmentation) {
    sa.fragmentation = std::make_unique<Fragmentation>();
    sa.fragmentation->packet_size = sa_.fragmentation->packet_size;
  }
  sa.created = sa.last_received = now;
  sa.established = now;
  sa.peer_confirmed = false;
  sa.failure.reset();
  sa.mobility = sa_.mobility;
  sa.mobility.cookie.clear();
  sa.mobility.probed.clear();
  sa.mobility.updated_by = 0;
  sa.mobility.seen_as.clear();  // another IKE SA, another hash of the same
  sa.crash_token = std::move(made.crash_token);
  session->log_keys(env);
  env.emit(event::IkeSaEstablished{sa.id, sa.connection_name(), sa.initiator(), 2, sa.local, sa.remote, sa.local_id,
                                   sa.remote_id, sa.spi_i, sa.spi_r, sa.suite});
  sa.authentication = sa_.authentication;
  session->arm_established_timers(now, env);
  session->arm_reauthentication();
  return session;
}

/// This one has been rekeyed; its successor goes on.
void Ikev2Session::succeed(Instant now, Environment& env, NewIkeSa made) {
  const bool initiated = made.initiated;
  drop_promised(env, [](const FollowUp&) { return true; });  // the peer asks the successor for them
  auto successor = make_successor(now, env, std::move(made));
  env.emit(event::IkeSaRekeyed{sa_.id, successor->sa_.id, sa_.connection_name(), 2});
  // Only whoever has shown that it knows of tokens: to all others it would be an exchange for nothing.
  if (sa_.ticket_expires) successor->want(RequestTicket{});
  end_tickets(now, env, FailureKind::rekeyed);
  if (initiated && !sa_.crash_token.empty() && env.settings.crash_secret) successor->want(TellCrashToken{});
  successor->inherit(now, env, *this);
  successors_.push_back(std::move(successor));
  for (const Timer timer : {Timer::liveness, Timer::keepalive, Timer::confirm, Timer::life, Timer::renewal,
                            Timer::reauthentication, Timer::farewell, Timer::child_life, Timer::retry})
    sa_.timers.cancel(timer);
  if (sa_.state != State::rekeyed) return;  // it ends here and now
  if (initiated)
    want(CloseIkeSa{FailureKind::rekeyed});
  else
    retire(now, env);
}

/// Of two successors the one that does not count: it never had a Child SA.
void Ikev2Session::add_loser(Instant now, Environment& env, NewIkeSa made) {
  const bool initiated = made.initiated;
  auto loser = make_successor(now, env, std::move(made));
  loser->sa_.timers.cancel_all();
  loser->sa_.state = State::rekeyed;
  if (initiated)
    loser->close(now, env, FailureKind::rekeyed, true);
  else
    loser->retire(now, env);
  successors_.push_back(std::move(loser));
}

void Ikev2Session::inherit(Instant now, Environment& env, Ikev2Session& predecessor) {
  sa_.children = std::exchange(predecessor.sa_.children, {});
  for (ChildSa& child : sa_.children) child.made_by.reset();
  inherit_configuration(env, predecessor.sa_);
  for (QueuedTask& queued : std::exchange(predecessor.sa_.tasks, {})) {
    const bool of_the_old =
        std::holds_alternative<RekeyIkeSa>(queued.task) || std::holds_alternative<CheckLiveness>(queued.task) ||
        std::holds_alternative<TellCrashToken>(queued.task) || std::holds_alternative<RequestTicket>(queued.task);
    if (!of_the_old) sa_.tasks.push_back(std::move(queued));
  }
  if (predecessor.sa_.waits_for<UpdateAddresses>()) want_first<UpdateAddresses>();
  if (predecessor.sa_.waits_for<TellAddresses>()) want_first<TellAddresses>();
  if (predecessor.sa_.waits_for<CheckRoute>()) want_first<CheckRoute>();
  arm_child_life();
  run_next_task(now, env);
}

/// The peer may not have heard that there is a successor: as long as it asks for one, it is answered here.
void Ikev2Session::retire(Instant now, const Environment& env) {
  sa_.timers.set(Timer::retirement, now + std::max(kFarewell, patience(env.settings)));
}

}  // namespace sallyport::ike::v2
