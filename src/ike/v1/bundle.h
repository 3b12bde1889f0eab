// Bundles: AH and ESP that are negotiated together, in one proposal's number, and make one Child SA (RFC 2408 §4.2, RFC
// 2409 §5.5). Each protocol has SPIs and keys of its own; mode, lifetime and forward secrecy are the Child SA's. Our
// bundles have ESP inside and AH around it, in transport adjacency (RFC 2401 §4.3): in tunnel mode, too, there is one
// outer header. A peer that writes AH's mode down as transport, because of that, is understood.
//
//   SA ─┬─ Proposal 1 AH, SPI ── Transform 1 …
//       └─ Proposal 1 ESP, SPI ─ Transform 1 …
#pragma once

#include "ike/v1/phase2_proposals.h"

namespace sallyport::ike::v1 {

/// What a bundle of ours may be made of; either list may be empty where IKEv1 cannot say what is configured.
struct BundleProposals {
  std::vector<policy::Proposal> esp, ah;

  bool can_be_said() const { return !esp.empty() && !ah.empty(); }
};
/// Forward secrecy is what esp_proposals say of it.
BundleProposals bundle_proposals(const policy::Child& config);

wire::ikev1::SaPayload offer_bundle(const BundleProposals& proposals, crypto::KeyExchangeMethod method,
                                    wire::ikev1::EncapsulationMode encapsulation, const wire::ikev1::Lifetimes& life,
                                    std::uint32_t esp_spi, std::uint32_t ah_spi);

/// One of the bundles of an SA payload; the pointers are into that.
struct BundleOffer {
  Offer esp, ah;
};
/// Without those that hold anything else than one AH and one ESP, with SPIs that can be.
std::vector<BundleOffer> read_bundles(const wire::ikev1::SaPayload& sa);

struct BundleChoice {
  ChosenTransform esp, ah;
};
std::optional<BundleChoice> choose_bundle(const BundleProposals& ours, const std::vector<BundleOffer>& offers,
                                          policy::Mode mode);

}  // namespace sallyport::ike::v1
