// rekey: makes fresh keys for IKE SAs or children, by name or number, and answers how many it has begun with; what
// comes of it is told by events. With `reauth` the peers prove anew who they are, on other IKE SAs.
#include <fmt/format.h>

#include "control/value.h"
#include "daemon/commands/command_list.h"
#include "daemon/commands/live_events.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {
namespace {

using control::Message;

/// What a request names. A child by name or number means that child alone.
struct Wanted {
  std::string ike, child;
  std::optional<std::uint32_t> ike_id, child_id;
  bool reauth = false;

  bool names_child() const { return !child.empty() || child_id; }
  bool takes(const ike::IkeSaStatus& sa) const {
    return (ike.empty() || sa.connection == ike) && (!ike_id || sa.id.value == *ike_id) &&
           sa.state == ike::IkeSaStatus::State::established;
  }
  bool takes(const ike::ChildSaStatus& sa) const {
    return (child.empty() || sa.name == child) && (!child_id || sa.id.value == *child_id) &&
           sa.state == ike::ChildSaStatus::State::installed;
  }
};

struct Outcome {
  std::size_t matches = 0, begun = 0;
  std::string_view unable;  // why one could not be begun

  void add(bool done, const ike::IkeSaStatus& sa) {
    ++matches;
    begun += done;
    if (done) return;
    unable = sa.version != 1 ? "it is being closed or renewed, or it is the other side who has to begin"
             : sa.nat_remote ? "a peer behind a NAT has to renew its ISAKMP SA itself"
                             : "with XAUTH it is the client who has to renew the ISAKMP SA";
  }
};

Outcome rekey_all(Daemon& daemon, const Wanted& wanted) {
  Outcome outcome;
  node::Node& node = daemon.node();
  const Instant now = daemon.now();
  for (const ike::IkeSaStatus& sa : sas_of(node, wanted.ike)) {
    if (!wanted.takes(sa)) continue;
    if (!wanted.names_child())
      outcome.add(wanted.reauth ? node.reauthenticate(now, sa.id) : node.rekey(now, sa.id), sa);
    for (const ike::ChildSaStatus& child : sa.children)
      if (wanted.names_child() && wanted.takes(child)) outcome.add(node.rekey(now, child.id), sa);
  }
  return outcome;
}

Message nothing_to_rekey(Daemon& daemon, const Wanted& wanted) {
  const auto* connection = find_connection(daemon, wanted.ike);
  if (!wanted.ike.empty() && !connection) return failure(fmt::format("there is no connection called {}", wanted.ike));
  if (connection && !wanted.child.empty() && !connection->find_child(wanted.child))
    return failure(fmt::format("the connection {} has no child called {}", wanted.ike, wanted.child));
  if (connection && !sas_of(daemon.node(), wanted.ike).empty())
    return failure(fmt::format("{} is just being set up, renewed or closed", connection->name));
  return failure(connection ? fmt::format("{} is not up", connection->name) : "no SA matches");
}

}  // namespace

Answer rekey(Daemon& daemon, const Message& request) {
  Wanted wanted{.ike = std::string(text_of(request, "ike")),
                .child = std::string(text_of(request, "child")),
                .ike_id = {},
                .child_id = {},
                .reauth = control::parse_boolean(text_of(request, "reauth")).value_or(false)};
  for (auto [key, id] : {std::pair{"ike-id", &wanted.ike_id}, std::pair{"child-id", &wanted.child_id}})
    if (const auto text = request.text(key)) {
      const auto number = control::parse_u32(*text);
      if (!number) return failure(fmt::format("{} is a number", key));
      *id = *number;
    }
  if (wanted.ike.empty() && !wanted.ike_id && !wanted.names_child())
    return failure("name what to rekey: child, ike, child-id or ike-id");
  if (wanted.reauth && wanted.names_child()) return failure("reauth is for an IKE SA as a whole: leave the child out");
  const Outcome outcome = rekey_all(daemon, wanted);
  daemon.settle();
  Message answer = outcome.matches == 0              ? nothing_to_rekey(daemon, wanted)
                   : outcome.begun < outcome.matches ? failure(outcome.unable)
                                                     : success();
  answer.set("matches", outcome.begun);
  return answer;
}

}  // namespace sallyport::daemon
