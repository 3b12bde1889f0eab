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

/// The ECN field (RFC 3168 §5), the low two bits of a traffic class.
namespace ecn {
inline constexpr std::uint8_t mask = 3, not_ect = 0, ect1 = 1, ect0 = 2, ce = 3;
}

/// Tunnel mode. DSCP is copied; ECN is copied (RFC 6040 §4.1, normal mode) or left at zero (compatibility mode). DF
/// follows the inner packet or is left clear (RFC 4301 §8.1); IPv6 counts as DF.
inline OuterFields tunnel_fields(const wire::IpPacket& inner, bool copy_df, bool copy_ecn) {
  OuterFields fields;
  fields.traffic_class = inner.traffic_class();
  if (!copy_ecn) fields.traffic_class &= static_cast<std::uint8_t>(~ecn::mask);
  fields.dont_fragment = copy_df && inner.dont_fragment();
  return fields;
}

/// The inner packet's traffic class after decapsulation: its own DSCP, and the ECN of RFC 6040 §4.2. nullopt: the
/// packet must be dropped, because it met congestion that its transport cannot be told of.
inline std::optional<std::uint8_t> decapsulated_traffic_class(std::uint8_t inner, std::uint8_t outer) {
  const std::uint8_t inner_ecn = inner & ecn::mask;
  const std::uint8_t outer_ecn = outer & ecn::mask;
  if (outer_ecn == ecn::ce) {
    if (inner_ecn == ecn::not_ect) return std::nullopt;
    return static_cast<std::uint8_t>(inner | ecn::ce);
  }
  if (outer_ecn == ecn::ect1 && inner_ecn == ecn::ect0)
    return static_cast<std::uint8_t>((inner & ~ecn::mask) | ecn::ect1);
  return inner;
}

}  // namespace sallyport::datapath
