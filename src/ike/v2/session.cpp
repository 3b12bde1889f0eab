#include "ike/v2/session.h"

#include <algorithm>

#include "ike/core/child_sas.h"
#include "ike/v2/describe.h"
#include "ike/v2/protection.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using event::FailureKind;
using event::Side;
using Reason = event::MessageRejected::Reason;

}  // namespace

const ChildSa* IkeSa::find_child(policy::ChildSaId child) const {
  const auto found = std::ranges::find(children, child, &ChildSa::id);
  return found == children.end() ? nullptr : &*found;
}

const ChildSa* IkeSa::find_child_by_outbound_spi(std::uint32_t spi) const {
  const auto found = std::ranges::find(children, spi, &ChildSa::spi_out);
  return found == children.end() ? nullptr : &*found;
}

std::unique_ptr<Ikev2Session> Ikev2Session::accept(const Inbound& in, Environment& env, InitAccepted accepted) {
  auto session = std::make_unique<Ikev2Session>();
  IkeSa& sa = session->sa_;
  sa = std::move(accepted.sa);
  sa.id = env.numbers.next_ike_sa();
  sa.created = in.now;
  sa.timers.set(Timer::half_open, in.now + env.settings.half_open_timeout);
  const auto header = session->header_for(w::ExchangeType::ike_sa_init, 0, true);
  auto message = w::serialize_message(header, accepted.payloads);
  ASSERT(message);  // made of our own payloads, far below any limit
  session->log_message(env, event::Direction::received, in.header, in.payloads, false, in.datagram.message.size());
  session->log_message(env, event::Direction::sent, header, accepted.payloads, false, message->size());
  sa.setup->init_response = *message;
  sa.window.answered_request(env.crypto, 0, in.datagram.message, *message);
  session->send(in.now, env, std::move(*message), sa.local, sa.remote);
  if (env.settings.log_keys)
    env.outbox.push_back(LogKeys{sa.spi_i, sa.spi_r, sa.suite, sa.keys.sk_ei.clone(), sa.keys.sk_er.clone(),
                                 sa.keys.sk_ai.clone(), sa.keys.sk_ar.clone()});
  if (sa.nat_local || sa.nat_remote) env.emit(event::NatDetected{sa.id, {}, sa.nat_local, sa.nat_remote});
  return session;
}

// ---- Messages in ----

void Ikev2Session::on_message(Instant now, Environment& env, const Datagram& datagram, const wire::IkeHeader& header) {
  const auto message = w::parse_message(datagram.message);
  if (!message) return reject(env, Reason::malformed, datagram);
  const bool from_initiator = (header.flags & w::flag_initiator) != 0;
  if (from_initiator == sa_.initiator()) return reject(env, Reason::malformed, datagram);  // our own, reflected
  const Received received{datagram, header, (header.flags & w::flag_response) == 0};
  if (static_cast<w::ExchangeType>(header.exchange_type) == w::ExchangeType::ike_sa_init)
    on_init_message(now, env, received, message->payloads);
  else
    on_protected_message(now, env, received, message->payloads);
}

void Ikev2Session::on_init_message(Instant now, Environment& env, const Received& received,
                                   const w::PayloadChain& payloads) {
  if (!expects(now, env, received)) return;
  if (received.request || sa_.state != State::init_sent)
    return reject(env, Reason::unexpected_exchange, received.datagram);
  if (payloads.find_unsupported_critical()) return reject(env, Reason::unsupported_critical_payload, received.datagram);
  log_message(env, event::Direction::received, received.header, payloads, false, received.datagram.message.size());
  dispatch(now, env, received, payloads);
}

void Ikev2Session::on_protected_message(Instant now, Environment& env, const Received& received,
                                        const w::PayloadChain& payloads) {
  const auto* sk = payloads.find<w::SkPayload>();
  if (!sa_.keyed() || !sk) return reject(env, Reason::unexpected_exchange, received.datagram);
  if (!expects(now, env, received)) return;

  const auto keys = sa_.initiator() ? keys_of_responder(sa_.keys) : keys_of_initiator(sa_.keys);
  const auto opened = open_message(env.crypto, sa_.suite, keys, received.datagram.message, *sk);
  if (!opened && !opened.error().authentic) return reject(env, Reason::not_authentic, received.datagram);
  heard(now, env, received);
  if (!opened) return refuse_authentic(now, env, received, {.type = w::NotifyType::invalid_syntax});
  log_message(env, event::Direction::received, received.header, opened->payloads, true,
              received.datagram.message.size());
  if (const auto* unknown = opened->payloads.find_unsupported_critical())
    return refuse_authentic(
        now, env, received,
        {.type = w::NotifyType::unsupported_critical_payload, .data = {static_cast<std::uint8_t>(unknown->type)}});
  dispatch(now, env, received, opened->payloads);
}

/// Is it the message id's turn? A repeated request is answered from the cache here.
bool Ikev2Session::expects(Instant now, Environment& env, const Received& received) {
  const std::uint32_t id = received.header.message_id;
  if (!received.request) {
    if (sa_.window.answers_outstanding(id)) return true;
    reject(env, Reason::unexpected_message_id, received.datagram);
    return false;
  }
  switch (sa_.window.classify_request(env.crypto, id, received.datagram.message)) {
    case MessageWindow::Arrival::fresh: return true;
    case MessageWindow::Arrival::repeated:
      reject(env, Reason::repeated, received.datagram);
      send(now, env, to_bytes(sa_.window.response()), received.datagram.local, received.datagram.remote);
      return false;
    case MessageWindow::Arrival::stray: break;
  }
  reject(env, Reason::unexpected_message_id, received.datagram);
  return false;
}

/// The peer itself sent what we cannot take (RFC 7296 §2.5, §2.21.3). A request is answered, and nothing else changes.
void Ikev2Session::refuse_authentic(Instant now, Environment& env, const Received& received, w::NotifyPayload notify) {
  const bool critical = notify.type == w::NotifyType::unsupported_critical_payload;
  reject(env, critical ? Reason::unsupported_critical_payload : Reason::malformed, received.datagram);
  if (received.request) respond(now, env, received, w::PayloadChain().add(std::move(notify)));
  // Two ends that disagree about syntax cannot go on; about an extension they can (RFC 7296 §2.21.3).
  if (!critical || !sa_.established) close_now(now, env, failure(FailureKind::protocol_violation, Side::local));
}

/// An authentic, fresh message says that the peer lives, and where.
void Ikev2Session::heard(Instant now, Environment& env, const Received& received) {
  sa_.last_received = now;
  if (sa_.established) sa_.peer_confirmed = true;
  const auto& [local, remote, message] = received.datagram;
  if (local == sa_.local && remote == sa_.remote) return;
  if (sa_.state != State::keyed && !sa_.nat_remote) return;  // answered where it came from, but not followed
  if (sa_.established) env.emit(event::PeerAddressChanged{sa_.id, sa_.connection_name(), sa_.remote, remote});
  sa_.local = local;
  sa_.remote = remote;
  for (const ChildSa& child : sa_.children) env.outbox.push_back(MoveChildSa{child.id, local, remote});
}

void Ikev2Session::dispatch(Instant now, Environment& env, const Received& received, const w::PayloadChain& payloads) {
  const auto* row = find_transition(sa_, received.request, static_cast<w::ExchangeType>(received.header.exchange_type));
  if (!row) return reject(env, Reason::unexpected_exchange, received.datagram);
  Step step = row->handler(sa_, Inbound{now, received.datagram, received.header, payloads}, env);
  if (step.rejected) return reject(env, *step.rejected, received.datagram);
  ASSERT(std::ranges::find(row->next, step.next) != row->next.end());
  apply(now, env, received, std::move(step));
}

void Ikev2Session::reject(Environment& env, Reason reason, const Datagram& datagram) {
  env.emit(event::MessageRejected{reason, datagram.remote, sa_.id});
}

// ---- Steps ----

void Ikev2Session::apply(Instant now, Environment& env, const Received& received, Step step) {
  if (step.keyed) apply_keys(env, received, std::move(*step.keyed));
  if (step.authenticated) apply_authentication(now, env, std::move(*step.authenticated));
  for (const auto child : step.removed) remove_child(env, child, failure(FailureKind::closed_by_peer, Side::remote));
  if (sa_.pending_child)
    for (const auto spi : step.removed_unknown)
      if (sa_.pending_child->deleted.size() < PendingChild::max_deleted) sa_.pending_child->deleted.push_back(spi);
  // The inbound half is there before the peer can know of it.
  if (step.child) install_child(now, env, std::move(*step.child));
  if (step.reply) respond(now, env, received, *step.reply);

  if (step.next == State::closed) {
    auto why = step.failure ? std::move(*step.failure)
                            : sa_.failure.value_or(failure(FailureKind::closed_by_user, Side::local));
    return close_now(now, env, std::move(why));
  }
  sa_.state = step.next;
  if (received.request) {
    if (step.failure) env.emit(event::NegotiationFailed{sa_.id, std::move(*step.failure)});
  } else {
    finish_request(now, env, step);
  }
  run_next_task(now, env);
}

void Ikev2Session::apply_keys(Environment& env, const Received& received, Keyed keyed) {
  sa_.suite = keyed.suite;
  sa_.keys = std::move(keyed.keys);
  sa_.spi_r = keyed.spi_r;
  sa_.nat_local = keyed.nat_local;
  sa_.nat_remote = keyed.nat_remote;
  sa_.setup->nonce_r = std::move(keyed.nonce_r);
  sa_.setup->init_response = std::move(keyed.init_response);
  sa_.setup->key_exchange.reset();
  sa_.remote = received.datagram.remote;
  // Ports that were configured on purpose are kept; the usual one gives way to NAT traversal (RFC 7296 §2.23).
  if (sa_.udp_encap() && sa_.local.port == kIkePort && sa_.remote.port == kIkePort)
    sa_.local.port = sa_.remote.port = kNatTraversalPort;
  if (sa_.udp_encap()) env.emit(event::NatDetected{sa_.id, sa_.connection_name(), sa_.nat_local, sa_.nat_remote});
  if (env.settings.log_keys)
    env.outbox.push_back(LogKeys{sa_.spi_i, sa_.spi_r, sa_.suite, sa_.keys.sk_ei.clone(), sa_.keys.sk_er.clone(),
                                 sa_.keys.sk_ai.clone(), sa_.keys.sk_ar.clone()});
}

void Ikev2Session::apply_authentication(Instant now, Environment& env, Authenticated authenticated) {
  sa_.connection = std::move(authenticated.connection);
  sa_.local_id = std::move(authenticated.local_id);
  sa_.remote_id = std::move(authenticated.remote_id);
  sa_.established = now;
  sa_.setup.reset();
  initial_contact_ = authenticated.initial_contact;
  env.emit(event::IkeSaEstablished{sa_.id, sa_.connection_name(), sa_.initiator(), 2, sa_.local, sa_.remote,
                                   sa_.local_id, sa_.remote_id, sa_.spi_i, sa_.spi_r, sa_.suite});
  arm_established_timers(now, env);
}

void Ikev2Session::install_child(Instant now, Environment& env, NewChild child) {
  policy::ChildSaSpec& spec = child.spec;
  ChildSa sa{status_of(spec, now)};
  if (child.config->life_time.count() > 0) sa.expires = now + child.config->life_time;
  env.emit(installation_of(spec));
  sa_.children.push_back(std::move(sa));
  env.outbox.push_back(InstallChildSa{std::move(spec)});
  arm_child_life();
}

void Ikev2Session::remove_child(Environment& env, policy::ChildSaId id, const event::Failure& why) {
  const auto found = std::ranges::find(sa_.children, id, &ChildSa::id);
  if (found == sa_.children.end()) return;
  env.spis.release(found->spi_in);
  env.outbox.push_back(RemoveChildSa{id});
  event::Failure reason = why;
  reason.child = found->name;
  env.emit(event::ChildSaRemoved{sa_.id, id, sa_.connection_name(), found->name, found->spi_in, found->spi_out,
                                 std::move(reason)});
  sa_.children.erase(found);
  arm_child_life();
}

/// The response to our request is in, and what the Step brought is applied: now the task that it was for.
void Ikev2Session::finish_request(Instant now, Environment& env, Step& step) {
  sa_.window.request_answered();
  sa_.timers.cancel(Timer::retransmit);
  if (step.restart) {
    sa_.setup->cookie = std::move(step.restart->cookie);
    ++sa_.setup->restarts;
    if (!send_init(now, env, step.restart->method.value_or(preferred_method(*sa_.connection))))
      close_now(now, env, failure(FailureKind::system_refused, Side::local));
    return;
  }
  if (sa_.state == State::auth_sent && sa_.pending_child == std::nullopt) return send_auth(now, env);

  std::optional<Task> task = std::exchange(sa_.current, std::nullopt);
  if (task) {
    if (const auto* closed = std::get_if<CloseChild>(&*task))
      remove_child(env, closed->id, failure(closed->why, Side::local));
  }
  if (sa_.pending_child) {
    const bool installed = std::ranges::any_of(
        sa_.children, [&](const ChildSa& child) { return child.spi_in == sa_.pending_child->spi_in; });
    const policy::Child* config = sa_.connection->find_child(sa_.pending_child->task.request.child);
    if (step.abandoned && config)
      sa_.tasks.insert(sa_.tasks.begin(), AbandonChild{config->protocol(), sa_.pending_child->spi_in});
    else if (!installed)
      env.spis.release(sa_.pending_child->spi_in);
    sa_.pending_child.reset();
  }
  if (step.again) {
    sa_.tasks.insert(sa_.tasks.begin(), std::move(*step.again));
    if (step.later) sa_.timers.set(Timer::retry, now + std::chrono::seconds(3));
  }
  if (task && std::holds_alternative<AbandonChild>(*task)) close_if_useless(FailureKind::child_refused);
  if (!step.failure) return;
  const FailureKind kind = step.failure->kind;
  if (sa_.state == State::closing) {  // the peer is not whom we want; it is told, and the reason kept
    sa_.failure = std::move(step.failure);
    sa_.tasks.assign(1, CloseIkeSa{kind});
    return;
  }
  env.emit(event::NegotiationFailed{sa_.id, std::move(*step.failure)});
  close_if_useless(kind);
}

/// An IKE SA of ours that nothing needs any more does not stay behind.
void Ikev2Session::close_if_useless(FailureKind why) {
  if (sa_.initiator() && sa_.children.empty() && sa_.tasks.empty()) sa_.tasks.push_back(CloseIkeSa{why});
}

// ---- Messages out ----

void Ikev2Session::send(Instant now, Environment& env, Bytes message, const policy::Endpoint& local,
                        const policy::Endpoint& remote) {
  sa_.last_sent = now;
  env.outbox.push_back(SendDatagram{local, remote, std::move(message)});
}

void Ikev2Session::respond(Instant now, Environment& env, const Received& received, const w::PayloadChain& payloads) {
  const auto header =
      header_for(static_cast<w::ExchangeType>(received.header.exchange_type), received.header.message_id, true);
  const auto keys = sa_.initiator() ? keys_of_initiator(sa_.keys) : keys_of_responder(sa_.keys);
  auto message = seal_message(env.crypto, env.random, sa_.suite, keys, ++sa_.sent_messages, header, payloads);
  ASSERT(message);
  log_message(env, event::Direction::sent, header, payloads, true, message->size());
  sa_.window.answered_request(env.crypto, received.header.message_id, received.datagram.message, *message);
  // Where the request came from, whatever we hold to be the peer's address (RFC 7296 §2.11).
  send(now, env, std::move(*message), received.datagram.local, received.datagram.remote);
}

bool Ikev2Session::send_request(Instant now, Environment& env, w::ExchangeType exchange,
                                const w::PayloadChain& payloads) {
  const auto header = header_for(exchange, sa_.window.next_request_id(), false);
  const auto keys = sa_.initiator() ? keys_of_initiator(sa_.keys) : keys_of_responder(sa_.keys);
  auto message = seal_message(env.crypto, env.random, sa_.suite, keys, ++sa_.sent_messages, header, payloads);
  if (!message) return false;
  log_message(env, event::Direction::sent, header, payloads, true, message->size());
  sa_.timers.set(Timer::retransmit, sa_.window.sent_request(now, *message, env.settings, env.random));
  send(now, env, std::move(*message), sa_.local, sa_.remote);
  return true;
}

wire::IkeHeader Ikev2Session::header_for(w::ExchangeType exchange, std::uint32_t id, bool response) const {
  wire::IkeHeader header;
  header.initiator_spi = sa_.spi_i;
  header.responder_spi = sa_.spi_r;
  header.major_version = w::major_version;
  header.minor_version = w::minor_version;
  header.exchange_type = w::number(exchange);
  header.flags =
      static_cast<std::uint8_t>((sa_.initiator() ? w::flag_initiator : 0) | (response ? w::flag_response : 0));
  header.message_id = id;
  return header;
}

void Ikev2Session::log_message(Environment& env, event::Direction direction, const wire::IkeHeader& header,
                               const w::PayloadChain& payloads, bool encrypted, std::size_t size) {
  env.emit(event::MessageLogged{direction, sa_.id, sa_.connection_name(),
                                describe(header, payloads, encrypted, size, sa_.local, sa_.remote)});
}

}  // namespace sallyport::ike::v2
