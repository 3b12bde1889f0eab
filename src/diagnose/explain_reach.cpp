// Whether two sides speak with each other at all: an address, a configured connection, an exchange to begin with.
#include "diagnose/explainer.h"

namespace sallyport::diagnose {

using event::Opening;
using policy::to_string;

Explanation Explainer::unreachable() const {
  if (f_.attempts == 0) return plain(fmt::format("{} began, and then fell silent.", to_string(f_.remote)));
  return about(
      fmt::format("{} did not answer: {} messages were sent and none came back.", to_string(f_.remote), f_.attempts),
      "remote_addrs",
      fmt::format("Check that {} is the peer's address (connections.{}.remote_addrs), that an IKE daemon runs there, "
                  "and that UDP 500 and 4500 pass on the way.",
                  peer(), f_.connection));
}

Explanation Explainer::no_such_name() const {
  return about(
      fmt::format("No address is known for {}: {}.", f_.name, printable(f_.message)), "remote_addrs",
      fmt::format(
          "Check how it is written in connections.{}.remote_addrs (or local_addrs), and whether this host can look "
          "it up: `getent ahosts {}`.",
          f_.connection, f_.name));
}

Explanation Explainer::goes_in_circles() const {
  return about(fmt::format("{} gateways have sent us on, one to the next, the last one {}: they go in circles.",
                           f_.attempts, peer()),
               "follow_redirects",
               "Ask whoever runs the gateways; without follow_redirects here each of them has to serve us itself.");
}

Explanation Explainer::no_connection() const {
  if (f_.remote_id.kind == policy::Identity::Kind::any)
    return plain(fmt::format("No connection is configured for {}: none has it in remote_addrs.", peer()));
  if (f_.expected_id.kind != policy::Identity::Kind::any)
    return expects_other_identity(fmt::format("{} says that it is {}, and connections.{} expects {}.", peer(),
                                              to_string(f_.remote_id), f_.connection, to_string(f_.expected_id)));
  const std::string asked =
      f_.local_id.kind == policy::Identity::Kind::any ? "" : fmt::format(" and asks for {}", to_string(f_.local_id));
  return {fmt::format("{} says that it is {}{}, and no connection names these identities.", peer(),
                      to_string(f_.remote_id), asked),
          fmt::format("Set remote.id of its connection to \"{}\".", to_string(f_.remote_id)),
          {}};
}

Explanation Explainer::puzzle_declined() const {
  const std::string attacked = fmt::format("{} is under attack, it seems: it wants a puzzle solved first", peer());
  if (f_.zero_bits == 0) return plain(attacked + ", of a kind that we do not know.");
  return {fmt::format("{}, with {} zero bits.", attacked, f_.zero_bits),
          fmt::format("Try again later, or let daemon.puzzle_limit be {} or more: each one doubles the work.",
                      f_.zero_bits),
          {}};
}

Explanation Explainer::other_exchange() const {
  const auto theirs = name_of(f_.opening.value_or(Opening::ike_sa_init));
  const auto ours_is = name_of(f_.our_opening.value_or(Opening::ike_sa_init));
  const bool other_version = f_.our_opening == Opening::ike_sa_init || f_.opening == Opening::ike_sa_init;
  if (other_version)
    return about(
        fmt::format("{} begins with {}, and connections.{} is for {}.", peer(), theirs, f_.connection, ours_is),
        "version", fmt::format("Set connections.{}.version to 0 to accept both, or change the peer's.", f_.connection));
  return about(fmt::format("{} begins with {}, and {} is configured.", peer(), theirs, ours_is), "aggressive",
               fmt::format("Set connections.{}.aggressive to {}, or change the peer's.", f_.connection,
                           f_.opening == Opening::aggressive_mode));
}

}  // namespace sallyport::diagnose
