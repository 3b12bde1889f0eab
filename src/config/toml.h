// TOML text to a ConfigNode tree, with the place of every name and value. The only user of toml++.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/diagnostic.h"
#include "config/node.h"

namespace sallyport::config {

/// One file's tree, its top without a name. nullopt after a diagnostic when the text is not TOML, or deeper or longer
/// than a configuration has reason to be.
std::optional<ConfigNode> parse_toml(const std::string& file_name, std::string_view text, Diagnostics& diagnostics);

}  // namespace sallyport::config
