// From a VICI message to a tree of configuration, so that load-conn and load-pool are read by the code that reads
// files; and what that code complains of, as the sentence that an answer has room for.
#pragma once

#include <string>

#include "config/diagnostic.h"
#include "config/node.h"
#include "control/message.h"

namespace sallyport::daemon {

/// Adds all of `from` below `to`: key/values as texts, lists as lists, sections as sections, in their order.
void copy_into(config::ConfigNode& to, const control::Section& from);

/// The errors, each with what is suggested; of many, the first.
std::string errors_of(const config::Diagnostics& diagnostics);

}  // namespace sallyport::daemon
