// Device: whatever has ports that links are plugged into: hosts, routers, NAT boxes. Packets are whole IP packets, from
// the first byte of the IP header on.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "sim/trace.h"

namespace sallyport::sim {

class World;
class Link;

/// Ports are counted in the order in which links were plugged in, from 0.
using PortNumber = std::size_t;

class Device {
 public:
  Device(World& world, std::string name) : world_(world), name_(std::move(name)) {}
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const std::string& name() const { return name_; }
  virtual void on_packet(PortNumber port, Bytes packet) = 0;

  std::size_t port_count() const { return ports_.size(); }
  /// The port that this link is plugged into; it has to be one of ours.
  PortNumber port_of(const Link& link) const;

 protected:
  World& world() const { return world_; }
  /// What became of it on the link, as far as the link knows by now.
  Fate send(PortNumber port, Bytes packet);
  /// The largest packet that the link takes in our direction, in octets.
  std::size_t mtu(PortNumber port) const;

 private:
  friend class World;  // which plugs links in
  struct Port {
    Link* link;
    Direction outward;
  };

  World& world_;
  std::string name_;
  std::vector<Port> ports_;
};

}  // namespace sallyport::sim
