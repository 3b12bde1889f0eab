#include "daemon/commands/control_log.h"

#include <utility>

#include "control/value.h"
#include "daemon/commands/command.h"
#include "daemon/commands/live_events.h"

namespace sallyport::daemon {

ControlLog::ControlLog(Daemon& daemon, const control::Message& request,
                       std::function<bool(const event::Event&)> concerns)
    : most_level_(control::parse_i64(text_of(request, "loglevel")).value_or(1)),
      concerns_(std::move(concerns)),
      subscription_(
          daemon.journal().subscribe([this, &daemon](const JournalEntry& entry) { on_event(daemon, entry.event()); })) {
}

void ControlLog::on_event(Daemon& daemon, const event::Event& event) {
  if (lines_.size() >= kMostLines || !concerns_(event)) return;
  control::Message line = log_message(daemon, event);
  if (control::parse_i64(text_of(line, "level")).value_or(0) <= most_level_) lines_.push_back(std::move(line));
}

bool ControlLog::flush(control::ServerSession& client) {
  for (; !lines_.empty() && client.has_room(); lines_.pop_front()) client.stream_event("control-log", lines_.front());
  return lines_.empty();
}

}  // namespace sallyport::daemon
