// ClientMemory: what a client keeps from one IKE SA of a connection to the next. The password that a person typed,
// where the configuration has none: until the peer refuses it, or the connection is closed by hand. And the inner
// addresses that the gateway gave last, to ask for the same ones again.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "policy/address.h"

namespace sallyport::ike {

class ClientMemory {
 public:
  void put_password(std::string_view connection, Secret password) {
    passwords_.insert_or_assign(std::string(connection), std::move(password));
  }
  const Secret* password(std::string_view connection) const {
    const auto found = passwords_.find(connection);
    return found == passwords_.end() ? nullptr : &found->second;
  }
  void forget_password(std::string_view connection) {
    if (const auto found = passwords_.find(connection); found != passwords_.end()) passwords_.erase(found);
  }

  void put_addresses(std::string_view connection, std::vector<policy::IpAddress> addresses) {
    addresses_.insert_or_assign(std::string(connection), std::move(addresses));
  }
  /// The one of a family; unspecified: none is known.
  policy::IpAddress address(std::string_view connection, policy::Family family) const {
    if (const auto found = addresses_.find(connection); found != addresses_.end())
      for (const policy::IpAddress& address : found->second)
        if (address.family() == family) return address;
    return policy::IpAddress::unspecified(family);
  }

 private:
  std::map<std::string, Secret, std::less<>> passwords_;
  std::map<std::string, std::vector<policy::IpAddress>, std::less<>> addresses_;
};

}  // namespace sallyport::ike
