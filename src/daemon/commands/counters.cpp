// counters: how often each kind of event occurred, over all and by connection, what became of packets, over all and by
// Child SA, and how long they took. Connections and Child SAs come as events, an event each; the sums are the answer.
#include "daemon/commands/command_list.h"
#include "daemon/commands/counters_section.h"
#include "daemon/commands/traffic_ahead.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {
namespace {

using control::Message;
using control::Section;

void write_counts(Section& section, const EventCounts& counts) {
  for (const auto& [name, count] : counts) section.set(name, count);
}

Message totals(Daemon& daemon) {
  Message answer = success();
  write_counts(answer.section("events"), daemon.journal().counts());
  const Workers::Totals totals = daemon.totals();
  write_packets(answer, totals.packets);
  write_system(answer, totals);
  auto& paths = answer.section("path_mtu");
  paths.set("errors_heeded", totals.path_errors_heeded);
  paths.set("errors_ignored", totals.path_errors_ignored);
  auto& sas = answer.section("sas");
  sas.set("ike", daemon.node().engine().sessions());
  sas.set("half_open", daemon.node().engine().half_open());
  sas.set("child", totals.sas);
  return answer;
}

struct KnownChild {
  std::string connection;
  ike::ChildSaStatus child;
};

}  // namespace

Answer counters(Daemon& daemon, const Message& request) {
  const std::string_view wanted = text_of(request, "connection");
  std::vector<std::pair<std::string, EventCounts>> all;
  for (const auto& [name, counts] : daemon.journal().counts_by_connection())
    if (wanted.empty() || wanted == name) all.emplace_back(name, counts);
  std::vector<KnownChild> children;
  for (auto& sa : daemon.node().engine().status())
    for (auto& child : sa.children)
      if (wanted.empty() || wanted == sa.connection) children.push_back({sa.connection, std::move(child)});
  std::vector<policy::ChildSaId> told;
  for (const KnownChild& each : children) told.push_back(each.child.id);
  return stream(
      "counters",
      [all = std::move(all), children = std::move(children), next = std::size_t{0},
       traffic_of = TrafficAhead(daemon.workers(), std::move(told)),
       next_child = std::size_t{0}]() mutable -> std::optional<Message> {
        Message message;
        if (next < all.size()) {
          const auto& [name, counts] = all[next++];
          message.set("connection", name);
          write_counts(message.section("events"), counts);
          return message;
        }
        while (next_child < children.size()) {
          const auto& [connection, child] = children[next_child++];
          const auto traffic = traffic_of(child.id);
          if (!traffic) continue;  // gone meanwhile
          message.set("connection", connection);
          write_child_counters(message.section("child_sa"), child, *traffic);
          return message;
        }
        return std::nullopt;
      },
      totals(daemon));
}

}  // namespace sallyport::daemon
