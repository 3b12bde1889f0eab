// The steering plan: which routing rules and routes bring just what the policies protect into the TUN. Values alone;
// linux/steering.h puts them into the kernel.
//
// Rules are looked through in order, so there is one for each local network and service, not for each peer: it leads to
// a routing table of ours that has a route to each remote network. In the order of their priorities:
//
//   first        bears our own mark: go to the end (what we send ourselves)
//   first + 1    has a source address: go to `steer`
//   hints        the application leaves the source to us: look into the tables whose local side has an address of this
//                host; their routes name it, so that the packet gets a source that the policy protects
//   steer        bears the packet filter's mark: into the TUN
//                from a local network, of a service: look into its table; go on when it has no route
//                what a policy bypasses: go to the end; what it discards: prohibited
//   end          on to everybody else's rules
//
// Every route into the TUN has a twin of the worst metric that prohibits. It takes over in the moment in which the
// device vanishes, because we were killed: fail closed. The table `local` comes before all this, as ever.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "linux/flows.h"
#include "linux/footprint.h"

namespace sallyport::linux {

struct SteeringRule {
  enum class Action : std::uint8_t {
    lookup,
    go_to,
    nothing,
    prohibit
  };

  std::uint32_t priority = 0;
  policy::Family family = policy::Family::ipv4;
  Action action = Action::nothing;
  std::uint32_t target = 0;  // lookup: table; go_to: priority
  bool inverted = false;     // for all but what matches
  std::optional<policy::Prefix> from;
  std::optional<policy::Prefix> to;
  std::uint32_t mark = 0;          // 0: whatever mark
  std::uint8_t protocol = 0;       // 0: any
  policy::PortRange source_ports;  // never 0 or 65535 unless any: rules do not take them
  policy::PortRange destination_ports;

  friend auto operator<=>(const SteeringRule&, const SteeringRule&) = default;
};

struct SteeringRoute {
  std::uint32_t table = 0;
  policy::Prefix to;
  bool prohibit = false;                    // else into the TUN
  std::optional<policy::IpAddress> source;  // for packets that have none yet

  friend auto operator<=>(const SteeringRoute&, const SteeringRoute&) = default;
};

/// Both sorted, without duplicates.
struct SteeringPlan {
  std::vector<SteeringRule> rules;
  std::vector<SteeringRoute> routes;

  friend bool operator==(const SteeringPlan&, const SteeringPlan&) = default;
};

/// Keeps the number of a table from plan to plan, as long as it serves the same local networks and service, so that a
/// change of the policies changes few rules and routes.
class TableNumbers {
 public:
  struct Key {
    policy::Family family{};
    std::size_t stretch = 0;
    Service service;
    AddressSet local;

    friend auto operator<=>(const Key&, const Key&) = default;
  };

  explicit TableNumbers(std::uint32_t first) : first_(first) {}
  /// Forgets what has not been asked for since the last call.
  void start_plan();
  std::uint32_t number_of(const Key& key);

 private:
  std::uint32_t first_;
  std::map<Key, std::uint32_t> current_, previous_;
  std::vector<bool> taken_;
};

/// `own_addresses`: of this host, in order of preference as a source.
/// ErrorCode::exhausted: more changes between protect, bypass and discard in the list of policies than there are rule
/// priorities for (kMaxStretches).
Result<SteeringPlan> plan_steering(std::span<const Flows> flows, const Footprint& footprint,
                                   std::span<const policy::IpAddress> own_addresses, TableNumbers& tables);

inline constexpr std::size_t kMaxStretches = 250;
/// Priorities from Footprint::first_priority on that are ours.
inline constexpr std::uint32_t kPriorities = 2 * kMaxStretches + 5;

}  // namespace sallyport::linux
