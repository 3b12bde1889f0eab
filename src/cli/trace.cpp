// sallyport trace: the last negotiation of a connection as a ladder.
#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/print.h"

namespace sallyport::cli {

int trace(const Global& global, const std::string& connection) {
  auto daemon = DaemonClient::connect(global.control);
  if (!daemon) return report(daemon.error());
  control::Message request;
  request.set("connection", connection);
  request.set("width", terminal_width());
  const auto answer = daemon->call("trace", request, kPatience);
  if (!answer) return report(answer.error());
  if (!succeeded(*answer)) return report_failure(*answer);
  if (global.json)
    print_line(answer_json(*answer));
  else
    print_lines(*answer, "ladder");
  return done;
}

}  // namespace sallyport::cli
