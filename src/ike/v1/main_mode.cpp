#include "ike/v1/main_mode.h"

#include <algorithm>

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

bool pretends_nat(const IsakmpSa& sa) {
  if (sa.connection) return sa.connection->encap;
  return std::ranges::any_of(sa.setup->candidates, [](const policy::Candidate& each) { return each.alike().encap; });
}

/// Not the peer's, as far as we can tell. Who has another key than we sends just this, so it is told, without
/// protection, and the ISAKMP SA stays as it was: somebody else may have sent it.
Step not_authentic(const IsakmpSa& sa) {
  Step step = Step::reject(sa.state, Reason::not_authentic);
  step.failure = phase1_failure(sa, FailureKind::authentication_failed, Side::local);
  step.hint = w::NotifyType::authentication_failed;
  return step;
}

}  // namespace

w::PayloadChain build_main_1(const IsakmpSa& sa) {
  w::PayloadChain payloads;
  payloads.add(offer_phase1(phase1_proposals(sa.connection->proposals), phase1_method(*sa.connection, Role::initiator),
                            isakmp_life(*sa.connection), std::nullopt));
  add_vendor_ids(payloads);
  announce_fragmentation(payloads, *sa.connection);
  announce_remote_access(payloads, *sa.connection);
  return payloads;
}

std::expected<Answered, Refused> answer_main_1(const Inbound& in, Environment& env) {
  if (!in.payloads.find<w::SaPayload>()) return std::unexpected(Refused{.rejected = Reason::missing_payload});
  auto chosen = choose_policy(in, env, false);
  if (!chosen)
    return std::unexpected(Refused{.failure = std::move(chosen.error()), .hint = w::NotifyType::no_proposal_chosen});
  Answered answered{begin_as_responder(in, *chosen, env), {}};
  answered.sa.state = State::main_agreed;
  answered.payloads.add(std::move(chosen->answer));
  add_vendor_ids(answered.payloads, answered.sa.nat_traversal);
  announce_fragmentation(answered.payloads, chosen->candidates.front().alike());
  announce_remote_access(answered.payloads, chosen->candidates.front().alike());
  return answered;
}

Step process_main_2(const IsakmpSa& sa, const Inbound& in, Environment& env) {
  if (!in.payloads.find<w::SaPayload>() || in.header.responder_spi == 0)
    return Step::reject(sa.state, Reason::missing_payload);
  auto agreed = read_agreement(sa, in, std::nullopt);
  if (!agreed) return give_up(std::move(agreed.error()));
  auto exchange = env.crypto.start_key_exchange(agreed->suite.key_exchange, env.random);
  if (!exchange) return give_up(phase1_failure(sa, FailureKind::key_exchange_mismatch, Side::local));

  Step step;
  step.next = State::main_exchanged;
  step.begun = Begun{std::move(*exchange), random_nonce(env.random)};
  w::PayloadChain reply;
  reply.add(w::KePayload{to_bytes(step.begun->key_exchange->public_value())});
  reply.add(w::NoncePayload{step.begun->nonce_i});
  add_nat_detection(reply, env.crypto, agreed->nat_traversal,
                    nat_context(sa, agreed->suite, agreed->cookie_r, in.datagram), pretends_nat(sa));
  step.agreed = *agreed;
  step.reply = Reply{std::move(reply), false};
  return step;
}

Step process_main_3(const IsakmpSa& sa, const Inbound& in, Environment& env) {
  const auto* ke = in.payloads.find<w::KePayload>();
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  if (!ke || !nonce) return Step::reject(sa.state, Reason::missing_payload);
  if (!keeps_promise(sa.nat_traversal, in.payloads)) {
    // It repeats what it has said, so it had better begin afresh.
    Step step = refuse_nat_traversal(sa);
    step.hint = w::NotifyType::payload_malformed;
    return step;
  }
  const auto* key = key_by_address(sa.setup->candidates, in.datagram.local, in.datagram.remote, env.pad);
  if (!key) {
    const policy::Connection& first = sa.setup->candidates.front().alike();
    auto failure = phase1_failure(sa, FailureKind::secret_missing, Side::local);
    failure.connection = first.name;
    failure.local_id = identity_on(first, in.datagram.local);
    failure.remote_id = policy::Identity::of(in.datagram.remote.address);
    Step step = give_up(std::move(failure));
    step.hint = w::NotifyType::authentication_failed;
    return step;
  }
  auto exchange = env.crypto.start_key_exchange(sa.suite.key_exchange, env.random);
  if (!exchange) return give_up(phase1_failure(sa, FailureKind::key_exchange_mismatch, Side::local));
  auto keyed = derive_keys(env.crypto, key->secret,
                           {.suite = sa.suite,
                            .ours = **exchange,
                            .theirs = ke->data,
                            .nonce_i = nonce->data,
                            .nonce_r = random_nonce(env.random),
                            .cookie_i = sa.cookie_i,
                            .cookie_r = sa.cookie_r,
                            .we_initiated = false});
  if (!keyed) return Step::reject(sa.state, Reason::malformed);

  Step step;
  step.next = State::main_keyed;
  step.key_name = key->name;
  w::PayloadChain reply;
  reply.add(w::KePayload{keyed->public_r});
  reply.add(w::NoncePayload{keyed->nonce_r});
  const NatContext context = nat_context(sa, sa.suite, sa.cookie_r, in.datagram);
  add_nat_detection(reply, env.crypto, sa.nat_traversal, context, pretends_nat(sa));
  if (sa.nat_traversal) step.nat = detect_nat(in.payloads, env.crypto, context);
  if (step.nat && pretends_nat(sa)) step.nat->local = true;
  step.keyed = std::move(*keyed);
  step.reply = Reply{std::move(reply), false};
  return step;
}

Step process_main_4(const IsakmpSa& sa, const Inbound& in, Environment& env) {
  const auto* ke = in.payloads.find<w::KePayload>();
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  if (!ke || !nonce) return Step::reject(sa.state, Reason::missing_payload);
  if (!keeps_promise(sa.nat_traversal, in.payloads)) return refuse_nat_traversal(sa);
  const auto* key = env.pad.find(sa.local_id, sa.connection->remote.id);
  if (!key) return give_up(phase1_failure(sa, FailureKind::secret_missing, Side::local));
  auto keyed = derive_keys(env.crypto, key->secret,
                           {.suite = sa.suite,
                            .ours = *sa.setup->key_exchange,
                            .theirs = ke->data,
                            .nonce_i = sa.setup->nonce_i,
                            .nonce_r = nonce->data,
                            .cookie_i = sa.cookie_i,
                            .cookie_r = sa.cookie_r,
                            .we_initiated = true});
  if (!keyed) return Step::reject(sa.state, Reason::malformed);

  Step step;
  step.next = State::main_proved;
  if (sa.nat_traversal) {
    step.nat = detect_nat(in.payloads, env.crypto, nat_context(sa, sa.suite, sa.cookie_r, in.datagram));
    step.nat->local |= sa.connection->encap;  // pretended, so the peer encapsulates as well
  }
  const w::IdPayload id = write_identity(sa.local_id);
  const ProofContext context{sa.suite.prf, keyed->keys.skeyid, keyed->public_i, keyed->public_r,
                             sa.cookie_i,  sa.cookie_r,        sa.setup->sa_i};
  w::PayloadChain reply;
  reply.add(id);
  reply.add(prove(env.crypto, context, Role::initiator, id.body()));
  if (sa.setup->initial_contact) reply.add(initial_contact(sa.cookie_i, sa.cookie_r));
  step.keyed = std::move(*keyed);
  step.reply = Reply{std::move(reply), true};
  return step;
}

Step process_main_5(const IsakmpSa& sa, const Inbound& in, Environment& env) {
  const auto* id = in.payloads.find<w::IdPayload>();
  if (!in.encrypted || !id) return Step::reject(sa.state, Reason::missing_payload);
  const ProofContext context = proof_context(sa);
  if (!is_proof(env.crypto, in.payloads, context, Role::initiator, in.raw.find(w::PayloadType::id)->body()))
    return not_authentic(sa);

  const auto remote_id = read_identity(*id);
  const auto has_key = [&](const policy::Connection& each) {
    return key_name_of(each, in.datagram.local, in.datagram.remote, env.pad) == sa.setup->key_name;
  };
  const auto connection = remote_id ? connection_for(sa.setup->candidates, *remote_id, has_key) : nullptr;
  if (!connection) {
    auto failure = phase1_failure(sa, FailureKind::no_matching_connection, Side::local);
    failure.remote_id = remote_id.value_or(policy::Identity::any());
    if (const auto sole = sole_connection(sa.setup->candidates, has_key)) {
      failure.kind = FailureKind::identity_mismatch;
      failure.connection = sole->name;
      failure.expected_id = sole->remote.id;
    }
    Step step = give_up(std::move(failure));
    step.hint = w::NotifyType::invalid_id_information;
    return step;
  }
  Step step;
  step.next = State::established;
  step.authenticated =
      Authenticated{connection, identity_on(*connection, sa.local), *remote_id, claims_initial_contact(in.payloads)};
  const w::IdPayload own = write_identity(step.authenticated->local_id);
  w::PayloadChain reply;
  reply.add(own);
  reply.add(prove(env.crypto, context, Role::responder, own.body()));
  if (has_forgotten(*step.authenticated, sa, env)) reply.add(initial_contact(sa.cookie_i, sa.cookie_r));
  step.reply = Reply{std::move(reply), true};
  return step;
}

Step process_main_6(const IsakmpSa& sa, const Inbound& in, Environment& env) {
  const auto* id = in.payloads.find<w::IdPayload>();
  if (!in.encrypted || !id) return Step::reject(sa.state, Reason::missing_payload);
  if (!is_proof(env.crypto, in.payloads, proof_context(sa), Role::responder, in.raw.find(w::PayloadType::id)->body()))
    return Step::reject(sa.state, Reason::not_authentic);
  const auto remote_id = read_identity(*id);
  if (!remote_id || !matches(sa.connection->remote.id, *remote_id)) {
    auto failure = phase1_failure(sa, FailureKind::identity_mismatch, Side::local);
    failure.remote_id = remote_id.value_or(policy::Identity::any());
    failure.expected_id = sa.connection->remote.id;
    Step step = give_up(std::move(failure));
    step.tell_peer = w::NotifyType::invalid_id_information;  // it holds the ISAKMP SA to be established
    return step;
  }
  Step step;
  step.next = State::established;
  step.authenticated = Authenticated{sa.connection, sa.local_id, *remote_id, claims_initial_contact(in.payloads)};
  return step;
}

}  // namespace sallyport::ike::v1
