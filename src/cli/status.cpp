// sallyport status: every configured connection, or one: up, connecting, on demand, or down, and why.
#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/print.h"
#include "cli/status_text.h"

namespace sallyport::cli {

using control::Message;

int status(const Global& global, const std::string& connection) {
  auto daemon = DaemonClient::connect(global.control);
  if (!daemon) return report(daemon.error());
  Message request;
  if (!connection.empty()) request.set("connection", connection);
  std::vector<Message> connections;
  const auto answer = daemon->call("status", request, kPatience, {"status"},
                                   [&](Message event) { connections.push_back(std::move(event)); });
  if (!answer) return report(answer.error());
  if (!succeeded(*answer)) return report_failure(*answer);
  print(global.json ? status_json(connections) + "\n" : status_text(connections));
  return done;
}

}  // namespace sallyport::cli
