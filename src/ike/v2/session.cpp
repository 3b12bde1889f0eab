#include "ike/v2/session.h"

#include <algorithm>

#include "ike/v2/describe.h"
#include "ike/v2/intermediate.h"
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
  const auto found =
      std::ranges::find_if(children, [&](const ChildSa& child) { return child.spi_out == spi && !child.gone; });
  return found == children.end() ? nullptr : &*found;
}

std::unique_ptr<Ikev2Session> Ikev2Session::accept(const Inbound& in, Environment& env, InitAccepted accepted) {
  auto session = std::make_unique<Ikev2Session>();
  IkeSa& sa = session->sa_;
  sa = std::move(accepted.sa);
  sa.id = env.numbers.next_ike_sa();
  sa.created = in.now;
  session->begin_lineage(std::nullopt);
  sa.timers.set(Timer::half_open, in.now + env.settings.half_open_timeout);
  const auto header = session->header_for(static_cast<w::ExchangeType>(in.header.exchange_type), 0, true);
  auto message = w::serialize_message(header, accepted.payloads);
  ASSERT(message);  // made of our own payloads, far below any limit
  session->log_message(env, event::Direction::received, in.header, in.payloads, false, in.datagram.message.size());
  session->log_message(env, event::Direction::sent, header, accepted.payloads, false, message->size());
  sa.setup->init_response = *message;
  sa.window.answered_request(env.crypto, 0, in.datagram.message, {*message});
  session->send(in.now, env, std::move(*message), sa.local, sa.remote);
  if (sa.keyed()) session->log_keys(env);
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
  const auto exchange = static_cast<w::ExchangeType>(header.exchange_type);
  if (exchange == w::ExchangeType::ike_sa_init || exchange == w::ExchangeType::ike_session_resume)
    on_init_message(now, env, received, message->payloads);
  else
    on_protected_message(now, env, received, message->payloads);
}

void Ikev2Session::on_init_message(Instant now, Environment& env, const Received& received,
                                   const w::PayloadChain& payloads) {
  if (!expects(now, env, received)) return;
  if (received.request || sa_.state != State::init_sent || received.header.exchange_type != w::number(beginning()))
    return reject(env, Reason::unexpected_exchange, received.datagram);
  if (payloads.find_unsupported_critical()) return reject(env, Reason::unsupported_critical_payload, received.datagram);
  log_message(env, event::Direction::received, received.header, payloads, false, received.datagram.message.size());
  dispatch(now, env, received, payloads);
}

void Ikev2Session::on_protected_message(Instant now, Environment& env, const Received& received,
                                        const w::PayloadChain& payloads) {
  const auto* sk = payloads.find<w::SkPayload>();
  const auto* skf = sa_.fragmentation ? payloads.find<w::SkfPayload>() : nullptr;
  if (!sk && !skf) return on_clear_message(now, env, received, payloads);
  if (!takes_solution(now, env, received, payloads)) return;
  if (!sa_.keyed()) return reject(env, Reason::unexpected_exchange, received.datagram);
  if (skf) return on_fragment(now, env, received, *skf);
  if (!expects(now, env, received)) return;

  const auto keys = sa_.initiator() ? keys_of_responder(sa_.keys) : keys_of_initiator(sa_.keys);
  auto opened = open_message(env.crypto, sa_.suite, keys, received.datagram.message, *sk);
  if (!opened && !opened.error().authentic) return reject(env, Reason::not_authentic, received.datagram);
  Result<w::PayloadChain> inner = fail(ErrorCode::malformed);
  Bytes covered;
  if (opened) inner = std::move(opened->payloads);
  if (opened && static_cast<w::ExchangeType>(received.header.exchange_type) == w::ExchangeType::ike_intermediate)
    covered = covered_by_int_auth(received.datagram.message, sk->body.size(), opened->inner);
  on_authentic(now, env, {received.datagram, received.header, received.request, covered}, inner,
               received.datagram.message.size(), 1);
}

/// What the peer itself has sent, and never before.
void Ikev2Session::on_authentic(Instant now, Environment& env, const Received& received,
                                const Result<w::PayloadChain>& payloads, std::size_t size, std::size_t fragments) {
  heard(now, env, received);
  if (!payloads) return refuse_authentic(now, env, received, {.type = w::NotifyType::invalid_syntax});
  log_message(env, event::Direction::received, received.header, *payloads, true, size, fragments);
  if (const auto* unknown = payloads->find_unsupported_critical())
    return refuse_authentic(
        now, env, received,
        {.type = w::NotifyType::unsupported_critical_payload, .data = {static_cast<std::uint8_t>(unknown->type)}});
  take_window(env, received, *payloads);
  if (!received.request) focus(received.header.message_id);
  dispatch(now, env, received, *payloads);
  if (received.request) ask_again(now, env);
}

/// The peer is there. After an outage, what has waited long for its answer need not wait for its next turn.
void Ikev2Session::ask_again(Instant now, Environment& env) {
  if (sa_.state != State::established) return;
  sa_.window.revive_waiting(now, env.settings);
  arm_retransmission();
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
      answer_again(now, env, id, received.datagram);
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
  if (sa_.mobility.agreed) return follow_probe(now, env, received);  // nothing else moves it (RFC 4555 §3.8)
  if (sa_.state != State::keyed && !sa_.nat_remote) return;          // answered where it came from, but not followed
  if (sa_.established) env.emit(event::PeerAddressChanged{sa_.id, sa_.connection_name(), sa_.remote, remote});
  sa_.local = local;
  sa_.remote = remote;
  for (const ChildSa& child : sa_.children) env.outbox.push_back(MoveChildSa{child.id, local, remote, child.udp_encap});
}

void Ikev2Session::dispatch(Instant now, Environment& env, const Received& received, const w::PayloadChain& payloads) {
  const auto* row = find_transition(sa_, received.request, static_cast<w::ExchangeType>(received.header.exchange_type));
  if (!row) return reject(env, Reason::unexpected_exchange, received.datagram);
  Step step = row->handler(sa_, Inbound{now, received.datagram, received.header, payloads, received.covered}, env);
  if (step.rejected) return reject(env, *step.rejected, received.datagram);
  ASSERT(std::ranges::find(row->next, step.next) != row->next.end());
  apply(now, env, received, std::move(step));
}

void Ikev2Session::reject(Environment& env, Reason reason, const Datagram& datagram) {
  env.emit(event::MessageRejected{reason, datagram.remote, sa_.id});
}

// ---- Messages out ----

void Ikev2Session::send(Instant now, Environment& env, Bytes message, const policy::Endpoint& local,
                        const policy::Endpoint& remote) {
  sa_.last_sent = now;
  env.outbox.push_back(SendDatagram{local, remote, std::move(message)});
}

void Ikev2Session::respond(Instant now, Environment& env, const Received& received, w::PayloadChain payloads) {
  const auto header =
      header_for(static_cast<w::ExchangeType>(received.header.exchange_type), received.header.message_id, true);
  const bool says_window = add_window(env, header, payloads);
  auto plain = write_plaintext(header, payloads);
  ASSERT(plain);
  cover(env, *plain);
  auto datagrams = seal(env, *plain, received.datagram.local, sa_.keys);
  ASSERT(!datagrams.empty());
  log_sent(env, header, payloads, datagrams);
  const bool is_long = may_be_cut_smaller(env, datagrams, received.datagram.local);
  // Where the request came from, whatever we hold to be the peer's address (RFC 7296 §2.11).
  send(now, env, datagrams, received.datagram.local, received.datagram.remote);
  sa_.window.answered_request(env.crypto, header.message_id, received.datagram.message, std::move(datagrams));
  if (says_window) sa_.window.set_own(env.settings.window);
  if (Fragmentation* const f = sa_.fragmentation.get()) {
    f->requests.erase(header.message_id);
    std::erase_if(f->long_responses, [&](const auto& each) { return !sa_.window.is_answered(each.first); });
    if (is_long) f->long_responses.insert_or_assign(header.message_id, Fragmentation::Response{std::move(*plain)});
  }
}

bool Ikev2Session::send_request(Instant now, Environment& env, w::ExchangeType exchange, w::PayloadChain payloads,
                                w::InFront in_front) {
  const auto header = header_for(exchange, sa_.window.next_request_id(), false);
  const bool says_window = add_window(env, header, payloads);
  auto plain = write_plaintext(header, payloads);
  if (!plain) return false;
  plain->in_front = std::move(in_front);
  auto datagrams = seal(env, *plain, sa_.local, sa_.keys);
  if (datagrams.empty()) return false;
  cover(env, *plain);
  log_sent(env, header, payloads, datagrams);
  if (may_be_cut_smaller(env, datagrams, sa_.local))
    sa_.fragmentation->long_requests.insert_or_assign(header.message_id, std::move(*plain));
  send(now, env, datagrams, sa_.local, sa_.remote);
  sa_.request = header.message_id;
  sa_.window.sent_request(now, std::move(datagrams), env.settings, env.random);
  if (says_window) sa_.window.set_own(env.settings.window);
  arm_retransmission();
  return true;
}

void Ikev2Session::arm_retransmission() {
  if (const auto due = sa_.window.next_due())
    sa_.timers.set(Timer::retransmit, *due);
  else
    sa_.timers.cancel(Timer::retransmit);
}

// ---- Windows larger than one (RFC 7296 §2.3) ----

/// How many requests we take at once, in the first message that may say so: each end begins with a window of one, on a
/// rekeyed IKE SA anew. True: this is it.
bool Ikev2Session::add_window(const Environment& env, const wire::IkeHeader& header, w::PayloadChain& payloads) {
  const bool begins = sa_.state == State::auth_sent && header.exchange_type == w::number(w::ExchangeType::ike_auth);
  const bool is_there = sa_.established && sa_.state != State::rekeyed && sa_.state != State::closing;
  if (env.settings.window == 1 || !(begins || is_there) || std::exchange(sa_.window_said, true)) return false;
  Bytes size(4);
  store_be32(size.data(), env.settings.window);
  payloads.add(w::NotifyPayload{.type = w::NotifyType::set_window_size, .data = std::move(size)});
  return true;
}

/// The peer's. Of ours there are no more on their way at once than of its own, wherever it would take more.
void Ikev2Session::take_window(const Environment& env, const Received& received, const w::PayloadChain& payloads) {
  const bool begins = received.header.exchange_type == w::number(w::ExchangeType::ike_auth);
  const auto* notify = begins || sa_.established ? payloads.find_notify(w::NotifyType::set_window_size) : nullptr;
  if (notify && notify->data.size() == 4)
    sa_.window.set_peers(std::min(load_be32(notify->data.data()), env.settings.window));
}

/// The answer to this request is here: what it was for is what we are about.
void Ikev2Session::focus(std::uint32_t request) {
  const auto found = std::ranges::find(sa_.others, request, &OwnExchange::request);
  if (sa_.request == request || found == sa_.others.end()) return;
  OwnExchange answered = std::move(*found);
  sa_.others.erase(found);
  set_aside();
  static_cast<OwnExchange&>(sa_) = std::move(answered);
}

/// What is on its way waits there for its answer.
void Ikev2Session::set_aside() {
  OwnExchange& ours = sa_;
  if (ours.current) sa_.others.push_back(std::move(ours));
  ours = {};
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
                               const w::PayloadChain& payloads, bool encrypted, std::size_t size,
                               std::size_t fragments) {
  env.emit(event::MessageLogged{direction, sa_.id, sa_.connection_name(),
                                describe(header, payloads, encrypted, size, fragments, sa_.local, sa_.remote)});
}

}  // namespace sallyport::ike::v2
