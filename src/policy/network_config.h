// NetworkConfig: what a client is told of the network behind a gateway. IKEv1 says it in Mode Config, IKEv2 in its
// Configuration payload, with the same attributes; Cisco's Unity clients added the lower half.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/address.h"

namespace sallyport::policy {

struct NetworkConfig {
  std::vector<IpAddress> addresses;  // the client's own, in that network
  std::optional<IpAddress> netmask;
  std::vector<IpAddress> dns, nbns;    // name servers: the internet's, and NetBIOS's
  std::vector<Prefix> split_include;   // what is behind the tunnel; empty: nothing is said of it
  std::vector<Prefix> split_exclude;   // what stays outside (UNITY_LOCAL_LAN)
  std::string default_domain;          // of names without one
  std::vector<std::string> split_dns;  // domains that the name servers are for
  std::string banner;                  // for the user to read

  bool empty() const { return *this == NetworkConfig(); }
  friend bool operator==(const NetworkConfig&, const NetworkConfig&) = default;
};

/// Where the addresses for clients come from, and what they are told with them (swanctl's [pools.NAME]).
struct Pool {
  std::string name;
  AddressRange addresses;
  NetworkConfig config;  // without addresses

  friend bool operator==(const Pool&, const Pool&) = default;
};

}  // namespace sallyport::policy
