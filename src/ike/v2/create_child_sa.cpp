#include "ike/v2/create_child_sa.h"

#include <algorithm>

#include "ike/v2/child_negotiation.h"
#include "ike/v2/ike_sa_init.h"
#include "ike/v2/numbers_map.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using crypto::KeyExchangeMethod;
using event::Failure;
using event::FailureKind;
using event::Side;
using Reason = event::MessageRejected::Reason;

constexpr std::uint32_t kMostTries = 4;  // other groups and TEMPORARY_FAILUREs

Step stay(const IkeSa& sa) { return {.next = sa.state}; }

// ---- The exchange's initiator ----

Step fail_child(const IkeSa& sa, ChildFailure failed) {
  Step step = stay(sa);
  step.failure = std::move(failed.failure);
  step.abandoned = failed.exists_at_peer;
  return step;
}

Step try_again(const IkeSa& sa, CreateChild task, bool later) {
  Step step = stay(sa);
  ++task.tries;
  step.again = std::move(task);
  step.later = later;
  return step;
}

/// The peer wants a key of another group: only one that we offered will do (RFC 7296 §1.3).
Step try_other_method(const IkeSa& sa, const policy::Child& config, CreateChild task, const w::NotifyPayload& error) {
  const auto wanted =
      error.data.size() == 2 ? read_method(static_cast<w::KeyExchangeId>(load_be16(error.data.data()))) : std::nullopt;
  if (wanted && task.method != wanted && offers_method(config.proposals(), *wanted)) {
    task.method = wanted;
    return try_again(sa, std::move(task), false);
  }
  return fail_child(sa, {{.kind = FailureKind::key_exchange_mismatch,
                          .side = Side::remote,
                          .connection = sa.connection_name(),
                          .child = config.name,
                          .our_proposals = config.proposals(),
                          .remote = sa.remote,
                          .wanted_group = wanted,
                          .notify = std::string(w::to_string(error.type))}});
}

Step read_error(const IkeSa& sa, const policy::Child& config, const PendingChild& pending,
                const w::NotifyPayload& error) {
  if (pending.task.tries < kMostTries) {
    if (error.type == w::NotifyType::temporary_failure) return try_again(sa, pending.task, true);
    if (error.type == w::NotifyType::invalid_ke_payload) return try_other_method(sa, config, pending.task, error);
  }
  return fail_child(sa, {read_child_error(sa, config, pending, error)});
}

// ---- Its responder ----

Step refuse(const IkeSa& sa, w::NotifyPayload notify, std::optional<Failure> failure = std::nullopt) {
  Step step = stay(sa);
  step.reply.emplace().add(std::move(notify));
  step.failure = std::move(failure);
  return step;
}

/// A request to renew must name a Child SA that we have (RFC 7296 §1.3.3, §2.25.1).
bool names_known_child(const IkeSa& sa, const w::NotifyPayload& rekey) {
  return rekey.spi.size() == 4 && sa.find_child_by_outbound_spi(load_be32(rekey.spi.data())) != nullptr;
}

/// Forward secrecy as the responder sees it: nothing, or our half and the secret, or the group that we want instead.
struct ForwardSecrecy {
  std::unique_ptr<crypto::KeyExchange> exchange;
  Secret shared_secret;
};
std::expected<ForwardSecrecy, w::NotifyPayload> agree_forward_secrecy(const policy::Suite& suite,
                                                                      const w::KePayload* ke, Environment& env) {
  ForwardSecrecy result;
  if (suite.key_exchange == KeyExchangeMethod::none) return result;
  if (!ke || read_method(ke->method) != suite.key_exchange) {
    Bytes wanted(2);
    store_be16(wanted.data(), w::number(write_method(suite.key_exchange)));
    return std::unexpected(w::NotifyPayload{.type = w::NotifyType::invalid_ke_payload, .data = std::move(wanted)});
  }
  auto exchange = env.crypto.start_key_exchange(suite.key_exchange, env.random);
  if (!exchange) return std::unexpected(w::NotifyPayload{.type = w::NotifyType::no_proposal_chosen});
  auto secret = (*exchange)->shared_secret(ke->data);
  if (!secret) return std::unexpected(w::NotifyPayload{.type = w::NotifyType::invalid_syntax});
  result.exchange = std::move(*exchange);
  result.shared_secret = std::move(*secret);
  return result;
}

}  // namespace

KeyExchangeMethod preferred_method(const policy::Child& child) {
  for (const auto& proposal : child.proposals())
    if (!proposal.key_exchange.empty()) return proposal.key_exchange.front();
  return KeyExchangeMethod::none;
}

w::PayloadChain build_create_child_request(const policy::Child& config, const PendingChild& pending) {
  w::PayloadChain payloads;
  add_child_offer(payloads, config, pending, true);
  payloads.add(w::NoncePayload{pending.nonce});
  if (pending.key_exchange)
    payloads.add(
        w::KePayload{write_method(pending.key_exchange->method()), to_bytes(pending.key_exchange->public_value())});
  add_selectors(payloads, pending.local_ts, pending.remote_ts);
  return payloads;
}

Step process_create_child_response(const IkeSa& sa, const Inbound& in, Environment& env) {
  if (!sa.pending_child) return stay(sa);
  const PendingChild& pending = *sa.pending_child;
  const policy::Child* config = sa.connection->find_child(pending.task.request.child);
  ASSERT(config);
  if (const auto* error = in.payloads.find_error()) return read_error(sa, *config, pending, *error);

  const auto suite = read_child_suite(sa, *config, in.payloads, false);
  if (!suite) return fail_child(sa, suite.error());
  const auto broken = [&] {
    return fail_child(sa, {{.kind = FailureKind::protocol_violation,
                            .side = Side::local,
                            .connection = sa.connection_name(),
                            .child = config->name,
                            .remote = sa.remote},
                           true});
  };
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  if (!nonce) return broken();
  Secret shared_secret;
  if (suite->key_exchange != KeyExchangeMethod::none) {
    const auto* ke = in.payloads.find<w::KePayload>();
    if (!ke || !pending.key_exchange || pending.key_exchange->method() != suite->key_exchange ||
        read_method(ke->method) != suite->key_exchange)
      return broken();
    auto secret = pending.key_exchange->shared_secret(ke->data);
    if (!secret) return broken();
    shared_secret = std::move(*secret);
  }
  auto child = accept_child_answer(
      sa, *config, pending, *suite, in.payloads,
      {.shared_secret = shared_secret.view(), .nonce_i = pending.nonce, .nonce_r = nonce->data}, env);
  if (!child) return fail_child(sa, std::move(child.error()));
  if (std::ranges::find(pending.deleted, child->spec.outbound.spi) != pending.deleted.end())
    return fail_child(sa, {{.kind = FailureKind::closed_by_peer,
                            .side = Side::remote,
                            .connection = sa.connection_name(),
                            .child = config->name,
                            .remote = sa.remote}});
  Step step = stay(sa);
  step.child = std::move(*child);
  return step;
}

Step process_create_child_request(const IkeSa& sa, const Inbound& in, Environment& env) {
  if (sa.state == State::closing) return refuse(sa, {.type = w::NotifyType::temporary_failure});
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  const bool renews_ike_sa = !in.payloads.find<w::TsiPayload>();
  if (renews_ike_sa || sa.children.size() >= env.settings.children_per_ike_sa)
    return refuse(sa, {.type = w::NotifyType::no_additional_sas});
  if (!nonce) return refuse(sa, {.type = w::NotifyType::invalid_syntax});
  if (const auto* rekey = in.payloads.find_notify(w::NotifyType::rekey_sa); rekey && !names_known_child(sa, *rekey))
    return refuse(sa, {.type = w::NotifyType::child_sa_not_found, .protocol = rekey->protocol, .spi = rekey->spi});

  const auto match = match_child(sa, *sa.connection, in.payloads, false);
  if (!match) return refuse(sa, match.error().notify, match.error().failure);
  auto secrecy = agree_forward_secrecy(match->choice.suite, in.payloads.find<w::KePayload>(), env);
  if (!secrecy) return refuse(sa, secrecy.error());

  Step step = stay(sa);
  step.reply.emplace();
  const Bytes own_nonce = random_nonce(env.random);
  step.child =
      make_child(sa, *sa.connection, *match,
                 {.shared_secret = secrecy->shared_secret.view(), .nonce_i = nonce->data, .nonce_r = own_nonce}, true,
                 *step.reply, env);
  step.reply->add(w::NoncePayload{own_nonce});
  if (secrecy->exchange)
    step.reply->add(
        w::KePayload{write_method(secrecy->exchange->method()), to_bytes(secrecy->exchange->public_value())});
  add_selectors(*step.reply, match->remote_ts, match->local_ts);
  return step;
}

}  // namespace sallyport::ike::v2
