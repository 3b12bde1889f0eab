// sallyport counters: how often what happened, over all and by connection, why packets were dropped, over all and by
// Child SA, and how long they took. What never happened is not shown to people; programs see it with --json.
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/latency_text.h"
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

/// Who looks at all Child SAs looks for trouble; who names a connection wants to see all of it.
void show_child(std::string_view connection, const Section& child, bool also_without_drops) {
  const auto text = [&](std::string_view key) { return child.text(key).value_or("?"); };
  const std::string title = fmt::format("{}/{} {}, SPIs {} in, {} out", connection, text("name"), text("id"),
                                        text("spi_in"), text("spi_out"));
  if (also_without_drops) {
    show(title + ": packets in", child.find_section("inbound"));
    show(title + ": packets out", child.find_section("outbound"));
  }
  show(title + ": packets dropped", child.find_section("drops"));
  show(title + ": packets dropped by AH", child.find_section("ah_drops"));
}

void show_latency(const Section* latency) {
  if (latency == nullptr) return;
  for (const auto& [key, title] : {std::pair("inbound", "bursts in, from the wire to the device"),
                                   std::pair("outbound", "bursts out, from the device to the wire")})
    if (const auto* direction = latency->find_section(key)) print(latency_text(title, *direction));
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
  for (const auto& each : connections) {
    const auto name = each.text("connection").value_or("?");
    show(name, each.find_section("events"));
    if (const auto* child = each.find_section("child_sa")) show_child(name, *child, !connection.empty());
  }
  if (!connection.empty()) return done;
  show("all connections", answer->find_section("events"));
  show("SAs", answer->find_section("sas"));
  show("packets in", answer->find_section("inbound"));
  show("packets out", answer->find_section("outbound"));
  show("packets too big for their path", answer->find_section("path_mtu"));
  show("packets dropped", answer->find_section("drops"));
  show("at the sockets and the device", answer->find_section("system"));
  show_latency(answer->find_section("latency"));
  return done;
}

}  // namespace sallyport::cli
