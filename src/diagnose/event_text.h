// Events as one line of text, and as names and values for programs: what logs, `sallyport events` and JSON show.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "event/event.h"
#include "policy/pad.h"

namespace sallyport::diagnose {

/// "child-sa-installed", "message-sent".
std::string_view name_of(const event::Event& event);
/// The connection that it is about; empty: none, or none known.
std::string_view connection_of(const event::Event& event);
/// The IKE SA that it is about; 0: none.
policy::IkeSaId ike_sa_of(const event::Event& event);
/// One line, without time and without connection's name. What is known of the connection, and of its secrets, makes the
/// line of a failure say what to change, and where.
std::string to_line(const event::Event& event, const policy::Connection* connection = nullptr,
                    const policy::Pad* secrets = nullptr);
/// "addresses 10.3.0.1, dns 10.2.0.53".
std::string to_text(const policy::NetworkConfig& config);
std::vector<std::pair<std::string, std::string>> fields_of(const policy::NetworkConfig& config);
/// The same, taken apart; in a fixed order.
std::vector<std::pair<std::string, std::string>> fields_of(const event::Event& event);

std::string_view to_string(event::MessageRejected::Reason reason);

/// How much somebody wants to hear of it: 0 something failed, 1 the life of SAs, 2 messages, 3 what was turned away.
int verbosity_of(const event::Event& event);

}  // namespace sallyport::diagnose
