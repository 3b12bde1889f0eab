// For the tests of config: short configurations around the one line that a test is about.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace sallyport::config {

inline std::string told(const Loaded& loaded) {
  std::string all;
  for (const Diagnostic& each : loaded.diagnostics) all += (all.empty() ? "" : "\n") + to_string(each);
  return all;
}

inline Loaded load(std::string_view text) { return parse(std::vector<SourceFile>{{"office.toml", std::string(text)}}); }

/// What a whole file is told, a diagnostic a line.
inline std::string told(std::string_view text) { return told(load(text)); }

inline constexpr std::string_view kRounds =
    "[connections.office.local]\nauth = \"psk\"\nid = \"moon\"\n[connections.office.remote]\nauth = \"psk\"\nid = "
    "\"sun\"\n";
inline constexpr std::string_view kSecret =
    "[secrets.ike-office]\nid = [\"moon\", \"sun\"]\nsecret = \"correct horse battery\"\n";
inline constexpr std::string_view kChild = "[connections.office.children.lan]\n";

/// A sound connection but for `lines`, which begin on line 2.
inline std::string office(std::string_view lines) {
  return "[connections.office]\n" + std::string(lines) + "\n" + std::string(kRounds) + std::string(kChild) +
         std::string(kSecret);
}

/// A sound child but for `lines`, which begin on line 2; `connection` are lines for its connection, at the end.
inline std::string lan(std::string_view lines, std::string_view connection = "") {
  return std::string(kChild) + std::string(lines) + "\n" + std::string(kRounds) + std::string(kSecret) +
         "[connections.office]\n" + std::string(connection);
}

}  // namespace sallyport::config
