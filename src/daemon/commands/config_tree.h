// From a VICI message to a tree of configuration, so that load-conn is read by the code that reads files.
#pragma once

#include "config/node.h"
#include "control/message.h"

namespace sallyport::daemon {

/// Adds all of `from` below `to`: key/values as texts, lists as lists, sections as sections, in their order.
void copy_into(config::ConfigNode& to, const control::Section& from);

}  // namespace sallyport::daemon
