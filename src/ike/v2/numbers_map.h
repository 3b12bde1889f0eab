// IANA's numbers of IKEv2 and the values that policy speaks of, each into the other: proposals, traffic selectors,
// identities, key exchange methods. What has no counterpart here is left out or refused, never guessed.
#pragma once

#include <optional>

#include "policy/identity.h"
#include "policy/proposal.h"
#include "policy/selector.h"
#include "wire/ikev2/id_payload.h"
#include "wire/ikev2/sa_payload.h"
#include "wire/ikev2/ts_payload.h"

namespace sallyport::ike::v2 {

/// The SA payload that offers `proposals` in this order; `spi` is empty in the first exchange of an IKE SA. Without
/// `with_key_exchange` (a Child SA of IKE_AUTH, RFC 7296 §1.2) key exchange transforms are left out.
wire::ikev2::SaPayload offer(const std::vector<policy::Proposal>& proposals, ByteView spi,
                             bool with_key_exchange = true);
/// The SA payload that accepts one of the peer's: its number, and one transform of each kind that it has.
wire::ikev2::SaPayload accept(const policy::Suite& suite, const wire::ikev2::Proposal& offered, ByteView spi,
                              bool with_key_exchange = true);
/// The proposal with no alternatives to this suite.
policy::Proposal only(const policy::Suite& suite);

/// What a peer offers. Transforms that we do not have are left out; a proposal that needs a kind of transform that we
/// do not have at all is left with nothing in it that could be chosen (RFC 7296 §3.3.6).
std::vector<policy::Proposal> read_offer(const wire::ikev2::SaPayload& sa);
/// The suite that a responder chose; ErrorCode::malformed unless it is one proposal with one transform a kind.
Result<policy::Suite> read_choice(const wire::ikev2::SaPayload& sa, policy::Protocol protocol);

std::optional<crypto::KeyExchangeMethod> read_method(wire::ikev2::KeyExchangeId id);
wire::ikev2::KeyExchangeId write_method(crypto::KeyExchangeMethod method);
std::optional<crypto::Prf> read_prf(wire::ikev2::PrfId id);
wire::ikev2::PrfId write_prf(crypto::Prf prf);

/// Selectors that we can match packets against; others are left out (RFC 7296 §2.9: narrowing may do so).
policy::TrafficSelectors read_selectors(const wire::ikev2::TrafficSelectors& selectors);
wire::ikev2::TrafficSelectors write_selectors(const policy::TrafficSelectors& selectors);

/// nullopt for a type that we do not have, or an address of the wrong size.
std::optional<policy::Identity> read_identity(const wire::ikev2::Identification& id);
wire::ikev2::Identification write_identity(const policy::Identity& identity);

}  // namespace sallyport::ike::v2
