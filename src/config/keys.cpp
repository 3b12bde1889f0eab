#include "config/keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/values.h"
#include "policy/spelling.h"

namespace sallyport::config {
namespace {

/// The section that has such a key, when it is another one than that where the key was written.
const KeySection* home_of(std::string_view name) {
  for (const KeySection& section : key_sections())
    for (const auto& [info, supported] : section.keys)
      if (info.name == name) return &section;
  return nullptr;
}

/// Whether the value says what we do in any case.
bool is_accepted(const ConfigNode& node, std::string_view accepted) {
  if (accepted.empty()) return false;
  Diagnostics unheard;
  if (accepted == "yes" || accepted == "no") {
    const auto truth = read_boolean(node, unheard);
    if (truth) return *truth == (accepted == "yes");
  }
  if (accepted == "0") {
    const auto zero = read_time(node, unheard);
    return zero && zero->count() == 0;
  }
  return node.kind() == ConfigNode::Kind::text && node.text() == accepted;
}

}  // namespace

bool Written::usable(std::initializer_list<std::string_view> keys) const {
  return std::ranges::none_of(keys, [&](std::string_view key) { return failed.contains(key); });
}

Origin Written::origin_of(std::string_view key) const {
  auto found = origins.find(key);
  if (found == origins.end()) found = origins.find("");
  return found == origins.end() ? Origin{} : found->second;
}

void Written::error(std::string_view key, std::string_view message, Diagnostics& diagnostics,
                    std::string_view suggestion) const {
  diagnostics.error(origin_of(key), fmt::format("{}{}{}: {}", path, key.empty() ? "" : ".", key, message), suggestion);
}

void Written::warning(std::string_view key, std::string_view message, Diagnostics& diagnostics,
                      std::string_view suggestion) const {
  diagnostics.warning(origin_of(key), fmt::format("{}{}{}: {}", path, key.empty() ? "" : ".", key, message),
                      suggestion);
}

void report_unknown_key(const ConfigNode& node, const std::vector<std::string_view>& known, Diagnostics& diagnostics) {
  std::string suggestion = policy::did_you_mean(node.name(), known);
  const KeySection* home = home_of(node.name());
  if (home != nullptr) suggestion = fmt::format("it belongs to [{}]", home->path);
  const std::string message = fmt::format("{}: no such {} here", node.path(), node.is_section() ? "section" : "key");
  diagnostics.error(node.key_origin(), message, suggestion);
}

void check_unsupported_key(const ConfigNode& node, const KeyInfo& info, Diagnostics& diagnostics) {
  if (is_accepted(node, info.accepted)) return;
  std::string suggestion = info.instead.empty() ? "" : fmt::format("use {}", info.instead);
  if (!info.accepted.empty()) {
    if (!suggestion.empty()) suggestion += "; ";
    const bool boolean = info.type.starts_with("boolean");
    const std::string_view written = !boolean || node.is_text_only() ? info.accepted
                                     : info.accepted == "yes"        ? "true"
                                                                     : "false";
    suggestion += fmt::format("the only value accepted is {}", written);
  }
  diagnostics.error(node.key_origin(), fmt::format("{}: not supported yet", node.path()), suggestion);
}

}  // namespace sallyport::config
