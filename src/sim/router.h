// Router: forwards IP packets by longest prefix, counts their hop limit down, and drops what it has no route for.
#pragma once

#include <vector>

#include "policy/address.h"
#include "sim/device.h"
#include "sim/link.h"

namespace sallyport::sim {

class Router final : public Device {
 public:
  using Device::Device;

  /// `via` is plugged in here. Of routes alike, the latest holds.
  void add_route(const policy::Prefix& destination, const Link& via);
  /// A link to a device that has just this address.
  Link& attach(Device& device, const policy::IpAddress& address, const LinkQuality& quality = {});

  void on_packet(PortNumber port, Bytes packet) override;

  std::uint64_t forwarded() const { return forwarded_; }
  /// Without a route, damaged, or out of hops.
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Route {
    policy::AddressRange range;
    std::uint8_t length;
    PortNumber port;
  };
  const Route* find(const policy::IpAddress& destination) const;

  std::vector<Route> routes_;  // longest prefix first
  std::uint64_t forwarded_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace sallyport::sim
