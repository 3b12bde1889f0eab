// status: every configured connection, or one, an event each; those of policies without SAs come last.
#include "daemon/commands/command_list.h"
#include "daemon/commands/status_section.h"
#include "daemon/commands/traffic_ahead.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {

using control::Message;

Answer status(Daemon& daemon, const Message& request) {
  const std::string_view wanted = text_of(request, "connection");
  std::vector<node::ConnectionStatus> all;
  std::vector<std::string> alone = shunts_alone(daemon.configuration().policies(), daemon.node().connections());
  if (!wanted.empty()) std::erase_if(alone, [&](const std::string& name) { return name != wanted; });
  if (wanted.empty())
    all = daemon.node().status();
  else if (auto one = daemon.node().status(wanted))
    all.push_back(std::move(*one));
  else if (alone.empty())
    return failure("there is no connection called " + std::string(wanted));
  std::vector<policy::ChildSaId> children;
  for (const auto& connection : all)
    for (const auto& sa : connection.ike_sas)
      for (const auto& child : sa.children) children.push_back(child.id);
  return stream(
      "status",
      [&daemon, all = std::move(all), alone = std::move(alone), counted = daemon.policy_traffic(),
       traffic_of = TrafficAhead(daemon.workers(), std::move(children)),
       next = std::size_t{0}]() mutable -> std::optional<Message> {
        if (next == all.size() + alone.size()) return std::nullopt;
        const std::size_t index = next++;
        Message message;
        if (index < all.size()) {
          message = describe_status(all[index], std::ref(traffic_of), daemon.now());
        } else {  // in force as long as it is there
          message.set("name", alone[index - all.size()]);
          message.set("state", to_string(node::ConnectionStatus::State::up));
        }
        const std::string name = index < all.size() ? all[index].connection->name : alone[index - all.size()];
        write_policies(message, daemon.node().policies().of(name), counted);
        return message;
      },
      success());
}

}  // namespace sallyport::daemon
