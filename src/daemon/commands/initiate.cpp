// initiate: brings children up, tells the client what happens meanwhile (control-log), and answers when they are up,
// when they cannot be, or when the client's patience ends. Beyond VICI: with `verbose` the answer holds the ladder.
#include <fmt/format.h>

#include <algorithm>

#include "control/value.h"
#include "daemon/commands/command_list.h"
#include "daemon/commands/control_log.h"
#include "daemon/commands/initiation.h"
#include "daemon/commands/ladder_lines.h"
#include "daemon/commands/live_events.h"
#include "daemon/commands/patience.h"
#include "daemon/daemon.h"
#include "diagnose/event_text.h"
#include "diagnose/explanation.h"

namespace sallyport::daemon {
namespace {

using control::Message;

std::string sentence(node::Node::InitiateError error, const std::string& connection) {
  using enum node::Node::InitiateError;
  switch (error) {
    case unknown_connection: return fmt::format("there is no connection called {}", connection);
    case unknown_child: return fmt::format("the connection {} has no such child, or none to begin with", connection);
    case no_remote_address:
      return fmt::format(
          "connections.{}.remote_addrs names no single address, so there is nobody to call: set it to "
          "the peer's address, or wait for the peer to begin",
          connection);
    case no_route:
      return fmt::format(
          "this host has no route to the peer of {}: check `ip route get` for connections.{}.remote_addrs", connection,
          connection);
    case version_not_built:
      return fmt::format("this build does not speak the version of IKE that connections.{}.version names", connection);
    case busy: break;
  }
  return fmt::format("the connection {} is being closed, or has too much to do; try again", connection);
}

Message explained(Daemon& daemon, const event::Failure& why) {
  const auto explanation = explain_failure(daemon, why);
  Message answer = failure(explanation.text());
  answer.set("reason", diagnose::to_string(why.kind));
  answer.set("sentence", explanation.sentence);
  answer.set("advice", explanation.advice);
  answer.set("where", to_string(explanation.where));
  return answer;
}

/// Nobody has said the password of the connection's user: whoever asks may say it, as `xauth-password`.
Message ask_for_password(Daemon& daemon, const policy::Connection& connection) {
  event::Failure why{.kind = event::FailureKind::password_missing, .connection = connection.name};
  why.user = user_name(connection.local_user());
  Message answer = explained(daemon, why);
  answer.set("xauth-user", diagnose::printable(why.user));
  return answer;
}

class Initiate final : public Running {
 public:
  Initiate(Daemon& daemon, const Message& request, std::string connection, std::set<std::string> children,
           std::optional<Instant> deadline)
      : daemon_(daemon),
        connection_(std::move(connection)),
        progress_(connection_, std::move(children)),
        verbose_(control::parse_boolean(text_of(request, "verbose")).value_or(false)),
        deadline_(deadline),
        log_(daemon, request,
             [this](const event::Event& event) { return diagnose::connection_of(event) == connection_; }),
        subscription_(
            daemon.journal().subscribe([this](const JournalEntry& entry) { progress_.on_event(entry.event()); })) {}

  std::optional<Message> go_on(Instant now, control::ServerSession& client) override {
    if (!log_.flush(client)) return std::nullopt;
    if (progress_.is_up()) return with_ladder(success());
    if (progress_.failure()) return with_ladder(explained(daemon_, *progress_.failure()));
    if (deadline_ && *deadline_ <= now) return with_ladder(failure(progress_.so_far()));
    return std::nullopt;
  }
  std::optional<Instant> deadline() const override { return deadline_; }

 private:
  Message with_ladder(Message answer) const {
    if (verbose_) write_ladder(answer, daemon_.journal().negotiation(connection_));
    return answer;
  }

  Daemon& daemon_;
  std::string connection_;
  Initiation progress_;
  bool verbose_;
  std::optional<Instant> deadline_;
  ControlLog log_;
  Journal::Subscription subscription_;
};

/// Of that connection and child, where they are named.
const policy::Shunt* find_shunt(const policy::PolicySettings& policies, std::string_view ike, std::string_view child) {
  const auto found = std::ranges::find_if(policies.shunts, [&](const policy::Shunt& shunt) {
    return (ike.empty() || ike == shunt.connection) && (child.empty() || child == shunt.name);
  });
  return found == policies.shunts.end() ? nullptr : &*found;
}

/// By the name of one of its children alone, the first that has it, as charon does.
const policy::Connection* choose_connection(Daemon& daemon, std::string_view ike, std::string_view child) {
  if (!ike.empty()) return find_connection(daemon, ike);
  for (const auto& connection : daemon.node().connections())
    if (connection->find_child(child)) return connection.get();
  return nullptr;
}

std::set<std::string> children_up(Daemon& daemon, const std::string& connection) {
  std::set<std::string> names;
  for (const auto& sa : daemon.node().engine().status(connection))
    if (sa.state != ike::IkeSaStatus::State::closing)
      for (const auto& child : sa.children) names.insert(child.name);
  return names;
}

/// Of those wanted, the children that are not up.
std::set<std::string> missing_children(Daemon& daemon, const policy::Connection& connection, std::string_view child) {
  const auto up = children_up(daemon, connection.name);
  std::set<std::string> missing;
  for (const auto& each : connection.children)
    if ((child.empty() || each.name == child) && !up.contains(each.name)) missing.insert(each.name);
  return missing;
}

bool is_established(Daemon& daemon, const std::string& connection) {
  return std::ranges::any_of(daemon.node().engine().status(connection),
                             [](const auto& sa) { return sa.state == ike::IkeSaStatus::State::established; });
}

Message nothing_of_that_name(std::string_view ike, std::string_view child) {
  if (ike.empty()) return failure(fmt::format("no connection has a child called {}", child));
  return failure(fmt::format("there is no connection called {}; `sallyport status` lists those that there are", ike));
}

}  // namespace

Answer initiate(Daemon& daemon, const Message& request) {
  const std::string_view ike = text_of(request, "ike"), child = text_of(request, "child");
  if (ike.empty() && child.empty()) return failure("name what to initiate: child, ike, or both");
  const auto patience = Patience::of(request);
  if (!patience) return failure("timeout is a number of milliseconds");
  const auto* connection = choose_connection(daemon, ike, child);
  if (!connection || (!child.empty() && !connection->find_child(child))) {
    const auto policies = daemon.configuration().policies();
    if (const auto* shunt = find_shunt(policies, ike, child))
      return failure(
          fmt::format("{}/{} needs no SA: it is in force as long as it is configured", shunt->connection, shunt->name));
  }
  if (!connection) return nothing_of_that_name(ike, child);
  if (!child.empty() && !connection->find_child(child))
    return failure(fmt::format("the connection {} has no child called {}", connection->name, child));
  // Without a child there is an IKE SA alone, where the engine can begin so (RFC 6023).
  const bool alone = connection->children.empty();
  const auto missing = missing_children(daemon, *connection, child);
  const std::string name = connection->name;
  if (alone ? is_established(daemon, name) : missing.empty()) return success();
  if (const auto password = request.bytes("xauth-password"); password && !password->empty())
    daemon.node().put_password(name, Secret::copy_of(*password));
  if (daemon.node().engine().lacks_password(*connection)) return ask_for_password(daemon, *connection);

  const Instant now = daemon.now();
  const auto deadline = patience->limit ? std::optional(now + *patience->limit) : std::nullopt;
  auto running = std::make_unique<Initiate>(daemon, request, name, missing, deadline);
  for (const auto& each : alone ? std::set<std::string>{""} : missing)
    if (const auto begun = daemon.node().initiate(now, name, each); !begun) {
      daemon.settle();
      return failure(sentence(begun.error(), name));
    }
  daemon.settle();
  if (!patience->waits) return success();
  return running;
}

}  // namespace sallyport::daemon
