#include "ike/v1/transitions.h"

#include <fmt/format.h>

#include <array>

#include "ike/v1/aggressive_mode.h"
#include "ike/v1/main_mode.h"
#include "ike/v1/quick_mode.h"
#include "ike/v1/transaction.h"

namespace sallyport::ike::v1 {
namespace {

using wire::ikev1::ExchangeType;

constexpr std::array kToExchanged = {State::main_exchanged, State::closed};
constexpr std::array kToKeyed = {State::main_keyed, State::closed};
constexpr std::array kToProved = {State::main_proved, State::closed};
constexpr std::array kToEstablished = {State::established, State::closed};

// First messages are not here: they have no ISAKMP SA yet (answer_main_1, answer_aggressive_1).
constexpr std::array kTransitions = {
    // clang-format off
    Transition{State::main_offered,        ExchangeType::main_mode,       2, process_main_2,       kToExchanged},
    Transition{State::main_agreed,         ExchangeType::main_mode,       3, process_main_3,       kToKeyed},
    Transition{State::main_exchanged,      ExchangeType::main_mode,       4, process_main_4,       kToProved},
    Transition{State::main_keyed,          ExchangeType::main_mode,       5, process_main_5,       kToEstablished},
    Transition{State::main_proved,         ExchangeType::main_mode,       6, process_main_6,       kToEstablished},

    Transition{State::aggressive_offered,  ExchangeType::aggressive_mode, 2, process_aggressive_2, kToEstablished},
    Transition{State::aggressive_answered, ExchangeType::aggressive_mode, 3, process_aggressive_3, kToEstablished},
    // clang-format on
};

constexpr std::array kToAnswered = {ExchangeState::quick_answered, ExchangeState::done};
constexpr std::array kToDone = {ExchangeState::done};

constexpr std::array kExchangeTransitions = {
    // clang-format off
    ExchangeTransition{ExchangeType::quick_mode,  std::nullopt,                  1, process_quick_1,       kToAnswered},
    ExchangeTransition{ExchangeType::quick_mode,  ExchangeState::quick_asked,    2, process_quick_2,       kToDone},
    ExchangeTransition{ExchangeType::quick_mode,  ExchangeState::quick_answered, 3, process_quick_3,       kToDone},

    ExchangeTransition{ExchangeType::transaction, std::nullopt,                  1, process_transaction_1, kToDone},
    ExchangeTransition{ExchangeType::transaction, ExchangeState::asked,          2, process_transaction_2, kToDone},
    // clang-format on
};

void add_line(std::string& text, std::string_view from, std::string_view to, std::string_view message) {
  const std::string line = fmt::format("    {} --> {}: {}\n", from, to, message);
  if (text.find(line) == std::string::npos) text += line;
}

}  // namespace

std::span<const Transition> transitions() { return kTransitions; }
std::span<const ExchangeTransition> exchange_transitions() { return kExchangeTransitions; }

const Transition* find_transition(State state, ExchangeType exchange) {
  for (const Transition& row : kTransitions)
    if (row.state == state && row.exchange == exchange) return &row;
  return nullptr;
}

const ExchangeTransition* find_transition(ExchangeType exchange, std::optional<ExchangeState> state) {
  for (const ExchangeTransition& row : kExchangeTransitions)
    if (row.exchange == exchange && row.state == state) return &row;
  return nullptr;
}

std::string_view to_string(State state) {
  switch (state) {
    case State::main_offered: return "main_offered";
    case State::main_agreed: return "main_agreed";
    case State::main_exchanged: return "main_exchanged";
    case State::main_keyed: return "main_keyed";
    case State::main_proved: return "main_proved";
    case State::aggressive_offered: return "aggressive_offered";
    case State::aggressive_answered: return "aggressive_answered";
    case State::established: return "established";
    case State::closed: return "closed";
    case State::count_: break;
  }
  return "?";
}

std::string_view to_string(ExchangeState state) {
  switch (state) {
    case ExchangeState::quick_asked: return "quick_asked";
    case ExchangeState::quick_answered: return "quick_answered";
    case ExchangeState::asked: return "asked";
    case ExchangeState::delete_sent: return "delete_sent";
    case ExchangeState::done: return "done";
  }
  return "?";
}

std::string transitions_diagram() {
  std::string text =
      "stateDiagram-v2\n    [*] --> main_offered: Main Mode 1 sent\n    [*] --> main_agreed: Main Mode 1 answered\n"
      "    [*] --> aggressive_offered: Aggressive Mode 1 sent\n"
      "    [*] --> aggressive_answered: Aggressive Mode 1 answered\n";
  for (const Transition& row : kTransitions)
    for (const State next : row.next)
      add_line(text, to_string(row.state), to_string(next),
               fmt::format("{} {}", wire::ikev1::to_string(row.exchange), row.message));
  text +=
      "    established --> closed: Informational\n    closed --> [*]\n    [*] --> quick_asked: Quick Mode 1 sent\n"
      "    [*] --> asked: Transaction 1 sent\n";
  for (const ExchangeTransition& row : kExchangeTransitions)
    for (const ExchangeState next : row.next)
      add_line(text, row.state ? to_string(*row.state) : "[*]", to_string(next),
               fmt::format("{} {}", wire::ikev1::to_string(row.exchange), row.message));
  return text + "    done --> [*]\n";
}

}  // namespace sallyport::ike::v1
