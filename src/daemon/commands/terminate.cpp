// terminate: closes IKE SAs or children by name or number, and answers when the peer has been told, or when the
// client's patience ends.
#include <fmt/format.h>

#include <set>

#include "control/value.h"
#include "daemon/commands/command_list.h"
#include "daemon/commands/control_log.h"
#include "daemon/commands/live_events.h"
#include "daemon/commands/patience.h"
#include "daemon/daemon.h"
#include "diagnose/event_text.h"

namespace sallyport::daemon {
namespace {

using control::Message;

/// What a request names. A child by name or number closes that child alone, not its IKE SA.
struct Selection {
  std::string ike, child;
  std::optional<std::uint32_t> ike_id, child_id;

  bool empty() const { return ike.empty() && child.empty() && !ike_id && !child_id; }
  bool names_child() const { return !child.empty() || child_id; }
  bool takes(const ike::IkeSaStatus& sa) const {
    return (ike.empty() || sa.connection == ike) && (!ike_id || sa.id.value == *ike_id) &&
           sa.state != ike::IkeSaStatus::State::closing;
  }
  bool takes(const ike::ChildSaStatus& sa) const {
    return (child.empty() || sa.name == child) && (!child_id || sa.id.value == *child_id);
  }
};

/// SAs to be closed, by number.
struct Targets {
  std::set<policy::IkeSaId> ike_sas;
  std::set<policy::ChildSaId> children;
  std::set<policy::IkeSaId> concerned;  // the IKE SAs of both

  std::size_t size() const { return ike_sas.size() + children.size(); }
};

Targets find_targets(const node::Node& node, const Selection& selection) {
  Targets targets;
  for (const auto& sa : sas_of(node, selection.ike)) {
    if (!selection.takes(sa)) continue;
    if (!selection.names_child()) {
      targets.ike_sas.insert(sa.id);
      targets.concerned.insert(sa.id);
    }
    for (const auto& child : sa.children)
      if (selection.names_child() && selection.takes(child)) {
        targets.children.insert(child.id);
        targets.concerned.insert(sa.id);
      }
  }
  return targets;
}

/// IKEv1's Delete is not answered (RFC 2408 §5.15): closed is closed, though it may be said again for a while.
bool is_gone(const ike::IkeSaStatus& sa) { return sa.version == 1 && sa.state == ike::IkeSaStatus::State::closing; }

/// How many of them are still there.
std::size_t left(const node::Node& node, const Targets& targets) {
  std::size_t count = 0;
  for (const policy::IkeSaId id : targets.concerned) {
    const auto sa = node.engine().status(id);
    if (!sa) continue;
    count += targets.ike_sas.contains(id) && !is_gone(*sa);
    for (const auto& child : sa->children) count += targets.children.contains(child.id);
  }
  return count;
}

Message report(std::size_t matches, std::size_t remaining) {
  Message answer = remaining == 0
                       ? success()
                       : failure(fmt::format("{} of {} not closed yet: the peer has not answered", remaining, matches));
  answer.set("matches", matches);
  answer.set("terminated", matches - remaining);
  return answer;
}

class Terminate final : public Running {
 public:
  Terminate(Daemon& daemon, const Message& request, Targets targets, std::optional<Instant> deadline)
      : daemon_(daemon),
        targets_(std::move(targets)),
        deadline_(deadline),
        log_(daemon, request,
             [this](const event::Event& event) { return targets_.concerned.contains(diagnose::ike_sa_of(event)); }) {}

  std::optional<Message> go_on(Instant now, control::ServerSession& client) override {
    if (!log_.flush(client)) return std::nullopt;
    const std::size_t remaining = left(daemon_.node(), targets_);
    if (remaining != 0 && (!deadline_ || now < *deadline_)) return std::nullopt;
    return report(targets_.size(), remaining);
  }
  std::optional<Instant> deadline() const override { return deadline_; }

 private:
  Daemon& daemon_;
  Targets targets_;
  std::optional<Instant> deadline_;
  ControlLog log_;
};

/// `already`: it is as the request wants it. VICI has a request that matches nothing fail all the same.
Message nothing_to_close(Daemon& daemon, const Selection& selection) {
  const auto* connection = find_connection(daemon, selection.ike);
  if (!selection.ike.empty() && !connection)
    return failure(fmt::format("there is no connection called {}", selection.ike));
  if (connection && !selection.child.empty() && !connection->find_child(selection.child))
    return failure(fmt::format("the connection {} has no child called {}", selection.ike, selection.child));
  Message answer = failure(connection ? fmt::format("{} is not up", connection->name) : "no SA matches");
  answer.set("matches", 0);
  answer.set("terminated", 0);
  if (connection) answer.set("already", true);
  return answer;
}

}  // namespace

Answer terminate(Daemon& daemon, const Message& request) {
  Selection selection{.ike = std::string(text_of(request, "ike")), .child = std::string(text_of(request, "child"))};
  for (auto [key, id] : {std::pair{"ike-id", &selection.ike_id}, std::pair{"child-id", &selection.child_id}})
    if (const auto text = request.text(key)) {
      const auto number = control::parse_u32(*text);
      if (!number) return failure(fmt::format("{} is a number", key));
      *id = *number;
    }
  if (selection.empty()) return failure("name what to terminate: child, ike, child-id or ike-id");
  const auto patience = Patience::of(request);
  if (!patience) return failure("timeout is a number of milliseconds");

  const Instant now = daemon.now();
  auto& node = daemon.node();
  const Targets targets = find_targets(node, selection);
  const auto deadline = patience->limit ? std::optional(now + *patience->limit) : std::nullopt;
  auto running = std::make_unique<Terminate>(daemon, request, targets, deadline);
  // By name, what is configured to be kept up stays down from here on, even if nothing is up at the moment.
  if (!selection.ike_id && !selection.child_id) node.terminate(now, selection.ike, selection.child);
  for (const auto id : targets.ike_sas) node.terminate(now, id);
  for (const auto id : targets.children) node.terminate(now, id);
  daemon.settle();
  if (targets.size() == 0) return nothing_to_close(daemon, selection);

  const bool force = control::parse_boolean(text_of(request, "force")).value_or(false);
  if (!patience->waits || (force && !patience->limit)) return report(targets.size(), 0);
  return running;
}

}  // namespace sallyport::daemon
