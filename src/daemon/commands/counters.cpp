// counters: how often each kind of event occurred, over all and by connection, and what became of packets. Connections
// come as events, an event each; the sums are the answer.
#include "daemon/commands/command_list.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {
namespace {

using control::Message;
using control::Section;

void write_counts(Section& section, const EventCounts& counts) {
  for (const auto& [name, count] : counts) section.set(name, count);
}

void write_traffic(Section& section, const datapath::Traffic& traffic) {
  section.set("packets", traffic.packets);
  section.set("bytes", traffic.bytes);
}

void write_drops(Section& section, const datapath::DropCounters& drops) {
  for (std::size_t i = 0; i < datapath::drop_reasons; ++i) {
    const auto reason = static_cast<datapath::DropReason>(i);
    section.set(to_string(reason), drops[reason]);
  }
}

Message totals(Daemon& daemon) {
  Message answer = success();
  write_counts(answer.section("events"), daemon.journal().counts());
  const auto& packets = daemon.worker().counters();
  write_traffic(answer.section("inbound"), packets.inbound);
  answer.section("inbound").set("dummies", packets.dummies);
  write_traffic(answer.section("outbound"), packets.outbound);
  write_drops(answer.section("drops"), packets.drops);
  auto& sas = answer.section("sas");
  sas.set("ike", daemon.node().engine().sessions());
  sas.set("half_open", daemon.node().engine().half_open());
  sas.set("child", daemon.worker().sa_count());
  return answer;
}

}  // namespace

Answer counters(Daemon& daemon, const Message& request) {
  const std::string_view wanted = text_of(request, "connection");
  std::vector<std::pair<std::string, EventCounts>> all;
  for (const auto& [name, counts] : daemon.journal().counts_by_connection())
    if (wanted.empty() || wanted == name) all.emplace_back(name, counts);
  return stream(
      "counters",
      [all = std::move(all), next = std::size_t{0}]() mutable -> std::optional<Message> {
        if (next == all.size()) return std::nullopt;
        const auto& [name, counts] = all[next++];
        Message message;
        message.set("connection", name);
        write_counts(message.section("events"), counts);
        return message;
      },
      totals(daemon));
}

}  // namespace sallyport::daemon
