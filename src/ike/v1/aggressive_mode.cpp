#include "ike/v1/aggressive_mode.h"

#include "ike/core/candidates.h"
#include "ike/v1/authentication.h"
#include "ike/v1/fragmentation.h"
#include "ike/v1/identification.h"
#include "ike/v1/nat_traversal.h"
#include "ike/v1/phase1.h"
#include "ike/v1/transaction.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::FailureKind;
using event::Side;
using Reason = event::MessageRejected::Reason;

std::unexpected<Refused> refuse(FailureKind kind, const Inbound& in, const policy::Identity& remote_id,
                                const policy::ConnectionPtr& connection = nullptr) {
  event::Failure failure{.kind = kind, .remote = in.datagram.remote, .opening = event::Opening::aggressive_mode};
  failure.remote_id = remote_id;
  if (connection) {
    failure.connection = connection->name;
    failure.local_id = identity_on(*connection, in.datagram.local);
  }
  return std::unexpected(
      Refused{.failure = std::move(failure), .hint = w::NotifyType::authentication_failed, .rejected = {}});
}

}  // namespace

w::PayloadChain build_aggressive_1(const IsakmpSa& sa) {
  const auto& exchange = *sa.setup->key_exchange;
  w::PayloadChain payloads;
  payloads.add(offer_phase1(phase1_proposals(sa.connection->proposals), phase1_method(*sa.connection, Role::initiator),
                            isakmp_life(*sa.connection), exchange.method()));
  payloads.add(w::KePayload{to_bytes(exchange.public_value())});
  payloads.add(w::NoncePayload{sa.setup->nonce_i});
  payloads.add(write_identity(sa.local_id));
  add_vendor_ids(payloads);
  announce_fragmentation(payloads, *sa.connection);
  announce_remote_access(payloads, *sa.connection);
  return payloads;
}

std::expected<Answered, Refused> answer_aggressive_1(const Inbound& in, Environment& env) {
  const auto* ke = in.payloads.find<w::KePayload>();
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  const auto* id = in.payloads.find<w::IdPayload>();
  if (!in.payloads.find<w::SaPayload>() || !ke || !nonce || !id)
    return std::unexpected(Refused{.rejected = Reason::missing_payload});
  auto chosen = choose_policy(in, env, true);
  if (!chosen)
    return std::unexpected(Refused{.failure = std::move(chosen.error()), .hint = w::NotifyType::no_proposal_chosen});
  const auto remote_id = read_identity(*id);
  if (!remote_id) return refuse(FailureKind::no_matching_connection, in, policy::Identity::any());
  const auto any = [](const policy::Connection&) { return true; };
  const auto connection = connection_for(chosen->candidates, *remote_id, any);
  if (!connection) {
    const auto sole = sole_connection(chosen->candidates, any);
    auto refused = refuse(FailureKind::no_matching_connection, in, *remote_id, sole);
    if (sole) refused.error().failure->expected_id = sole->remote.id;
    refused.error().hint = w::NotifyType::invalid_id_information;
    return refused;
  }
  const policy::Identity local_id = identity_on(*connection, in.datagram.local);
  const auto* key = env.pad.find(local_id, *remote_id);
  if (!key) return refuse(FailureKind::secret_missing, in, *remote_id, connection);

  Answered answered{begin_as_responder(in, *chosen, env), {}};
  IsakmpSa& sa = answered.sa;
  auto exchange = env.crypto.start_key_exchange(sa.suite.key_exchange, env.random);
  if (!exchange) return refuse(FailureKind::key_exchange_mismatch, in, *remote_id, connection);
  auto keyed = derive_keys(env.crypto, key->secret,
                           {.suite = sa.suite,
                            .ours = **exchange,
                            .theirs = ke->data,
                            .nonce_i = nonce->data,
                            .nonce_r = random_nonce(env.random),
                            .cookie_i = sa.cookie_i,
                            .cookie_r = sa.cookie_r,
                            .we_initiated = false});
  if (!keyed) return std::unexpected(Refused{.rejected = Reason::malformed});

  sa.state = State::aggressive_answered;
  sa.connection = connection;
  sa.local_id = local_id;
  sa.remote_id = *remote_id;
  sa.setup->id_i = to_bytes(in.raw.find(w::PayloadType::id)->body());
  const w::IdPayload own = write_identity(local_id);
  const ProofContext context{sa.suite.prf, keyed->keys.skeyid, keyed->public_i, keyed->public_r,
                             sa.cookie_i,  sa.cookie_r,        sa.setup->sa_i};
  answered.payloads.add(std::move(chosen->answer));
  answered.payloads.add(w::KePayload{keyed->public_r});
  answered.payloads.add(w::NoncePayload{keyed->nonce_r});
  answered.payloads.add(own);
  answered.payloads.add(prove(env.crypto, context, Role::responder, own.body()));
  add_vendor_ids(answered.payloads, sa.nat_traversal);
  announce_fragmentation(answered.payloads, *connection);
  announce_remote_access(answered.payloads, *connection);
  add_nat_detection(answered.payloads, env.crypto, sa.nat_traversal,
                    nat_context(sa, sa.suite, sa.cookie_r, in.datagram), connection->encap);
  sa.setup->public_i = std::move(keyed->public_i);
  sa.setup->public_r = std::move(keyed->public_r);
  sa.keys = std::move(keyed->keys);
  sa.chain = keyed->chain;
  return answered;
}

Step process_aggressive_2(const IsakmpSa& sa, const Inbound& in, Environment& env) {
  const auto* ke = in.payloads.find<w::KePayload>();
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  const auto* id = in.payloads.find<w::IdPayload>();
  if (!in.payloads.find<w::SaPayload>() || !ke || !nonce || !id || in.header.responder_spi == 0)
    return Step::reject(sa.state, Reason::missing_payload);
  auto agreed = read_agreement(sa, in, sa.setup->key_exchange->method());
  if (!agreed) return give_up(std::move(agreed.error()));
  if (!keeps_promise(agreed->nat_traversal, in.payloads)) return refuse_nat_traversal(sa);

  const auto remote_id = read_identity(*id);
  const auto refuse_peer = [&](FailureKind kind) {
    auto failure = phase1_failure(sa, kind, Side::local);
    failure.remote_id = remote_id.value_or(policy::Identity::any());
    failure.expected_id = sa.connection->remote.id;
    return give_up(std::move(failure));
  };
  if (!remote_id || !matches(sa.connection->remote.id, *remote_id)) {
    Step step = refuse_peer(FailureKind::identity_mismatch);
    step.hint = w::NotifyType::invalid_id_information;
    return step;
  }
  const auto* key = env.pad.find(sa.local_id, *remote_id);
  if (!key) return refuse_peer(FailureKind::secret_missing);
  auto keyed = derive_keys(env.crypto, key->secret,
                           {.suite = agreed->suite,
                            .ours = *sa.setup->key_exchange,
                            .theirs = ke->data,
                            .nonce_i = sa.setup->nonce_i,
                            .nonce_r = nonce->data,
                            .cookie_i = sa.cookie_i,
                            .cookie_r = agreed->cookie_r,
                            .we_initiated = true});
  if (!keyed) return Step::reject(sa.state, Reason::malformed);
  const ProofContext context{agreed->suite.prf, keyed->keys.skeyid, keyed->public_i, keyed->public_r,
                             sa.cookie_i,       agreed->cookie_r,   sa.setup->sa_i};
  if (!is_proof(env.crypto, in.payloads, context, Role::responder, in.raw.find(w::PayloadType::id)->body())) {
    Step step = refuse_peer(FailureKind::authentication_failed);
    step.hint = w::NotifyType::authentication_failed;
    return step;
  }

  Step step;
  step.next = State::established;
  const NatContext nat = nat_context(sa, agreed->suite, agreed->cookie_r, in.datagram);
  w::PayloadChain reply;
  reply.add(prove(env.crypto, context, Role::initiator, write_identity(sa.local_id).body()));
  if (agreed->nat_traversal) {
    step.nat = detect_nat(in.payloads, env.crypto, nat);
    step.nat->local |= sa.connection->encap;
    NatContext sent = nat;  // of the endpoints that message 3 will have
    if (step.nat->local || step.nat->remote) float_ports(sent.local, sent.remote);
    add_nat_detection(reply, env.crypto, agreed->nat_traversal, sent, sa.connection->encap);
  }
  if (sa.setup->initial_contact) reply.add(initial_contact(sa.cookie_i, agreed->cookie_r));
  step.agreed = *agreed;
  step.keyed = std::move(*keyed);
  step.authenticated = Authenticated{sa.connection, sa.local_id, *remote_id, false};
  step.reply = Reply{std::move(reply), true};
  return step;
}

Step process_aggressive_3(const IsakmpSa& sa, const Inbound& in, Environment& env) {
  if (!is_proof(env.crypto, in.payloads, proof_context(sa), Role::initiator, sa.setup->id_i)) {
    Step step = Step::reject(sa.state, Reason::not_authentic);
    step.failure = phase1_failure(sa, FailureKind::authentication_failed, Side::local);
    return step;
  }
  if (!keeps_promise(sa.nat_traversal, in.payloads)) {
    auto failure = phase1_failure(sa, FailureKind::nat_traversal_broken, Side::local);
    failure.our_proposals.clear();
    Step step = give_up(std::move(failure));
    step.tell_peer = w::NotifyType::payload_malformed;  // it holds the ISAKMP SA to be established
    return step;
  }
  Step step;
  step.next = State::established;
  step.authenticated = Authenticated{sa.connection, sa.local_id, sa.remote_id, claims_initial_contact(in.payloads)};
  step.tell_initial_contact = has_forgotten(*step.authenticated, sa, env);
  if (sa.nat_traversal) {
    step.nat = detect_nat(in.payloads, env.crypto, nat_context(sa, sa.suite, sa.cookie_r, in.datagram));
    step.nat->local |= sa.connection->encap;
  }
  return step;
}

}  // namespace sallyport::ike::v1
