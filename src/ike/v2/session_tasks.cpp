// What an IKE SA asks of its peer, by as many requests at a time as that takes, how it ends, and what there is to see
// of it.
#include <algorithm>

#include "ike/core/candidates.h"
#include "ike/v2/authentication.h"
#include "ike/v2/child_negotiation.h"
#include "ike/v2/create_child_sa.h"
#include "ike/v2/ike_auth.h"
#include "ike/v2/informational.h"
#include "ike/v2/mobike.h"
#include "ike/v2/rekey_ike_sa.h"
#include "ike/v2/session.h"
#include "ike/v2/session_resume.h"
#include "ike/v2/ticket.h"

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
  if (lacks_key(*sa.connection, sa.local_id, sa.connection->remote.id, env.pad))
    return std::unexpected(session->failure(FailureKind::secret_missing, Side::local));
  sa.setup = std::make_unique<Setup>();
  sa.setup->initial_contact = initiation.initial_contact;
  sa.setup->redirected_from = std::move(initiation.redirected_from);
  if (!initiation.child.child.empty()) session->want(CreateChild{.request = std::move(initiation.child)});
  for (ChildRequest& further : initiation.further) session->want(CreateChild{.request = std::move(further)});
  if (!initiation.reauthenticates && !sa.setup->redirected_from) session->use_ticket(now, env);
  if (!session->send_first(now, env, preferred_method(*sa.connection)))
    return std::unexpected(session->failure(FailureKind::system_refused, Side::local));
  session->begin_lineage(initiation.reauthenticates);
  return session;
}

/// IKE_SA_INIT or IKE_SESSION_RESUME, also once more with a cookie or another group: the same SPI and nonce, message id
/// 0 again, and the octets that AUTH will cover are those of the last try (RFC 7296 §2.6, §2.15).
bool Ikev2Session::send_first(Instant now, Environment& env, crypto::KeyExchangeMethod method) {
  Setup& setup = *sa_.setup;
  if (setup.resumes) {
    // without a key exchange
  } else if (!setup.key_exchange || setup.key_exchange->method() != method) {
    auto exchange = env.crypto.start_key_exchange(method, env.random);
    if (!exchange) return false;
    setup.key_exchange = std::move(*exchange);
  }
  if (sa_.spi_i == 0) {
    sa_.spi_i = random_ike_spi(env.random);
    setup.nonce_i = random_nonce(env.random);
  }
  const auto payloads = setup.resumes ? build_resume_request(sa_, env) : build_init_request(sa_, env);
  const auto header = header_for(beginning(), 0, false);
  auto message = w::serialize_message(header, payloads);
  if (!message) return false;
  log_message(env, event::Direction::sent, header, payloads, false, message->size());
  setup.init_request = *message;
  sa_.window.restart();
  sa_.request = 0;
  sa_.window.sent_request(now, {*message}, env.settings, env.random);
  arm_retransmission();
  send(now, env, std::move(*message), sa_.local, sa_.remote);
  return true;
}

void Ikev2Session::send_auth(Instant now, Environment& env) {
  const auto refuse = [&](w::NotifyType missing) {
    auto why = failure(FailureKind::extension_missing, Side::local);
    why.notify = w::to_string(missing);
    close_now(now, env, std::move(why));
  };
  const bool ppk = sa_.setup->ppk || (sa_.setup->resumes && sa_.setup->resumes->ppk);
  if (sa_.connection->ppk_required && !ppk) return refuse(w::NotifyType::use_ppk);
  auto payloads = build_auth_request(sa_, sa_.setup->initial_contact, env);
  if (!payloads) return close_now(now, env, failure(FailureKind::secret_missing, Side::local));
  if (!begins_childless()) {
    if (!add_first_child(now, env, *payloads)) return;
  } else if (!sa_.setup->childless) {
    return refuse(w::NotifyType::childless_ikev2_supported);
  }
  w::InFront solution;
  if (!sa_.setup->puzzles.solution.empty()) solution = {w::PayloadType::ps, std::move(sa_.setup->puzzles.solution)};
  if (!send_request(now, env, w::ExchangeType::ike_auth, *payloads, std::move(solution)))
    close_now(now, env, failure(FailureKind::system_refused, Side::local));
}

/// RFC 6023: what there is to be made is asked for afterwards, each by an exchange of its own.
bool Ikev2Session::begins_childless() const {
  const auto wish = sa_.connection->childless;
  return sa_.tasks.empty() || wish == policy::Childless::force ||
         (wish == policy::Childless::prefer && sa_.setup->childless);
}

/// False: it came to nothing, and the IKE SA with it.
bool Ikev2Session::add_first_child(Instant now, Environment& env, w::PayloadChain& payloads) {
  CreateChild task = std::get<CreateChild>(std::move(sa_.tasks.front().task));
  sa_.tasks.erase(sa_.tasks.begin());
  const policy::Child* config = sa_.connection->find_child(task.request.child);
  ASSERT(config);
  if (auto why = passes_no_nat(sa_, *config)) {
    close_now(now, env, std::move(*why));
    return false;
  }
  sa_.pending_child = prepare_child(sa_, *config, std::move(task), env);
  sa_.current = sa_.pending_child->task;
  offer_spi(env);
  add_child_offer(payloads, *config, *sa_.pending_child, false);
  add_selectors(payloads, sa_.pending_child->local_ts, sa_.pending_child->remote_ts);
  return true;
}

// ---- Commands ----

bool Ikev2Session::request_child(Instant now, Environment& env, ChildRequest request) {
  if (sa_.state == State::rekeyed || sa_.state == State::closing || sa_.state == State::closed ||
      sa_.tasks.size() >= env.settings.queued_tasks_per_ike_sa)
    return false;
  CreateChild wanted{.request = std::move(request)};
  if (is_wanted_already(wanted)) return true;
  want(std::move(wanted));
  run_next_task(now, env);
  return true;
}

/// Asked for and not answered yet. What its selectors will be is not known: a packet that they leave out asks again.
bool Ikev2Session::is_wanted_already(const CreateChild& wanted) const {
  const auto asks_for = [&](const Task& task) {
    const auto* create = std::get_if<CreateChild>(&task);
    return create && create->request.child == wanted.request.child && create->replaces == wanted.replaces;
  };
  return sa_.any_exchange([&](const OwnExchange& each) { return each.current && asks_for(*each.current); }) ||
         std::ranges::any_of(sa_.tasks, [&](const QueuedTask& queued) { return asks_for(queued.task); });
}

void Ikev2Session::close_child(Instant now, Environment& env, policy::ChildSaId id, FailureKind why) {
  ChildSa* const child = find(id);
  if (!child || child->closing || child->gone) return;
  child->closing = true;
  child->expires.reset();
  child->retires.reset();
  child->rekeys.reset();
  drop_promised(env, [&](const FollowUp& each) {
    const auto* promised = std::get_if<NewChild>(&each.made);
    return promised && promised->replaces == id;
  });
  want(CloseChild{id, child->superseded ? FailureKind::rekeyed : why});
  arm_child_life();
  run_next_task(now, env);
}

void Ikev2Session::close(Instant now, Environment& env, FailureKind why, bool tell_peer) {
  const bool peer_could_know =
      sa_.state == State::established || sa_.state == State::auth_sent || sa_.state == State::rekeyed;
  if (!tell_peer || !peer_could_know) {
    if (sa_.state != State::closing || !tell_peer) {
      if (sa_.pending_ike_sa) sa_.pending_ike_sa->rival.reset();  // all of it ends
      close_now(now, env, failure(why, Side::local));
    }
    return;
  }
  // What was still wanted is not any more; what is asked already is waited for, then comes the Delete.
  give_up_wanted(env, failure(why, Side::local));
  sa_.tasks.clear();
  want(CloseIkeSa{why});
  run_next_task(now, env);
}

// ---- Tasks ----

void Ikev2Session::run_next_task(Instant now, Environment& env) {
  if (answered_) return;  // once that is applied
  watch_message_ids(now, env);
  sa_.timers.cancel(Timer::retry);
  while (!sa_.tasks.empty() && sa_.window.has_room()) {
    if (sa_.state != State::established && sa_.state != State::rekeyed && sa_.state != State::closing) return;
    const auto next = std::ranges::find_if(
        sa_.tasks, [&](const QueuedTask& queued) { return queued.due <= now && !has_to_wait(queued.task); });
    if (next == sa_.tasks.end()) {
      const auto first = std::ranges::min_element(sa_.tasks, {}, &QueuedTask::due)->due;
      if (first > now) sa_.timers.set(Timer::retry, first);
      return;
    }
    const bool alone = is_alone(next->task);
    const bool excludes = alone || sa_.any_exchange([](const OwnExchange& each) { return each.current && each.alone; });
    if (excludes && sa_.window.request_outstanding()) return;
    set_aside();
    sa_.current = std::move(next->task);
    sa_.alone = alone;
    sa_.tasks.erase(next);
    const bool sent = std::visit([&](auto& task) { return run(now, env, task); }, *sa_.current);
    if (sa_.state == State::closed) return;
    if (!sent) {  // nothing to ask after all
      withdraw(env, sa_);
      static_cast<OwnExchange&>(sa_) = {};
    }
    watch_message_ids(now, env);
  }
}

/// The peer is in the middle of renewing the IKE SA: what is done to Child SAs is done by the next one (RFC 7296
/// §2.25.2). That comes soon, or is given up (Timer::follow_up).
bool Ikev2Session::has_to_wait(const Task& task) const {
  const bool could_go_on = std::holds_alternative<CloseIkeSa>(task) || std::holds_alternative<CheckLiveness>(task) ||
                           std::holds_alternative<UpdateAddresses>(task) ||
                           std::holds_alternative<TellAddresses>(task) || std::holds_alternative<CheckRoute>(task);
  if (!could_go_on && sa_.promises_ike_sa()) return true;
  // What is being renewed is closed when that is over.
  const auto* closes = std::get_if<CloseChild>(&task);
  return closes && sa_.renews(closes->id);
}

/// The end of the IKE SA, its renewal and what MOBIKE asks are about all of it; what goes on with additional key
/// exchanges needs room for each.
bool Ikev2Session::is_alone(const Task& task) const {
  if (const auto* create = std::get_if<CreateChild>(&task)) {
    const policy::Child* config = sa_.connection->find_child(create->request.child);
    return config && std::ranges::any_of(config->proposals(),
                                         [](const policy::Proposal& each) { return !each.additional.empty(); });
  }
  return !std::holds_alternative<CloseChild>(task) && !std::holds_alternative<AbandonChild>(task) &&
         !std::holds_alternative<CheckLiveness>(task);
}

/// Half of the message ids are used up: another IKE SA has fresh ones. All of them are: there is no going on.
void Ikev2Session::watch_message_ids(Instant now, Environment& env) {
  if (sa_.state != State::established || sa_.window.used() < env.settings.message_ids / 2) return;
  if (sa_.window.used() >= env.settings.message_ids - 1) {  // the last one is for our Delete
    if (!sa_.wants<CloseIkeSa>()) close(now, env, FailureKind::expired, true);
  } else if (!std::exchange(sa_.ids_run_out, true) && !sa_.wants<RekeyIkeSa>()) {
    want(RekeyIkeSa{});
  }
}

bool Ikev2Session::run(Instant now, Environment& env, CreateChild& task) {
  const policy::Child* config = sa_.connection->find_child(task.request.child);
  if (!config) return false;
  auto wished = preferred_method(*config);
  if (task.replaces) {
    const ChildSa* child = sa_.find_child(*task.replaces);
    if (!child || child->superseded || child->closing || child->gone) return false;  // the peer was quicker
    task.local_ts = child->local_ts;
    task.remote_ts = child->remote_ts;
    if (child->suite.key_exchange != crypto::KeyExchangeMethod::none) wished = child->suite.key_exchange;
  }
  if (auto why = passes_no_nat(sa_, *config)) {
    env.emit(event::NegotiationFailed{sa_.id, std::move(*why)});
    return false;
  }
  const auto method = task.method.value_or(wished);
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
      if (task.replaces) on_renewal_failed(now, *task.replaces);
      return false;
    }
    pending.key_exchange = std::move(*exchange);
  }
  sa_.pending_child = std::move(pending);
  offer_spi(env);
  return send_request(now, env, w::ExchangeType::create_child_sa,
                      build_create_child_request(sa_, *config, *sa_.pending_child));
}

bool Ikev2Session::run(Instant now, Environment& env, const RekeyIkeSa& task) {
  if (sa_.state != State::established) return false;
  auto exchange = env.crypto.start_key_exchange(task.method.value_or(sa_.suite.key_exchange), env.random);
  if (!exchange) {
    on_rekeying_failed(now);
    return false;
  }
  sa_.pending_ike_sa =
      PendingIkeSa{task, random_ike_spi(env.random), random_nonce(env.random), std::move(*exchange), std::nullopt};
  return send_request(now, env, w::ExchangeType::create_child_sa, build_rekey_ike_request(sa_));
}

bool Ikev2Session::run(Instant now, Environment& env, const CloseChild& task) {
  const ChildSa* child = sa_.find_child(task.id);
  if (!child || child->gone) return false;
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
  return send_request(now, env, w::ExchangeType::informational, build_liveness_check(sa_, env));
}

void Ikev2Session::offer_spi(Environment& env) const {
  env.outbox.push_back(OfferSpi{sa_.pending_child->protocol, sa_.pending_child->spi_in, sa_.remote.address});
}

void Ikev2Session::withdraw(Environment& env, const OwnExchange& exchange) {
  if (!exchange.pending_child) return;
  env.outbox.push_back(WithdrawSpi{exchange.pending_child->protocol, exchange.pending_child->spi_in});
  env.spis.release(exchange.pending_child->spi_in);
}

void Ikev2Session::drop_pending(Environment& env) {
  withdraw(env, sa_);
  for (const OwnExchange& each : sa_.others) withdraw(env, each);
  sa_.pending_child.reset();
  sa_.pending_ike_sa.reset();
  sa_.follow_up.reset();
  sa_.others.clear();
  drop_promised(env, [](const FollowUp&) { return true; });
}

// ---- Ending ----

event::Failure Ikev2Session::failure(FailureKind kind, Side side) const { return sa_.failure_of(kind, side); }

/// It will not come, not here: whoever wants it has to ask anew.
void Ikev2Session::give_up(Environment& env, const CreateChild& wanted, event::Failure why) {
  if (wanted.replaces) return;
  why.child = wanted.request.child;
  env.emit(event::NegotiationFailed{sa_.id, std::move(why)});
}

void Ikev2Session::give_up_wanted(Environment& env, const event::Failure& why) {
  for (const QueuedTask& queued : sa_.tasks)
    if (const auto* wanted = std::get_if<CreateChild>(&queued.task)) give_up(env, *wanted, why);
}

/// Ends here and now. The last response stays for a while, for a peer that asks again because it got lost.
void Ikev2Session::close_now(Instant now, Environment& env, event::Failure why) {
  if (sa_.state == State::closed) return;
  // The peer has not heard of our rekeying, and closes what it has rekeyed itself; or fell silent in the middle of it.
  if (sa_.pending_ike_sa && sa_.pending_ike_sa->rival) {
    why.kind = FailureKind::rekeyed;
    succeed(now, env, *std::exchange(sa_.pending_ike_sa->rival, std::nullopt));
  }
  sa_.state = State::closed;
  if (sa_.established) {
    sa_.any_exchange([&](const OwnExchange& each) {
      if (each.pending_child) give_up(env, each.pending_child->task, why);
      return false;
    });
    give_up_wanted(env, why);
  }
  end_tickets(now, env, why.kind);
  while (!sa_.children.empty()) remove_child(now, env, sa_.children.back().id, why);
  drop_pending(env);
  leave_network(env);
  if (sa_.established)
    env.emit(event::IkeSaClosed{sa_.id, sa_.connection_name(), why});
  else if (why.kind != FailureKind::redirected && why.kind != FailureKind::not_resumed)  // it goes on elsewhere
    env.emit(event::NegotiationFailed{sa_.id, why});
  sa_.failure = std::move(why);
  sa_.tasks.clear();
  sa_.current.reset();
  sa_.setup.reset();
  sa_.timers.cancel_all();
  if (sa_.window.has_responses()) sa_.timers.set(Timer::half_open, now + env.settings.half_open_timeout);
}

void Ikev2Session::yield_to(Environment& env, const IkeSaStatus& other) {
  if (sa_.state != State::init_sent || sa_.authentication.replaces) return;
  const auto serves = [](const ChildSaStatus& child, const ChildRequest& request) {
    return child.name == request.child && (!request.source || policy::covers(child.local_ts, {*request.source})) &&
           (!request.destination || policy::covers(child.remote_ts, {*request.destination}));
  };
  const bool is_served = std::ranges::all_of(sa_.tasks, [&](const QueuedTask& queued) {
    const auto* wanted = std::get_if<CreateChild>(&queued.task);
    return wanted && std::ranges::any_of(other.children,
                                         [&](const ChildSaStatus& child) { return serves(child, wanted->request); });
  });
  if (!is_served) return;
  sa_.state = State::closed;
  drop_pending(env);
  sa_.tasks.clear();
  sa_.setup.reset();
  sa_.timers.cancel_all();
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
          .established = sa_.state == State::established ? sa_.established : std::nullopt,
          .lineage = sa_.authentication.lineage,
          .began_lineage = sa_.authentication.began,
          .lineage_spi = sa_.authentication.spi_i,
          .lineage_created = sa_.authentication.created,
          .lineage_established = sa_.authentication.established,
          .reauthenticates = sa_.authentication.replaces,
          .leaving = sa_.timers.is_set(Timer::retirement),
          .promised_spis = {sa_.pending_ike_sa ? sa_.pending_ike_sa->spi : 0, sa_.promised_ike_spi()}};
}

IkeSaStatus Ikev2Session::status() const {
  IkeSaStatus status = sa_.status_of(2);
  status.state = sa_.state == State::established ? IkeSaStatus::State::established
                 : sa_.established               ? IkeSaStatus::State::closing
                                                 : IkeSaStatus::State::connecting;
  status.spi_initiator = sa_.spi_i;
  status.spi_responder = sa_.spi_r;
  status.ppk = sa_.ppk;
  status.expires = sa_.timers.at(Timer::life);
  status.rekeys = sa_.timers.at(Timer::renewal);
  status.reauthenticates = sa_.timers.at(Timer::reauthentication);
  status.resumed = sa_.resumed;
  status.ticket_expires = sa_.ticket_expires;
  if (sa_.keyed()) status.suite = sa_.suite;
  status.received = sa_.received;
  status.given = sa_.given;
  for (const ChildSa& child : sa_.children) {
    ChildSaStatus& shown = status.children.emplace_back(child);
    shown.state = child.gone         ? ChildSaStatus::State::deleted
                  : child.closing    ? ChildSaStatus::State::deleting
                  : child.superseded ? ChildSaStatus::State::rekeyed
                                     : ChildSaStatus::State::installed;
    if (child.gone) shown.expires = child.retires;
  }
  return status;
}

}  // namespace sallyport::ike::v2
