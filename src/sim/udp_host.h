// UdpHost: the plainest host there is, with one address and datagrams in and out. For tests of the world itself, and
// for bystanders in it; an IPsec endpoint is host.h.
#pragma once

#include <vector>

#include "policy/address.h"
#include "sim/device.h"
#include "sim/packet.h"

namespace sallyport::sim {

class UdpHost final : public Device {
 public:
  struct Received {
    Instant at;
    policy::Endpoint source;
    policy::Endpoint destination;
    Bytes payload;
  };

  UdpHost(World& world, std::string name, policy::IpAddress address)
      : Device(world, std::move(name)), address_(std::move(address)) {}

  const policy::IpAddress& address() const { return address_; }
  void send_udp(std::uint16_t from_port, const policy::Endpoint& to, ByteView payload);
  /// Any IP packet, with whatever source it claims.
  void send_raw(Bytes packet) { send(0, std::move(packet)); }

  void on_packet(PortNumber port, Bytes packet) override;
  const std::vector<Received>& received() const { return received_; }
  /// Packets for us that carried no right UDP.
  const std::vector<Bytes>& others() const { return others_; }
  /// From then on each datagram goes back to where it came from.
  void echo() { echo_ = true; }

 private:
  policy::IpAddress address_;
  bool echo_ = false;
  std::vector<Received> received_;
  std::vector<Bytes> others_;
};

}  // namespace sallyport::sim
