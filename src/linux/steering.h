// Steering: keeps the kernel's routing rules and routes as the steering plan has them, and cleans up what a daemon that
// was killed has left. Changes come in an order that never sends a protected packet past the TUN: first what is added,
// then what is taken away.
#pragma once

#include "linux/netlink_socket.h"
#include "linux/steering_plan.h"

namespace sallyport::linux {

class Steering {
 public:
  /// Of the TUN with this interface index, which is up.
  static SystemResult<Steering> open(const Footprint& footprint, std::uint32_t device);
  Steering(Steering&&) noexcept = default;
  Steering& operator=(Steering&&) = delete;
  /// Leaves everything as it is: who goes in peace calls clear().
  ~Steering() = default;

  /// Makes the policies' traffic go into the TUN, and nothing else. Call it again when this host's addresses have
  /// changed. After an error some of it may be in place; the next call mends the rest.
  SystemResult<void> apply(const policy::Spd& spd);
  /// Takes away all rules and routes that bear our protocol number, whoever made them.
  SystemResult<void> clear();

  /// What the kernel has.
  Result<SteeringPlan> installed();

 private:
  Steering(NetlinkSocket netlink, const Footprint& footprint, std::uint32_t device)
      : netlink_(std::move(netlink)), footprint_(footprint), device_(device), tables_(footprint.first_table) {}
  SystemResult<void> change(const SteeringPlan& from, const SteeringPlan& to);
  SystemResult<void> put_routes(std::vector<SteeringRoute> routes);
  SystemResult<void> put_rules(std::vector<SteeringRule> rules);
  SystemResult<void> drop_rules(std::vector<SteeringRule> rules);
  SystemResult<void> drop_routes(const std::vector<SteeringRoute>& routes);
  NetlinkRequest route_request(std::uint16_t type, std::uint16_t flags, const SteeringRoute& route) const;
  NetlinkRequest rule_request(std::uint16_t type, std::uint16_t flags, const SteeringRule& rule) const;
  Result<void> read_rules(policy::Family family, std::vector<SteeringRule>& rules);
  Result<void> read_routes(policy::Family family, std::vector<SteeringRoute>& routes);

  NetlinkSocket netlink_;
  Footprint footprint_;
  std::uint32_t device_;
  TableNumbers tables_;
  std::optional<SteeringPlan> installed_;  // nullopt: not known
};

}  // namespace sallyport::linux
