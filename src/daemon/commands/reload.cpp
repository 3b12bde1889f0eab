// reload: reads the configuration files again, and applies them as one step; with `dry-run` it only says what that
// would do. Files with errors change nothing.
#include <functional>
#include <utility>

#include "control/value.h"
#include "daemon/commands/command_list.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {
namespace {

using control::Message;

/// Names and complaints that one answer holds.
constexpr std::size_t kMostLines = 5000;

template <class Names, class NameOf>
void write_names(Message& answer, std::string_view key, const Names& names, NameOf name_of) {
  auto& list = answer.list(key);
  for (const auto& each : names) {
    if (list.size() == kMostLines) return list.add("…");
    list.add(name_of(each));
  }
}

/// Of what is restarted: "office/lan: esp_proposals at office.toml:12:17".
void write_reasons(Message& answer, const std::vector<node::LoadPlan::Item>& restarted) {
  auto& list = answer.list("reasons");
  for (const auto& item : restarted)
    for (const policy::Change& change : item.why) {
      if (list.size() == kMostLines) return list.add("…");
      list.add(std::string_view(item.name() + ": " + to_string(change)).substr(0, control::kMaxValue));
    }
}

void write_diagnostics(Message& answer, const std::vector<config::Diagnostic>& diagnostics) {
  auto& list = answer.list("diagnostics");
  for (const auto& diagnostic : diagnostics)
    list.add(std::string_view(to_string(diagnostic)).substr(0, control::kMaxValue));
}

Message answer_to(const Daemon::Reload& result) {
  if (result.read.unreadable) return failure(*result.read.unreadable);
  Message answer = result.read.ok() ? success() : failure("the configuration has errors; nothing has changed");
  write_diagnostics(answer, result.read.loaded.diagnostics);
  if (!result.read.ok()) return answer;
  const auto name_of = [](const node::LoadPlan::Item& item) { return item.name(); };
  write_names(answer, "added", result.plan.added, name_of);
  write_names(answer, "removed", result.plan.removed, name_of);
  write_names(answer, "restarted", result.plan.restarted, name_of);
  write_names(answer, "kept", result.plan.kept, std::identity());
  write_reasons(answer, result.plan.restarted);
  return answer;
}

/// Waits for the files to be read, whether the client does or not.
class Reading final : public Running {
 public:
  Reading(Daemon& daemon, bool dry_run) {
    daemon.reload(dry_run, [answer = answer_](const Daemon::Reload& result) { *answer = answer_to(result); });
  }
  std::optional<Message> go_on(Instant, control::ServerSession&) override {
    return *answer_ ? std::exchange(*answer_, {}) : std::nullopt;
  }
  std::optional<Instant> deadline() const override { return *answer_ ? std::optional(Instant::min()) : std::nullopt; }

 private:
  std::shared_ptr<std::optional<Message>> answer_ = std::make_shared<std::optional<Message>>();
};

}  // namespace

Answer reload(Daemon& daemon, const Message& request) {
  return std::make_unique<Reading>(daemon, control::parse_boolean(text_of(request, "dry-run")).value_or(false));
}

}  // namespace sallyport::daemon
