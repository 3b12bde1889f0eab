// sallyport down: closes a connection or one child, and keeps it closed until somebody or something asks for it again.
#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/print.h"

namespace sallyport::cli {
namespace {

using control::Message;

constexpr Duration kGrace = std::chrono::seconds(10);

Message request_for(const Target& target, const DownOptions& options) {
  Message request;
  request.set("ike", target.connection);
  if (!target.child.empty()) request.set("child", target.child);
  if (options.timeout_s != 0) request.set("timeout", std::uint64_t{options.timeout_s} * 1000);
  return request;
}

}  // namespace

int down(const Global& global, const DownOptions& options) {
  const Target target = Target::of(options.target);
  auto daemon = DaemonClient::connect(global.control);
  if (!daemon) return report(daemon.error());
  const auto patience =
      options.timeout_s == 0 ? std::nullopt : std::optional<Duration>(std::chrono::seconds(options.timeout_s) + kGrace);
  const auto answer = daemon->call("terminate", request_for(target, options), patience);
  if (!answer) return report(answer.error());
  if (global.json) print_line(answer_json(*answer));
  const bool already = answer->text("already") == "yes";
  if (!succeeded(*answer) && !already) return report_failure(*answer);
  if (!global.json) print_line(target.text() + (already ? " was not up" : " is down"));
  return done;
}

}  // namespace sallyport::cli
