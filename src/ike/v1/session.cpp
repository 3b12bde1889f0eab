#include "ike/v1/session.h"

#include <algorithm>

#include "ike/v1/exchange_hash.h"
#include "ike/v1/informational.h"
#include "ike/v1/protection.h"
#include "ike/v1/transaction.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::FailureKind;
using event::Side;
using Reason = event::MessageRejected::Reason;

bool is_phase_1(w::ExchangeType exchange) {
  return exchange == w::ExchangeType::main_mode || exchange == w::ExchangeType::aggressive_mode;
}

bool awaits_answer(State state) {
  return state == State::main_offered || state == State::main_exchanged || state == State::main_proved ||
         state == State::aggressive_offered;
}

FailureKind kind_of(w::NotifyType type, State state) {
  switch (type) {
    case w::NotifyType::no_proposal_chosen:
      return state == State::main_offered || state == State::aggressive_offered ? FailureKind::no_proposal_chosen
                                                                                : FailureKind::peer_error;
    case w::NotifyType::authentication_failed:
    case w::NotifyType::invalid_hash_information:
    case w::NotifyType::invalid_id_information: return FailureKind::authentication_failed;
    case w::NotifyType::payload_malformed:
    case w::NotifyType::invalid_payload_type:  // what another key makes of our message 5
      return state == State::main_proved ? FailureKind::authentication_failed : FailureKind::peer_error;
    default: return FailureKind::peer_error;
  }
}

}  // namespace

const ChildSa* IsakmpSa::find_child(policy::ChildSaId child) const {
  const auto found = std::ranges::find(children, child, &ChildSa::id);
  return found == children.end() ? nullptr : &*found;
}

std::vector<ToldDelete> deletes_of(const ChildSa& child, Instant now) {
  std::vector<ToldDelete> deletes = {{{child.suite.protocol, child.spi_out}, child.spi_in, now}};
  if (const auto& ah = child.bundled_ah) deletes.push_back({{policy::Protocol::ah, ah->spi_out}, ah->spi_in, now});
  return deletes;
}

const ChildSa* IsakmpSa::find_child(DeletedSpi deleted) const {
  const auto found = std::ranges::find_if(children, [&](const ChildSa& child) {
    const auto& ah = child.bundled_ah;
    return deleted == DeletedSpi{child.suite.protocol, child.spi_out} ||
           (ah && deleted == DeletedSpi{policy::Protocol::ah, ah->spi_out});
  });
  return found == children.end() ? nullptr : &*found;
}

std::size_t IsakmpSa::quick_modes(bool ours) const {
  return static_cast<std::size_t>(std::ranges::count(
      exchanges, ours ? ExchangeState::quick_asked : ExchangeState::quick_answered, &Exchange::state));
}

std::unique_ptr<Ikev1Session> Ikev1Session::accept(const Inbound& in, Environment& env, Answered answered) {
  auto session = std::make_unique<Ikev1Session>();
  IsakmpSa& sa = session->sa_;
  sa = std::move(answered.sa);
  sa.id = env.numbers.next_ike_sa();
  sa.created = in.now;
  sa.timers.set(Timer::half_open, in.now + env.settings.half_open_timeout);
  session->log_message(env, event::Direction::received, in.header, in.payloads, 1, false, in.datagram.message.size());
  sa.last.took(env.crypto, in.datagram.message);
  session->send_phase_1(in.now, env, {std::move(answered.payloads), false}, 2, false, sa.local, sa.remote);
  if (sa.keyed()) session->log_keys(env);
  return session;
}

bool Ikev1Session::is_for_us(const wire::IkeHeader& header) const {
  if (header.initiator_spi != sa_.cookie_i) return false;
  if (header.responder_spi == sa_.cookie_r || sa_.cookie_r == 0) return true;
  return header.responder_spi == 0 && !sa_.initiator();  // the first message once more
}

void Ikev1Session::on_message(Instant now, Environment& env, const Datagram& datagram, const wire::IkeHeader& header) {
  const auto envelope = w::parse_envelope(datagram.message);
  if (!envelope) return reject(env, Reason::malformed, datagram);
  if (!is_for_us(header)) return reject(env, Reason::unknown_spi, datagram);
  if (envelope->first_type() == w::PayloadType::fragment) return on_fragment(now, env, datagram);
  const Received received{datagram, *envelope};
  if (is_phase_1(envelope->exchange()))
    on_phase_1(now, env, received);
  else if (!envelope->is_encrypted())
    on_hint(env, received);
  else
    on_phase_2(now, env, received);
}

/// Part of a message; with the last of them, the message.
void Ikev1Session::on_fragment(Instant now, Environment& env, const Datagram& datagram) {
  if (sa_.state == State::closed) return reject(env, Reason::unexpected_exchange, datagram);
  const auto limits = fragment_limits(env.settings);
  const auto message = fragments_.take(now, limits, datagram.remote, datagram.message);
  if (const auto expiry = fragments_.next_expiry(limits))
    sa_.timers.set(Timer::fragments, *expiry);
  else
    sa_.timers.cancel(Timer::fragments);
  if (!message) return reject(env, Reason::malformed, datagram);
  if (!*message) return;
  const Datagram whole{datagram.local, datagram.remote, **message};
  const auto header = wire::parse_ike_header(whole.message);
  ASSERT(header);  // Reassembly gives out nothing else
  on_message(now, env, whole, *header);
}

// ---- Phase 1 ----

void Ikev1Session::on_phase_1(Instant now, Environment& env, const Received& received) {
  if (sa_.last.repeats(env.crypto, received.octets())) return answer_again(now, env, received, sa_.last.octets());
  const auto* row = find_transition(sa_.state, received.envelope.exchange());
  if (!row) return reject(env, Reason::unexpected_exchange, received.datagram);
  if (received.header().message_id != 0) return reject(env, Reason::unexpected_message_id, received.datagram);

  const bool encrypted = received.envelope.is_encrypted();
  if (encrypted && !sa_.keyed()) return reject(env, Reason::unexpected_exchange, received.datagram);
  const auto content = read_phase_1(env, received);
  if (!content && encrypted) {  // most likely, the peer has another key
    Step step = Step::reject(sa_.state, Reason::not_authentic);
    if (sa_.state == State::main_keyed) {
      step.failure = failure(FailureKind::authentication_failed, Side::local);
      step.hint = w::NotifyType::authentication_failed;
    }
    return reject_step(now, env, received, std::move(step));
  }
  if (!content) return reject(env, Reason::malformed, received.datagram);
  const Inbound in{now, received.datagram, received.header(), content->raw, content->payloads, encrypted};
  Step step = row->handler(sa_, in, env);
  if (step.rejected) return reject_step(now, env, received, std::move(step));
  ASSERT(std::ranges::find(row->next, step.next) != row->next.end());
  log_message(env, event::Direction::received, received.header(), content->payloads, row->message, encrypted,
              received.octets().size());
  apply(now, env, received, *row, std::move(step), encrypted);
}

Result<Ikev1Session::Content> Ikev1Session::read_phase_1(Environment& env, const Received& received) const {
  Content content;
  ByteView body = received.envelope.body;
  auto protection = w::Protection::clear;
  if (received.envelope.is_encrypted()) {
    auto opened = TRY(open_message(env.crypto, sa_.suite.encryption, sa_.keys.encryption, *sa_.chain, received.header(),
                                   received.octets()));
    content.text = std::move(opened.payloads);
    body = content.text.view();
    protection = w::Protection::decrypted;
  }
  content.raw = TRY(w::split_payloads(received.envelope.first_type(), body, protection, wire::ike_header_size));
  content.payloads = TRY(w::parse_payloads(content.raw));
  return content;
}

/// Said without protection, by anybody. It is counted and changes nothing, but for what we say in the end: while our
/// own message waits for an answer, an error is kept as the likely reason, and we do not repeat ourselves any more.
void Ikev1Session::on_hint(Environment& env, const Received& received) {
  reject(env, Reason::not_authentic, received.datagram);
  const bool proof_is_out = sa_.state == State::aggressive_answered;
  if (received.envelope.exchange() != w::ExchangeType::informational || (!awaits_answer(sa_.state) && !proof_is_out) ||
      received.datagram.remote.address != sa_.remote.address)
    return;
  const auto message = w::parse_message(received.octets());
  const auto* error = message ? message->payloads.find_error() : nullptr;
  if (!error) return;
  auto why = failure(kind_of(error->type, sa_.state), Side::remote);
  why.notify = w::to_string(error->type);
  if (why.kind == FailureKind::no_proposal_chosen) why.our_proposals = sa_.connection->proposals;
  if (proof_is_out) return tell_failure(env, std::move(why));
  sa_.failure = std::move(why);
}

// ---- Phase 2 ----

void Ikev1Session::on_phase_2(Instant now, Environment& env, const Received& received) {
  const std::uint32_t id = received.header().message_id;
  const auto exchange = received.envelope.exchange();
  if (received.header().responder_spi != sa_.cookie_r) return reject(env, Reason::unknown_spi, received.datagram);
  if (sa_.state == State::aggressive_answered) return remind(now, env, received);
  const bool may_come =
      sa_.established || (sa_.state == State::main_proved && exchange == w::ExchangeType::informational);
  if (!sa_.keyed() || !may_come || id == 0) return reject(env, Reason::unexpected_exchange, received.datagram);

  Exchange* known = find_exchange(id);
  if (known && known->last.repeats(env.crypto, received.octets()))
    return answer_again(now, env, received, known->last.octets());
  if (!known && sa_.message_ids.was_used(id)) return reject(env, Reason::unexpected_message_id, received.datagram);
  if (!known && sa_.message_ids.exhausted()) return close(now, env, FailureKind::expired, true);
  const bool may_begin = exchange == w::ExchangeType::transaction
                             ? sa_.state == State::established
                             : exchange == w::ExchangeType::quick_mode && sa_.accepts_phase_2();
  if (may_begin && (!known || known->type == exchange)) return on_exchange(now, env, received, known);
  if (exchange == w::ExchangeType::informational && !known) return on_informational(now, env, received);
  reject(env, Reason::unexpected_exchange, received.datagram);
}

/// The peer is further than we: its message 3 got lost, or is late. To ask for it we say message 2 again. What asks is
/// not authentic and shorter than that: so it must have our cookie, come from where message 1 came from, and gets no
/// more of them than we would send by ourselves.
void Ikev1Session::remind(Instant now, Environment& env, const Received& received) {
  reject(env, Reason::unexpected_exchange, received.datagram);
  if (received.datagram.remote.address != sa_.remote.address ||
      !sa_.last.repeat(now, env.settings.retransmit_tries, env.settings, env.random))
    return;
  sa_.last.settle();
  send(now, env, to_bytes(sa_.last.octets()), received.datagram.local, received.datagram.remote);
}

/// Quick Mode, or a transaction.
void Ikev1Session::on_exchange(Instant now, Environment& env, const Received& received, Exchange* known) {
  const std::uint32_t id = received.header().message_id;
  const auto type = received.envelope.exchange();
  const auto* row = find_transition(type, known ? std::optional(known->state) : std::nullopt);
  if (!row) return reject(env, Reason::unexpected_exchange, received.datagram);
  if (!known && sa_.quick_modes(false) >= IsakmpSa::max_begun_by_peer)
    return reject(env, Reason::half_open_limit, received.datagram);
  std::optional<Exchange> begun;
  if (!known) {
    known = &begun.emplace(make_exchange(env, id, false));
    known->type = type;
  }
  auto content = read_phase_2(env, received, known->chain,
                              [&](ByteView payloads) { return exchange_hash(env, *known, row->message, payloads); });
  if (!content) return reject(env, Reason::not_authentic, received.datagram);
  heard(now, env, received);
  if (begun) {
    sa_.message_ids.note(id);
    sa_.exchanges.push_back(std::move(*begun));
    known = &sa_.exchanges.back();
  }
  known->chain.follow(received.octets());
  known->last.took(env.crypto, received.octets());
  if (!content->readable) {
    reject(env, Reason::malformed, received.datagram);
    return give_up(now, env, id);
  }
  log_message(env, event::Direction::received, received.header(), content->payloads, row->message, true,
              received.octets().size());
  const Inbound in{now, received.datagram, received.header(), content->raw, content->payloads, true};
  ExchangeStep step = row->handler(sa_, *known, in, env);
  ASSERT(std::ranges::find(row->next, step.next) != row->next.end());
  if (step.rejected) reject(env, *step.rejected, received.datagram);
  wipe_attributes(std::move(content->payloads));
  apply(now, env, id, row->message, std::move(step));
}

void Ikev1Session::on_informational(Instant now, Environment& env, const Received& received) {
  const std::uint32_t id = received.header().message_id;
  Exchange exchange = make_exchange(env, id, false);
  const auto content = read_phase_2(env, received, exchange.chain, [&](ByteView payloads) {
    return hash_1(env.crypto, sa_.suite.prf, sa_.keys.skeyid_a, id, payloads);
  });
  if (!content) {
    // A responder that has another key complains of message 5 with that key: a hint, like one in clear.
    if (sa_.state == State::main_proved) sa_.failure = failure(FailureKind::authentication_failed, Side::remote);
    return reject(env, Reason::not_authentic, received.datagram);
  }
  sa_.message_ids.note(id);
  if (!content->readable) return reject(env, Reason::malformed, received.datagram);
  log_message(env, event::Direction::received, received.header(), content->payloads, 1, true, received.octets().size());
  const Inbound in{now, received.datagram, received.header(), content->raw, content->payloads, true};
  ExchangeStep step = process_informational(sa_, in);
  if (sa_.state == State::closed) return on_farewell(now, env, std::move(step));
  heard(now, env, received);
  exchange.last.took(env.crypto, received.octets());
  if (step.notice) sa_.exchanges.push_back(std::move(exchange));  // a repetition is answered again
  apply(now, env, id, 1, std::move(step));
}

/// Said to an ISAKMP SA that is closed: Deletes, which answer ours, or come late.
void Ikev1Session::on_farewell(Instant now, Environment& env, ExchangeStep step) {
  if (!step.removed.empty() && step.notice) send_informational(now, env, *step.notice);
  apply_deletes(now, env, step);
  for (Exchange& exchange : sa_.exchanges)
    if (step.close && exchange.state == ExchangeState::delete_sent && exchange.deleted.empty())
      finish(now, env, exchange);
  const bool waits = std::ranges::any_of(
      sa_.exchanges, [](const Exchange& exchange) { return exchange.state == ExchangeState::delete_sent; });
  if (!waits && sa_.children.empty() && sa_.unheard.empty()) sa_.timers.cancel_all();
  arm_exchanges();
}

Result<Ikev1Session::Content> Ikev1Session::read_phase_2(Environment& env, const Received& received,
                                                         const IvChain& chain,
                                                         const std::function<Secret(ByteView)>& hash) const {
  Content content;
  auto opened = TRY(
      open_message(env.crypto, sa_.suite.encryption, sa_.keys.encryption, chain, received.header(), received.octets()));
  content.text = std::move(opened.payloads);
  content.raw = TRY(w::split_payloads(received.envelope.first_type(), content.text.view(), w::Protection::decrypted,
                                      wire::ike_header_size));
  if (content.raw.payloads.empty() || content.raw.payloads.front().type != w::PayloadType::hash)
    return fail(ErrorCode::unauthentic);
  const Secret expected = hash(content.raw.behind(0));
  if (!equal_constant_time(content.raw.payloads.front().body(), expected.view())) return fail(ErrorCode::unauthentic);
  auto payloads = w::parse_payloads(content.raw);
  content.readable = payloads.has_value();
  if (payloads) content.payloads = std::move(*payloads);
  return content;
}

/// An authentic, fresh message says that the peer lives, and where.
void Ikev1Session::heard(Instant now, Environment& env, const Received& received) {
  sa_.last_received = now;
  if (sa_.established) sa_.peer_confirmed = true;
  const auto& [local, remote, message] = received.datagram;
  if (local == sa_.local && remote == sa_.remote) return;
  // Before phase 1 is complete it is the initiator that moves to another port, and the responder that follows.
  const bool follows = sa_.established ? sa_.nat_remote : !sa_.initiator();
  const bool back_to_500 = sa_.udp_encap() && local.port == kIkePort && sa_.local.port != kIkePort;
  if (!follows || back_to_500) return;  // answered where it came from
  if (sa_.established) env.emit(event::PeerAddressChanged{sa_.id, sa_.connection_name(), sa_.remote, remote});
  sa_.local = local;
  sa_.remote = remote;
  for (const ChildSa& child : sa_.children) env.outbox.push_back(MoveChildSa{child.id, local, remote});
}

void Ikev1Session::answer_again(Instant now, Environment& env, const Received& received, ByteView octets) {
  reject(env, Reason::repeated, received.datagram);
  if (octets.empty()) return;
  // Where it came from; but an initiator that has found a NAT has moved to another port, and stays there.
  const bool moved = sa_.initiator() && is_phase_1(received.envelope.exchange());
  send(now, env, to_bytes(octets), moved ? sa_.local : received.datagram.local,
       moved ? sa_.remote : received.datagram.remote);
}

void Ikev1Session::reject(Environment& env, Reason reason, const Datagram& datagram) {
  env.emit(event::MessageRejected{reason, datagram.remote, sa_.id});
}

}  // namespace sallyport::ike::v1
