// Diagnostics: what is wrong with a configuration, where it is written, and what was probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/connection.h"

namespace sallyport::config {

using policy::Origin;

enum class Severity : std::uint8_t {
  error,
  warning
};

struct Diagnostic {
  Severity severity = Severity::error;
  Origin where;            // without a file: the configuration did not come from one
  std::string message;     // begins with the key: "connections.office.encap: expected a boolean, found a string"
  std::string suggestion;  // what to do about it; may be empty

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

/// "office.toml:3:12: error: connections.office.encap: expected a boolean, found a string; write true"
std::string to_string(const Diagnostic& diagnostic);

/// Diagnostics as they are found. Bounded: of errors and of warnings, the first kMost each are kept.
class Diagnostics {
 public:
  static constexpr std::size_t kMost = 200;

  void error(const Origin& where, std::string_view message, std::string_view suggestion = {});
  void warning(const Origin& where, std::string_view message, std::string_view suggestion = {});

  std::size_t errors() const { return errors_; }
  const std::vector<Diagnostic>& list() const { return list_; }
  std::vector<Diagnostic> take() { return std::move(list_); }

 private:
  std::vector<Diagnostic> list_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

}  // namespace sallyport::config
