// What an IKE SA asks of its peer, one request at a time, and what its timers do.
#include <algorithm>

#include "ike/core/candidates.h"
#include "ike/core/child_sas.h"
#include "ike/v2/child_negotiation.h"
#include "ike/v2/create_child_sa.h"
#include "ike/v2/ike_auth.h"
#include "ike/v2/informational.h"
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using event::FailureKind;
using event::Side;

}  // namespace

// ---- Beginning ----

std::expected<std::unique_ptr<Ikev2Session>, event::Failure> Ikev2Session::initiate(Instant now, Environment& env,
                                                                                    Initiation initiation) {
  auto session = std::make_unique<Ikev2Session>();
  IkeSa& sa = session->sa_;
  sa.begin(now, env, initiation);
  sa.state = State::init_sent;
  if (!env.pad.find(sa.local_id, sa.connection->remote.id))
    return std::unexpected(session->failure(FailureKind::secret_missing, Side::local));
  sa.setup = std::make_unique<Setup>();
  sa.setup->initial_contact = initiation.initial_contact;
  sa.tasks.push_back(CreateChild{std::move(initiation.child)});
  if (!session->send_init(now, env, preferred_method(*sa.connection)))
    return std::unexpected(session->failure(FailureKind::system_refused, Side::local));
  return session;
}

/// IKE_SA_INIT, also once more with a cookie or another group: the same SPI and nonce, message id 0 again, and the
/// octets that AUTH will cover are those of the last try (RFC 7296 §2.6, §2.15).
bool Ikev2Session::send_init(Instant now, Environment& env, crypto::KeyExchangeMethod method) {
  Setup& setup = *sa_.setup;
  if (!setup.key_exchange || setup.key_exchange->method() != method) {
    auto exchange = env.crypto.start_key_exchange(method, env.random);
    if (!exchange) return false;
    setup.key_exchange = std::move(*exchange);
  }
  if (sa_.spi_i == 0) {
    sa_.spi_i = random_ike_spi(env.random);
    setup.nonce_i = random_nonce(env.random);
  }
  const auto payloads = build_init_request(sa_, env);
  const auto header = header_for(w::ExchangeType::ike_sa_init, 0, false);
  auto message = w::serialize_message(header, payloads);
  if (!message) return false;
  log_message(env, event::Direction::sent, header, payloads, false, message->size());
  setup.init_request = *message;
  sa_.window.restart();
  sa_.timers.set(Timer::retransmit, sa_.window.sent_request(now, *message, env.settings, env.random));
  send(now, env, std::move(*message), sa_.local, sa_.remote);
  return true;
}

void Ikev2Session::send_auth(Instant now, Environment& env) {
  CreateChild task = std::get<CreateChild>(std::move(sa_.tasks.front()));
  sa_.tasks.erase(sa_.tasks.begin());
  const policy::Child* config = sa_.connection->find_child(task.request.child);
  ASSERT(config);
  if (auto why = passes_no_nat(sa_, *config)) return close_now(now, env, std::move(*why));
  sa_.pending_child = prepare_child(sa_, *config, std::move(task), env);
  const auto payloads = build_auth_request(sa_, *config, *sa_.pending_child, sa_.setup->initial_contact, env);
  if (!payloads) return close_now(now, env, failure(FailureKind::secret_missing, Side::local));
  sa_.current = sa_.pending_child->task;
  if (!send_request(now, env, w::ExchangeType::ike_auth, *payloads))
    close_now(now, env, failure(FailureKind::system_refused, Side::local));
}

// ---- Commands ----

bool Ikev2Session::request_child(Instant now, Environment& env, ChildRequest request) {
  if (sa_.state == State::closing || sa_.state == State::closed ||
      sa_.tasks.size() >= env.settings.queued_tasks_per_ike_sa)
    return false;
  if (is_wanted_already(request.child)) return true;
  sa_.tasks.push_back(CreateChild{std::move(request)});
  run_next_task(now, env);
  return true;
}

/// Asked for and not answered yet. What its selectors will be is not known: a packet that they leave out asks again.
bool Ikev2Session::is_wanted_already(std::string_view child) const {
  const auto asks_for = [&](const Task& task) {
    const auto* create = std::get_if<CreateChild>(&task);
    return create && create->request.child == child;
  };
  return (sa_.current && asks_for(*sa_.current)) || std::ranges::any_of(sa_.tasks, asks_for);
}

void Ikev2Session::close_child(Instant now, Environment& env, policy::ChildSaId id, FailureKind why) {
  const auto found = std::ranges::find(sa_.children, id, &ChildSa::id);
  if (found == sa_.children.end() || found->closing) return;
  found->closing = true;
  sa_.tasks.push_back(CloseChild{id, why});
  run_next_task(now, env);
}

void Ikev2Session::close(Instant now, Environment& env, FailureKind why, bool tell_peer) {
  const bool peer_could_know = sa_.state == State::established || sa_.state == State::auth_sent;
  if (!tell_peer || !peer_could_know) {
    if (sa_.state != State::closing || !tell_peer) close_now(now, env, failure(why, Side::local));
    return;
  }
  // What was still wanted is not any more; what is asked already is waited for, then comes the Delete.
  sa_.tasks.assign(1, CloseIkeSa{why});
  sa_.timers.cancel(Timer::retry);
  run_next_task(now, env);
}

void Ikev2Session::on_peer_moved(Instant now, Environment& env, const policy::Endpoint& remote) {
  if (!sa_.nat_remote || !sa_.established || remote == sa_.remote) return;
  env.emit(event::PeerAddressChanged{sa_.id, sa_.connection_name(), sa_.remote, remote});
  sa_.remote = remote;
  sa_.last_received = now;
  for (const ChildSa& child : sa_.children) env.outbox.push_back(MoveChildSa{child.id, sa_.local, remote});
}

// ---- Tasks ----

void Ikev2Session::run_next_task(Instant now, Environment& env) {
  while (!sa_.tasks.empty() && !sa_.window.request_outstanding() && !sa_.timers.is_set(Timer::retry)) {
    if (sa_.state != State::established && sa_.state != State::closing) return;
    sa_.current = std::move(sa_.tasks.front());
    sa_.tasks.erase(sa_.tasks.begin());
    if (std::visit([&](auto& task) { return run(now, env, task); }, *sa_.current)) return;
    if (sa_.state == State::closed) return;
    sa_.current.reset();  // nothing to ask after all
  }
}

bool Ikev2Session::run(Instant now, Environment& env, CreateChild& task) {
  const policy::Child* config = sa_.connection->find_child(task.request.child);
  if (!config) return false;
  if (auto why = passes_no_nat(sa_, *config)) {
    env.emit(event::NegotiationFailed{sa_.id, std::move(*why)});
    return false;
  }
  const auto method = task.method.value_or(preferred_method(*config));
  PendingChild pending = prepare_child(sa_, *config, task, env);
  pending.nonce = random_nonce(env.random);
  if (method != crypto::KeyExchangeMethod::none) {
    auto exchange = env.crypto.start_key_exchange(method, env.random);
    if (!exchange) {
      env.spis.release(pending.spi_in);
      auto failed = failure(FailureKind::key_exchange_mismatch, Side::local);
      failed.child = config->name;
      failed.wanted_group = method;
      env.emit(event::NegotiationFailed{sa_.id, std::move(failed)});
      return false;
    }
    pending.key_exchange = std::move(*exchange);
  }
  sa_.pending_child = std::move(pending);
  return send_request(now, env, w::ExchangeType::create_child_sa,
                      build_create_child_request(*config, *sa_.pending_child));
}

bool Ikev2Session::run(Instant now, Environment& env, const CloseChild& task) {
  const ChildSa* child = sa_.find_child(task.id);
  if (!child) return false;
  return send_request(now, env, w::ExchangeType::informational,
                      build_delete_child(child->suite.protocol, child->spi_in));
}

bool Ikev2Session::run(Instant now, Environment& env, const AbandonChild& task) {
  env.spis.release(task.spi_in);
  return send_request(now, env, w::ExchangeType::informational, build_delete_child(task.protocol, task.spi_in));
}

bool Ikev2Session::run(Instant now, Environment& env, const CloseIkeSa& task) {
  if (!sa_.failure) sa_.failure = failure(task.why, Side::local);
  sa_.state = State::closing;
  return send_request(now, env, w::ExchangeType::informational, build_delete_ike_sa());
}

bool Ikev2Session::run(Instant now, Environment& env, const CheckLiveness&) {
  return send_request(now, env, w::ExchangeType::informational, {});
}

void Ikev2Session::drop_pending_child(Environment& env) {
  if (!sa_.pending_child) return;
  env.spis.release(sa_.pending_child->spi_in);
  sa_.pending_child.reset();
}

// ---- Timers ----

void Ikev2Session::on_timeout(Instant now, Environment& env) {
  while (const auto due = sa_.timers.pop_due(now)) on_timer(now, env, *due);
}

void Ikev2Session::on_timer(Instant now, Environment& env, Timer timer) {
  switch (timer) {
    case Timer::retransmit: return on_retransmit(now, env);
    case Timer::half_open:
      if (sa_.state != State::closed) close_now(now, env, failure(FailureKind::peer_unreachable, Side::remote));
      sa_.timers.cancel_all();
      return;
    case Timer::confirm:
      if (!sa_.peer_confirmed && last_heard(env) <= *sa_.established) {
        sa_.tasks.push_back(CheckLiveness{});
        run_next_task(now, env);
      }
      return;
    case Timer::liveness: return on_liveness(now, env);
    case Timer::keepalive: return sa_.timers.set(Timer::keepalive, sa_.keep_mapping(now, env));
    case Timer::retry: return run_next_task(now, env);
    case Timer::life: return close(now, env, FailureKind::expired, true);
    case Timer::child_life: return on_child_life(now, env);
    case Timer::count_: break;
  }
}

void Ikev2Session::on_retransmit(Instant now, Environment& env) {
  const auto repetition = sa_.window.repeat_request(now, env.settings, env.random);
  if (!repetition) {
    auto why = failure(FailureKind::peer_unreachable, Side::remote);
    why.attempts = sa_.window.attempts();
    // A Delete that nobody answers ends the SA all the same, for the reason that it had.
    return close_now(now, env, sa_.failure ? *sa_.failure : std::move(why));
  }
  env.emit(event::Retransmitted{sa_.id, sa_.connection_name(), repetition->id, repetition->attempt});
  sa_.timers.set(Timer::retransmit, repetition->due);
  send(now, env, to_bytes(repetition->datagram), sa_.local, sa_.remote);
}

void Ikev2Session::on_liveness(Instant now, Environment& env) {
  const Duration delay = sa_.connection->dpd_delay;
  const Instant due = last_heard(env) + delay;
  sa_.timers.set(Timer::liveness, due > now ? due : now + delay);
  if (due > now || sa_.window.request_outstanding()) return;  // an unanswered request asks the same question
  sa_.tasks.push_back(CheckLiveness{});
  run_next_task(now, env);
}

void Ikev2Session::on_child_life(Instant now, Environment& env) {
  for (ChildSa& child : sa_.children) {
    if (!child.expires || *child.expires > now || child.closing) continue;
    child.closing = true;
    sa_.tasks.push_back(CloseChild{child.id, FailureKind::expired});
  }
  arm_child_life();
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
}

void Ikev2Session::arm_child_life() {
  std::optional<Instant> first;
  for (const ChildSa& child : sa_.children)
    if (child.expires && !child.closing && (!first || *child.expires < *first)) first = child.expires;
  if (first)
    sa_.timers.set(Timer::child_life, *first);
  else
    sa_.timers.cancel(Timer::child_life);
}

Instant Ikev2Session::last_heard(const Environment& env) const {
  return ike::last_heard(sa_.last_received, sa_.children, env);
}

// ---- Ending ----

event::Failure Ikev2Session::failure(FailureKind kind, Side side) const { return sa_.failure_of(kind, side); }

/// Ends here and now. The last response stays for a while, for a peer that asks again because it got lost.
void Ikev2Session::close_now(Instant now, Environment& env, event::Failure why) {
  if (sa_.state == State::closed) return;
  sa_.state = State::closed;
  while (!sa_.children.empty()) remove_child(env, sa_.children.back().id, why);
  drop_pending_child(env);
  if (sa_.established)
    env.emit(event::IkeSaClosed{sa_.id, sa_.connection_name(), why});
  else
    env.emit(event::NegotiationFailed{sa_.id, why});
  sa_.failure = std::move(why);
  sa_.tasks.clear();
  sa_.current.reset();
  sa_.setup.reset();
  sa_.timers.cancel_all();
  if (!sa_.window.response().empty()) sa_.timers.set(Timer::half_open, now + env.settings.half_open_timeout);
}

// ---- What there is to see ----

SessionFacts Ikev2Session::facts() const {
  return {.id = sa_.id,
          .local_spi = sa_.initiator() ? sa_.spi_i : sa_.spi_r,
          .spi_initiator = sa_.spi_i,
          .initiator = sa_.initiator(),
          .connection = sa_.connection,
          .remote = sa_.remote,
          .created = sa_.created,
          .established = sa_.state == State::established ? sa_.established : std::nullopt};
}

IkeSaStatus Ikev2Session::status() const {
  IkeSaStatus status = sa_.status_of(2);
  status.state = sa_.state == State::established                             ? IkeSaStatus::State::established
                 : sa_.state == State::closing || sa_.state == State::closed ? IkeSaStatus::State::closing
                                                                             : IkeSaStatus::State::connecting;
  status.spi_initiator = sa_.spi_i;
  status.spi_responder = sa_.spi_r;
  status.expires = sa_.timers.at(Timer::life);
  if (sa_.keyed()) status.suite = sa_.suite;
  status.children.assign(sa_.children.begin(), sa_.children.end());
  return status;
}

}  // namespace sallyport::ike::v2
