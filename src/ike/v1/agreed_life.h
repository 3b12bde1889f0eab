// How the lifetimes that both ends say of an SA become one: in each measure the smaller counts (RFC 2407 §4.5.4). In
// phase 2 the responder cannot answer with another than was offered, so it tells its own in N(RESPONDER-LIFETIME).
#pragma once

#include <optional>

#include "ike/v1/offer.h"
#include "policy/connection.h"
#include "wire/ikev1/lifetime.h"
#include "wire/ikev1/payload.h"

namespace sallyport::ike::v1 {

/// nullopt is no limit.
std::optional<std::uint64_t> smaller(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b);
wire::ikev1::Lifetimes smaller(const wire::ikev1::Lifetimes& a, const wire::ikev1::Lifetimes& b);

/// As configured.
std::optional<std::uint64_t> life_of(policy::Seconds time);
wire::ikev1::Lifetimes life_of(const policy::Child& config);

/// A transform's own word on its lifetime; a bundle's (`ah`) is the shorter.
wire::ikev1::Lifetimes offered_life_of(const ChosenTransform& chosen, const std::optional<ChosenTransform>& ah);
/// The same where none means what RFC 2407 §4.5 lets it mean.
wire::ikev1::Lifetimes assumed_life_of(const ChosenTransform& chosen, const std::optional<ChosenTransform>& ah);

wire::ikev1::NotifyPayload responder_lifetime(wire::ikev1::ProtocolId protocol, std::uint32_t spi_in,
                                              const wire::ikev1::Lifetimes& life);
/// What the responder's notify leaves of a lifetime (RFC 2407 §4.6.3.1).
wire::ikev1::Lifetimes shortened(const wire::ikev1::Lifetimes& life, const wire::ikev1::PayloadChain& payloads);

}  // namespace sallyport::ike::v1
