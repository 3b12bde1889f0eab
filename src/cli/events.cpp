// sallyport events: what has happened, one event a line; with --follow, also what happens from here on.
#include <fmt/chrono.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/print.h"
#include "control/value.h"

namespace sallyport::cli {
namespace {

using control::Message;

/// "2026-11-22 00:10:31 office child-sa-installed: …", in local time.
std::string line(const Message& event) {
  const auto seconds = control::parse_u64(event.text("time").value_or("0")).value_or(0);
  const auto connection = event.text("connection").value_or("");
  return fmt::format("{:%Y-%m-%d %H:%M:%S} {} {}: {}", fmt::localtime(static_cast<std::time_t>(seconds)),
                     connection.empty() ? "-" : connection, event.text("event").value_or("?"),
                     event.text("text").value_or(""));
}

}  // namespace

int events(const Global& global, const EventsOptions& options) {
  auto daemon = DaemonClient::connect(global.control);
  if (!daemon) return report(daemon.error());
  Message request;
  if (!options.connection.empty()) request.set("connection", options.connection);
  request.set("follow", options.follow);
  const auto show = [&](Message event) {
    print_line(global.json ? event_json(event) : line(event));
    if (options.follow) std::fflush(stdout);
  };
  const auto patience = options.follow ? std::nullopt : std::optional(kPatience);
  const auto answer = daemon->call("events", request, patience, {"event"}, show);
  if (!answer) return report(answer.error());
  return succeeded(*answer) ? done : report_failure(*answer);
}

}  // namespace sallyport::cli
