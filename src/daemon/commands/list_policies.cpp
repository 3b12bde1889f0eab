// list-policies: the security policy database, an event for each entry.
#include "control/value.h"
#include "daemon/commands/command_list.h"
#include "daemon/daemon.h"

namespace sallyport::daemon {
namespace {

using control::Message;

/// The keys of a request that choose it, as charon has them: trap, drop, pass.
std::string_view kind_of(const policy::SpdEntry& entry) {
  switch (entry.action) {
    case policy::SpdAction::protect: return "trap";
    case policy::SpdAction::discard: return "drop";
    case policy::SpdAction::bypass: break;
  }
  return "pass";
}

std::string mode_word(const policy::SpdEntry& entry) {
  switch (entry.action) {
    case policy::SpdAction::protect: return entry.mode == policy::Mode::tunnel ? "TUNNEL" : "TRANSPORT";
    case policy::SpdAction::discard: return "DROP";
    case policy::SpdAction::bypass: break;
  }
  return "PASS";
}

Message describe(const policy::SpdEntry& entry) {
  Message message;
  auto& section = message.section(entry.connection + "/" + entry.child);
  section.set("child", entry.child);
  section.set("ike", entry.connection);
  section.set("mode", mode_word(entry));
  for (const auto& selector : entry.local_ts) section.list("local-ts").add(to_string(selector));
  for (const auto& selector : entry.remote_ts) section.list("remote-ts").add(to_string(selector));
  return message;
}

}  // namespace

Answer list_policies(Daemon& daemon, const Message& request) {
  std::vector<policy::SpdEntry> wanted;
  const std::string_view ike = text_of(request, "ike"), child = text_of(request, "child");
  for (const auto& entry : daemon.node().policies().published().entries) {
    const bool chosen = control::parse_boolean(text_of(request, kind_of(entry))).value_or(false);
    if (chosen && (ike.empty() || ike == entry.connection) && (child.empty() || child == entry.child))
      wanted.push_back(entry);
  }
  return stream("list-policy",
                [entries = std::move(wanted), next = std::size_t{0}]() mutable -> std::optional<Message> {
                  if (next == entries.size()) return std::nullopt;
                  return describe(entries[next++]);
                });
}

}  // namespace sallyport::daemon
