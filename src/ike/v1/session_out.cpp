// Messages out: headers, HASH payloads, encryption, and the IV chains that follow what is sent.
#include "ike/v1/describe.h"
#include "ike/v1/exchange_hash.h"
#include "ike/v1/informational.h"
#include "ike/v1/protection.h"
#include "ike/v1/session.h"
#include "ike/v1/transaction.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;

}  // namespace

void Ikev1Session::send(Instant now, Environment& env, Bytes message, const policy::Endpoint& local,
                        const policy::Endpoint& remote) {
  sa_.last_sent = now;
  std::vector<Bytes> fragments;
  if (sends_fragments(sa_)) fragments = cut_into_fragments(message, longest_message(env.settings.fragment_size, local));
  for (Bytes& fragment : fragments) env.outbox.push_back(SendDatagram{local, remote, std::move(fragment)});
  if (fragments.empty()) env.outbox.push_back(SendDatagram{local, remote, std::move(message)});
}

bool Ikev1Session::send_phase_1(Instant now, Environment& env, const Reply& reply, std::uint8_t number, bool awaits,
                                const policy::Endpoint& local, const policy::Endpoint& remote) {
  const bool aggressive = sa_.state == State::aggressive_offered || sa_.state == State::aggressive_answered;
  wire::IkeHeader header = header_for(aggressive ? w::ExchangeType::aggressive_mode : w::ExchangeType::main_mode, 0);
  Bytes message;
  if (reply.encrypted) {
    const auto payloads = w::serialize_payloads(reply.payloads);
    if (!payloads) return false;
    header.next_payload = w::number(reply.payloads.first_type());
    auto sealed = seal_message(env.crypto, sa_.suite.encryption, sa_.keys.encryption, *sa_.chain, header, *payloads);
    if (!sealed) return false;
    message = std::move(*sealed);
    sa_.chain->follow(message);
  } else {
    auto clear = w::serialize_message(header, reply.payloads);
    if (!clear) return false;
    message = std::move(*clear);
  }
  log_message(env, event::Direction::sent, header, reply.payloads, number, reply.encrypted, message.size());
  sa_.last.sent(now, message, awaits, env.settings, env.random);
  sa_.last_said = now;
  if (awaits) sa_.timers.set(Timer::retransmit, *sa_.last.due());
  send(now, env, std::move(message), local, remote);
  return true;
}

bool Ikev1Session::send_quick(Instant now, Environment& env, Exchange& exchange, std::uint8_t number,
                              const w::PayloadChain& payloads, bool awaits) {
  const auto header = header_for(exchange.type, exchange.id);
  Bytes message = seal(env, exchange.chain, header, payloads,
                       [&](ByteView octets) { return exchange_hash(env, exchange, number, octets); });
  if (message.empty()) return false;
  w::PayloadChain told;
  told.add(w::HashPayload{});
  for (const w::Payload& payload : payloads) told.add(payload);
  log_message(env, event::Direction::sent, header, told, number, true, message.size());
  exchange.last.sent(now, message, awaits, env.settings, env.random);
  send(now, env, std::move(message), sa_.local, sa_.remote);
  return true;
}

/// There may be a password in it: it goes out, and into no copy.
bool Ikev1Session::send_transaction(Instant now, Environment& env, Exchange& exchange, std::uint8_t number,
                                    const w::AttributesPayload& attributes, bool awaits) {
  const auto header = header_for(exchange.type, exchange.id);
  w::PayloadChain payloads;
  payloads.add(attributes);
  Bytes message = seal(env, exchange.chain, header, payloads,
                       [&](ByteView octets) { return exchange_hash(env, exchange, number, octets); });
  if (!message.empty()) {
    w::PayloadChain told;
    told.add(w::HashPayload{});
    told.add(attributes);
    log_message(env, event::Direction::sent, header, told, number, true, message.size());
    wipe_attributes(std::move(told));
    exchange.last.sent(now, message, awaits, env.settings, env.random);
    send(now, env, std::move(message), sa_.local, sa_.remote);
  }
  wipe_attributes(std::move(payloads));
  return !exchange.last.octets().empty();
}

Bytes Ikev1Session::send_informational(Instant now, Environment& env, const w::PayloadChain& payloads) {
  const std::uint32_t id = sa_.message_ids.choose(env.random);
  IvChain chain = sa_.chain->of_exchange(env.crypto, id);
  const auto header = header_for(w::ExchangeType::informational, id);
  Bytes message = seal(env, chain, header, payloads, [&](ByteView octets) {
    return hash_1(env.crypto, sa_.suite.prf, sa_.keys.skeyid_a, id, octets);
  });
  if (message.empty()) return {};
  w::PayloadChain told;
  told.add(w::HashPayload{});
  for (const w::Payload& payload : payloads) told.add(payload);
  log_message(env, event::Direction::sent, header, told, 1, true, message.size());
  send(now, env, message, sa_.local, sa_.remote);
  return message;
}

/// Without protection, to where the message came from.
void Ikev1Session::send_hint(Instant now, Environment& env, const Received& received, w::NotifyType type) {
  // What came may be the first that says the responder's cookie.
  const std::uint64_t cookie_r = sa_.cookie_r != 0 ? sa_.cookie_r : received.header().responder_spi;
  send(now, env, serialize_hint(sa_.cookie_i, cookie_r, type, env.random), received.datagram.local,
       received.datagram.remote);
}

void Ikev1Session::send_delete_of_isakmp_sa(Instant now, Environment& env, std::optional<w::NotifyType> why) {
  Exchange exchange = make_exchange(env, 0, true);
  exchange.state = ExchangeState::delete_sent;
  exchange.deletes_isakmp_sa = true;
  // The Child SAs end with it, even if their own Delete got lost. Peers that read but one payload read the first.
  w::PayloadChain payloads = build_delete_isakmp_sa(sa_, why);
  std::vector<const ChildSa*> all;
  for (const ChildSa& child : sa_.children) all.push_back(&child);
  for (const w::Payload& payload : build_delete_children(all)) payloads.add(payload);
  exchange.last.sent(now, send_informational(now, env, payloads), true, env.settings, env.random);
  sa_.exchanges.push_back(std::move(exchange));
}

void Ikev1Session::send_delete_of_all_children(Instant now, Environment& env) {
  Exchange exchange = make_exchange(env, 0, true);
  exchange.state = ExchangeState::delete_sent;
  exchange.deletes_isakmp_sa = true;
  std::vector<const ChildSa*> all;
  for (const ChildSa& child : sa_.children) {
    all.push_back(&child);
    for (const ToldDelete& each : deletes_of(child, now)) exchange.deleted.push_back(each);
  }
  exchange.last.sent(now, send_informational(now, env, build_delete_children(all)), true, env.settings, env.random);
  sa_.exchanges.push_back(std::move(exchange));
}

/// HASH in front of the payloads, all of it encrypted; empty when it would not fit.
Bytes Ikev1Session::seal(Environment& env, IvChain& chain, const wire::IkeHeader& header,
                         const w::PayloadChain& payloads, const std::function<Secret(ByteView payloads)>& hash) const {
  auto behind = w::serialize_payloads(payloads);
  if (!behind) return {};
  w::PayloadChain front;
  front.add(w::HashPayload{to_bytes(hash(*behind).view())});
  auto text = w::serialize_payloads(front, payloads.first_type());
  if (!text) return {};
  append(*text, *behind);
  sallyport::wipe(*behind);
  wire::IkeHeader with_first = header;
  with_first.next_payload = w::number(w::PayloadType::hash);
  auto message = seal_message(env.crypto, sa_.suite.encryption, sa_.keys.encryption, chain, with_first, *text);
  sallyport::wipe(*text);
  if (!message) return {};
  chain.follow(*message);
  return std::move(*message);
}

wire::IkeHeader Ikev1Session::header_for(w::ExchangeType exchange, std::uint32_t id) const {
  wire::IkeHeader header;
  header.initiator_spi = sa_.cookie_i;
  header.responder_spi = sa_.cookie_r;
  header.major_version = w::major_version;
  header.minor_version = w::minor_version;
  header.exchange_type = w::number(exchange);
  header.message_id = id;
  return header;
}

Secret Ikev1Session::exchange_hash(Environment& env, const Exchange& exchange, std::uint8_t number,
                                   ByteView payloads) const {
  const auto prf = sa_.suite.prf;
  const auto& key = sa_.keys.skeyid_a;
  if (number == 1 || exchange.type == w::ExchangeType::transaction)
    return hash_1(env.crypto, prf, key, exchange.id, payloads);
  const QuickMode& quick = *exchange.quick;
  if (number == 2) return hash_2(env.crypto, prf, key, exchange.id, quick.nonce_i, payloads);
  return hash_3(env.crypto, prf, key, exchange.id, quick.nonce_i, quick.nonce_r);
}

void Ikev1Session::log_message(Environment& env, event::Direction direction, const wire::IkeHeader& header,
                               const w::PayloadChain& payloads, std::uint8_t number, bool encrypted, std::size_t size) {
  const bool from_initiator = (direction == event::Direction::sent) == sa_.initiator();
  const Told told{number, from_initiator, encrypted, size};
  env.emit(event::MessageLogged{direction, sa_.id, sa_.connection_name(),
                                describe(header, payloads, told, sa_.local, sa_.remote)});
}

}  // namespace sallyport::ike::v1
