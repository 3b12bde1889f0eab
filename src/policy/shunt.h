// What an administrator says of policies beside the connections that make most of them: where traffic goes without an
// SA, and which policy goes before which. To change it is no reason to close anything.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "policy/spd.h"

namespace sallyport::policy {

/// A child of `mode = "pass"` or `"drop"`: traffic that has no SA, and an entry of the SPD all the same.
struct Shunt {
  std::string connection;  // that it stands in; there need be nothing else in it
  std::string name;
  SpdAction action = SpdAction::discard;  // or bypass
  SelectorTemplates local_ts = {SelectorTemplate{.dynamic = true}};
  SelectorTemplates remote_ts = {SelectorTemplate{.dynamic = true}};
  std::vector<AddressRange> local_addrs, remote_addrs;  // the connection's: what "dynamic" stands for
  std::uint32_t priority = 0;
  Origins origins;

  friend bool operator==(const Shunt&, const Shunt&) = default;
};

struct PolicySettings {
  std::vector<Shunt> shunts;
  /// Of children that are protected, by connection and child: SpdEntry::priority.
  std::map<std::pair<std::string, std::string>, std::uint32_t> priorities;

  std::uint32_t priority_of(const std::string& connection, const std::string& child) const {
    const auto found = priorities.find({connection, child});
    return found == priorities.end() ? 0 : found->second;
  }
  void add(const PolicySettings& more) {
    shunts.insert(shunts.end(), more.shunts.begin(), more.shunts.end());
    priorities.insert(more.priorities.begin(), more.priorities.end());
  }

  friend bool operator==(const PolicySettings&, const PolicySettings&) = default;
};

}  // namespace sallyport::policy
