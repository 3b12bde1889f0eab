// list-conns: what is configured, from files and over the control socket, an event for each connection.
#include "daemon/commands/command_list.h"
#include "daemon/commands/status_section.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {
namespace {

using control::List;
using control::Message;
using control::Section;

std::string_view version_word(policy::IkeVersion version) {
  switch (version) {
    case policy::IkeVersion::v1: return "IKEv1";
    case policy::IkeVersion::v2: return "IKEv2";
    case policy::IkeVersion::any: break;
  }
  return "IKEv1/2";
}

std::string_view unique_word(policy::UniquePolicy unique) {
  switch (unique) {
    case policy::UniquePolicy::never: return "UNIQUE_NEVER";
    case policy::UniquePolicy::no: return "UNIQUE_NO";
    case policy::UniquePolicy::keep: return "UNIQUE_KEEP";
    case policy::UniquePolicy::replace: break;
  }
  return "UNIQUE_REPLACE";
}

template <class Values>
void write_list(List& list, const Values& values) {
  for (const auto& value : values) list.add(to_string(value));
}

/// No address at all stands for any.
void write_addresses(List& list, const std::vector<std::string>& names,
                     const std::vector<policy::AddressRange>& addresses) {
  for (const std::string& name : names) list.add(name);
  if (addresses.empty() && names.empty()) list.add("%any");
  write_list(list, addresses);
}

void write_identity(Section& section, std::string_view key, const policy::Identity& id) {
  if (id.kind != policy::Identity::Kind::any) section.set(key, to_string(id));
}

void write_round(Section& section, const policy::AuthRound& round) {
  section.set("class", round.method == policy::AuthMethod::xauth  ? "XAuth"
                       : round.method == policy::AuthMethod::null ? "none"
                                                                  : "pre-shared key");
  write_identity(section, "id", round.id);
  write_identity(section, "xauth_id", round.xauth_id);
}

/// "local-1", "local-2" …
void write_rounds(Section& section, const std::string& side, const policy::AuthRound& first,
                  const std::vector<policy::AuthRound>& further) {
  write_round(section.section(side + "-1"), first);
  std::size_t number = 1;
  for (const auto& round : further) write_round(section.section(side + "-" + std::to_string(++number)), round);
}

void write_child(Section& section, const policy::Child& child) {
  section.set("mode", child.mode == policy::Mode::tunnel ? "TUNNEL" : "TRANSPORT");
  section.set("rekey_time", child.rekey_time.count());
  section.set("rekey_bytes", child.rekey_volume.bytes);
  section.set("rekey_packets", child.rekey_volume.packets);
  section.set("dpd_action", child.dpd_action == policy::DpdAction::restart ? "start" : to_string(child.dpd_action));
  section.set("close_action", to_string(child.close_action));
  write_list(section.list("local-ts"), child.local_ts);
  write_list(section.list("remote-ts"), child.remote_ts);
}

void write_shunt(Section& section, const policy::Shunt& shunt) {
  section.set("mode", shunt.action == policy::SpdAction::bypass ? "PASS" : "DROP");
  write_list(section.list("local-ts"), shunt.local_ts);
  write_list(section.list("remote-ts"), shunt.remote_ts);
}

Message describe(const policy::Connection& connection, const policy::PolicySettings& policies) {
  Message message;
  auto& section = message.section(connection.name);
  const policy::Connection written = as_configured(connection);
  write_addresses(section.list("local_addrs"), written.local_names, written.local_addrs);
  write_addresses(section.list("remote_addrs"), written.remote_names, written.remote_addrs);
  section.set("local_port", connection.local_port);
  section.set("remote_port", connection.remote_port);
  section.set("version", version_word(connection.version));
  section.set("reauth_time", connection.reauth_time.count());
  section.set("rekey_time", connection.rekey_time.count());
  section.set("unique", unique_word(connection.unique));
  if (connection.dpd_delay.count() != 0) section.set("dpd_delay", connection.dpd_delay.count());
  write_rounds(section, "local", connection.local, connection.further_local);
  write_rounds(section, "remote", connection.remote, connection.further_remote);
  auto& children = section.section("children");
  for (const auto& child : connection.children) write_child(children.section(child.name), child);
  for (const auto& shunt : policies.shunts)
    if (shunt.connection == connection.name) write_shunt(children.section(shunt.name), shunt);
  return message;
}

}  // namespace

Answer list_conns(Daemon& daemon, const Message& request) {
  auto policies = daemon.configuration().policies();
  auto connections = daemon.node().connections();
  for (const std::string& name : shunts_alone(policies, connections)) {
    auto alone = std::make_shared<policy::Connection>();
    alone->name = name;
    connections.push_back(std::move(alone));
  }
  return stream(
      "list-conn",
      [connections = std::move(connections), policies = std::move(policies),
       wanted = std::string(text_of(request, "ike")), next = std::size_t{0}]() mutable -> std::optional<Message> {
        while (next < connections.size()) {
          const auto& connection = *connections[next++];
          if (wanted.empty() || connection.name == wanted) return describe(connection, policies);
        }
        return std::nullopt;
      });
}

}  // namespace sallyport::daemon
