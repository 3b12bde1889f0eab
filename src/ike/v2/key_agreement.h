// KE payloads after IKE_SA_INIT: of CREATE_CHILD_SA (RFC 7296 §1.3), whatever it makes: a Child SA, with or without
// forward secrecy, or an IKE SA; and of additional key exchanges (RFC 9370).
#pragma once

#include <expected>

#include "ike/core/environment.h"
#include "ike/v2/numbers_map.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

void add_key_exchange(wire::ikev2::PayloadChain& payloads, const crypto::KeyExchange& exchange);
void add_key_exchange(wire::ikev2::PayloadChain& payloads, wire::ikev2::KeyExchangeId method, Bytes public_value);
inline void add_key_exchange(wire::ikev2::PayloadChain& payloads, crypto::KeyExchangeMethod method,
                             Bytes public_value) {
  add_key_exchange(payloads, write_method(method), std::move(public_value));
}

/// The responder's side: its half and the secret; both empty without a key exchange in `suite`. An error: what to
/// answer instead, perhaps the group that we want (INVALID_KE_PAYLOAD).
std::expected<crypto::KeyExchangeAnswer, wire::ikev2::NotifyPayload> agree_on_key(const policy::Suite& suite,
                                                                                  const wire::ikev2::KePayload* ke,
                                                                                  Environment& env);
/// The same for an additional key exchange, whose method is known to both; nullopt: it is not by that one, or no key.
std::optional<crypto::KeyExchangeAnswer> answer_key(crypto::KeyExchangeMethod method, const wire::ikev2::KePayload* ke,
                                                    Environment& env);

/// The initiator's reading of the answer; `exchange` may be nullptr. nullopt: it is not by `method`, or is no key.
std::optional<Secret> read_key(crypto::KeyExchangeMethod method, const wire::ikev2::KePayload* ke,
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
