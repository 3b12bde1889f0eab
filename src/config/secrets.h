// The [secrets] of a configuration: shared keys out of a tree, and whether each connection has one.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "config/diagnostic.h"
#include "config/node.h"
#include "policy/connection.h"
#include "policy/pad.h"

namespace sallyport::config {

/// Fetches what a `secret_file` names; `path` is as written, `file` is the configuration file that names it. On
/// failure, a sentence that says why.
using ReadSecretFile =
    std::function<std::expected<Secret, std::string>(const std::string& path, const std::string& file)>;

/// The octets of a secret as it is written: text, "0x" and hexadecimal digits, or "0s" and Base64. Empty text, or
/// digits that are none: an empty secret.
Secret secret_from_text(std::string_view text);

/// All of [secrets]; those that cannot be read are left out, after a diagnostic.
policy::Pad read_secrets(const ConfigNode& section, const ReadSecretFile& read_file, Diagnostics& diagnostics);

/// The identity that will stand for a side, where one is not written: its address, if that is one alone.
policy::Identity assumed_identity(const policy::Identity& written, const std::vector<policy::AddressRange>& addresses);

/// An error when no secret can fit a connection that authenticates by one.
void check_has_secret(const policy::Connection& connection, const policy::Pad& secrets, Diagnostics& diagnostics);

}  // namespace sallyport::config
