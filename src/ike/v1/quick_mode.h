// Quick Mode (RFC 2409 §5.5): one pair of selectors, one Child SA, with a key exchange of its own for forward secrecy
// where that is wanted. Who begins it need not be phase 1's initiator.
//
//   initiator                                                 responder
//   1  HASH(1), SA …, Ni [, KE], IDci, IDcr [, NAT-OA ×2]   -->
//                    <--   2  HASH(2), SA …, Nr [, KE], IDci, IDcr [, NAT-OA ×2] [, N(RESPONDER-LIFETIME) …]
//   3  HASH(3)                                              -->
//
// A peer may offer several SAs for the same traffic, each in an SA payload of its own: all are answered, in their
// order, or none, and each becomes a Child SA. We offer one: a policy of ours asks for one SA, or for one bundle, and
// that is one payload.
//
// The responder installs its SAs with message 2, so that what the initiator sends right behind message 3 is taken;
// until message 3 is there it repeats message 2. A message 1 that is played again finds its message id used up.
#pragma once

#include <expected>

#include "ike/core/environment.h"
#include "ike/v1/step.h"

namespace sallyport::ike::v1 {

/// The initiator's choices, and message 1 behind its HASH. An error: it cannot be offered in IKEv1, or not computed.
struct QuickOffer {
  QuickMode quick;
  wire::ikev1::PayloadChain payloads;
};
std::expected<QuickOffer, event::Failure> build_quick_1(const IsakmpSa& sa, const policy::Child& config,
                                                        const WantedChild& wanted, Environment& env);

ExchangeStep process_quick_1(const IsakmpSa& sa, const Exchange& exchange, const Inbound& in, Environment& env);
ExchangeStep process_quick_2(const IsakmpSa& sa, const Exchange& exchange, const Inbound& in, Environment& env);
ExchangeStep process_quick_3(const IsakmpSa& sa, const Exchange& exchange, const Inbound& in, Environment& env);

/// What the peer's notify says of a Quick Mode of ours.
event::Failure read_quick_error(const IsakmpSa& sa, const QuickMode& quick, const wire::ikev1::NotifyPayload& error);

/// The pairs that a request stands for: all of the child's, or the one that a packet needs. None: it is none of ours.
std::vector<WantedChild> pairs_of(const IsakmpSa& sa, const policy::Child& config, const ChildRequest& request);

}  // namespace sallyport::ike::v1
