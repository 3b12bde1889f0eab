#include "linux/socket_address.h"

#include <netinet/in.h>

#include <cstring>

namespace sallyport::linux {

using policy::Endpoint;
using policy::IpAddress;

SocketAddress::SocketAddress(const Endpoint& endpoint) {
  if (endpoint.address.is_v6()) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port);
    std::memcpy(&address.sin6_addr, endpoint.address.bytes().data(), sizeof address.sin6_addr);
    std::memcpy(&storage_, &address, size_ = sizeof address);
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, endpoint.address.bytes().data(), sizeof address.sin_addr);
    std::memcpy(&storage_, &address, size_ = sizeof address);
  }
}

int address_family(policy::Family family) { return family == policy::Family::ipv6 ? AF_INET6 : AF_INET; }

std::optional<Endpoint> endpoint_of(const sockaddr_storage& storage) {
  const auto of = [](const auto& octets, std::uint16_t port) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&octets);
    return Endpoint{*IpAddress::from_bytes({bytes, sizeof octets}), ntohs(port)};
  };
  if (storage.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof address);
    return of(address.sin_addr, address.sin_port);
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, &storage, sizeof address);
    return of(address.sin6_addr, address.sin6_port);
  }
  return std::nullopt;
}

}  // namespace sallyport::linux
