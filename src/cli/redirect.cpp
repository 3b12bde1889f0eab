// sallyport redirect: a gateway sends the clients of a connection to another one (RFC 5685).
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/print.h"

namespace sallyport::cli {

int redirect(const Global& global, const std::string& connection, const std::string& gateway) {
  auto daemon = DaemonClient::connect(global.control);
  if (!daemon) return report(daemon.error());
  control::Message request;
  request.set("ike", connection);
  request.set("gateway", gateway);
  const auto answer = daemon->call("redirect", request, std::nullopt);
  if (!answer) return report(answer.error());
  if (global.json) print_line(answer_json(*answer));
  if (!succeeded(*answer)) return report_failure(*answer);
  if (!global.json)
    print_line(fmt::format("{}: {} sent to {}", connection, answer->text("matches").value_or("?"), gateway));
  return done;
}

}  // namespace sallyport::cli
