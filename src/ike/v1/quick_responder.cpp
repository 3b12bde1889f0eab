// Quick Mode as its responder sees it: message 1 taken or refused, message 2 in answer, and message 3.
#include <algorithm>

#include "ike/core/child_sas.h"
#include "ike/v1/agreed_life.h"
#include "ike/v1/authentication.h"
#include "ike/v1/phase2_proposals.h"
#include "ike/v1/quick_mode.h"
#include "ike/v1/quick_sa.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using crypto::KeyExchangeMethod;
using event::Failure;
using event::FailureKind;
using event::Side;

/// SA payloads of one Quick Mode.
constexpr std::size_t kMostSas = 8;

/// N(type) about an SA that message 1 offered, so that its initiator knows which Quick Mode is meant.
ExchangeStep refuse(const w::SaPayload* offered, w::NotifyType type, Failure failure) {
  w::NotifyPayload notify{.type = type, .protocol = w::ProtocolId::esp};
  if (offered && !offered->proposals.empty()) {
    notify.protocol = offered->proposals.front().protocol;
    notify.spi = offered->proposals.front().spi;
  }
  ExchangeStep step;
  step.notice.emplace().add(std::move(notify));
  step.failure = std::move(failure);
  return step;
}

/// The responder's key exchange, where the chosen transform has one.
struct Secrecy {
  std::unique_ptr<crypto::KeyExchange> exchange;
  Secret shared_secret;
};
std::optional<Secrecy> answer_key_exchange(KeyExchangeMethod method, const w::KePayload* ke, Environment& env) {
  Secrecy secrecy;
  if (method == KeyExchangeMethod::none) return secrecy;
  if (!ke) return std::nullopt;
  auto exchange = env.crypto.start_key_exchange(method, env.random);
  if (!exchange) return std::nullopt;
  auto secret = (*exchange)->shared_secret(ke->data);
  if (!secret) return std::nullopt;
  secrecy.exchange = std::move(*exchange);
  secrecy.shared_secret = std::move(*secret);
  return secrecy;
}

/// Several SA payloads share one KE payload, so they must agree on its group.
std::unexpected<Mismatch> other_group(const IsakmpSa& sa, const Match& match, const w::SaPayload& offered) {
  Mismatch mismatch{w::NotifyType::no_proposal_chosen,
                    quick_failure(sa, match.config->name, FailureKind::no_proposal_chosen, Side::local)};
  mismatch.failure.our_proposals = phase2_proposals(match.config->proposals());
  mismatch.failure.peer_proposals = phase2_meanings(offered);
  return std::unexpected(std::move(mismatch));
}

/// What each of the SA payloads is taken for. All of them, or none.
std::expected<std::vector<Match>, ExchangeStep> match_all(const IsakmpSa& sa,
                                                          const std::vector<const w::SaPayload*>& offered,
                                                          const SelectorPair& pair) {
  std::vector<Match> matches;
  for (const auto* payload : offered) {
    auto match = match_child(sa, *payload, pair);
    if (match && !matches.empty() && match->chosen.suite.key_exchange != matches.front().chosen.suite.key_exchange)
      match = other_group(sa, *match, *payload);
    if (!match) return std::unexpected(refuse(payload, match.error().notify, match.error().failure));
    matches.push_back(*match);
  }
  return matches;
}

/// Our word on one SA payload, and the pair of SAs that comes of it.
struct Accepted {
  w::SaPayload answer;
  std::optional<w::NotifyPayload> shorter;  // our lifetime, where that is another than was offered
  NewChild child;
};
Accepted accept_match(const IsakmpSa& sa, const Match& match, const QuickModeInputs& inputs, Environment& env) {
  const std::uint32_t spi =
      env.spis.allocate(env.random, share_of_kin(sa.children, *sa.connection, *match.config, sa.remote_id));
  const OwnSpis ours{spi, match.ah ? env.spis.allocate(env.random, spi) : 0};
  Accepted accepted{
      {},
      {},
      {make_spec(sa, *match.config, match.pair, ours, {match.chosen, match.ah}, inputs, env), match.config, {}}};
  const auto offered_life = assumed_life_of(match.chosen, match.ah);
  accepted.child.life = smaller(life_of(*match.config), offered_life);
  if (match.ah) accepted.answer.proposals.push_back(accept(*match.ah, spi_octets(ours.ah)));
  accepted.answer.proposals.push_back(accept(match.chosen, spi_octets(ours.spi)));
  if (accepted.child.life != offered_life)
    accepted.shorter = responder_lifetime(match.chosen.proposal->protocol, ours.spi, accepted.child.life);
  return accepted;
}

}  // namespace

ExchangeStep process_quick_1(const IsakmpSa& sa, const Exchange&, const Inbound& in, Environment& env) {
  const auto offered = in.payloads.all<w::SaPayload>();
  const auto* first = offered.empty() ? nullptr : offered.front();
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  const auto* ke = in.payloads.find<w::KePayload>();
  const auto violation = [&](w::NotifyType type) {
    return refuse(first, type, quick_failure(sa, {}, FailureKind::protocol_violation, Side::local));
  };
  if (!first || !nonce) return violation(w::NotifyType::payload_malformed);
  const auto pair = read_pair(sa, in.payloads, false);
  if (!pair) return violation(w::NotifyType::invalid_id_information);
  if (offered.size() > kMostSas || sa.children.size() + offered.size() > env.settings.children_per_ike_sa)
    return refuse(first, w::NotifyType::no_proposal_chosen,
                  quick_failure(sa, {}, FailureKind::child_refused, Side::local));
  auto matches = match_all(sa, offered, *pair);
  if (!matches) return std::move(matches.error());
  auto secrecy = answer_key_exchange(matches->front().chosen.suite.key_exchange, ke, env);
  if (!secrecy) return violation(w::NotifyType::invalid_key_information);

  ExchangeStep step;
  step.next = ExchangeState::quick_answered;
  step.quick = QuickMode{.local = matches->front().pair.local,
                         .remote = matches->front().pair.remote,
                         .nonce_i = nonce->data,
                         .nonce_r = random_nonce(env.random)};
  const QuickModeInputs inputs{secrecy->shared_secret.view(), step.quick->nonce_i, step.quick->nonce_r};
  auto& reply = step.reply.emplace();
  std::vector<w::NotifyPayload> lifetimes;
  for (const Match& match : *matches) {
    Accepted accepted = accept_match(sa, match, inputs, env);
    reply.add(std::move(accepted.answer));
    if (accepted.shorter) lifetimes.push_back(std::move(*accepted.shorter));
    step.children.push_back(std::move(accepted.child));
  }
  reply.add(w::NoncePayload{step.quick->nonce_r});
  if (secrecy->exchange) reply.add(w::KePayload{to_bytes(secrecy->exchange->public_value())});
  for (const auto* id : in.payloads.all<w::IdPayload>()) reply.add(*id);
  const bool transport =
      std::ranges::any_of(*matches, [](const Match& match) { return match.config->mode == policy::Mode::transport; });
  if (transport) add_original(sa, reply, policy::Mode::transport, false);
  for (w::NotifyPayload& notify : lifetimes) reply.add(std::move(notify));
  return step;
}

ExchangeStep process_quick_3(const IsakmpSa&, const Exchange&, const Inbound&, Environment&) { return {}; }

}  // namespace sallyport::ike::v1
