// What a Quick Mode is about: the pair of selectors that IDci and IDcr name, and which child of the connection a
// responder takes it for.
#pragma once

#include <expected>
#include <optional>

#include "ike/v1/isakmp_sa.h"
#include "ike/v1/proposals.h"
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

/// A responder's match of message 1.
struct Match {
  const policy::Child* config = nullptr;
  policy::Choice choice{};
  SelectorPair pair;
};
struct Mismatch {
  wire::ikev1::NotifyType notify;
  event::Failure failure;
};
std::expected<Match, Mismatch> match_child(const IsakmpSa& sa, const Offer& offer, const SelectorPair& as_sent);

event::Failure quick_failure(const IsakmpSa& sa, std::string_view child, event::FailureKind kind, event::Side side);

}  // namespace sallyport::ike::v1
