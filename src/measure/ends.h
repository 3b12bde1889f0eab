// The two ends of one Child SA for what is measured, with fresh random keys.
#pragma once

#include <string_view>

#include "base/random.h"
#include "datapath/worker.h"

namespace sallyport::measure {

/// Networks behind the ends, an address of each, and the ends.
inline constexpr std::string_view near_network = "10.111.1.0/24", far_network = "10.111.2.0/24";
inline constexpr std::string_view near_host = "10.111.1.1", far_host = "10.111.2.1";
inline constexpr std::string_view near_gateway = "192.0.2.1", far_gateway = "192.0.2.2";

/// One of those; nothing else is an address.
policy::IpAddress address(std::string_view text);

struct Ends {
  policy::ChildSaSpec near, far;
};
/// Of a Child SA in tunnel mode. `suite`: in the words of `esp_proposals`, and one that packet ciphers know.
Ends make_ends(std::string_view suite, bool udp_encap, RandomSource& random);

/// A policy that protects what the SA is for.
policy::SpdPtr policy_for(const policy::ChildSaSpec& spec);

}  // namespace sallyport::measure
