#include "ike/v1/quick_mode.h"

#include <algorithm>

#include "ike/core/child_sas.h"
#include "ike/v1/authentication.h"
#include "ike/v1/bundle.h"
#include "ike/v1/identification.h"
#include "ike/v1/nat_traversal.h"
#include "ike/v1/proposals.h"
#include "ike/v1/quick_match.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using crypto::KeyExchangeMethod;
using event::Failure;
using event::FailureKind;
using event::Side;
using policy::TrafficSelector;

/// RFC 2407 §4.5: what is meant when an offer names no lifetime.
constexpr std::uint64_t kDefaultLife = 28800;
constexpr std::size_t kMostPairs = 64;
/// SA payloads of one Quick Mode.
constexpr std::size_t kMostSas = 8;

bool add_pair(w::PayloadChain& payloads, const TrafficSelector& of_initiator, const TrafficSelector& of_responder) {
  const auto first = write_selector(of_initiator), second = write_selector(of_responder);
  if (!first || !second) return false;
  payloads.add(*first);
  payloads.add(*second);
  return true;
}

void add_original(const IsakmpSa& sa, w::PayloadChain& payloads, policy::Mode mode, bool we_initiated) {
  if (mode != policy::Mode::transport || !sa.udp_encap()) return;
  const auto& local = sa.local.address;
  const auto& remote = sa.remote.address;
  add_original_addresses(payloads, sa.nat_traversal, we_initiated ? local : remote, we_initiated ? remote : local);
}

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

policy::ChildSaSpec make_spec(const IsakmpSa& sa, const policy::Child& config, const policy::Suite& suite,
                              const SelectorPair& pair, Environment& env) {
  auto spec = begin_spec(sa, *sa.connection, config, suite, env);
  spec.mode = config.mode;
  spec.local_ts = {pair.local};
  spec.remote_ts = {pair.remote};
  return spec;
}

/// Of one pair of SAs, inbound; `ah` of a bundle's AH.
struct OwnSpis {
  std::uint32_t spi = 0, ah = 0;
};
/// Each direction has the keys of its receiver's SPI, and in a bundle each protocol its own. `ah`: a bundle's.
void set_keys(policy::ChildSaSpec& spec, const IsakmpSa& sa, const OwnSpis& ours, const ChosenTransform& theirs,
              const std::optional<ChosenTransform>& ah, const QuickModeInputs& inputs, Environment& env) {
  const auto keys = [&](const policy::Suite& suite, std::uint32_t spi) {
    return derive_sa_keys(env.crypto, sa.suite.prf, sa.keys.skeyid_d, suite, spi, inputs);
  };
  spec.inbound = keys(spec.suite, ours.spi);
  spec.outbound = keys(spec.suite, *theirs.proposal->child_spi());
  if (ah)
    spec.bundled_ah =
        policy::BundledAh{ah->suite, keys(ah->suite, ours.ah), keys(ah->suite, *ah->proposal->child_spi())};
}

w::Lifetimes smaller(const w::Lifetimes& a, const w::Lifetimes& b) {
  return {.seconds = v1::smaller(a.seconds, b.seconds), .kilobytes = v1::smaller(a.kilobytes, b.kilobytes)};
}

/// As configured. Kilobytes are of 1024 octets.
w::Lifetimes life_of(const policy::Child& config) {
  w::Lifetimes life{.seconds = v1::life_of(config.life_time), .kilobytes = {}};
  if (config.life_volume.bytes != 0) life.kilobytes = std::max<std::uint64_t>(1, config.life_volume.bytes / 1024);
  return life;
}

/// A transform's own word on its lifetime; a bundle's is the shorter.
w::Lifetimes offered_life_of(const ChosenTransform& chosen, const std::optional<ChosenTransform>& ah) {
  const auto life = w::read_phase2(*chosen.transform).lifetimes;
  return ah ? smaller(life, w::read_phase2(*ah->transform).lifetimes) : life;
}

Bytes spi_of(std::uint32_t spi) {
  Bytes octets(4);
  store_be32(octets.data(), spi);
  return octets;
}

w::NotifyPayload responder_lifetime(const w::Proposal& proposal, std::uint32_t spi_in, const w::Lifetimes& life) {
  return {.type = w::NotifyType::responder_lifetime,
          .data = w::serialize_responder_lifetime(life),
          .protocol = proposal.protocol,
          .spi = spi_of(spi_in)};
}

/// What the responder's notify leaves of a lifetime (RFC 2407 §4.6.3.1).
w::Lifetimes shortened(const w::Lifetimes& life, const w::PayloadChain& payloads) {
  const auto* notify = payloads.find_notify(w::NotifyType::responder_lifetime);
  if (!notify) return life;
  const auto theirs = w::parse_responder_lifetime(notify->data);
  return theirs ? smaller(life, *theirs) : life;
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

/// A responder's word on one SA payload, and the pair of SAs that comes of it.
struct Accepted {
  w::SaPayload answer;
  std::optional<w::NotifyPayload> shorter;  // our lifetime, where that is another than was offered
  NewChild child;
};
Accepted accept_match(const IsakmpSa& sa, const Match& match, const QuickModeInputs& inputs, Environment& env) {
  const OwnSpis ours{env.spis.allocate(env.random), match.ah ? env.spis.allocate(env.random) : 0};
  Accepted accepted{{}, {}, {make_spec(sa, *match.config, match.chosen.suite, match.pair, env), match.config, {}}};
  set_keys(accepted.child.spec, sa, ours, match.chosen, match.ah, inputs, env);
  auto offered_life = offered_life_of(match.chosen, match.ah);
  if (!offered_life.seconds) offered_life.seconds = kDefaultLife;
  accepted.child.life = smaller(life_of(*match.config), offered_life);
  if (match.ah) accepted.answer.proposals.push_back(accept(*match.ah, spi_of(ours.ah)));
  accepted.answer.proposals.push_back(accept(match.chosen, spi_of(ours.spi)));
  if (accepted.child.life != offered_life)
    accepted.shorter = responder_lifetime(*match.chosen.proposal, ours.spi, accepted.child.life);
  return accepted;
}

/// What message 2 takes of our offer: one transform, or one of each of a bundle's protocols.
struct Taken {
  ChosenTransform chosen;
  std::optional<ChosenTransform> ah;
};
std::optional<Taken> read_answer(const policy::Child& config, const w::SaPayload& answer) {
  if (config.bundled()) {
    const auto bundles = read_bundles(answer);
    const bool one = answer.proposals.size() == 2 && bundles.size() == 1 && bundles[0].esp.meanings.size() == 1 &&
                     bundles[0].ah.meanings.size() == 1;
    const auto choice = one ? choose_bundle(bundle_proposals(config), bundles, config.mode) : std::nullopt;
    if (!choice) return std::nullopt;
    return Taken{choice->esp, choice->ah};
  }
  const Offer offer = read_phase2_offer(answer);
  if (offer.meanings.size() != 1) return std::nullopt;
  const auto choice = policy::choose(phase2_proposals(config.proposals()), offer.meanings);
  if (!choice) return std::nullopt;
  return Taken{{offer.proposals.front(), offer.transforms.front(), choice->suite}, {}};
}

/// Message 2 brings an SA that cannot be: the peer, which has made it, is told to delete it.
ExchangeStep abandon(const IsakmpSa& sa, const QuickMode& quick, Failure failure, w::ProtocolId protocol) {
  ExchangeStep step;
  const bool bundled = quick.ah_spi_in != 0;
  auto& deletes = step.notice.emplace();
  deletes.add(w::DeletePayload{.protocol = bundled ? w::ProtocolId::esp : protocol, .spis = {spi_of(quick.spi_in)}});
  if (bundled) deletes.add(w::DeletePayload{.protocol = w::ProtocolId::ah, .spis = {spi_of(quick.ah_spi_in)}});
  failure.our_local_ts = {quick.local};
  failure.our_remote_ts = {quick.remote};
  if (const auto* config = sa.connection->find_child(quick.child)) failure.our_mode = config->mode;
  step.failure = std::move(failure);
  return step;
}

}  // namespace

std::vector<WantedChild> pairs_of(const IsakmpSa& sa, const policy::Child& config, const ChildRequest& request) {
  std::vector<WantedChild> pairs;
  for (const auto& local : local_selectors(sa, config))
    for (const auto& remote : remote_selectors(sa, config)) {
      if (local.addresses.family() != remote.addresses.family() || pairs.size() == kMostPairs) continue;
      if (request.source && !local.contains(*request.source)) continue;
      if (request.destination && !remote.contains(*request.destination)) continue;
      pairs.push_back({config.name, local, remote});
    }
  return pairs;
}

std::expected<QuickOffer, Failure> build_quick_1(const IsakmpSa& sa, const policy::Child& config,
                                                 const WantedChild& wanted, Environment& env) {
  const auto proposals = phase2_proposals(config.proposals());
  const BundleProposals bundle = config.bundled() ? bundle_proposals(config) : BundleProposals{};
  const bool sayable = config.bundled() ? bundle.can_be_said() : !proposals.empty();
  const KeyExchangeMethod method = forward_secrecy(proposals);
  QuickOffer offer;
  QuickMode& quick = offer.quick;
  quick.child = config.name;
  quick.local = wanted.local;
  quick.remote = wanted.remote;
  w::PayloadChain ids;
  if (is_stopped_by_nat(sa, config)) {
    auto failure = quick_failure(sa, config.name, FailureKind::system_refused, Side::local);
    failure.our_proposals = config.ah_proposals;
    return std::unexpected(std::move(failure));
  }
  if (!sayable || !add_pair(ids, wanted.local, wanted.remote)) {
    auto failure = quick_failure(
        sa, config.name, !sayable ? FailureKind::no_proposal_chosen : FailureKind::no_common_selector, Side::local);
    failure.our_proposals = config.proposals();
    failure.our_local_ts = {wanted.local};
    failure.our_remote_ts = {wanted.remote};
    return std::unexpected(std::move(failure));
  }
  if (method != KeyExchangeMethod::none) {
    auto exchange = env.crypto.start_key_exchange(method, env.random);
    if (!exchange)
      return std::unexpected(quick_failure(sa, config.name, FailureKind::key_exchange_mismatch, Side::local));
    quick.key_exchange = std::move(*exchange);
  }
  quick.spi_in = env.spis.allocate(env.random);
  quick.protocol = config.protocol();
  quick.nonce_i = random_nonce(env.random);
  const auto encapsulation = write_encapsulation({config.mode, sa.udp_encap()}, is_draft(sa.nat_traversal));
  if (config.bundled()) quick.ah_spi_in = env.spis.allocate(env.random);
  const auto life = life_of(config);
  offer.payloads.add(config.bundled() ? offer_bundle(bundle, method, encapsulation, life, quick.spi_in, quick.ah_spi_in)
                                      : offer_phase2(proposals, method, encapsulation, life, quick.spi_in));
  offer.payloads.add(w::NoncePayload{quick.nonce_i});
  if (quick.key_exchange) offer.payloads.add(w::KePayload{to_bytes(quick.key_exchange->public_value())});
  for (const w::Payload& id : ids) offer.payloads.add(id);
  add_original(sa, offer.payloads, config.mode, true);
  return offer;
}

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

  std::vector<Match> matches;
  for (const auto* payload : offered) {
    auto match = match_child(sa, *payload, *pair);
    if (match && !matches.empty() && match->chosen.suite.key_exchange != matches.front().chosen.suite.key_exchange)
      match = other_group(sa, *match, *payload);
    if (!match) return refuse(payload, match.error().notify, match.error().failure);
    matches.push_back(*match);
  }
  auto secrecy = answer_key_exchange(matches.front().chosen.suite.key_exchange, ke, env);
  if (!secrecy) return violation(w::NotifyType::invalid_key_information);

  ExchangeStep step;
  step.next = ExchangeState::quick_answered;
  step.quick = QuickMode{.local = matches.front().pair.local,
                         .remote = matches.front().pair.remote,
                         .nonce_i = nonce->data,
                         .nonce_r = random_nonce(env.random)};
  const QuickModeInputs inputs{secrecy->shared_secret.view(), step.quick->nonce_i, step.quick->nonce_r};
  auto& reply = step.reply.emplace();
  std::vector<w::NotifyPayload> lifetimes;
  for (const Match& match : matches) {
    Accepted accepted = accept_match(sa, match, inputs, env);
    reply.add(std::move(accepted.answer));
    if (accepted.shorter) lifetimes.push_back(std::move(*accepted.shorter));
    step.children.push_back(std::move(accepted.child));
  }
  reply.add(w::NoncePayload{step.quick->nonce_r});
  if (secrecy->exchange) reply.add(w::KePayload{to_bytes(secrecy->exchange->public_value())});
  for (const auto* id : in.payloads.all<w::IdPayload>()) reply.add(*id);
  const auto transport =
      std::ranges::find(matches, policy::Mode::transport, [](const Match& match) { return match.config->mode; });
  if (transport != matches.end()) add_original(sa, reply, policy::Mode::transport, false);
  for (w::NotifyPayload& notify : lifetimes) reply.add(std::move(notify));
  return step;
}

ExchangeStep process_quick_2(const IsakmpSa& sa, const Exchange& exchange, const Inbound& in, Environment& env) {
  const QuickMode& quick = *exchange.quick;
  const policy::Child* config = sa.connection->find_child(quick.child);
  const auto* payload = in.payloads.find<w::SaPayload>();
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  const auto* ke = in.payloads.find<w::KePayload>();
  const auto broken = [&](FailureKind kind) {
    const auto protocol =
        payload && !payload->proposals.empty() ? payload->proposals.front().protocol : w::ProtocolId::esp;
    return abandon(sa, quick, quick_failure(sa, quick.child, kind, Side::local), protocol);
  };
  if (!payload || !nonce || !config || in.payloads.all<w::SaPayload>().size() != 1)
    return broken(FailureKind::protocol_violation);
  const auto choice = read_answer(*config, *payload);
  const KeyExchangeMethod method = quick.key_exchange ? quick.key_exchange->method() : KeyExchangeMethod::none;
  if (!choice || choice->chosen.suite.key_exchange != method) {
    auto step = broken(FailureKind::no_proposal_chosen);
    step.failure->our_proposals = phase2_proposals(config->proposals());
    step.failure->peer_proposals = phase2_meanings(*payload);
    step.failure->our_bundle = config->bundled();
    step.failure->peer_bundle = has_bundle(*payload);
    return step;
  }
  const auto encapsulation = read_encapsulation(*choice->chosen.transform);
  if (!encapsulation || encapsulation->mode != config->mode || encapsulation->udp != sa.udp_encap()) {
    auto step = broken(FailureKind::mode_mismatch);
    if (encapsulation) step.failure->peer_mode = encapsulation->mode;
    return step;
  }
  const auto as_sent = read_pair(sa, in.payloads, true);
  const auto pair = as_sent && config->mode == policy::Mode::transport ? as_seen(sa, *as_sent) : as_sent;
  if (!pair || !quick.local.contains(pair->local) || !quick.remote.contains(pair->remote)) {
    auto step = broken(FailureKind::no_common_selector);
    if (pair) step.failure->peer_local_ts = {pair->local};
    if (pair) step.failure->peer_remote_ts = {pair->remote};
    return step;
  }
  Secret shared_secret;
  if (quick.key_exchange) {
    auto secret = ke ? quick.key_exchange->shared_secret(ke->data) : fail(ErrorCode::missing);
    if (!secret) return broken(FailureKind::protocol_violation);
    shared_secret = std::move(*secret);
  }
  const auto is_gone = [&](const ChosenTransform& chosen) {
    const DeletedSpi named{chosen.suite.protocol, *chosen.proposal->child_spi()};
    return std::ranges::find(quick.deleted, named) != quick.deleted.end();
  };
  if (is_gone(choice->chosen) || (choice->ah && is_gone(*choice->ah))) return broken(FailureKind::closed_by_peer);

  ExchangeStep step;
  step.reply.emplace();  // HASH(3) stands alone
  NewChild child{make_spec(sa, *config, choice->chosen.suite, *pair, env), config, {}};
  child.spec.initiated = true;
  set_keys(child.spec, sa, {quick.spi_in, quick.ah_spi_in}, choice->chosen, choice->ah,
           {shared_secret.view(), quick.nonce_i, nonce->data}, env);
  child.life = shortened(smaller(life_of(*config), offered_life_of(choice->chosen, choice->ah)), in.payloads);
  step.quick = QuickMode{.child = quick.child,
                         .spi_in = quick.spi_in,
                         .ah_spi_in = quick.ah_spi_in,
                         .nonce_i = quick.nonce_i,
                         .nonce_r = nonce->data};
  step.children.push_back(std::move(child));
  return step;
}

ExchangeStep process_quick_3(const IsakmpSa&, const Exchange&, const Inbound&, Environment&) { return {}; }

Failure read_quick_error(const IsakmpSa& sa, const QuickMode& quick, const w::NotifyPayload& error) {
  Failure failure = quick_failure(sa, quick.child, FailureKind::peer_error, Side::remote);
  failure.notify = w::to_string(error.type);
  const policy::Child* config = sa.connection->find_child(quick.child);
  if (config) failure.our_mode = config->mode;
  switch (error.type) {
    case w::NotifyType::no_proposal_chosen:
    case w::NotifyType::bad_proposal_syntax:
    case w::NotifyType::attributes_not_supported:
      failure.kind = FailureKind::no_proposal_chosen;
      if (config) failure.our_proposals = phase2_proposals(config->proposals());
      if (config) failure.our_bundle = config->bundled();
      break;
    case w::NotifyType::invalid_id_information:
      failure.kind = FailureKind::no_common_selector;
      failure.our_local_ts = {quick.local};
      failure.our_remote_ts = {quick.remote};
      break;
    default: break;
  }
  return failure;
}

}  // namespace sallyport::ike::v1
