// The sections beside connections: each can be read from the tree, and described for the reference. Private to config.
#pragma once

#include "config/config.h"
#include "config/keys.h"

namespace sallyport::config {

DatapathConfig read_datapath(const ConfigNode& section, Diagnostics& diagnostics);
DaemonConfig read_daemon(const ConfigNode& section, Diagnostics& diagnostics);

KeySection describe_secrets();
KeySection describe_pools();
KeySection describe_datapath();
KeySection describe_daemon();

}  // namespace sallyport::config
