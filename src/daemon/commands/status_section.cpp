#include "daemon/commands/status_section.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/commands/sa_section.h"
#include "diagnose/event_text.h"
#include "diagnose/explanation.h"

namespace sallyport::daemon {
namespace {

using control::Message;
using control::Section;
using datapath::DropReason;

std::string_view state_word(ike::IkeSaStatus::State state) {
  switch (state) {
    case ike::IkeSaStatus::State::connecting: return "connecting";
    case ike::IkeSaStatus::State::established: return "established";
    case ike::IkeSaStatus::State::closing: break;
  }
  return "closing";
}

std::string_view child_state_word(ike::ChildSaStatus::State state) {
  switch (state) {
    case ike::ChildSaStatus::State::installed: return "installed";
    case ike::ChildSaStatus::State::rekeyed: return "rekeyed";
    case ike::ChildSaStatus::State::deleting: return "deleting";
    case ike::ChildSaStatus::State::deleted: break;
  }
  return "deleted";
}

void write_end(Section& section, const policy::Endpoint& endpoint, const policy::Identity& id) {
  section.set("address", to_string(endpoint.address));
  section.set("port", endpoint.port);
  section.set("id", to_string(id));
}

void write_drops(Section& drops, const datapath::Counters& counters) {
  drops.set("replay", counters.drops[DropReason::replay] + counters.drops[DropReason::replay_stale]);
  drops.set("integrity", counters.drops[DropReason::integrity]);
  drops.set("selector", counters.drops[DropReason::selector]);
}

void write_traffic(Section& section, const datapath::SaStatus& traffic) {
  const auto& counters = traffic.counters;
  section.set("packets_in", counters.inbound.packets);
  section.set("bytes_in", counters.inbound.bytes);
  section.set("packets_out", counters.outbound.packets);
  section.set("bytes_out", counters.outbound.bytes);
  write_drops(section.section("drops"), counters);
}

/// Of a bundle: what AH has of its own.
void write_bundled_ah(Section& section, const ike::BundledAhStatus& ah,
                      const std::optional<datapath::BundledAhStatus>& known) {
  const auto traffic = known.value_or(datapath::BundledAhStatus{});
  section.set("proposal", to_string(ah.suite));
  section.set("spi_in", spi_text(ah.spi_in));
  section.set("spi_out", spi_text(ah.spi_out));
  section.set("packets_in", traffic.counters.inbound.packets);
  section.set("packets_out", traffic.counters.outbound.packets);
  write_drops(section.section("drops"), traffic.counters);
}

void write_child(Section& section, const ike::ChildSaStatus& child, const TrafficOf& traffic_of, Instant now) {
  section.set("id", child.id.value);
  section.set("name", child.name);
  section.set("state", child_state_word(child.state));
  section.set("mode", to_string(child.mode));
  section.set("protocol", child.suite.protocol == policy::Protocol::ah ? "ah" : "esp");
  section.set("udp_encap", child.udp_encap);
  section.set("ipcomp", child.ipcomp.has_value());
  section.set("esn", child.suite.extended_sequence_numbers());
  section.set("spi_in", spi_text(child.spi_in));
  section.set("spi_out", spi_text(child.spi_out));
  section.set("proposal", to_string(child.suite));
  if (child.bundled_ah) {
    const auto traffic = traffic_of(child.id);
    write_bundled_ah(section.section("ah"), *child.bundled_ah, traffic ? traffic->bundled_ah : std::nullopt);
  }
  section.set("replay_window", child.replay_window);
  for (const auto& selector : child.local_ts) section.list("local_ts").add(to_string(selector));
  for (const auto& selector : child.remote_ts) section.list("remote_ts").add(to_string(selector));
  write_traffic(section, traffic_of(child.id).value_or(datapath::SaStatus{}));
  section.set("installed_s", seconds_between(child.installed, now));
  if (child.rekeys) section.set("rekey_in_s", seconds_between(now, *child.rekeys));
  if (child.expires) section.set("expires_in_s", seconds_between(now, *child.expires));
}

/// As an event of it says the same.
void write_network(Section& section, const policy::NetworkConfig& config) {
  for (const auto& [name, value] : diagnose::fields_of(config)) section.set(name, value);
}

void write_ike_sa_status(Section& section, const ike::IkeSaStatus& sa, const TrafficOf& traffic_of, Instant now) {
  section.set("id", sa.id.value);
  section.set("version", unsigned{sa.version});
  section.set("state", state_word(sa.state));
  section.set("initiator", sa.initiator);
  write_end(section.section("local"), sa.local, sa.local_id);
  write_end(section.section("remote"), sa.remote, sa.remote_id);
  if (!sa.local_user.empty()) section.set("local_user", diagnose::printable(sa.local_user));
  if (!sa.remote_user.empty()) section.set("remote_user", diagnose::printable(sa.remote_user));
  if (sa.received) write_network(section.section("received"), *sa.received);
  if (sa.given) write_network(section.section("given"), *sa.given);
  section.set("spi_initiator", spi_text(sa.spi_initiator));
  section.set("spi_responder", spi_text(sa.spi_responder));
  if (sa.suite) section.set("proposal", to_string(*sa.suite));
  section.set("nat_local", sa.nat_local);
  section.set("nat_remote", sa.nat_remote);
  section.set("resumed", sa.resumed);
  if (sa.ticket_expires && *sa.ticket_expires > now)
    section.set("ticket_expires_in_s", seconds_between(now, *sa.ticket_expires));
  if (sa.established) section.set("established_s", seconds_between(*sa.established, now));
  if (sa.rekeys) section.set("rekey_in_s", seconds_between(now, *sa.rekeys));
  if (sa.reauthenticates) section.set("reauth_in_s", seconds_between(now, *sa.reauthenticates));
  if (sa.expires) section.set("expires_in_s", seconds_between(now, *sa.expires));
  auto& children = section.section("child_sas");
  for (const auto& child : sa.children)
    write_child(children.section(std::to_string(child.id.value)), child, traffic_of, now);
}

/// Which children are tried again, and when.
std::string next_tries(const node::ConnectionStatus& status, Instant now) {
  std::string text;
  for (const auto& waiting : status.waiting) {
    const policy::Child* child = status.connection->find_child(waiting.child);
    const bool for_traffic = child && child->keep == policy::Keep::on_demand;
    if (for_traffic && waiting.until <= now) continue;
    const auto seconds = waiting.until > now ? seconds_between(now, waiting.until) : 0;
    text +=
        fmt::format(" {} is tried again in {} s{}", waiting.child, seconds, for_traffic ? ", when a packet asks" : "");
    if (waiting.failures == 1) text += ", after one try that failed";
    if (waiting.failures > 1) text += fmt::format(", after {} tries that failed", waiting.failures);
    text += ".";
  }
  return text;
}

/// Of the names that are being looked up while something waits for them.
std::string awaited_names(const node::ConnectionStatus& status) {
  std::string all;
  for (const node::NameStatus& name : status.names)
    if (status.awaits_names && name.asked) all += (all.empty() ? "" : ", ") + name.name;
  return all;
}

/// What each name in its addresses stands for.
void write_names(Message& message, const node::ConnectionStatus& status) {
  if (status.names.empty()) return;
  auto& names = message.section("names");
  for (const node::NameStatus& name : status.names) {
    auto& section = names.section(name.name);
    auto& addresses = section.list("addresses");
    for (const auto& address : name.answer.addresses) addresses.add(to_string(address));
    if (!name.answer.error.empty()) section.set("error", diagnose::printable(name.answer.error));
    section.set("asked", name.asked);
  }
}

/// Why it is not up, or not all of it; a connection that nobody has asked for yet has a reason, too.
std::string why(const node::ConnectionStatus& status, Instant now) {
  using State = node::ConnectionStatus::State;
  if (status.state == State::up && status.waiting.empty()) return {};
  if (const auto names = awaited_names(status); !names.empty())
    return fmt::format("Waits for the address of {}.", names);
  if (status.why) return diagnose::explain(*status.why, status.connection.get()).text() + next_tries(status, now);
  if (const auto tries = next_tries(status, now); !tries.empty()) return tries.substr(1);
  switch (status.state) {
    case State::connecting: return "Waiting for the peer.";
    case State::on_demand: return "Waits for the first packet that matches.";
    default: break;
  }
  return "Nobody has asked for it yet: `sallyport up " + status.connection->name + "` does.";
}

}  // namespace

Message describe_status(const node::ConnectionStatus& status, const TrafficOf& traffic_of, Instant now) {
  Message message;
  message.set("name", status.connection->name);
  message.set("state", to_string(status.state));
  if (const auto reason = why(status, now); !reason.empty())
    message.set("why", std::string_view(reason).substr(0, control::kMaxValue));
  write_names(message, status);
  auto& sas = message.section("ike_sas");
  for (const auto& sa : status.ike_sas)
    write_ike_sa_status(sas.section(std::to_string(sa.id.value)), sa, traffic_of, now);
  return message;
}

std::vector<std::string> shunts_alone(const policy::PolicySettings& policies,
                                      const std::vector<policy::ConnectionPtr>& connections) {
  std::vector<std::string> names;
  for (const policy::Shunt& shunt : policies.shunts) {
    const auto has_name = [&](const auto& connection) { return connection->name == shunt.connection; };
    if (std::ranges::find(names, shunt.connection) == names.end() && std::ranges::none_of(connections, has_name))
      names.push_back(shunt.connection);
  }
  return names;
}

void write_policies(Message& message, const std::vector<const policy::SpdEntry*>& entries,
                    const std::map<policy::PolicyId, linux::PolicyTraffic>& traffic) {
  for (const policy::SpdEntry* each : entries) {
    const policy::SpdEntry& entry = *each;
    if (entry.action == policy::SpdAction::protect) continue;
    auto& policies = message.section("policies");
    const auto found = traffic.find(entry.id);
    const auto counted = found != traffic.end() ? found->second : linux::PolicyTraffic{};
    auto& section = policies.section(std::to_string(entry.id.value));
    section.set("name", entry.child);
    section.set("mode", to_string(entry.action));
    section.set("priority", entry.priority);
    for (const auto& selector : entry.local_ts) section.list("local_ts").add(to_string(selector));
    for (const auto& selector : entry.remote_ts) section.list("remote_ts").add(to_string(selector));
    section.set("packets_in", counted.packets_in);
    section.set("bytes_in", counted.bytes_in);
    section.set("packets_out", counted.packets_out);
    section.set("bytes_out", counted.bytes_out);
  }
}

}  // namespace sallyport::daemon
