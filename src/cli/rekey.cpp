// sallyport rekey: fresh keys now, for a connection's IKE SA or for one child.
#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/print.h"

namespace sallyport::cli {

int rekey(const Global& global, const std::string& words) {
  const Target target = Target::of(words);
  auto daemon = DaemonClient::connect(global.control);
  if (!daemon) return report(daemon.error());
  control::Message request;
  request.set("ike", target.connection);
  if (!target.child.empty()) request.set("child", target.child);
  const auto answer = daemon->call("rekey", request, std::nullopt);
  if (!answer) return report(answer.error());
  if (global.json) print_line(answer_json(*answer));
  if (!succeeded(*answer)) return report_failure(*answer);
  if (!global.json) print_line(target.text() + " gets fresh keys");
  return done;
}

}  // namespace sallyport::cli
