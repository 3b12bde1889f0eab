// Plan: a whole random world as a value, made from a seed: who is there, how bad the lines are, what is configured, and
// what happens when. Playing it (play.h) adds no dice but the world's own, which have the same seed.
#pragma once

#include <string>
#include <vector>

#include "sim/link.h"
#include "sim/nat_box.h"
#include "sim/pairing.h"

namespace sallyport::seeded {

/// The two hosts. Left may sit behind a NAT.
enum class Side : std::uint8_t {
  left,
  right
};

struct Action {
  enum class Kind : std::uint8_t {
    initiate,
    initiate_both,  // at the same moment
    ping,
    burst,  // of ten datagrams
    terminate,
    terminate_child,
    rekey,  // the IKE SA
    rekey_child,
    rekey_both,  // at the same moment at both ends: the IKE SA with a `duration` below 10 s, else the child
    crash,       // and restart after `duration`
    reload,
    rebind,  // the NAT, if there is one
    cut,     // the host's line, for `duration`
    worsen,  // the host's line changes its quality
    replay,  // somebody repeats all that went by lately
    mutate,  // somebody sends broken copies of it
    count_
  };
  Duration at;
  Kind kind;
  Side side;
  Duration duration{};
  sim::LinkQuality quality{};  // worsen
};
std::string_view to_string(Action::Kind kind);

struct Plan {
  std::uint64_t seed = 0;

  // Who is there.
  policy::IpAddress left_address, right_address;
  policy::IpAddress left_inside, right_inside;  // what applications talk to
  bool nat = false;
  sim::NatSettings nat_settings;
  sim::LinkQuality left_line, right_line;

  // What is configured. Liveness checks are always on.
  sim::Pairing pairing;
  ike::Settings left_ike, right_ike;
  bool compatible = true;       // whether it can come up at all
  bool left_can_begin = true;   // or can this end only answer?
  bool right_can_begin = true;  // likewise
  bool secret = true;           // protected by ESP; else by AH, which hides nothing

  // What happens, in order; all of it within `chaos`. Then all lines are good, and within `calm` all timers have run.
  Duration chaos;
  Duration calm;
  std::vector<Action> script;
};

/// What is built of IKE.
enum class Versions : std::uint8_t {
  both,
  ikev1,
  ikev2
};

Plan make_plan(std::uint64_t seed, Versions versions);
/// A few lines for people.
std::string to_string(const Plan& plan);

}  // namespace sallyport::seeded
