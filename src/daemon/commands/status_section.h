// A connection's status as a section of our own `status` command: all that `sallyport status` shows, under the names of
// its JSON form.
#pragma once

#include <functional>

#include "control/message.h"
#include "datapath/worker.h"
#include "linux/guard_ruleset.h"
#include "node/node.h"

namespace sallyport::daemon {

using TrafficOf = std::function<std::optional<datapath::SaStatus>(policy::ChildSaId)>;

/// What is not known is left out.
control::Message describe_status(const node::ConnectionStatus& status, const TrafficOf& traffic_of, Instant now);

/// Names of connections that have policies without SAs, and nothing else.
std::vector<std::string> shunts_alone(const policy::PolicySettings& policies,
                                      const std::vector<policy::ConnectionPtr>& connections);
/// Those of the connection's policies that bypass or discard, and what they have done.
void write_policies(control::Message& message, const std::vector<const policy::SpdEntry*>& entries,
                    const std::map<policy::PolicyId, linux::PolicyTraffic>& traffic);

}  // namespace sallyport::daemon
