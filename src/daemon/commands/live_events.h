// Live events: what the daemon's journal records, as the events of VICI that clients register for.
#pragma once

#include <string_view>
#include <vector>

#include "control/server_session.h"
#include "daemon/daemon.h"
#include "diagnose/explanation.h"

namespace sallyport::daemon {

/// Three letters, as charon calls the part of itself that speaks: IKE, CHD, NET.
std::string_view log_group(const event::Event& event);

/// The body of `log` and `control-log`: group, level, thread, msg, and the IKE SA where there is one.
control::Message log_message(Daemon& daemon, const event::Event& event);
/// The line of an event for people; with advice and place where something failed.
std::string log_line(Daemon& daemon, const event::Event& event);

/// Sends a client what it has registered for: log, ike-updown, child-updown, ike-rekey, child-rekey. What is renewed
/// goes up and down as well, each at its time.
void tell(control::ServerSession& client, Daemon& daemon, const JournalEntry& entry);

/// Why something failed, with what this daemon's configuration has to do with it.
diagnose::Explanation explain_failure(Daemon& daemon, const event::Failure& failure);

/// The configured connection of this name; nullptr: there is none.
const policy::Connection* find_connection(Daemon& daemon, std::string_view name);
/// Its IKE SAs; all that there are for an empty name.
std::vector<ike::IkeSaStatus> sas_of(const node::Node& node, std::string_view connection);

}  // namespace sallyport::daemon
