// A connection while it is being read: its values, and which of its keys were written, where. Private to config.
#pragma once

#include <vector>

#include "config/keys.h"
#include "policy/connection.h"
#include "policy/shunt.h"

namespace sallyport::config {

struct ChildDraft {
  policy::Child child;
  std::uint32_t priority = 0;
  Written written;  // names relative to the child
};

/// What a shunt's keys are read into.
struct ReadShunt {
  policy::Shunt shunt;
  policy::StartAction start_action = policy::StartAction::none;  // trap, or it would not be in force
};

struct ShuntDraft {
  ReadShunt read;
  Written written;  // likewise
};

struct ConnectionDraft {
  policy::Connection connection;  // its own list of children is not used
  Written written;                // "proposals", "local.id"
  std::vector<ChildDraft> children;
  std::vector<ShuntDraft> shunts;
  std::vector<const ConfigNode*> local_rounds, remote_rounds;  // sections, as they were written
};

inline bool is_host(const policy::AddressRange& range) { return range.first == range.last; }

std::span<const Key<policy::Connection>> connection_keys();
std::span<const Key<policy::AuthRound>> local_keys();
std::span<const Key<policy::AuthRound>> remote_keys();
std::span<const Key<policy::Child>> child_keys();
std::span<const Key<ReadShunt>> shunt_keys();
/// Of either kind of child: it is not part of what is negotiated.
std::uint32_t read_priority(const ConfigNode& child, Diagnostics& diagnostics);
/// What the section of a child does to its traffic if it is a shunt's: its `mode` is "pass" or "drop".
std::optional<policy::SpdAction> shunt_action(const ConfigNode& child);

/// Fills in the times that were not written, from those that were.
void complete_times(ConnectionDraft& draft);

/// What follows from `keep`; complains about what contradicts it.
void complete_actions(ConnectionDraft& draft, Diagnostics& diagnostics);

/// Takes the default proposals of ESP from children that say AH alone.
void complete_protocols(ConnectionDraft& draft);

/// A round behind the first, in its section.
void check_further_round(const ConfigNode& section, const policy::AuthRound& round, const ConnectionDraft& draft,
                         Diagnostics& diagnostics);

/// What each key may say alone, and all of them together may not.
void check_combinations(const ConnectionDraft& draft, Diagnostics& diagnostics);

}  // namespace sallyport::config
