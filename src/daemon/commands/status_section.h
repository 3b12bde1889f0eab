// A connection's status as a section of our own `status` command: all that `sallyport status` shows, under the names of
// its JSON form.
#pragma once

#include <functional>

#include "control/message.h"
#include "datapath/worker.h"
#include "node/node.h"

namespace sallyport::daemon {

using TrafficOf = std::function<std::optional<datapath::SaStatus>(policy::ChildSaId)>;

/// What is not known is left out.
control::Message describe_status(const node::ConnectionStatus& status, const TrafficOf& traffic_of, Instant now);

}  // namespace sallyport::daemon
