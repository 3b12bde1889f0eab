// status: every configured connection, or one, an event each; those of policies without SAs come last.
#include "daemon/commands/command_list.h"
#include "daemon/commands/status_section.h"
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
  return stream(
      "status",
      [&daemon, all = std::move(all), alone = std::move(alone), counted = daemon.policy_traffic(),
       next = std::size_t{0}]() mutable -> std::optional<Message> {
        if (next == all.size() + alone.size()) return std::nullopt;
        const std::size_t index = next++;
        Message message;
        if (index < all.size()) {
          const auto traffic_of = [&](policy::ChildSaId id) { return daemon.workers().status(id); };
          message = describe_status(all[index], traffic_of, daemon.now());
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
