// The security policy database (RFC 4301 §4.4.1): an ordered list, first match decides. What no entry matches is none
// of our business and bypasses; what a child of a connection covers is protected, whether or not an SA is up.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/strong_id.h"
#include "policy/connection.h"
#include "policy/selector.h"

namespace sallyport::policy {

enum class SpdAction : std::uint8_t {
  protect,
  bypass,
  discard
};

using PolicyId = StrongId<struct PolicyTag, std::uint32_t>;

struct SpdEntry {
  PolicyId id;
  SpdAction action = SpdAction::protect;
  std::string connection;  // for protect
  std::string child;
  Mode mode = Mode::tunnel;
  /// `trap`: the first packet that finds no SA asks for one. Otherwise it is dropped and counted.
  bool on_demand = false;
  TrafficSelectors local_ts;
  TrafficSelectors remote_ts;

  friend bool operator==(const SpdEntry&, const SpdEntry&) = default;
};

/// Immutable once made: a change is another Spd (see ARCHITECTURE, threads).
struct Spd {
  std::vector<SpdEntry> entries;
};
using SpdPtr = std::shared_ptr<const Spd>;

}  // namespace sallyport::policy
