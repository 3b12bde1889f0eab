// What a Quick Mode is about: the pair of selectors that IDci and IDcr name, and which child of the connection a
// responder takes it for.
#pragma once

#include <expected>
#include <optional>

#include "ike/v1/isakmp_sa.h"
#include "ike/v1/offer.h"
#include "policy/proposal.h"
#include "wire/ikev1/message.h"

namespace sallyport::ike::v1 {

/// From our side.
struct SelectorPair {
  policy::TrafficSelector local, remote;
};
/// IDci and IDcr; where a message has none, the hosts themselves are meant (RFC 2409 §5.5).
std::optional<SelectorPair> read_pair(const IsakmpSa& sa, const wire::ikev1::PayloadChain& payloads, bool we_initiated);
/// The same where a NAT hides a host: what we see of it takes the place of what it says (transport mode).
SelectorPair as_seen(const IsakmpSa& sa, SelectorPair pair);

/// A child's selectors in this ISAKMP SA. "dynamic" is the host's own address: the inner one where Mode Config gave it
/// one. What the gateway says is behind it narrows a client's remote side.
policy::TrafficSelectors local_selectors(const IsakmpSa& sa, const policy::Child& child);
policy::TrafficSelectors remote_selectors(const IsakmpSa& sa, const policy::Child& child);

/// A responder's match of message 1.
struct Match {
  const policy::Child* config = nullptr;
  ChosenTransform chosen;             // of a bundle, ESP's
  std::optional<ChosenTransform> ah;  // of a bundle
  SelectorPair pair;
};
struct Mismatch {
  wire::ikev1::NotifyType notify;
  event::Failure failure;
};
/// The pointers in what it returns are into `offered`.
std::expected<Match, Mismatch> match_child(const IsakmpSa& sa, const wire::ikev1::SaPayload& offered,
                                           const SelectorPair& as_sent);

/// AH does not pass a NAT, nor go in UDP (RFC 3715 §2.1).
bool is_stopped_by_nat(const IsakmpSa& sa, const policy::Child& config);
/// What of an offer means something to us, for failures: bundles too.
std::vector<policy::Proposal> phase2_meanings(const wire::ikev1::SaPayload& offered);
bool has_bundle(const wire::ikev1::SaPayload& offered);

event::Failure quick_failure(const IsakmpSa& sa, std::string_view child, event::FailureKind kind, event::Side side);

}  // namespace sallyport::ike::v1
