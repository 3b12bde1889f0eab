#include "ike/v2/rekey_ike_sa.h"

#include "ike/v2/crash_token.h"
#include "ike/v2/create_child_sa.h"
#include "ike/v2/followup_ke.h"
#include "ike/v2/ike_sa_init.h"
#include "ike/v2/key_agreement.h"
#include "ike/v2/numbers_map.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using event::Failure;
using event::FailureKind;
using event::Side;

constexpr std::size_t kSpiSize = 8;

Bytes spi_octets(std::uint64_t spi) {
  Bytes octets(kSpiSize);
  store_be64(octets.data(), spi);
  return octets;
}
/// Zero: none that would do.
std::uint64_t read_spi(const w::Proposal& proposal) {
  return proposal.spi.size() == kSpiSize ? load_be64(proposal.spi.data()) : 0;
}

Failure rekey_failure(const IkeSa& sa, FailureKind kind, Side side) {
  return {.kind = kind,
          .side = side,
          .connection = sa.connection_name(),
          .our_proposals = sa.connection->proposals,
          .local_id = sa.local_id,
          .remote_id = sa.remote_id,
          .remote = sa.remote};
}

IkeKeys derive(const IkeSa& sa, const policy::Suite& suite, const IkeKeyInputs& inputs, Environment& env) {
  return derive_rekeyed_ike_keys(env.crypto, sa.suite.prf, sa.keys.sk_d, suite, inputs);
}

// ---- Initiator ----

Step fail_rekeying(const IkeSa& sa, Failure failure) { return {.next = sa.state, .failure = std::move(failure)}; }

/// The peer has made its half, and holds the Child SAs there, where nobody will ever speak to it.
Step part(Failure failure) { return {.next = State::closed, .failure = std::move(failure)}; }

Step try_rekeying_again(const IkeSa& sa, RekeyIkeSa task, bool later) {
  ++task.tries;
  return {.next = sa.state, .again = task, .later = later};
}

/// Others follow, unless the peer's own rekeying has the better claim (RFC 7296 §2.8.2): then nobody needs ours.
Step follow_up_rekeying(const IkeSa& sa, Bytes link, Secret secret, const Bytes& nonce_r, NewIkeSa made) {
  if (link.empty()) return break_off_rekeying(sa, false);
  const PendingIkeSa& pending = *sa.pending_ike_sa;
  const NewIkeSa* rival = pending.rival ? &*pending.rival : nullptr;
  for (const FollowUp& each : sa.promised)
    if (const auto* theirs = std::get_if<NewIkeSa>(&each.made)) rival = theirs;
  if (rival && made.lowest_nonce < rival->lowest_nonce) return {.next = sa.state};
  Step step{.next = sa.state};
  const policy::Suite suite = made.suite;
  step.follow_up = begin_follow_up(suite, std::move(link), std::move(secret), pending.nonce, nonce_r, std::move(made));
  return step;
}

// ---- Responder ----

Step refuse_rekeying(const IkeSa& sa, w::NotifyPayload notify, std::optional<Failure> failure = std::nullopt) {
  Step step{.next = sa.state, .failure = std::move(failure)};
  step.reply.emplace().add(std::move(notify));
  return step;
}

/// Whoever makes, renews or closes a Child SA, or closes the IKE SA itself, has to finish that first (RFC 7296
/// §2.25.1, §2.25.2). Our own rekeying of it is no hindrance.
bool is_busy(const IkeSa& sa) {
  const bool child_under_way =
      sa.waits_for<CreateChild>() || sa.waits_for<CloseChild>() || sa.waits_for<AbandonChild>();
  return sa.state != State::established || child_under_way || sa.wants<CloseIkeSa>() ||
         sa.timers.is_set(Timer::retirement) || (sa.pending_ike_sa && (sa.pending_ike_sa->rival || sa.follow_up));
}

struct IkeMatch {
  policy::Suite suite;
  const w::Proposal* offered;
  std::uint64_t spi;
};
std::optional<IkeMatch> match_ike_sa(const IkeSa& sa, const w::SaPayload& offered) {
  auto proposals = read_offer(offered);
  for (std::size_t i = 0; i < proposals.size(); ++i)
    if (read_spi(offered.proposals[i]) == 0) proposals[i] = {};
  const auto choice = policy::choose(sa.connection->proposals, proposals);
  if (!choice || choice->suite.key_exchange == crypto::KeyExchangeMethod::none) return std::nullopt;
  const w::Proposal& taken = offered.proposals[choice->offered_index];
  return IkeMatch{choice->suite, &taken, read_spi(taken)};
}

}  // namespace

bool is_about_ike_sa(const w::PayloadChain& request) {
  const auto* offered = request.find<w::SaPayload>();
  return offered && offered->proposals.front().protocol == w::ProtocolId::ike;
}

w::PayloadChain build_rekey_ike_request(const IkeSa& sa) {
  const PendingIkeSa& pending = *sa.pending_ike_sa;
  w::PayloadChain payloads;
  payloads.add(offer(sa.connection->proposals, spi_octets(pending.spi)));
  payloads.add(w::NoncePayload{pending.nonce});
  add_key_exchange(payloads, *pending.key_exchange);
  return payloads;
}

Step process_rekey_ike_response(const IkeSa& sa, const Inbound& in, Environment& env) {
  const PendingIkeSa& pending = *sa.pending_ike_sa;
  if (const auto* error = in.payloads.find_error()) return read_rekeying_error(sa, *error);
  const auto* chosen = in.payloads.find<w::SaPayload>();
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  const auto broken = [&] { return part(rekey_failure(sa, FailureKind::protocol_violation, Side::local)); };
  if (!chosen || !nonce || chosen->proposals.size() != 1) return broken();
  const auto suite = read_choice(*chosen, policy::Protocol::ike);
  const std::uint64_t spi = read_spi(chosen->proposals.front());
  if (!suite || spi == 0) return broken();
  if (!policy::choose(sa.connection->proposals, {only(*suite)}) ||
      suite->key_exchange == crypto::KeyExchangeMethod::none) {
    auto failure = rekey_failure(sa, FailureKind::no_proposal_chosen, Side::local);
    failure.peer_proposals = read_offer(*chosen);
    return part(std::move(failure));
  }
  auto secret = read_key(suite->key_exchange, in.payloads.find<w::KePayload>(), pending.key_exchange.get());
  if (!secret) return broken();
  NewIkeSa made{.suite = *suite, .keys = {}, .spi_i = pending.spi, .spi_r = spi, .initiated = true, .lowest_nonce = {}};
  made.lowest_nonce = lower_nonce(pending.nonce, nonce->data);
  made.crash_token = read_crash_token(in.payloads);
  if (suite->next_additional() != 0)
    return follow_up_rekeying(sa, read_link(in.payloads), std::move(*secret), nonce->data, std::move(made));
  made.keys = derive(sa, *suite, {secret->view(), pending.nonce, nonce->data, pending.spi, spi}, env);
  return {.next = State::rekeyed, .ike_sa = std::move(made)};
}

Step process_rekey_ike_request(const IkeSa& sa, const Inbound& in, Environment& env) {
  if (is_busy(sa)) return refuse_rekeying(sa, {.type = w::NotifyType::temporary_failure});
  const auto& offered = *in.payloads.find<w::SaPayload>();
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  if (!nonce) return refuse_rekeying(sa, {.type = w::NotifyType::invalid_syntax});
  const auto match = match_ike_sa(sa, offered);
  if (!match) {
    auto failure = rekey_failure(sa, FailureKind::no_proposal_chosen, Side::local);
    failure.peer_proposals = read_offer(offered);
    return refuse_rekeying(sa, {.type = w::NotifyType::no_proposal_chosen}, std::move(failure));
  }
  auto agreement = agree_on_key(match->suite, in.payloads.find<w::KePayload>(), env);
  if (!agreement) return refuse_rekeying(sa, agreement.error());

  const Bytes own_nonce = random_nonce(env.random);
  NewIkeSa made{.suite = match->suite,
                .keys = {},
                .spi_i = match->spi,
                .spi_r = random_ike_spi(env.random),
                .initiated = false,
                .lowest_nonce = lower_nonce(nonce->data, own_nonce)};
  Step step;
  step.reply.emplace().add(accept(match->suite, *match->offered, spi_octets(made.spi_r)));
  step.reply->add(w::NoncePayload{own_nonce});
  add_key_exchange(*step.reply, match->suite.key_exchange, std::move(agreement->public_value));
  add_crash_token(*step.reply, made.spi_i, made.spi_r, env);
  if (match->suite.next_additional() != 0) {
    Bytes link = random_link(env.random);
    add_link(*step.reply, link);
    step.promised = begin_follow_up(match->suite, std::move(link), std::move(agreement->shared_secret), nonce->data,
                                    own_nonce, std::move(made));
    step.next = sa.state;
    return step;
  }
  made.keys =
      derive(sa, match->suite, {agreement->shared_secret.view(), nonce->data, own_nonce, made.spi_i, made.spi_r}, env);
  step.next = sa.pending_ike_sa ? sa.state : State::rekeyed;
  step.ike_sa = std::move(made);
  return step;
}

Step read_rekeying_error(const IkeSa& sa, const w::NotifyPayload& error) {
  const PendingIkeSa& pending = *sa.pending_ike_sa;
  if (pending.rival) return {.next = sa.state};  // the peer's own is there
  const bool in_time = error.type != w::NotifyType::temporary_failure && error.type != w::NotifyType::state_not_found;
  if (!in_time && pending.task.tries < kMostTries) return try_rekeying_again(sa, pending.task, true);
  auto failure = rekey_failure(sa, FailureKind::peer_error, Side::remote);
  failure.notify = w::to_string(error.type);
  if (error.type == w::NotifyType::no_proposal_chosen) failure.kind = FailureKind::no_proposal_chosen;
  if (error.type == w::NotifyType::invalid_ke_payload) {
    const auto wanted = read_wanted_method(error);
    if (may_try(wanted, sa.connection->proposals, pending.key_exchange.get()) && pending.task.tries < kMostGroups)
      return try_rekeying_again(sa, {wanted, pending.task.tries}, false);
    failure.kind = FailureKind::key_exchange_mismatch;
    failure.wanted_group = wanted;
  }
  return fail_rekeying(sa, std::move(failure));
}

Step break_off_rekeying(const IkeSa& sa, bool exists_at_peer) {
  auto failure = rekey_failure(sa, FailureKind::protocol_violation, Side::local);
  return exists_at_peer ? part(std::move(failure)) : fail_rekeying(sa, std::move(failure));
}

}  // namespace sallyport::ike::v2
