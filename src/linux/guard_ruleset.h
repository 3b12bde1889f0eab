// The guard's rules, as text for nftables: what the policies protect does not leave or enter in clear, whoever is alive
// to encrypt it. Text alone; linux/guard.h loads it.
//
//   arriving    prerouting: in clear from the wire is dropped what is protected; IKE, ESP and AH pass
//   forwarded   the same for both directions of what passes through, without any exception
//   departing   postrouting, before and after address translation: out by any device but the TUN is dropped what is
//               protected, unless it is IKE, ESP or AH and bears our mark
//   steering    marks for the TUN what routing rules cannot tell apart (see linux/steering_plan.h)
//
// What a policy lets pass in clear, or discards, is counted once: outbound in `steering`, inbound in `inbound`, which
// is asked on arrival; `passing` is the same without counters.
//
// Later fragments show no ports. On arrival they pass: without the first fragment, which is judged, they are worth
// nothing. Passing through, they go into the TUN when their ports could be protected ones, and nowhere else.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "linux/flows.h"
#include "linux/footprint.h"

namespace sallyport::linux {

struct GuardSettings {
  Footprint footprint;
  /// Give arriving IKE, ESP and AH our mark, so that a reverse path filter looks for the way back past our rules. Needs
  /// nft_fib in the kernel. See linux/reverse_path.h.
  bool mark_arriving = false;
};

/// Replaces whatever table of that name there is, in one step: there is no moment without.
std::string guard_ruleset(const policy::Spd& spd, const GuardSettings& settings);

/// Packets and octets.
struct PolicyTraffic {
  std::uint64_t packets_in = 0, bytes_in = 0;
  std::uint64_t packets_out = 0, bytes_out = 0;

  PolicyTraffic& operator+=(const PolicyTraffic& more);
  friend bool operator==(const PolicyTraffic&, const PolicyTraffic&) = default;
};
/// From the rules as the kernel prints them: what policies that bypass or discard have done since they were loaded.
std::map<policy::PolicyId, PolicyTraffic> policy_traffic(std::string_view loaded);

/// Whether routing rules cannot express all of it, so that the guard's marks must help: ICMP types, OPAQUE, and the
/// ports 0 and 65535, which rules do not take in ranges.
bool needs_steering_mark(const Service& service);
/// Whether fragments do not show routing rules that they are of it, and later ones nobody. They are marked: in the TUN
/// it is seen when they are put together.
bool hides_in_fragments(const Service& service);

}  // namespace sallyport::linux
