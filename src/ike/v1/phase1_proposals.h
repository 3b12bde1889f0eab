// Phase 1's SA payload: what protects the ISAKMP SA itself (RFC 2409 appendix A).
#pragma once

#include <optional>
#include <vector>

#include "ike/v1/offer.h"
#include "wire/ikev1/phase1_transform.h"

namespace sallyport::ike::v1 {

/// `configured` as far as phase 1 can say it: ciphers in CBC mode, groups with a number, and one hash in the place of
/// integrity and PRF: the PRF's.
std::vector<policy::Proposal> phase1_proposals(const std::vector<policy::Proposal>& configured);
/// The method of the first proposal: the one that Aggressive Mode's first message has to settle on.
crypto::KeyExchangeMethod preferred_method(const std::vector<policy::Proposal>& proposals);

/// `proposals` are phase1_proposals(); with `only`, those of that method alone.
wire::ikev1::SaPayload offer_phase1(const std::vector<policy::Proposal>& proposals,
                                    wire::ikev1::AuthenticationMethod authentication,
                                    std::optional<std::uint64_t> life_seconds,
                                    std::optional<crypto::KeyExchangeMethod> only);
/// Only transforms that authenticate by this method have a meaning; without one, those of all that we know.
Offer read_phase1_offer(const wire::ikev1::SaPayload& sa,
                        std::optional<wire::ikev1::AuthenticationMethod> authentication = {});
/// The payload that takes one transform of an offer.
wire::ikev1::SaPayload accept_phase1(const Offer& offer, std::size_t index);

}  // namespace sallyport::ike::v1
