// What a tunnel's outer header takes from the inner one, and gives back to it (RFC 4301 §5.1.2, RFC 6040).
#pragma once

#include <optional>

#include "wire/ip.h"

namespace sallyport::datapath {

/// The fields of the header in front of ESP that are ours to choose.
struct OuterFields {
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 64;
  bool dont_fragment = false;

  friend bool operator==(const OuterFields&, const OuterFields&) = default;
};

/// Tunnel mode. DSCP is copied; ECN is copied (RFC 6040 §4.1, normal mode) or left at zero (compatibility mode). DF
/// follows the inner packet or is left clear (RFC 4301 §8.1); IPv6 counts as DF.
OuterFields tunnel_fields(const wire::IpPacket& inner, bool copy_df, bool copy_ecn);

/// The inner packet's traffic class after decapsulation: its own DSCP, and the ECN of RFC 6040 §4.2. nullopt: the
/// packet must be dropped, because it met congestion that its transport cannot be told of.
std::optional<std::uint8_t> decapsulated_traffic_class(std::uint8_t inner, std::uint8_t outer);

}  // namespace sallyport::datapath
