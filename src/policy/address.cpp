#include "policy/address.h"

#include <arpa/inet.h>

#include <bit>

#include "base/check.h"
#include "policy/number.h"

namespace sallyport::policy {
namespace {

/// An address as a number, so that ranges can be counted in.
__extension__ using Wide = unsigned __int128;

Wide number_of(const IpAddress& address) {
  Wide number = 0;
  for (const std::uint8_t octet : address.bytes()) number = number << 8 | octet;
  return number;
}

IpAddress address_of(Family family, Wide number) {
  std::array<std::uint8_t, 16> octets{};
  const std::size_t size = family == Family::ipv4 ? 4 : 16;
  for (std::size_t i = size; i-- > 0; number >>= 8) octets[i] = static_cast<std::uint8_t>(number);
  return *IpAddress::from_bytes({octets.data(), size});
}

/// The lowest `count` bits set; count <= 128.
Wide low_bits(unsigned count) { return count >= 128 ? ~Wide{0} : (Wide{1} << count) - 1; }

unsigned trailing_zeros(Wide number, unsigned bits) {
  const auto low = static_cast<std::uint64_t>(number);
  const auto high = static_cast<std::uint64_t>(number >> 64);
  if (low != 0) return static_cast<unsigned>(std::countr_zero(low));
  if (high != 0) return 64 + static_cast<unsigned>(std::countr_zero(high));
  return bits;
}

}  // namespace

std::optional<IpAddress> IpAddress::from_bytes(ByteView bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
  IpAddress address;
  address.family_ = bytes.size() == 4 ? Family::ipv4 : Family::ipv6;
  std::ranges::copy(bytes, address.octets_.begin());
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton wants a terminated string; a zero octet inside `text` must not end it early.
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof terminated || text.contains('\0')) return std::nullopt;
  std::ranges::copy(text, terminated);
  const bool v6 = text.contains(':');
  std::array<std::uint8_t, 16> octets{};
  if (inet_pton(v6 ? AF_INET6 : AF_INET, terminated, octets.data()) != 1) return std::nullopt;
  return from_bytes({octets.data(), v6 ? 16u : 4u});
}

IpAddress IpAddress::unspecified(Family family) { return address_of(family, 0); }

bool IpAddress::is_unspecified() const { return *this == unspecified(family_); }

AddressRange AddressRange::all(Family family) { return of(Prefix{IpAddress::unspecified(family), 0}); }

AddressRange AddressRange::of(const Prefix& prefix) {
  const unsigned bits = prefix.address.bits();
  const Wide host = low_bits(bits - std::min<unsigned>(prefix.length, bits));
  const Wide number = number_of(prefix.address);
  return {address_of(prefix.address.family(), number & ~host), address_of(prefix.address.family(), number | host)};
}

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    const auto length = parse_number<std::uint8_t>(text.substr(slash + 1));
    if (!length || *length > address->bits()) return std::nullopt;
    return of(Prefix{*address, *length});
  }
  const auto dash = text.find('-');
  const auto first = IpAddress::parse(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : IpAddress::parse(text.substr(dash + 1));
  if (!first || !last || first->family() != last->family() || *last < *first) return std::nullopt;
  return AddressRange{*first, *last};
}

bool AddressRange::contains(const IpAddress& address) const {
  return address.family() == family() && first <= address && address <= last;
}

bool AddressRange::contains(const AddressRange& other) const {
  return other.family() == family() && first <= other.first && other.last <= last;
}

std::optional<AddressRange> AddressRange::intersection(const AddressRange& other) const {
  if (other.family() != family()) return std::nullopt;
  const AddressRange common{std::max(first, other.first), std::min(last, other.last)};
  if (common.last < common.first) return std::nullopt;
  return common;
}

std::vector<Prefix> AddressRange::prefixes() const {
  std::vector<Prefix> prefixes;
  const unsigned bits = first.bits();
  const Wide end = number_of(last);
  for (Wide start = number_of(first);;) {
    // The largest block that begins just here and does not reach past the end.
    unsigned host_bits = trailing_zeros(start, bits);
    while ((start | low_bits(host_bits)) > end) --host_bits;
    prefixes.push_back({address_of(family(), start), static_cast<std::uint8_t>(bits - host_bits)});
    const Wide block_end = start | low_bits(host_bits);
    if (block_end == end) return prefixes;
    start = block_end + 1;
  }
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN];
  const char* done = inet_ntop(address.is_v6() ? AF_INET6 : AF_INET, address.bytes().data(), text, sizeof text);
  ASSERT(done != nullptr);
  return done;
}

std::string to_string(const Endpoint& endpoint) {
  const std::string port = ":" + std::to_string(endpoint.port);
  if (endpoint.address.is_v6()) return "[" + to_string(endpoint.address) + "]" + port;
  return to_string(endpoint.address) + port;
}

std::string to_string(const Prefix& prefix) { return to_string(prefix.address) + "/" + std::to_string(prefix.length); }

std::string to_string(const AddressRange& range) {
  if (range.first == range.last) return to_string(range.first);
  const Wide first = number_of(range.first), last = number_of(range.last);
  // A prefix: the ends differ in just the low bits, which are all clear in one and all set in the other.
  const Wide host = first ^ last;
  if ((host & (host + 1)) == 0 && (first & host) == 0) {
    const unsigned host_bits = host + 1 == 0 ? 128 : trailing_zeros(host + 1, 128);
    return to_string(Prefix{range.first, static_cast<std::uint8_t>(range.first.bits() - host_bits)});
  }
  return to_string(range.first) + "-" + to_string(range.last);
}

}  // namespace sallyport::policy

std::size_t std::hash<sallyport::policy::IpAddress>::operator()(
    const sallyport::policy::IpAddress& address) const noexcept {
  return std::hash<std::string_view>{}(sallyport::as_text(address.bytes()));
}

std::size_t std::hash<sallyport::policy::Endpoint>::operator()(
    const sallyport::policy::Endpoint& endpoint) const noexcept {
  // The multiplier is 2^64 divided by the golden ratio: it spreads the port over all bits.
  return std::hash<sallyport::policy::IpAddress>{}(endpoint.address) ^ endpoint.port * 0x9e3779b97f4a7c15u;
}
