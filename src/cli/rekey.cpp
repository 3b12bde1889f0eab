// sallyport rekey: fresh keys now, for a connection's IKE SA or for one child; or with --reauth, another proof of who
// the peers are.
#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/print.h"

namespace sallyport::cli {

int rekey(const Global& global, const std::string& words, bool reauth) {
  const Target target = Target::of(words);
  auto daemon = DaemonClient::connect(global.control);
  if (!daemon) return report(daemon.error());
  control::Message request;
  request.set("ike", target.connection);
  if (!target.child.empty()) request.set("child", target.child);
  if (reauth) request.set("reauth", true);
  const auto answer = daemon->call("rekey", request, std::nullopt);
  if (!answer) return report(answer.error());
  if (global.json) print_line(answer_json(*answer));
  if (!succeeded(*answer)) return report_failure(*answer);
  if (!global.json) print_line(target.text() + (reauth ? " gets other SAs" : " gets fresh keys"));
  return done;
}

}  // namespace sallyport::cli
