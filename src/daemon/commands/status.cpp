// status: every configured connection, or one, an event each.
#include "daemon/commands/command_list.h"
#include "daemon/commands/status_section.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {

using control::Message;

Answer status(Daemon& daemon, const Message& request) {
  const std::string_view wanted = text_of(request, "connection");
  std::vector<node::ConnectionStatus> all;
  for (auto& each : daemon.node().status())
    if (wanted.empty() || each.connection->name == wanted) all.push_back(std::move(each));
  if (all.empty() && !wanted.empty()) return failure("there is no connection called " + std::string(wanted));
  return stream(
      "status",
      [&daemon, all = std::move(all), next = std::size_t{0}]() mutable -> std::optional<Message> {
        if (next == all.size()) return std::nullopt;
        const auto traffic_of = [&](policy::ChildSaId id) { return daemon.worker().status(id); };
        return describe_status(all[next++], traffic_of, daemon.now());
      },
      success());
}

}  // namespace sallyport::daemon
