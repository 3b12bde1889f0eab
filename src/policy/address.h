// IP addresses, ranges and endpoints as values, of both families. Text forms are those of swanctl.conf.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sallyport::policy {

enum class Family : std::uint8_t {
  ipv4,
  ipv6
};

class IpAddress {
 public:
  /// 0.0.0.0
  constexpr IpAddress() = default;
  /// 4 octets are IPv4, 16 are IPv6; any other size is nullopt.
  static std::optional<IpAddress> from_bytes(ByteView bytes);
  /// Dotted decimal or RFC 4291 §2.2; no zone, no prefix length, no name.
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress unspecified(Family family);
  static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    IpAddress address;
    address.octets_ = {a, b, c, d};
    return address;
  }

  Family family() const { return family_; }
  bool is_v6() const { return family_ == Family::ipv6; }
  bool is_unspecified() const;
  /// 4 or 16 octets; lives as long as this address.
  ByteView bytes() const { return {octets_.data(), size()}; }
  std::size_t size() const { return family_ == Family::ipv4 ? 4 : 16; }
  std::uint8_t bits() const { return family_ == Family::ipv4 ? 32 : 128; }

  /// All of IPv4 sorts before all of IPv6.
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Family family_ = Family::ipv4;
  std::array<std::uint8_t, 16> octets_{};  // IPv4 uses the first four, the rest is zero
};

/// An address and a port, as sockets see them.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

struct Prefix {
  IpAddress address;  // host bits zero
  std::uint8_t length = 0;

  friend auto operator<=>(const Prefix&, const Prefix&) = default;
};

/// From `first` to `last`, both included, both of one family, first <= last.
struct AddressRange {
  IpAddress first;
  IpAddress last;

  static AddressRange host(const IpAddress& address) { return {address, address}; }
  static AddressRange all(Family family);
  static AddressRange of(const Prefix& prefix);
  /// "192.0.2.1", "192.0.2.0/24" (host bits are cut off) or "192.0.2.1-192.0.2.9".
  static std::optional<AddressRange> parse(std::string_view text);

  Family family() const { return first.family(); }
  bool contains(const IpAddress& address) const;
  bool contains(const AddressRange& other) const;
  std::optional<AddressRange> intersection(const AddressRange& other) const;
  /// The fewest prefixes that cover just this range, in order.
  std::vector<Prefix> prefixes() const;

  friend auto operator<=>(const AddressRange&, const AddressRange&) = default;
};

std::string to_string(const IpAddress& address);
/// "192.0.2.1:500", "[2001:db8::1]:500"
std::string to_string(const Endpoint& endpoint);
std::string to_string(const Prefix& prefix);
/// As a host, a prefix, or "first-last", whichever is shortest and exact.
std::string to_string(const AddressRange& range);

}  // namespace sallyport::policy

template <>
struct std::hash<sallyport::policy::IpAddress> {
  std::size_t operator()(const sallyport::policy::IpAddress& address) const noexcept;
};
template <>
struct std::hash<sallyport::policy::Endpoint> {
  std::size_t operator()(const sallyport::policy::Endpoint& endpoint) const noexcept;
};
