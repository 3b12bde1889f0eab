// reload: reads the configuration files again, and applies them as one step; with `dry-run` it only says what that
// would do. Files with errors change nothing.
#include "control/value.h"
#include "daemon/commands/command_list.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {
namespace {

using control::Message;

/// Names and complaints that one answer holds.
constexpr std::size_t kMostLines = 5000;

void write_names(Message& answer, std::string_view key, const std::vector<std::string>& names) {
  auto& list = answer.list(key);
  for (const auto& name : names) {
    if (list.size() == kMostLines) return list.add("…");
    list.add(name);
  }
}

void write_diagnostics(Message& answer, const std::vector<config::Diagnostic>& diagnostics) {
  auto& list = answer.list("diagnostics");
  for (const auto& diagnostic : diagnostics)
    list.add(std::string_view(to_string(diagnostic)).substr(0, control::kMaxValue));
}

}  // namespace

Answer reload(Daemon& daemon, const Message& request) {
  const bool dry_run = control::parse_boolean(text_of(request, "dry-run")).value_or(false);
  const auto result = daemon.reload(dry_run);
  daemon.settle();
  if (result.read.unreadable) return failure(*result.read.unreadable);
  Message answer = result.read.ok() ? success() : failure("the configuration has errors; nothing has changed");
  write_diagnostics(answer, result.read.loaded.diagnostics);
  if (!result.read.ok()) return answer;
  write_names(answer, "added", result.plan.added);
  write_names(answer, "removed", result.plan.removed);
  write_names(answer, "restarted", result.plan.restarted);
  write_names(answer, "kept", result.plan.kept);
  return answer;
}

}  // namespace sallyport::daemon
