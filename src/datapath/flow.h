// FlowKey: the fields of a packet that selectors look at (RFC 4301 §4.4.1.1), as one comparable block.
#pragma once

#include <array>
#include <cstring>
#include <optional>

#include "policy/selector.h"
#include "wire/ip.h"

namespace sallyport::datapath {

struct FlowKey {
  enum class Ports : std::uint8_t {
    absent,  // the protocol has none, or they are hidden in another fragment
    both,
    source_only,  // ICMP type and code, or Mobility Header type: the sender's selector decides (RFC 4301 §4.4.1.3)
  };

  std::array<std::uint8_t, 16> source{};  // IPv4 in the first four, the rest zero
  std::array<std::uint8_t, 16> destination{};
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;
  bool v6 = false;
  Ports ports = Ports::absent;
  std::uint8_t reserved = 0;

  static FlowKey of(const wire::IpPacket& packet);
  /// The packet that an ICMP error message quotes, if this is one and quotes enough of it (RFC 4301 §6.2). It went the
  /// other way.
  static std::optional<FlowKey> quoted_by(const wire::IpPacket& packet);

  /// An answer's. ICMP's, whose type would be another, keeps no port.
  FlowKey reversed() const;

  /// The sender's and the receiver's side as selectors as narrow as can be.
  policy::TrafficSelector source_selector() const;
  policy::TrafficSelector destination_selector() const;

  friend bool operator==(const FlowKey& a, const FlowKey& b) { return std::memcmp(&a, &b, sizeof a) == 0; }
  std::uint64_t hash(std::uint64_t salt) const;
};
static_assert(sizeof(FlowKey) == 40 && std::has_unique_object_representations_v<FlowKey>);

}  // namespace sallyport::datapath
