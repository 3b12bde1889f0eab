// sallyport reload: has the daemon read its configuration again, and says what that changed, or would change.
#include <fmt/format.h>

#include <array>

#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/print.h"

namespace sallyport::cli {
namespace {

using control::Message;

/// Which key of which has changed, and where that is written.
void show_reasons(const Message& answer) {
  const auto* reasons = answer.find_list("reasons");
  if (reasons == nullptr) return;
  for (const auto& each : *reasons) print_line("  " + std::string(each.text()));
}

void show_plan(const Message& answer, bool dry_run) {
  static constexpr std::array kLists = {"added", "removed", "restarted", "kept"};
  for (const std::string_view name : kLists) {
    const auto* list = answer.find_list(name);
    if (list == nullptr || list->empty()) continue;
    std::string names;
    for (const auto& each : *list) names += " " + std::string(each.text());
    print_line(fmt::format("{}{}:{}", dry_run ? "would be " : "", name, names));
    if (name == "restarted") show_reasons(answer);
  }
}

}  // namespace

int reload(const Global& global, bool dry_run) {
  auto daemon = DaemonClient::connect(global.control);
  if (!daemon) return report(daemon.error());
  Message request;
  request.set("dry-run", dry_run);
  const auto answer = daemon->call("reload", request, kPatience);
  if (!answer) return report(answer.error());
  if (global.json) {
    print_line(answer_json(*answer));
  } else {
    print_lines(*answer, "diagnostics");
    show_plan(*answer, dry_run);
  }
  return succeeded(*answer) ? done : report_failure(*answer);
}

}  // namespace sallyport::cli
