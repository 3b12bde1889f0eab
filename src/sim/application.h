// Application: the program on a host that talks to others through its IP stack and knows nothing of IPsec. Whatever it
// sends carries a marker that occurs nowhere else, so that the secret is found wherever it leaks (invariants.h), and a
// number, so that each message is known when it arrives.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "policy/address.h"

namespace sallyport::sim {

/// Unique in its world.
using MessageNumber = StrongId<struct MessageNumberTag, std::uint64_t>;

class Application {
 public:
  /// Stands in front of each message's number.
  static constexpr std::array<std::uint8_t, 16> marker = {0xe7, 'T', 'o',  'p',  'S',  'e',  'c',  'r',
                                                          'e',  't', 0xd3, 0xa9, 0x8f, 0xf6, 0xc1, 0x92};
  /// Marker and number: the least that a message's payload holds, in octets.
  static constexpr std::size_t least_payload = marker.size() + 8;

  /// `transmit` takes whole IP packets.
  Application(std::uint32_t host, std::function<void(Bytes)> transmit)
      : next_(static_cast<std::uint64_t>(host) << 32), transmit_(std::move(transmit)) {}

  /// `payload`: octets, at least least_payload.
  MessageNumber send_udp(const policy::Endpoint& from, const policy::Endpoint& to, std::size_t payload = 64);
  /// An ICMP echo request, which the application at the other end answers.
  MessageNumber ping(const policy::IpAddress& from, const policy::IpAddress& to, std::size_t payload = 64);

  /// `in_clear`: it came without IPsec.
  void on_packet(Instant now, ByteView packet, bool in_clear);

  struct Arrival {
    Instant at;
    MessageNumber number;
    policy::IpAddress from;
    policy::IpAddress to;
    bool in_clear = false;
  };
  /// Messages of others to us, pings included.
  const std::vector<Arrival>& arrivals() const { return arrivals_; }
  /// How often this message arrived here.
  std::size_t arrived(MessageNumber number) const;
  /// Whether a ping of ours came back.
  bool answered(MessageNumber ping) const { return answered_.contains(ping); }
  std::size_t answers() const { return answered_.size(); }
  /// ICMP errors about packets of ours: the number that says how large they may be, or 0.
  const std::vector<std::uint32_t>& complaints() const { return complaints_; }

 private:
  MessageNumber take_number() { return {++next_}; }

  std::uint64_t next_;
  std::function<void(Bytes)> transmit_;
  std::vector<Arrival> arrivals_;
  std::map<MessageNumber, std::size_t> counts_;
  std::set<MessageNumber> answered_;
  std::vector<std::uint32_t> complaints_;
};

}  // namespace sallyport::sim
