#include "ike/v1/bundle.h"

#include <algorithm>

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using crypto::KeyExchangeMethod;
using policy::Proposal;

bool has_mode(const w::Transform& transform, policy::Mode mode) {
  const auto encapsulation = read_encapsulation(transform);
  return encapsulation && encapsulation->mode == mode && !encapsulation->udp;
}

/// Only what is in the right mode keeps its meaning.
template <class Allows>
std::vector<Proposal> meanings_where(const Offer& offer, Allows allows) {
  std::vector<Proposal> meanings = offer.meanings;
  for (std::size_t i = 0; i < meanings.size(); ++i)
    if (!allows(*offer.transforms[i])) meanings[i] = {.protocol = meanings[i].protocol};
  return meanings;
}

/// AH's transforms for one method of forward secrecy: which it is, ESP's has settled, and AH's may repeat it.
void settle_secrecy(std::vector<Proposal>& meanings, KeyExchangeMethod method) {
  for (Proposal& each : meanings) {
    const bool agrees = each.key_exchange.empty() || each.key_exchange.front() == method;
    each.key_exchange.clear();
    if (!agrees) each = {.protocol = each.protocol};
  }
}

ChosenTransform chosen(const Offer& offer, const policy::Choice& choice) {
  return {offer.proposals[choice.offered_index], offer.transforms[choice.offered_index], choice.suite};
}

std::optional<BundleChoice> choose_from(const BundleProposals& ours, const BundleOffer& offer, policy::Mode mode) {
  const auto esp = policy::choose(
      ours.esp, meanings_where(offer.esp, [&](const w::Transform& each) { return has_mode(each, mode); }));
  if (!esp) return std::nullopt;
  auto ah_meanings = meanings_where(offer.ah, [&](const w::Transform& each) {
    return has_mode(each, mode) || has_mode(each, policy::Mode::transport);
  });
  settle_secrecy(ah_meanings, esp->suite.key_exchange);
  const auto ah = policy::choose(ours.ah, ah_meanings);
  if (!ah) return std::nullopt;
  return BundleChoice{chosen(offer.esp, *esp), chosen(offer.ah, *ah)};
}

}  // namespace

BundleProposals bundle_proposals(const policy::Child& config) {
  BundleProposals proposals{phase2_proposals(config.esp_proposals), phase2_proposals(config.ah_proposals)};
  for (Proposal& each : proposals.ah) each.key_exchange.clear();
  return proposals;
}

w::SaPayload offer_bundle(const BundleProposals& proposals, KeyExchangeMethod method,
                          w::EncapsulationMode encapsulation, const w::Lifetimes& life, std::uint32_t esp_spi,
                          std::uint32_t ah_spi) {
  auto ah_proposals = proposals.ah;
  for (Proposal& each : ah_proposals)
    if (method != KeyExchangeMethod::none) each.key_exchange = {method};
  w::SaPayload sa = offer_phase2(ah_proposals, method, encapsulation, life, ah_spi);
  w::SaPayload esp = offer_phase2(proposals.esp, method, encapsulation, life, esp_spi);
  for (w::Proposal& each : esp.proposals) sa.proposals.push_back(std::move(each));
  for (w::Proposal& each : sa.proposals) each.number = 1;
  return sa;
}

std::vector<BundleOffer> read_bundles(const w::SaPayload& sa) {
  std::vector<BundleOffer> bundles;
  for (const auto& together : sa.alternatives()) {
    const auto of = [&](w::ProtocolId protocol) {
      const auto found = std::ranges::find(together, protocol, &w::Proposal::protocol);
      return found == together.end() ? nullptr : *found;
    };
    const w::Proposal* esp = of(w::ProtocolId::esp);
    const w::Proposal* ah = of(w::ProtocolId::ah);
    if (together.size() != 2 || !esp || !ah) continue;
    if (has_usable_spi(*esp) && has_usable_spi(*ah)) bundles.push_back({read_proposal(*esp), read_proposal(*ah)});
  }
  return bundles;
}

std::optional<BundleChoice> choose_bundle(const BundleProposals& ours, const std::vector<BundleOffer>& offers,
                                          policy::Mode mode) {
  for (const BundleOffer& offer : offers)
    if (auto choice = choose_from(ours, offer, mode)) return choice;
  return std::nullopt;
}

}  // namespace sallyport::ike::v1
