#include "daemon/commands/live_events.h"

#include <algorithm>

#include "daemon/commands/sa_section.h"
#include "diagnose/event_text.h"
#include "diagnose/explanation.h"

namespace sallyport::daemon {
namespace {

using control::Message;
using control::Section;
using control::ServerSession;

/// charon's levels: 0 and 1 are for everybody, 2 for who looks closely.
int log_level(const event::Event& event) { return std::max(0, diagnose::verbosity_of(event) - 1); }

std::optional<ike::IkeSaStatus> find_ike_sa(Daemon& daemon, policy::IkeSaId id) {
  return daemon.node().engine().status(id);
}

void tell_ike(ServerSession& client, Daemon& daemon, policy::IkeSaId id, std::string_view connection, bool up) {
  Message message;
  if (up) message.set("up", true);
  if (const auto sa = find_ike_sa(daemon, id)) {
    write_ike_sa(message.section(section_name(*sa)), *sa, daemon.now());
  } else {
    message.section(connection.empty() ? "unknown" : connection).set("uniqueid", id.value);
  }
  client.send_event("ike-updown", message);
}

/// Of one that has gone already, what the event knows of it.
void write_child(Section& section, Daemon& daemon, const ike::IkeSaStatus& sa, policy::ChildSaId id,
                 std::string_view name) {
  const auto child = std::ranges::find(sa.children, id, &ike::ChildSaStatus::id);
  if (child != sa.children.end()) return write_child_sa(section, *child, daemon.workers().status(id), daemon.now());
  section.set("name", name);
  section.set("uniqueid", id.value);
  section.set("state", "DELETED");
}

void tell_child(ServerSession& client, Daemon& daemon, policy::IkeSaId id, policy::ChildSaId child_id,
                std::string_view child, bool up) {
  const auto sa = find_ike_sa(daemon, id);
  if (!sa) return;
  Message message;
  if (up) message.set("up", true);
  auto& section = message.section(section_name(*sa));
  write_ike_sa(section, *sa, daemon.now());
  auto& of_child = section.section("child-sas").section(std::string(child) + "-" + std::to_string(child_id.value));
  write_child(of_child, daemon, *sa, child_id, child);
  client.send_event("child-updown", message);
}

void tell_rekeyed(ServerSession& client, Daemon& daemon, const event::IkeSaRekeyed& rekeyed) {
  Message message;
  auto& section = message.section(rekeyed.connection);
  const auto write = [&](std::string_view which, policy::IkeSaId id) {
    auto& half = section.section(which);
    if (const auto sa = find_ike_sa(daemon, id))
      write_ike_sa(half, *sa, daemon.now());
    else
      half.set("uniqueid", id.value);
  };
  write("old", rekeyed.from);
  write("new", rekeyed.ike_sa);
  section.section("old").set("state", "REKEYED");
  client.send_event("ike-rekey", message);
}

/// Here alone, a child's section bears its name without a number.
void tell_rekeyed(ServerSession& client, Daemon& daemon, const event::ChildSaRekeyed& rekeyed) {
  const auto sa = find_ike_sa(daemon, rekeyed.ike_sa);
  if (!sa) return;
  Message message;
  auto& section = message.section(section_name(*sa));
  write_ike_sa(section, *sa, daemon.now());
  auto& child = section.section("child-sas").section(rekeyed.child);
  write_child(child.section("old"), daemon, *sa, rekeyed.from, rekeyed.child);
  child.section("old").set("state", "REKEYED");
  write_child(child.section("new"), daemon, *sa, rekeyed.to, rekeyed.child);
  client.send_event("child-rekey", message);
}

}  // namespace

std::string_view log_group(const event::Event& event) {
  if (const auto* failed = std::get_if<event::NegotiationFailed>(&event))
    return failed->failure.child.empty() ? "IKE" : "CHD";
  if (std::holds_alternative<event::MessageLogged>(event) || std::holds_alternative<event::Retransmitted>(event) ||
      std::holds_alternative<event::MessageRejected>(event))
    return "NET";
  if (std::holds_alternative<event::ChildSaInstalled>(event) || std::holds_alternative<event::ChildSaRemoved>(event) ||
      std::holds_alternative<event::ChildSaRekeyed>(event) || std::holds_alternative<event::Acquired>(event))
    return "CHD";
  return "IKE";
}

std::string log_line(Daemon& daemon, const event::Event& event) {
  const auto* failed = std::get_if<event::NegotiationFailed>(&event);
  return failed ? explain_failure(daemon, failed->failure).text() : diagnose::to_line(event);
}

Message log_message(Daemon& daemon, const event::Event& event) {
  Message message;
  message.set("group", log_group(event));
  message.set("level", log_level(event));
  message.set("thread", "0");
  if (const auto id = diagnose::ike_sa_of(event); id.value != 0) {
    message.set("ikesa-name", diagnose::connection_of(event));
    message.set("ikesa-uniqueid", id.value);
  }
  message.set("msg", std::string_view(log_line(daemon, event)).substr(0, control::kMaxValue));
  return message;
}

void tell(ServerSession& client, Daemon& daemon, const JournalEntry& entry) {
  if (client.registered("log")) client.send_event("log", log_message(daemon, entry.event()));
  if (client.registered("ike-updown")) {
    if (const auto* up = std::get_if<event::IkeSaEstablished>(&entry.event()))
      tell_ike(client, daemon, up->ike_sa, up->connection, true);
    else if (const auto* down = std::get_if<event::IkeSaClosed>(&entry.event()))
      tell_ike(client, daemon, down->ike_sa, down->connection, false);
  }
  if (client.registered("child-updown")) {
    if (const auto* up = std::get_if<event::ChildSaInstalled>(&entry.event()))
      tell_child(client, daemon, up->ike_sa, up->child_sa, up->child, true);
    else if (const auto* down = std::get_if<event::ChildSaRemoved>(&entry.event()))
      tell_child(client, daemon, down->ike_sa, down->child_sa, down->child, false);
  }
  if (const auto* ike = std::get_if<event::IkeSaRekeyed>(&entry.event()); ike && client.registered("ike-rekey"))
    tell_rekeyed(client, daemon, *ike);
  if (const auto* child = std::get_if<event::ChildSaRekeyed>(&entry.event()); child && client.registered("child-rekey"))
    tell_rekeyed(client, daemon, *child);
}

diagnose::Explanation explain_failure(Daemon& daemon, const event::Failure& failure) {
  const auto* connection = find_connection(daemon, failure.connection);
  return diagnose::explain(failure, connection, &daemon.node().engine().pad());
}

const policy::Connection* find_connection(Daemon& daemon, std::string_view name) {
  return daemon.node().find(name).get();
}

std::vector<ike::IkeSaStatus> sas_of(const node::Node& node, std::string_view connection) {
  return connection.empty() ? node.engine().status() : node.engine().status(connection);
}

}  // namespace sallyport::daemon
