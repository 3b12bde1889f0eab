// keep: one word above start_action, close_action and dpd_action, which follow from it. What was written beside it has
// to say the same.
#include <fmt/format.h>

#include <algorithm>

#include "config/connection_draft.h"

namespace sallyport::config {
namespace {

using policy::Child;
using policy::DpdAction;
using policy::Keep;
using policy::Seconds;
using policy::StartAction;

/// So soon a dead peer has to be suspected where its child is kept, if nothing else is written.
constexpr Seconds kWatchfulDelay{30};

struct Actions {
  StartAction start, close;
  DpdAction dpd;
};
Actions actions_of(Keep keep) {
  switch (keep) {
    case Keep::up: return {StartAction::start, StartAction::start, DpdAction::restart};
    case Keep::on_demand: return {StartAction::trap, StartAction::trap, DpdAction::trap};
    case Keep::manual: break;
  }
  return {StartAction::none, StartAction::none, DpdAction::clear};
}

bool is_kept(const Child& child) { return child.keep && *child.keep != Keep::manual; }

void check_contradictions(const ChildDraft& each, Diagnostics& diagnostics) {
  const Actions meant = actions_of(*each.child.keep);
  const auto check = [&](std::string_view key, auto written, auto follows) {
    if (!each.written.has(key) || !each.written.usable({key}) || written == follows) return;
    each.written.error(
        key, fmt::format("\"{}\" contradicts keep = \"{}\"", to_string(written), to_string(*each.child.keep)),
        diagnostics, fmt::format("leave one of the two out; keep stands for \"{}\" here", to_string(follows)));
  };
  check("start_action", each.child.start_action, meant.start);
  check("close_action", each.child.close_action, meant.close);
  check("dpd_action", each.child.dpd_action, meant.dpd);
}

}  // namespace

void complete_actions(ConnectionDraft& draft, Diagnostics& diagnostics) {
  bool kept = false;
  for (ChildDraft& each : draft.children) {
    if (!each.child.keep) continue;
    check_contradictions(each, diagnostics);
    const Actions meant = actions_of(*each.child.keep);
    each.child.start_action = meant.start;
    each.child.close_action = meant.close;
    each.child.dpd_action = meant.dpd;
    if (!is_kept(each.child)) continue;
    kept = true;
    if (draft.written.has("keyingtries") && draft.written.usable({"keyingtries"}) && draft.connection.keyingtries != 0)
      draft.written.error("keyingtries",
                          fmt::format("{} contradicts keep = \"{}\" of {}, which is tried for ever",
                                      draft.connection.keyingtries, to_string(*each.child.keep), each.child.name),
                          diagnostics, "leave it out");
  }
  if (!kept) return;
  if (!draft.written.has("dpd_delay"))
    draft.connection.dpd_delay = kWatchfulDelay;
  else if (draft.connection.dpd_delay == Seconds(0) && draft.written.usable({"dpd_delay"}))
    draft.written.warning("dpd_delay", "a child is to be kept, and nobody would notice that its peer has died",
                          diagnostics, fmt::format("leave it out; it is {} s then", kWatchfulDelay.count()));
}

}  // namespace sallyport::config
