// load-conn, unload-conn, get-conns: connections that come over the control socket, beside those of the files.
#include "config/connection.h"
#include "daemon/commands/command_list.h"
#include "daemon/commands/config_tree.h"
#include "daemon/daemon.h"
#include "daemon/library_checks.h"

namespace sallyport::daemon {

using control::Message;

Answer load_conn(Daemon& daemon, const Message& request) {
  if (request.size() != 1 || !request.begin()->section())
    return failure("load-conn takes one section, named after the connection");
  const auto& body = *request.begin();
  auto tree = config::ConfigNode::section("connections", config::Typing::text_only);
  auto& section = tree.add_section(body.name());
  copy_into(section, *body.section());
  config::Diagnostics diagnostics;
  auto connection = config::read_connection(section, diagnostics);
  if (!connection) return failure(errors_of(diagnostics));
  if (connection->connection)
    for (const auto& lacking : check_library(*connection->connection, daemon.crypto()))
      diagnostics.error(lacking.where, lacking.message, lacking.suggestion);
  if (diagnostics.errors() != 0) return failure(errors_of(diagnostics));
  if (!daemon.configuration().put_connection(body.name(), std::move(*connection)))
    return failure("a configuration file of the daemon has a connection called " + body.name() +
                   "; change it there, or give this one another name");
  daemon.apply_configuration();
  daemon.settle();
  Message answer = success();
  for (const auto& diagnostic : diagnostics.list()) answer.list("warnings").add(to_string(diagnostic));
  return answer;
}

Answer unload_conn(Daemon& daemon, const Message& request) {
  const std::string name(text_of(request, "name"));
  if (!daemon.configuration().remove_connection(name))
    return failure("no connection called " + name + " was loaded over the control socket");
  daemon.apply_configuration();
  daemon.settle();
  return success();
}

/// Only what came this way: clients unload what they find here and do not know.
Answer get_conns(Daemon& daemon, const Message&) {
  Message answer;
  auto& names = answer.list("conns");
  for (const auto& name : daemon.configuration().control_connections()) names.add(name);
  return answer;
}

}  // namespace sallyport::daemon
