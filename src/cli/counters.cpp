// sallyport counters: how often what happened, over all and by connection, and why packets were dropped. What never
// happened is not shown to people; programs see it with --json.
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/print.h"

namespace sallyport::cli {
namespace {

using control::Message;
using control::Section;

void show(std::string_view title, const Section* section) {
  bool titled = false;
  if (section == nullptr) return;
  for (const auto& counter : *section) {
    if (!counter.value() || counter.value()->text() == "0") continue;
    if (!titled) print_line(title);
    titled = true;
    print_line(fmt::format("  {:<36} {:>12}", counter.name(), counter.value()->text()));
  }
}

}  // namespace

int counters(const Global& global, const std::string& connection) {
  auto daemon = DaemonClient::connect(global.control);
  if (!daemon) return report(daemon.error());
  Message request;
  if (!connection.empty()) request.set("connection", connection);
  std::vector<Message> connections;
  const auto answer = daemon->call("counters", request, kPatience, {"counters"},
                                   [&](Message event) { connections.push_back(std::move(event)); });
  if (!answer) return report(answer.error());
  if (!succeeded(*answer)) return report_failure(*answer);
  if (global.json) {
    print_line(counters_json(*answer, connections));
    return done;
  }
  for (const auto& each : connections) show(each.text("connection").value_or("?"), each.find_section("events"));
  if (!connection.empty()) return done;
  show("all connections", answer->find_section("events"));
  show("SAs", answer->find_section("sas"));
  show("packets in", answer->find_section("inbound"));
  show("packets out", answer->find_section("outbound"));
  show("packets dropped", answer->find_section("drops"));
  return done;
}

}  // namespace sallyport::cli
