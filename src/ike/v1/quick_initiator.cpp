// Quick Mode as its initiator sees it: what is offered in message 1, what message 2 makes of it, and message 3.
#include <algorithm>

#include "ike/core/child_sas.h"
#include "ike/v1/agreed_life.h"
#include "ike/v1/authentication.h"
#include "ike/v1/bundle.h"
#include "ike/v1/identification.h"
#include "ike/v1/nat_traversal.h"
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
using policy::TrafficSelector;

constexpr std::size_t kMostPairs = 64;

// ---- Message 1

/// IDci and IDcr; nullopt for selectors that they cannot say.
std::optional<w::PayloadChain> ids_of(const WantedChild& wanted) {
  const auto first = write_selector(wanted.local), second = write_selector(wanted.remote);
  if (!first || !second) return std::nullopt;
  w::PayloadChain ids;
  ids.add(*first);
  ids.add(*second);
  return ids;
}

/// IKEv1 has no words for what is configured, or it cannot work here.
std::unexpected<Failure> cannot_offer(const IsakmpSa& sa, const policy::Child& config, FailureKind kind,
                                      const WantedChild& wanted) {
  auto failure = quick_failure(sa, config.name, kind, Side::local);
  failure.our_proposals = config.proposals();
  failure.our_local_ts = {wanted.local};
  failure.our_remote_ts = {wanted.remote};
  return std::unexpected(std::move(failure));
}

// ---- Message 2

/// Message 2 brings an SA that cannot be: the peer, which has made it, is told to delete it.
ExchangeStep abandon(const IsakmpSa& sa, const QuickMode& quick, Failure failure, const w::SaPayload* answer) {
  const auto protocol = answer && !answer->proposals.empty() ? answer->proposals.front().protocol : w::ProtocolId::esp;
  ExchangeStep step;
  const bool bundled = quick.ah_spi_in != 0;
  auto& deletes = step.notice.emplace();
  deletes.add(
      w::DeletePayload{.protocol = bundled ? w::ProtocolId::esp : protocol, .spis = {spi_octets(quick.spi_in)}});
  if (bundled) deletes.add(w::DeletePayload{.protocol = w::ProtocolId::ah, .spis = {spi_octets(quick.ah_spi_in)}});
  failure.our_local_ts = {quick.local};
  failure.our_remote_ts = {quick.remote};
  if (const auto* config = sa.connection->find_child(quick.child)) failure.our_mode = config->mode;
  step.failure = std::move(failure);
  return step;
}

/// What the answer takes of our offer; nullopt: none of it, or not just one.
std::optional<Taken> choice_of(const policy::Child& config, const w::SaPayload& answer) {
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

std::expected<Taken, Failure> read_transforms(const IsakmpSa& sa, const QuickMode& quick, const policy::Child& config,
                                              const w::SaPayload& answer) {
  auto taken = choice_of(config, answer);
  const KeyExchangeMethod method = quick.key_exchange ? quick.key_exchange->method() : KeyExchangeMethod::none;
  if (!taken || taken->chosen.suite.key_exchange != method) {
    auto failure = quick_failure(sa, quick.child, FailureKind::no_proposal_chosen, Side::local);
    failure.our_proposals = phase2_proposals(config.proposals());
    failure.peer_proposals = phase2_meanings(answer);
    failure.our_bundle = config.bundled();
    failure.peer_bundle = has_bundle(answer);
    return std::unexpected(std::move(failure));
  }
  const auto encapsulation = read_encapsulation(*taken->chosen.transform);
  if (!encapsulation || encapsulation->mode != config.mode || encapsulation->udp != sa.udp_encap()) {
    auto failure = quick_failure(sa, quick.child, FailureKind::mode_mismatch, Side::local);
    if (encapsulation) failure.peer_mode = encapsulation->mode;
    return std::unexpected(std::move(failure));
  }
  const auto is_gone = [&](const ChosenTransform& chosen) {
    const DeletedSpi named{chosen.suite.protocol, *chosen.proposal->child_spi()};
    return std::ranges::find(quick.deleted, named) != quick.deleted.end();
  };
  if (is_gone(taken->chosen) || (taken->ah && is_gone(*taken->ah)))
    return std::unexpected(quick_failure(sa, quick.child, FailureKind::closed_by_peer, Side::local));
  return *taken;
}

std::expected<SelectorPair, Failure> read_selectors(const IsakmpSa& sa, const QuickMode& quick, policy::Mode mode,
                                                    const w::PayloadChain& payloads) {
  const auto as_sent = read_pair(sa, payloads, true);
  const auto pair = as_sent && mode == policy::Mode::transport ? as_seen(sa, *as_sent) : as_sent;
  if (pair && quick.local.contains(pair->local) && quick.remote.contains(pair->remote)) return *pair;
  auto failure = quick_failure(sa, quick.child, FailureKind::no_common_selector, Side::local);
  if (pair) failure.peer_local_ts = {pair->local};
  if (pair) failure.peer_remote_ts = {pair->remote};
  return std::unexpected(std::move(failure));
}

/// Empty without forward secrecy; an error: the peer's half of the key exchange is missing, or none.
Result<Secret> shared_secret_of(const QuickMode& quick, const w::PayloadChain& payloads) {
  if (!quick.key_exchange) return Secret();
  const auto* ke = payloads.find<w::KePayload>();
  return ke ? quick.key_exchange->shared_secret(ke->data) : fail(ErrorCode::missing);
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
  if (is_stopped_by_nat(sa, config)) {
    auto failure = quick_failure(sa, config.name, FailureKind::system_refused, Side::local);
    failure.our_proposals = config.ah_proposals;
    return std::unexpected(std::move(failure));
  }
  if (config.bundled() ? !bundle.can_be_said() : proposals.empty())
    return cannot_offer(sa, config, FailureKind::no_proposal_chosen, wanted);
  const auto ids = ids_of(wanted);
  if (!ids) return cannot_offer(sa, config, FailureKind::no_common_selector, wanted);

  QuickOffer offer;
  QuickMode& quick = offer.quick;
  quick.child = config.name;
  quick.local = wanted.local;
  quick.remote = wanted.remote;
  const KeyExchangeMethod method = forward_secrecy(proposals);
  if (method != KeyExchangeMethod::none) {
    auto exchange = env.crypto.start_key_exchange(method, env.random);
    if (!exchange)
      return std::unexpected(quick_failure(sa, config.name, FailureKind::key_exchange_mismatch, Side::local));
    quick.key_exchange = std::move(*exchange);
  }
  quick.spi_in = env.spis.allocate(env.random, share_of_kin(sa.children, *sa.connection, config, sa.remote_id));
  quick.protocol = config.protocol();
  quick.nonce_i = random_nonce(env.random);
  const auto encapsulation = write_encapsulation({config.mode, sa.udp_encap()}, is_draft(sa.nat_traversal));
  if (config.bundled()) quick.ah_spi_in = env.spis.allocate(env.random, quick.spi_in);
  const auto life = life_of(config);
  offer.payloads.add(config.bundled() ? offer_bundle(bundle, method, encapsulation, life, quick.spi_in, quick.ah_spi_in)
                                      : offer_phase2(proposals, method, encapsulation, life, quick.spi_in));
  offer.payloads.add(w::NoncePayload{quick.nonce_i});
  if (quick.key_exchange) offer.payloads.add(w::KePayload{to_bytes(quick.key_exchange->public_value())});
  for (const w::Payload& id : *ids) offer.payloads.add(id);
  add_original(sa, offer.payloads, config.mode, true);
  return offer;
}

ExchangeStep process_quick_2(const IsakmpSa& sa, const Exchange& exchange, const Inbound& in, Environment& env) {
  const QuickMode& quick = *exchange.quick;
  const policy::Child* config = sa.connection->find_child(quick.child);
  const auto* answer = in.payloads.find<w::SaPayload>();
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  const auto broken = [&](Failure failure) { return abandon(sa, quick, std::move(failure), answer); };
  const auto violation = [&] {
    return broken(quick_failure(sa, quick.child, FailureKind::protocol_violation, Side::local));
  };
  if (!answer || !nonce || !config || in.payloads.count<w::SaPayload>() != 1) return violation();
  auto taken = read_transforms(sa, quick, *config, *answer);
  if (!taken) return broken(std::move(taken.error()));
  auto pair = read_selectors(sa, quick, config->mode, in.payloads);
  if (!pair) return broken(std::move(pair.error()));
  const auto shared_secret = shared_secret_of(quick, in.payloads);
  if (!shared_secret) return violation();

  ExchangeStep step;
  step.reply.emplace();  // HASH(3) stands alone
  const QuickModeInputs inputs{shared_secret->view(), quick.nonce_i, nonce->data};
  NewChild child{make_spec(sa, *config, *pair, {quick.spi_in, quick.ah_spi_in}, *taken, inputs, env), config, {}};
  child.spec.initiated = true;
  child.life = shortened(smaller(life_of(*config), offered_life_of(taken->chosen, taken->ah)), in.payloads);
  step.quick = QuickMode{.child = quick.child,
                         .spi_in = quick.spi_in,
                         .ah_spi_in = quick.ah_spi_in,
                         .nonce_i = quick.nonce_i,
                         .nonce_r = nonce->data};
  step.children.push_back(std::move(child));
  return step;
}

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
