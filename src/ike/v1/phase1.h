// What Main Mode and Aggressive Mode have in common: the policy that is offered and chosen, and the failures of
// phase 1.
#pragma once

#include <expected>
#include <functional>

#include "ike/core/environment.h"
#include "ike/v1/nat_traversal.h"
#include "ike/v1/phase1_proposals.h"
#include "ike/v1/step.h"

namespace sallyport::ike::v1 {

/// The exchange of phase 1 that a state is on the way of; nullopt: of none any more.
std::optional<event::Opening> opening_of(State state);
event::Failure phase1_failure(const IsakmpSa& sa, event::FailureKind kind, event::Side side);
Step give_up(event::Failure failure);

/// What came says of NAT traversal what cannot be. Nobody has proved anything yet, so it is but refused; if nothing
/// else comes, this is why.
Step refuse_nat_traversal(const IsakmpSa& sa);

/// Whether a connection may be the one that the peer means.
using MayBe = std::function<bool(const policy::Connection&)>;
/// The candidates' most specific connection that accepts the identity, and may be; among equals the one for the
/// narrowest addresses. nullptr: there is none.
policy::ConnectionPtr connection_for(const policy::Candidates& candidates, const policy::Identity& identity,
                                     const MayBe& may_be);
/// The only one that may be; nullptr: there are more, or none.
policy::ConnectionPtr sole_connection(const policy::Candidates& candidates, const MayBe& may_be);

/// The lifetime that we offer for an ISAKMP SA, in seconds.
std::optional<std::uint64_t> isakmp_life(const policy::Connection& connection);
NatContext nat_context(const IsakmpSa& sa, const policy::Suite& suite, std::uint64_t cookie_r,
                       const Datagram& datagram);
/// How Delete and Notification payloads name an ISAKMP SA: by its cookies (RFC 2408 §3.14, §3.15).
Bytes isakmp_spi(std::uint64_t cookie_i, std::uint64_t cookie_r);
/// N(INITIAL-CONTACT), which names the ISAKMP SA by its cookies.
wire::ikev1::NotifyPayload initial_contact(std::uint64_t cookie_i, std::uint64_t cookie_r);
bool claims_initial_contact(const wire::ikev1::PayloadChain& payloads);
/// A responder's: the peer may hold SAs of which we know nothing any more. Not one that says it is new here itself.
bool has_forgotten(const Authenticated& peer, const IsakmpSa& sa, const Environment& env);

/// The initiator's reading of message 2: one transform, one of those that we offered.
std::expected<Agreed, event::Failure> read_agreement(const IsakmpSa& sa, const Inbound& in,
                                                     std::optional<crypto::KeyExchangeMethod> only);

/// The responder's choice among what message 1 offers, with all groups of connections that accept it. An error: nothing
/// common.
struct Chosen {
  wire::ikev1::SaPayload answer;
  policy::Suite suite;
  std::optional<std::uint64_t> life_seconds;
  policy::Candidates candidates;
};
std::expected<Chosen, event::Failure> choose_policy(const Inbound& in, Environment& env, bool aggressive);

/// A responder's ISAKMP SA, as far as message 1 makes it.
IsakmpSa begin_as_responder(const Inbound& in, const Chosen& chosen, Environment& env);

}  // namespace sallyport::ike::v1
