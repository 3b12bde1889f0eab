#include "config/diagnostic.h"

namespace sallyport::config {

std::string to_string(const Diagnostic& diagnostic) {
  std::string text = to_string(diagnostic.where);
  if (!text.empty()) text += ": ";
  text += diagnostic.severity == Severity::error ? "error: " : "warning: ";
  text += diagnostic.message;
  if (!diagnostic.suggestion.empty()) text += "; " + diagnostic.suggestion;
  return text;
}

namespace {

/// Names of keys come from outside and may hold anything; a diagnostic is one line of printable ASCII.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<std::uint8_t>(c);
    out += c >= ' ' && c <= '~' ? std::string(1, c) : "\\x" + to_hex({&octet, 1});
  }
  return out;
}

}  // namespace

void Diagnostics::error(const Origin& where, std::string_view message, std::string_view suggestion) {
  if (errors_++ < kMost) list_.push_back({Severity::error, where, printable(message), printable(suggestion)});
}

void Diagnostics::warning(const Origin& where, std::string_view message, std::string_view suggestion) {
  if (warnings_++ < kMost) list_.push_back({Severity::warning, where, printable(message), printable(suggestion)});
}

}  // namespace sallyport::config
