// The KE and nonce payloads of CREATE_CHILD_SA (RFC 7296 §1.3), whatever it makes: a Child SA, with or without forward
// secrecy, or an IKE SA.
#pragma once

#include <expected>

#include "ike/core/environment.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

void add_key_exchange(wire::ikev2::PayloadChain& payloads, const crypto::KeyExchange& exchange);

/// The responder's side: its half and the secret; neither without a key exchange in `suite`. An error: what to answer
/// instead, perhaps the group that we want (INVALID_KE_PAYLOAD).
struct KeyAgreement {
  std::unique_ptr<crypto::KeyExchange> exchange;
  Secret shared_secret;
};
std::expected<KeyAgreement, wire::ikev2::NotifyPayload> agree_on_key(const policy::Suite& suite,
                                                                     const wire::ikev2::KePayload* ke,
                                                                     Environment& env);

/// The initiator's reading of the answer; `exchange` may be nullptr. nullopt: it does not belong to `suite`, or is no
/// key.
std::optional<Secret> read_key(const policy::Suite& suite, const wire::ikev2::KePayload* ke,
                               crypto::KeyExchange* exchange);

/// A peer that asks for one group after the other plays a game.
inline constexpr std::uint32_t kMostGroups = 4;
/// The group that INVALID_KE_PAYLOAD asks for: one that was offered, and is not the one just tried (RFC 7296 §1.3).
std::optional<crypto::KeyExchangeMethod> read_wanted_method(const wire::ikev2::NotifyPayload& error);
bool may_try(std::optional<crypto::KeyExchangeMethod> wanted, const std::vector<policy::Proposal>& offered,
             const crypto::KeyExchange* tried);

/// Octet by octet; the one that ends first is the lower (RFC 7296 §2.8.1).
inline const Bytes& lower_nonce(const Bytes& a, const Bytes& b) { return b < a ? b : a; }

}  // namespace sallyport::ike::v2
