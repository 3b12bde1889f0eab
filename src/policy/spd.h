// The security policy database (RFC 4301 §4.4.1): an ordered list, first match decides. What no entry matches is none
// of our business and bypasses; what a child of a connection covers is protected, whether or not an SA is up. What an
// administrator wants to be otherwise is said by shunts, which bypass or discard.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/strong_id.h"
#include "policy/connection.h"
#include "policy/selector.h"

namespace sallyport::policy {

/// What becomes of packets.
enum class SpdAction : std::uint8_t {
  protect,
  bypass,
  discard
};
std::string_view to_string(SpdAction action);  // as modes of a child: "pass", "drop"; and "protect"

using PolicyId = StrongId<struct PolicyTag, std::uint32_t>;

struct SpdEntry {
  PolicyId id;
  SpdAction action = SpdAction::protect;
  std::string connection;
  std::string child;         // or shunt
  Mode mode = Mode::tunnel;  // for protect
  /// `trap`: the first packet that finds no SA asks for one. Otherwise it is dropped and counted.
  bool on_demand = false;
  TrafficSelectors local_ts;
  TrafficSelectors remote_ts;
  std::uint32_t priority = 0;  // 0: none was written

  friend bool operator==(const SpdEntry&, const SpdEntry&) = default;
};

/// Immutable once made: a change is another Spd (see ARCHITECTURE, threads).
struct Spd {
  std::vector<SpdEntry> entries;
};
using SpdPtr = std::shared_ptr<const Spd>;

/// Puts entries into the order in which they decide:
///   - those with a priority first, the lowest number in front;
///   - then what selects fewer addresses before what selects more, a list counting as the widest of its pairs;
///   - then what names a protocol before what does not, and fewer ports before more;
///   - then discard before protect before bypass, so that doubt closes;
///   - then as they stood.
void put_in_order(std::vector<SpdEntry>& entries);

}  // namespace sallyport::policy
