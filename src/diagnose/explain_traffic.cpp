// What a Child SA is for: traffic selectors, tunnel or transport, inner addresses.
#include "diagnose/explainer.h"

namespace sallyport::diagnose {

using policy::to_string;

namespace {

/// With both seen from our side.
std::string both(const policy::TrafficSelectors& local, const policy::TrafficSelectors& remote) {
  return fmt::format("{} <-> {}", to_string(local), to_string(remote));
}

}  // namespace

Explanation Explainer::no_selector() const {
  const std::string configured = both(f_.our_local_ts, f_.our_remote_ts);
  if (f_.peer_local_ts.empty() && f_.peer_remote_ts.empty())
    return about(fmt::format("{} refuses our traffic selectors {}{} (ours <-> its).", peer(), configured,
                             f_.our_mode == policy::Mode::transport ? " in transport mode" : ""),
                 "remote_ts",
                 fmt::format("Make {} ({}) the peer's remote_ts, and remote_ts ({}) its local_ts.", key("local_ts"),
                             to_string(f_.our_local_ts), to_string(f_.our_remote_ts)));
  const std::string wanted = both(f_.peer_local_ts, f_.peer_remote_ts);
  const std::string child =
      fmt::format("connections.{}.children.{}", f_.connection, f_.child.empty() ? "NAME" : f_.child);
  if (f_.our_local_ts.empty())
    return about(fmt::format("No common traffic selectors: {} asks for {} (ours <-> its), and none of that mode is "
                             "configured.",
                             peer(), wanted),
                 "local_ts", fmt::format("Make {}.local_ts and remote_ts overlap with {}.", child, wanted));
  const bool local = !policy::intersect(f_.our_local_ts, f_.peer_local_ts).empty();
  const bool remote = !policy::intersect(f_.our_remote_ts, f_.peer_remote_ts).empty();
  const std::string sentence = fmt::format(
      "No common traffic selectors: {} asks for {}, and {} is configured (ours <-> "
      "its).",
      peer(), wanted, configured);
  if (local == remote)
    return about(sentence, "local_ts", fmt::format("Make {}.local_ts and remote_ts overlap with {}.", child, wanted));
  const std::string_view ours_name = local ? "remote_ts" : "local_ts", its_name = local ? "local_ts" : "remote_ts";
  return about(sentence, ours_name,
               fmt::format("Make {}.{} overlap with {}, or change {} at the peer.", child, ours_name,
                           to_string(local ? f_.peer_remote_ts : f_.peer_local_ts), its_name));
}

Explanation Explainer::other_mode() const {
  const auto name = [](std::optional<policy::Mode> mode) {
    return mode ? std::string(to_string(*mode)) : std::string("another");
  };
  return about(
      fmt::format("{} wants {} mode, and {} mode is configured.", peer(), name(f_.peer_mode), name(f_.our_mode)),
      "mode", fmt::format("Set {} to \"{}\", or change the peer's.", key("mode"), name(f_.peer_mode)));
}

Explanation Explainer::no_address() const {
  const bool not_asked = f_.notify == "FAILED_CP_REQUIRED";
  if (not_asked && !ours())
    return about(fmt::format("{} takes nobody who does not ask for an inner address.", peer()), "vips",
                 fmt::format("Write vips = [\"0.0.0.0\"] in connections.{}.", f_.connection));
  if (not_asked)
    return about(fmt::format("{} asked for no inner address, and has to.", peer()), "pools",
                 fmt::format("Let it ask for one, or leave connections.{}.pools out.", f_.connection));
  if (!ours())
    return about(fmt::format("{} gave us no inner address.", peer()), "vips",
                 fmt::format("Its pool may be used up: its log names the cause. Or leave connections.{}.vips out.",
                             f_.connection));
  const bool client = connection_ && !connection_->vips.empty();
  if (client)
    return about(fmt::format("{} gave us no inner address that we can use.", peer()), "vips",
                 fmt::format("Ask for another one in connections.{}.vips.", f_.connection));
  return about(fmt::format("There is no address left for {} in the pools of connections.{}.", peer(), f_.connection),
               "pools", "Make the pool larger, or add another one.");
}

Explanation Explainer::system_refused() const {
  if (speaks_ah())
    return about("There is a NAT on the way, or encap is on, and AH does not pass: it covers the addresses.",
                 "ah_proposals", fmt::format("Write esp_proposals instead of {}.", key("ah_proposals")));
  return plain("This system could not set it up; the daemon's log says why.");
}

}  // namespace sallyport::diagnose
