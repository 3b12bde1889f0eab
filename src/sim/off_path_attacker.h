// OffPathAttacker: somewhere on the net, sees nothing that is not addressed to it, and sends what it likes in whoever's
// name. Plug it into a router like any host.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "base/random.h"
#include "policy/address.h"
#include "sim/device.h"
#include "sim/packet.h"

namespace sallyport::sim {

class OffPathAttacker final : public Device {
 public:
  OffPathAttacker(World& world, std::string name);

  /// Sends `count` packets made by `make`, evenly spread over `duration`; each is made when its time has come.
  void flood(std::uint64_t count, Duration duration, std::function<Bytes(RandomSource&)> make);

  /// A copy of an IKE_SA_INIT request as a host sent it, but from a random address and port, and with a random SPI.
  static Bytes spoofed_ike_sa_init(ByteView original, RandomSource& random);
  /// Up to 200 random bytes for this endpoint, or what looks like an IKE header or ESP at the first glance.
  static Bytes garbage(const policy::Endpoint& target, RandomSource& random);

  /// For the attacker's own address: the answers to what it sent under its own name.
  void on_packet(PortNumber port, Bytes packet) override;
  std::uint64_t sent() const { return sent_; }
  std::uint64_t answers() const { return answers_; }

 private:
  void flood_next(std::uint64_t left, Duration pause, std::function<Bytes(RandomSource&)> make);

  SeededRandom random_;
  std::uint64_t sent_ = 0;
  std::uint64_t answers_ = 0;
};

/// A random address that hosts on the net may have: neither reserved, nor private, nor multicast.
policy::IpAddress random_address(policy::Family family, RandomSource& random);

}  // namespace sallyport::sim
