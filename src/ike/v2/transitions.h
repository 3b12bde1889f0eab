// The state machine of an IKEv2 SA, as data. What no row allows is refused in one place and changes nothing.
#pragma once

#include <span>
#include <string>

#include "ike/core/environment.h"
#include "ike/v2/step.h"

namespace sallyport::ike::v2 {

using Handler = Step (*)(const IkeSa&, const Inbound&, Environment&);

struct Transition {
  State state;
  Role role;     // ours, in the IKE SA
  bool request;  // otherwise a response to ours
  wire::ikev2::ExchangeType exchange;
  Handler handler;
  std::span<const State> next;  // where the handler may lead
};

std::span<const Transition> transitions();

/// nullptr when the message has no business in this state.
const Transition* find_transition(const IkeSa& sa, bool request, wire::ikev2::ExchangeType exchange);

std::string_view to_string(State state);

/// All rows as a Mermaid state diagram (docs/state-machines.md).
std::string transitions_diagram();

}  // namespace sallyport::ike::v2
