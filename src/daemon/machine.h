// Machine: what the IKE engine may ask of the host that it runs on, answered by the kernel's routing and the datapath.
#pragma once

#include "daemon/workers.h"
#include "ike/core/environment.h"
#include "linux/host_addresses.h"

namespace sallyport::daemon {

class Machine final : public ike::HostView {
 public:
  /// `tunnel`: index of the device that inner addresses are on.
  Machine(linux::NetlinkSocket netlink, const linux::Footprint& footprint, std::uint32_t tunnel, Workers& workers)
      : netlink_(std::move(netlink)), footprint_(footprint), tunnel_(tunnel), workers_(workers) {}

  std::optional<Instant> last_inbound(policy::ChildSaId id) const override {
    const auto status = workers_.status(id);
    return status ? status->last_inbound : std::nullopt;
  }
  std::optional<policy::IpAddress> source_address(const policy::IpAddress& remote) const override {
    const auto route = route_to(remote);
    return route ? std::optional(route->source) : std::nullopt;
  }
  /// Not the inner ones. Remembered until forget_addresses(): every IKE SA asks.
  std::vector<policy::IpAddress> addresses() const override {
    if (addresses_) return *addresses_;
    addresses_.emplace();
    if (const auto all = linux::own_addresses(netlink_))
      for (const linux::OwnAddress& own : *all)
        if (own.device != tunnel_) addresses_->push_back(own.address);
    return *addresses_;
  }
  void forget_addresses() { addresses_.reset(); }

  std::optional<linux::OuterRoute> route_to(const policy::IpAddress& remote) const {
    return linux::outer_route(netlink_, footprint_, remote);
  }

  /// Inner addresses of this host, on the device of that index.
  linux::SystemResult<void> add_address(std::uint32_t device, const policy::IpAddress& address) {
    return linux::add_address(netlink_, device, address);
  }
  linux::SystemResult<void> remove_address(std::uint32_t device, const policy::IpAddress& address) {
    return linux::remove_address(netlink_, device, address);
  }

 private:
  mutable linux::NetlinkSocket netlink_;  // asking changes nothing but the socket's sequence number
  linux::Footprint footprint_;
  std::uint32_t tunnel_;
  mutable std::optional<std::vector<policy::IpAddress>> addresses_;
  Workers& workers_;
};

}  // namespace sallyport::daemon
