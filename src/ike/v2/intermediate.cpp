#include "ike/v2/intermediate.h"

#include <algorithm>

#include "ike/v2/key_agreement.h"
#include "ike/v2/numbers_map.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using event::Failure;
using event::FailureKind;
using event::Side;
using Reason = event::MessageRejected::Reason;

Step end_setup(const IkeSa& sa, FailureKind kind, Side side, std::string notify = {}) {
  Failure failure{.kind = kind,
                  .side = side,
                  .connection = sa.connection_name(),
                  .local_id = sa.local_id,
                  .remote_id = sa.remote_id,
                  .remote = sa.remote};
  failure.notify = std::move(notify);
  return {.next = State::closed, .failure = std::move(failure)};
}

/// Like a bad IKE_AUTH: the other end is told, and there is no going on (RFC 7296 §2.21.2).
Step refuse_intermediate(const IkeSa& sa, w::NotifyType type) {
  Step step = end_setup(sa, FailureKind::protocol_violation, Side::local);
  step.reply.emplace().add(w::NotifyPayload{.type = type});
  return step;
}

/// The keys after the key exchange at `place`, and what is next.
Intermediate go_on(const IkeSa& sa, std::size_t place, const Secret& secret, Environment& env) {
  Intermediate done;
  done.keys = derive_rekeyed_ike_keys(env.crypto, sa.suite.prf, sa.keys.sk_d, sa.suite,
                                      {.shared_secret = secret.view(),
                                       .nonce_i = sa.setup->nonce_i,
                                       .nonce_r = sa.setup->nonce_r,
                                       .spi_i = sa.spi_i,
                                       .spi_r = sa.spi_r});
  done.due = sa.suite.next_additional(place + 1);
  return done;
}

}  // namespace

bool wants_intermediate(const policy::Connection& connection) {
  return std::ranges::any_of(connection.proposals,
                             [](const policy::Proposal& each) { return !each.additional.empty(); });
}
void announce_intermediate(w::PayloadChain& payloads) {
  payloads.add(w::NotifyPayload{.type = w::NotifyType::intermediate_exchange_supported});
}
bool says_intermediate(const w::PayloadChain& payloads) {
  return payloads.find_notify(w::NotifyType::intermediate_exchange_supported) != nullptr;
}

Bytes covered_by_int_auth(wire::IkeHeader header, w::PayloadType first, ByteView inner) {
  header.next_payload = w::number(w::PayloadType::sk);
  header.length = static_cast<std::uint32_t>(wire::ike_header_size + w::generic_header_size + inner.size());
  Bytes covered;
  covered.reserve(header.length);
  Writer writer(covered);
  wire::serialize_ike_header(writer, header);
  writer.u8(w::number(first));
  writer.u8(0);
  writer.u16(static_cast<std::uint16_t>(w::generic_header_size + inner.size()));
  writer.bytes(inner);
  return covered;
}

Bytes covered_by_int_auth(ByteView message, std::size_t body_size, ByteView inner) {
  constexpr std::size_t length_offset = wire::ike_header_size - 4;
  Bytes covered = to_bytes(message.first(message.size() - body_size));
  store_be16(covered.data() + covered.size() - 2, static_cast<std::uint16_t>(w::generic_header_size + inner.size()));
  store_be32(covered.data() + length_offset, static_cast<std::uint32_t>(covered.size() + inner.size()));
  append(covered, inner);
  return covered;
}

Bytes extend_int_auth(crypto::Provider& crypto, crypto::Prf prf, const Secret& sk_p, ByteView so_far,
                      ByteView covered) {
  const ByteView parts[] = {so_far, covered};
  return to_bytes(crypto.prf(prf, sk_p.view(), parts).view());
}

Bytes int_auth_of(const Setup& setup) {
  const IntermediateExchanges& done = setup.intermediate;
  Bytes all;
  if (done.count == 0) return all;
  append(all, done.auth_i);
  append(all, done.auth_r);
  Writer(all).u32(done.count + 1);  // the message id of the first IKE_AUTH
  return all;
}

w::PayloadChain build_intermediate_request(const IkeSa& sa) {
  w::PayloadChain payloads;
  add_key_exchange(payloads, *sa.setup->key_exchange);
  return payloads;
}

Step process_intermediate_response(const IkeSa& sa, const Inbound& in, Environment& env) {
  if (const auto* error = in.payloads.find_error())
    return end_setup(sa, FailureKind::peer_error, Side::remote, w::to_string(error->type));
  const std::size_t place = sa.setup->intermediate.due;
  const auto secret =
      read_key(sa.suite.additional[place - 1], in.payloads.find<w::KePayload>(), sa.setup->key_exchange.get());
  if (!secret) return end_setup(sa, FailureKind::protocol_violation, Side::local);
  Step step{.intermediate = go_on(sa, place, *secret, env)};
  step.intermediate->int_auth =
      extend_int_auth(env.crypto, sa.suite.prf, sa.keys.sk_pr, sa.setup->intermediate.auth_r, in.covered);
  step.next = step.intermediate->due != 0 ? State::intermediate_sent : State::auth_sent;
  return step;
}

Step process_intermediate_request(const IkeSa& sa, const Inbound& in, Environment& env) {
  const IntermediateExchanges& before = sa.setup->intermediate;
  if (!takes_another(before)) return Step::reject(sa.state, Reason::unexpected_exchange);
  const auto* ke = in.payloads.find<w::KePayload>();
  if (ke && before.due == 0) return refuse_intermediate(sa, w::NotifyType::invalid_syntax);
  Step step{.next = State::keyed};
  step.reply.emplace();
  if (ke) {
    auto answer = answer_key(sa.suite.additional[before.due - 1], ke, env);
    if (!answer) return refuse_intermediate(sa, w::NotifyType::invalid_syntax);
    step.intermediate = go_on(sa, before.due, answer->shared_secret, env);
    add_key_exchange(*step.reply, ke->method, std::move(answer->public_value));
  } else {  // it is for something else, that we have no part in
    step.intermediate.emplace().due = before.due;
  }
  step.intermediate->int_auth = extend_int_auth(env.crypto, sa.suite.prf, sa.keys.sk_pi, before.auth_i, in.covered);
  return step;
}

}  // namespace sallyport::ike::v2
