#include "ike/v2/transitions.h"

#include <fmt/format.h>

#include <array>

#include "ike/v2/create_child_sa.h"
#include "ike/v2/followup_ke.h"
#include "ike/v2/ike_auth.h"
#include "ike/v2/ike_sa_init.h"
#include "ike/v2/informational.h"
#include "ike/v2/intermediate.h"
#include "ike/v2/session_resume.h"

namespace sallyport::ike::v2 {
namespace {

using wire::ikev2::ExchangeType;
using enum Role;

constexpr std::array kAfterInit = {State::auth_sent, State::intermediate_sent, State::init_sent, State::closed};
constexpr std::array kAfterResume = {State::auth_sent, State::init_sent, State::closed};
constexpr std::array kAfterIntermediateResponse = {State::intermediate_sent, State::auth_sent, State::closed};
constexpr std::array kAfterIntermediateRequest = {State::keyed, State::closed};
constexpr std::array kAfterAuthResponse = {State::established, State::closing, State::closed};
constexpr std::array kAfterAuthRequest = {State::established, State::closed};
constexpr std::array kMayClose = {State::established, State::closed};
constexpr std::array kAfterCreateRequest = {State::established, State::rekeyed};
constexpr std::array kAfterCreateResponse = {State::established, State::rekeyed, State::closed};
constexpr std::array kStaysRekeyed = {State::rekeyed};
constexpr std::array kRetires = {State::rekeyed, State::closed};
constexpr std::array kStaysClosing = {State::closing};
constexpr std::array kCloses = {State::closing, State::closed};

constexpr bool kRequest = true;
constexpr bool kResponse = false;

// IKE_SA_INIT and IKE_SESSION_RESUME requests are not here: they have no IKE SA yet (answer_init, answer_resume).
constexpr std::array kTransitions = {
    // clang-format off
    Transition{State::init_sent,   initiator, kResponse, ExchangeType::ike_sa_init,     process_init_response,          kAfterInit},
    Transition{State::init_sent,   initiator, kResponse, ExchangeType::ike_session_resume, process_resume_response,     kAfterResume},
    Transition{State::intermediate_sent, initiator, kResponse, ExchangeType::ike_intermediate, process_intermediate_response, kAfterIntermediateResponse},
    Transition{State::keyed,       responder, kRequest,  ExchangeType::ike_intermediate, process_intermediate_request,  kAfterIntermediateRequest},
    Transition{State::keyed,       responder, kRequest,  ExchangeType::ike_auth,        process_auth_request,           kAfterAuthRequest},
    Transition{State::auth_sent,   initiator, kResponse, ExchangeType::ike_auth,        process_auth_response,          kAfterAuthResponse},

    Transition{State::established, initiator, kRequest,  ExchangeType::create_child_sa, process_create_child_request,   kAfterCreateRequest},
    Transition{State::established, responder, kRequest,  ExchangeType::create_child_sa, process_create_child_request,   kAfterCreateRequest},
    Transition{State::established, initiator, kResponse, ExchangeType::create_child_sa, process_create_child_response,  kAfterCreateResponse},
    Transition{State::established, responder, kResponse, ExchangeType::create_child_sa, process_create_child_response,  kAfterCreateResponse},
    Transition{State::established, initiator, kRequest,  ExchangeType::ike_followup_ke, process_followup_request,       kAfterCreateRequest},
    Transition{State::established, responder, kRequest,  ExchangeType::ike_followup_ke, process_followup_request,       kAfterCreateRequest},
    Transition{State::established, initiator, kResponse, ExchangeType::ike_followup_ke, process_followup_response,      kAfterCreateResponse},
    Transition{State::established, responder, kResponse, ExchangeType::ike_followup_ke, process_followup_response,      kAfterCreateResponse},
    Transition{State::established, initiator, kRequest,  ExchangeType::informational,   process_informational_request,  kMayClose},
    Transition{State::established, responder, kRequest,  ExchangeType::informational,   process_informational_request,  kMayClose},
    Transition{State::established, initiator, kResponse, ExchangeType::informational,   process_informational_response, kMayClose},
    Transition{State::established, responder, kResponse, ExchangeType::informational,   process_informational_response, kMayClose},

    Transition{State::rekeyed,     initiator, kRequest,  ExchangeType::create_child_sa, process_create_child_request,   kStaysRekeyed},
    Transition{State::rekeyed,     responder, kRequest,  ExchangeType::create_child_sa, process_create_child_request,   kStaysRekeyed},
    Transition{State::rekeyed,     initiator, kRequest,  ExchangeType::ike_followup_ke, process_followup_request,       kStaysRekeyed},
    Transition{State::rekeyed,     responder, kRequest,  ExchangeType::ike_followup_ke, process_followup_request,       kStaysRekeyed},
    Transition{State::rekeyed,     initiator, kRequest,  ExchangeType::informational,   process_informational_request,  kRetires},
    Transition{State::rekeyed,     responder, kRequest,  ExchangeType::informational,   process_informational_request,  kRetires},
    Transition{State::rekeyed,     initiator, kResponse, ExchangeType::informational,   process_informational_response, kRetires},
    Transition{State::rekeyed,     responder, kResponse, ExchangeType::informational,   process_informational_response, kRetires},

    Transition{State::closing,     initiator, kRequest,  ExchangeType::create_child_sa, process_create_child_request,   kStaysClosing},
    Transition{State::closing,     responder, kRequest,  ExchangeType::create_child_sa, process_create_child_request,   kStaysClosing},
    Transition{State::closing,     initiator, kRequest,  ExchangeType::ike_followup_ke, process_followup_request,       kStaysClosing},
    Transition{State::closing,     responder, kRequest,  ExchangeType::ike_followup_ke, process_followup_request,       kStaysClosing},
    Transition{State::closing,     initiator, kRequest,  ExchangeType::informational,   process_informational_request,  kCloses},
    Transition{State::closing,     responder, kRequest,  ExchangeType::informational,   process_informational_request,  kCloses},
    Transition{State::closing,     initiator, kResponse, ExchangeType::informational,   process_informational_response, kCloses},
    Transition{State::closing,     responder, kResponse, ExchangeType::informational,   process_informational_response, kCloses},
    // clang-format on
};

}  // namespace

std::span<const Transition> transitions() { return kTransitions; }

const Transition* find_transition(const IkeSa& sa, bool request, ExchangeType exchange) {
  for (const Transition& row : kTransitions)
    if (row.state == sa.state && row.role == sa.role && row.request == request && row.exchange == exchange) return &row;
  return nullptr;
}

std::string_view to_string(State state) {
  switch (state) {
    case State::init_sent: return "init_sent";
    case State::keyed: return "keyed";
    case State::intermediate_sent: return "intermediate_sent";
    case State::auth_sent: return "auth_sent";
    case State::established: return "established";
    case State::rekeyed: return "rekeyed";
    case State::closing: return "closing";
    case State::closed: return "closed";
    case State::count_: break;
  }
  return "?";
}

std::string transitions_diagram() {
  std::string text =
      "stateDiagram-v2\n    [*] --> init_sent: IKE_SA_INIT sent\n    [*] --> keyed: IKE_SA_INIT answered\n";
  for (const Transition& row : kTransitions)
    for (const State next : row.next) {
      const std::string line = fmt::format("    {} --> {}: {} {}\n", to_string(row.state), to_string(next),
                                           wire::ikev2::to_string(row.exchange), row.request ? "request" : "response");
      if (text.find(line) == std::string::npos) text += line;
    }
  return text + "    closed --> [*]\n";
}

}  // namespace sallyport::ike::v2
