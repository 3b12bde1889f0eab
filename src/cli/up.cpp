// sallyport up: brings a connection or one child up, waits, and says how it went. When it fails: which side refused
// what, and what to change.
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/print.h"
#include "linux/terminal.h"

namespace sallyport::cli {
namespace {

using control::Message;

/// How much longer than its own timeout the daemon may take to say that it has passed.
constexpr Duration kGrace = std::chrono::seconds(10);

Message request_for(const Target& target, const UpOptions& options) {
  Message request;
  request.set("ike", target.connection);
  if (!target.child.empty()) request.set("child", target.child);
  if (options.timeout_s != 0) request.set("timeout", std::uint64_t{options.timeout_s} * 1000);
  request.set("loglevel", -1);
  request.set("verbose", options.verbose);
  return request;
}

/// The daemon has no password for the connection's user: a person at a terminal may have it.
bool wants_password(const Message& answer) { return !succeeded(answer) && answer.text("xauth-user").has_value(); }

int show_failure(const Message& answer) {
  // The parts of the reason, each on a line of its own, where the daemon knows them.
  const auto sentence = answer.text("sentence");
  if (!sentence) return report_failure(answer);
  complain(*sentence);
  if (const auto advice = answer.text("advice"); advice && !advice->empty()) complain(*advice);
  if (const auto where = answer.text("where"); where && !where->empty()) complain(fmt::format("see {}", *where));
  return did_not_happen;
}

}  // namespace

int up(const Global& global, const UpOptions& options) {
  const Target target = Target::of(options.target);
  auto daemon = DaemonClient::connect(global.control);
  if (!daemon) return report(daemon.error());
  const auto patience =
      options.timeout_s == 0 ? std::nullopt : std::optional<Duration>(std::chrono::seconds(options.timeout_s) + kGrace);
  auto answer = daemon->call("initiate", request_for(target, options), patience);
  if (!answer) return report(answer.error());
  if (wants_password(*answer)) {
    auto password = linux::ask_secret(fmt::format("Password of {}: ", *answer->text("xauth-user")));
    if (!password) complain(password.error().text);
    if (!password) return show_failure(*answer);
    Message request = request_for(target, options);
    request.set("xauth-password", password->view());
    answer = daemon->call("initiate", request, patience);
    if (!answer) return report(answer.error());
  }
  if (global.json)
    print_line(answer_json(*answer));
  else
    print_lines(*answer, "ladder");
  if (!succeeded(*answer)) return show_failure(*answer);
  if (!global.json) print_line(target.text() + " is up");
  return done;
}

}  // namespace sallyport::cli
