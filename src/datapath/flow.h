// FlowKey: the fields of a packet that selectors look at (RFC 4301 §4.4.1.1), as five words that are cheap to make, to
// compare and to hash.
#pragma once

#include <array>
#include <compare>
#include <optional>

#include "policy/selector.h"
#include "wire/ip.h"

namespace sallyport::datapath {

/// An IP address as a number, for comparing; IPv4 in the low 32 bits.
struct AddressNumber {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  static AddressNumber of(const std::uint8_t* octets, bool v6) {
    if (v6) return {load_be64(octets), load_be64(octets + 8)};
    return {0, load_be32(octets)};
  }
  friend auto operator<=>(const AddressNumber&, const AddressNumber&) = default;
};

class FlowKey {
 public:
  enum class Ports : std::uint8_t {
    absent,  // the protocol has none, or they are hidden in another fragment
    both,
    source_only,  // ICMP type and code, or Mobility Header type: the sender's selector decides (RFC 4301 §4.4.1.3)
  };

  /// Matches no packet.
  FlowKey() = default;
  static FlowKey of(const wire::IpPacket& packet);
  /// The packet that an ICMP error message quotes, if this is one and quotes enough of it (RFC 4301 §6.2). It went the
  /// other way.
  static std::optional<FlowKey> quoted_by(const wire::IpPacket& packet);
  /// An answer's. ICMP's, whose type would be another, keeps no port.
  FlowKey reversed() const;

  const AddressNumber& source() const { return source_; }
  const AddressNumber& destination() const { return destination_; }
  std::uint16_t source_port() const { return static_cast<std::uint16_t>(rest_ >> 48); }
  std::uint16_t destination_port() const { return static_cast<std::uint16_t>(rest_ >> 32); }
  std::uint8_t protocol() const { return static_cast<std::uint8_t>(rest_ >> 16); }
  bool is_v6() const { return (rest_ & v6_bit) != 0; }
  Ports ports() const { return static_cast<Ports>(rest_ >> 8 & 3); }

  /// The sender's and the receiver's side as selectors as narrow as can be.
  policy::TrafficSelector source_selector() const;
  policy::TrafficSelector destination_selector() const;

  friend bool operator==(const FlowKey&, const FlowKey&) = default;
  std::array<std::uint64_t, 5> words() const {
    return {source_.high, source_.low, destination_.high, destination_.low, rest_};
  }

 private:
  static constexpr std::uint64_t present_bit = 1, v6_bit = 2;
  static std::uint64_t rest(const wire::IpPacket& packet);
  static std::uint64_t rest(Ports ports, std::uint16_t source_port, std::uint16_t destination_port) {
    return std::uint64_t{source_port} << 48 | std::uint64_t{destination_port} << 32 |
           static_cast<std::uint64_t>(ports) << 8;
  }

  AddressNumber source_;
  AddressNumber destination_;
  /// From the top: source port, destination port (16 bits each), 8 of zero, protocol, Ports, the two bits above.
  std::uint64_t rest_ = 0;
};

}  // namespace sallyport::datapath
