// MeshPlan: several sites, ties between them that are to be up for ever, and what befalls them: lines that lose and
// reorder, outages, NATs that rebind, sites that move, crash and come back, keys that are renewed from both ends at
// once, clocks that run fast and slow. Made from a seed; mesh_play.h plays it.
#pragma once

#include <string>
#include <vector>

#include "sim/link.h"
#include "sim/nat_box.h"
#include "sim/pairing.h"

namespace sallyport::seeded {

struct Site {
  std::string name;
  /// Where it may be, one at a time; the first to begin with. Behind a NAT there is only one.
  std::vector<policy::IpAddress> addresses;
  std::optional<sim::NatSettings> nat;
  policy::IpAddress inside;
  sim::LinkQuality line;
  std::int32_t clock_drift = 0;  // millionths
  std::uint32_t window = 1;      // IKE requests at once

  /// Others can call it at its address.
  bool is_found() const { return !nat && addresses.size() == 1; }
};

/// One connection. Left begins, and so does right where left can be found.
struct Tie {
  std::size_t left, right;  // sites
  sim::Pairing pairing;
};

struct Mishap {
  enum class Kind : std::uint8_t {
    cut,     // the site's line, for `duration`
    worsen,  // the site's line changes its quality
    crash,   // and start again after `duration`
    move,    // to another of its addresses
    rebind,  // its NAT, if it has one
    rekey,   // the IKE SA of a tie
    rekey_child,
    rekey_both,  // at the same moment at both ends: the IKE SA with a `duration` below 10 s, else the child
    reload,      // the same configuration
    count_
  };
  Duration at;
  Kind kind;
  std::size_t site, tie;
  Duration duration{};
  sim::LinkQuality quality{};
};
std::string_view to_string(Mishap::Kind kind);

struct MeshPlan {
  std::uint64_t seed = 0;
  std::vector<Site> sites;
  std::vector<Tie> ties;
  ike::Settings ike;
  /// All mishaps are within `chaos`; then all lines are good.
  Duration chaos;
  std::vector<Mishap> mishaps;

  sim::Configuration configuration(std::size_t site) const;
};

MeshPlan make_mesh_plan(std::uint64_t seed);
/// A few lines for people.
std::string to_string(const MeshPlan& plan);

}  // namespace sallyport::seeded
