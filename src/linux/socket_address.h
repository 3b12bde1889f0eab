// Endpoints as the socket calls want them.
#pragma once

#include <sys/socket.h>

#include <optional>

#include "policy/address.h"

namespace sallyport::linux {

class SocketAddress {
 public:
  SocketAddress() = default;
  explicit SocketAddress(const policy::Endpoint& endpoint);

  int family() const { return storage_.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

/// AF_INET or AF_INET6.
int address_family(policy::Family family);
/// nullopt: neither IPv4 nor IPv6.
std::optional<policy::Endpoint> endpoint_of(const sockaddr_storage& storage);

}  // namespace sallyport::linux
