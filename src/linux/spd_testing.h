// Policies for tests, in the words of the configuration.
#pragma once

#include <initializer_list>
#include <string_view>

#include "policy/spd.h"

namespace sallyport::linux {

using Words = std::initializer_list<std::string_view>;

inline policy::TrafficSelectors selectors(Words words) {
  policy::TrafficSelectors list;
  for (const auto word : words) list.push_back(policy::SelectorTemplate::parse(word).value().fixed);
  return list;
}

inline policy::SpdEntry entry(policy::SpdAction action, Words local, Words remote) {
  return {
      .action = action, .connection = "c", .child = "c", .local_ts = selectors(local), .remote_ts = selectors(remote)};
}
inline policy::SpdEntry protect(Words local, Words remote) { return entry(policy::SpdAction::protect, local, remote); }
inline policy::SpdEntry bypass(Words local, Words remote) { return entry(policy::SpdAction::bypass, local, remote); }
inline policy::SpdEntry discard(Words local, Words remote) { return entry(policy::SpdAction::discard, local, remote); }

}  // namespace sallyport::linux
