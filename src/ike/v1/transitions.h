// The state machine of an ISAKMP SA, as data: phase 1's rows by its state, phase 2's by that of an exchange. What no
// row allows is refused in one place and changes nothing.
#pragma once

#include <span>
#include <string>

#include "ike/core/environment.h"
#include "ike/v1/step.h"

namespace sallyport::ike::v1 {

using Handler = Step (*)(const IsakmpSa&, const Inbound&, Environment&);
struct Transition {
  State state;
  wire::ikev1::ExchangeType exchange;
  std::uint8_t message;  // which one of the exchange comes
  Handler handler;
  std::span<const State> next;  // where the handler may lead
};

using ExchangeHandler = ExchangeStep (*)(const IsakmpSa&, const Exchange&, const Inbound&, Environment&);
/// Of Quick Mode and transactions. Informational exchanges have one message, and no states.
struct ExchangeTransition {
  wire::ikev1::ExchangeType exchange;
  std::optional<ExchangeState> state;  // nullopt: the exchange begins
  std::uint8_t message;
  ExchangeHandler handler;
  std::span<const ExchangeState> next;
};

std::span<const Transition> transitions();
std::span<const ExchangeTransition> exchange_transitions();

/// nullptr when the message has no business in this state.
const Transition* find_transition(State state, wire::ikev1::ExchangeType exchange);
const ExchangeTransition* find_transition(wire::ikev1::ExchangeType exchange, std::optional<ExchangeState> state);

std::string_view to_string(State state);
std::string_view to_string(ExchangeState state);

/// All rows as a Mermaid state diagram (docs/state-machines.md).
std::string transitions_diagram();

}  // namespace sallyport::ike::v1
