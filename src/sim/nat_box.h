// NatBox: a NAT of addresses and ports as homes have them (RFC 4787's words). It knows UDP alone: raw ESP is dropped in
// both directions, and so is whatever nobody inside has asked for. Its first link (port 0) leads inside, its second
// outside; it is the router of whatever is inside.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "base/random.h"
#include "policy/address.h"
#include "sim/device.h"
#include "sim/packet.h"

namespace sallyport::sim {

struct NatSettings {
  /// What is done alike for all remote endpoints, or for each by itself (RFC 4787 §4.1, §5).
  enum class Behaviour : std::uint8_t {
    endpoint_independent,
    address_and_port_dependent
  };

  policy::IpAddress outside;
  Behaviour mapping = Behaviour::endpoint_independent;
  Behaviour filtering = Behaviour::address_and_port_dependent;
  /// A mapping without a packet from inside for so long is forgotten. Packets from outside keep nothing alive.
  Duration timeout = std::chrono::seconds(60);
  /// Mappings at a time; beyond it, packets that need another are dropped.
  std::size_t capacity = 1024;
};

class NatBox final : public Device {
 public:
  static constexpr PortNumber inside = 0;
  static constexpr PortNumber outside = 1;

  NatBox(World& world, std::string name, NatSettings settings);

  void on_packet(PortNumber port, Bytes packet) override;

  /// Forgets all mappings, as a restart does. The next packet from inside gets another outside port.
  void rebind();
  /// rebind() again and again, after pauses of 1 ns to twice `mean`, until `end`.
  void rebind_at_random(Duration mean, Instant end);

  std::size_t mappings() const { return mappings_.size(); }
  /// The outside endpoint that packets from `inside_source` to `remote` have now.
  std::optional<policy::Endpoint> mapped(const policy::Endpoint& inside_source, const policy::Endpoint& remote) const;

  struct Counters {
    std::uint64_t outbound = 0, inbound = 0;  // translated
    std::uint64_t unsolicited = 0;            // from outside, and no mapping or no permission
    std::uint64_t not_udp = 0;                // raw ESP and all else
    std::uint64_t full = 0;                   // from inside, and no room for a mapping
    std::uint64_t rebound = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  /// The remote endpoint only with an address-and-port-dependent mapping.
  using Key = std::pair<policy::Endpoint, std::optional<policy::Endpoint>>;
  struct Mapping {
    std::uint16_t outside_port;
    Instant last_used;
    std::set<policy::Endpoint> asked;  // remote endpoints that have had a packet from inside
  };

  Key key(const policy::Endpoint& inside_source, const policy::Endpoint& remote) const;
  void forget_expired();
  /// The mapping for a packet from inside, made if need be; nullptr when full.
  Mapping* open(const policy::Endpoint& inside_source, const policy::Endpoint& remote);
  std::uint16_t free_port();
  bool admits(const Mapping& mapping, const policy::Endpoint& remote) const;

  void outward(const UdpView& udp);
  void inward(const UdpView& udp);

  NatSettings settings_;
  SeededRandom random_;
  std::map<Key, Mapping> mappings_;
  std::map<std::uint16_t, Key> by_port_;
  std::set<std::uint16_t> worn_;  // used before the last rebind: not handed out again until the next one
  Counters counters_;
};

}  // namespace sallyport::sim
