// ClientMemory: what a client keeps from one IKE SA of a connection to the next. The password that a person typed,
// where the configuration has none: until the peer refuses it, or the connection is closed by hand. The inner
// addresses that the gateway gave last, to ask for the same ones again. And the ticket by which it lets us in again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "ike/core/tickets.h"
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

  void put_ticket(std::string_view connection, Ticket ticket) {
    tickets_.insert_or_assign(std::string(connection), std::move(ticket));
  }
  /// For one use (RFC 5723 §4.3).
  std::optional<Ticket> take_ticket(std::string_view connection) {
    const auto found = tickets_.find(connection);
    if (found == tickets_.end()) return std::nullopt;
    std::optional<Ticket> ticket(std::move(found->second));
    tickets_.erase(found);
    return ticket;
  }
  /// If it is of that IKE SA.
  void forget_ticket(std::string_view connection, policy::IkeSaId ike_sa) {
    if (const auto found = tickets_.find(connection); found != tickets_.end() && found->second.sa.ike_sa == ike_sa)
      tickets_.erase(found);
  }

 private:
  std::map<std::string, Ticket, std::less<>> tickets_;  // one for each connection
  std::map<std::string, Secret, std::less<>> passwords_;
  std::map<std::string, std::vector<policy::IpAddress>, std::less<>> addresses_;
};

}  // namespace sallyport::ike
