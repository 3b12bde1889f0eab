#include "config/connection.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/connection_draft.h"
#include "config/values.h"

namespace sallyport::config {
namespace {

using policy::AuthRound;

/// Names stand in commands (NAME/CHILD), log lines and the control protocol.
void check_name(const ConfigNode& section, std::string_view what, Diagnostics& diagnostics) {
  const std::string& name = section.name();
  const auto is_bad = [](char c) { return c <= ' ' || c > '~' || c == '/' || c == '"' || c == '\\'; };
  const auto bad = std::ranges::find_if(name, is_bad);
  if (bad != name.end()) {
    diagnostics.error(section.key_origin(),
                      fmt::format("{}: {} cannot stand in the name of a {}", section.path(),
                                  *bad == '/' ? "\"/\"" : "this character", what),
                      "names are printable ASCII without blanks, quotes, \"\\\" and \"/\"");
  }
}

bool expect_section(const ConfigNode& node, Diagnostics& diagnostics) {
  if (!node.is_section()) report_wrong_type(node, "a table", diagnostics);
  return node.is_section();
}

/// Of [local…] and [remote…], whose names may have anything behind: in the order of their `round`, else as written.
void read_rounds(const std::vector<const ConfigNode*>& sections, const std::string& side,
                 std::span<const Key<AuthRound>> keys, AuthRound& first, std::vector<AuthRound>& further,
                 ConnectionDraft& draft, Diagnostics& diagnostics) {
  const auto number_of = [](const ConfigNode* section) {
    Diagnostics unheard;
    for (const ConfigNode& entry : section->children())
      if (entry.name() == "round") return read_number(entry, unheard, 0, 1000).value_or(0);
    return std::uint64_t{0};
  };
  std::vector<const ConfigNode*> in_order;
  for (const ConfigNode* section : sections)
    in_order.insert(std::ranges::upper_bound(in_order, number_of(section), {}, number_of), section);
  for (const ConfigNode* section : in_order) {
    const bool is_first = section == in_order.front();
    const std::string name = is_first ? side : section->name();
    AuthRound& round = is_first ? first : further.emplace_back();
    draft.written.origins[name] = section->key_origin();
    for (const ConfigNode& entry : section->children())
      read_key(entry, keys, round, draft.written, name + ".", diagnostics);
    if (!is_first) check_further_round(*section, round, draft, diagnostics);
  }
}

void read_shunt(const ConfigNode& node, policy::SpdAction action, ConnectionDraft& draft, Diagnostics& diagnostics) {
  ShuntDraft read;
  read.read.shunt.name = node.name();
  read.read.shunt.action = action;
  read.read.shunt.priority = read_priority(node, diagnostics);
  read.written.path = node.path();
  read.written.origins[""] = node.key_origin();
  for (const ConfigNode& entry : node.children()) {
    const auto has_this_name = [&](const auto& key) { return key.info.name == entry.name(); };
    const bool only_of_sas =
        std::ranges::any_of(child_keys(), has_this_name) && std::ranges::none_of(shunt_keys(), has_this_name);
    if (only_of_sas)
      diagnostics.error(
          entry.key_origin(),
          fmt::format("{}: means nothing where mode is \"{}\": there is no SA", entry.path(), to_string(action)),
          "leave it out");
    else
      read_key(entry, shunt_keys(), read.read, read.written, "", diagnostics);
  }
  draft.shunts.push_back(std::move(read));
}

void read_child(const ConfigNode& node, ConnectionDraft& draft, Diagnostics& diagnostics) {
  if (!expect_section(node, diagnostics)) return;
  check_name(node, "child", diagnostics);
  if (std::ranges::any_of(draft.children, [&](const auto& other) { return other.child.name == node.name(); }) ||
      std::ranges::any_of(draft.shunts, [&](const auto& other) { return other.read.shunt.name == node.name(); })) {
    diagnostics.error(node.key_origin(), fmt::format("{}: there is a child of this name already", node.path()));
    return;
  }
  if (const auto action = shunt_action(node)) return read_shunt(node, *action, draft, diagnostics);
  ChildDraft read;
  read.child.name = node.name();
  read.written.path = node.path();
  read.written.origins[""] = node.key_origin();
  read.priority = read_priority(node, diagnostics);
  for (const ConfigNode& entry : node.children())
    read_key(entry, child_keys(), read.child, read.written, "", diagnostics);
  draft.children.push_back(std::move(read));
}

bool is_key(std::string_view name) {
  return std::ranges::any_of(connection_keys(), [&](const auto& key) { return key.info.name == name; });
}

void read_entry(const ConfigNode& entry, ConnectionDraft& draft, Diagnostics& diagnostics) {
  const std::string& name = entry.name();
  if (name == "children") {
    if (!expect_section(entry, diagnostics)) return;
    for (const ConfigNode& child : entry.children()) read_child(child, draft, diagnostics);
  } else if (name == "local" || (name.starts_with("local") && entry.is_section())) {
    if (expect_section(entry, diagnostics)) draft.local_rounds.push_back(&entry);
  } else if (name == "remote" || (name.starts_with("remote") && entry.is_section())) {
    if (expect_section(entry, diagnostics)) draft.remote_rounds.push_back(&entry);
  } else if (entry.is_section() && !is_key(name)) {
    report_unknown_key(entry, {"local", "remote", "children"}, diagnostics);
  } else {
    read_key(entry, connection_keys(), draft.connection, draft.written, "", diagnostics);
  }
}

}  // namespace

std::optional<ReadConnection> read_connection(const ConfigNode& section, Diagnostics& diagnostics) {
  if (!expect_section(section, diagnostics)) return std::nullopt;
  const std::size_t errors_before = diagnostics.errors();
  ConnectionDraft draft;
  draft.connection.name = section.name();
  draft.written.path = section.path();
  draft.written.origins[""] = section.key_origin();
  check_name(section, "connection", diagnostics);
  for (const ConfigNode& entry : section.children()) read_entry(entry, draft, diagnostics);
  policy::Connection& c = draft.connection;
  read_rounds(draft.local_rounds, "local", local_keys(), c.local, c.further_local, draft, diagnostics);
  read_rounds(draft.remote_rounds, "remote", remote_keys(), c.remote, c.further_remote, draft, diagnostics);
  complete_times(draft);
  complete_protocols(draft);
  complete_actions(draft, diagnostics);
  check_combinations(draft, diagnostics);
  if (diagnostics.errors() != errors_before) return std::nullopt;

  ReadConnection read;
  for (ShuntDraft& each : draft.shunts) {
    policy::Shunt& shunt = read.policies.shunts.emplace_back(std::move(each.read.shunt));
    shunt.connection = c.name;
    shunt.local_addrs = c.local_addrs;
    shunt.remote_addrs = c.remote_addrs;
    shunt.origins = std::move(each.written.origins);
  }
  if (draft.children.empty() && !draft.shunts.empty()) return read;
  policy::Connection connection = std::move(draft.connection);
  connection.origins = std::move(draft.written.origins);
  for (ChildDraft& each : draft.children) {
    if (each.priority != 0) read.policies.priorities[{connection.name, each.child.name}] = each.priority;
    each.child.origins = std::move(each.written.origins);
    connection.children.push_back(std::move(each.child));
  }
  read.connection = std::move(connection);
  return read;
}

}  // namespace sallyport::config
