#include "ike/v1/identification.h"

#include "ike/core/datagram.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using policy::AddressRange;
using policy::IpAddress;

/// How many ones a mask begins with; nullopt when ones follow zeros.
std::optional<std::uint8_t> prefix_length(ByteView mask) {
  std::uint8_t length = 0;
  bool ended = false;
  for (const std::uint8_t octet : mask)
    for (int bit = 7; bit >= 0; --bit) {
      const bool one = (octet >> bit & 1) != 0;
      if (one && ended) return std::nullopt;
      ended |= !one;
      length = static_cast<std::uint8_t>(length + (one ? 1 : 0));
    }
  return length;
}

Bytes mask_octets(std::uint8_t length, std::size_t size) {
  Bytes mask(size);
  for (std::size_t i = 0; i < length; ++i) mask[i / 8] = static_cast<std::uint8_t>(mask[i / 8] | 0x80 >> (i % 8));
  return mask;
}

std::optional<AddressRange> read_subnet(ByteView data) {
  const auto address = IpAddress::from_bytes(data.first(data.size() / 2));
  const auto length = prefix_length(data.subspan(data.size() / 2));
  if (!address || !length) return std::nullopt;
  Bytes first = to_bytes(address->bytes());
  const Bytes mask = mask_octets(*length, first.size());
  for (std::size_t i = 0; i < first.size(); ++i) first[i] &= mask[i];
  return AddressRange::of({*IpAddress::from_bytes(first), *length});
}

std::optional<AddressRange> read_addresses(const w::IdPayload& id) {
  switch (id.type) {
    case w::IdType::ipv4_addr:
    case w::IdType::ipv6_addr: {
      const auto address = IpAddress::from_bytes(id.data);
      return address ? std::optional(AddressRange::host(*address)) : std::nullopt;
    }
    case w::IdType::ipv4_addr_subnet:
    case w::IdType::ipv6_addr_subnet: return read_subnet(id.data);
    case w::IdType::ipv4_addr_range:
    case w::IdType::ipv6_addr_range: {
      const ByteView data = id.data;
      const auto first = IpAddress::from_bytes(data.first(data.size() / 2));
      const auto last = IpAddress::from_bytes(data.subspan(data.size() / 2));
      if (!first || !last || *last < *first) return std::nullopt;
      return AddressRange{*first, *last};
    }
    default: return std::nullopt;
  }
}

/// In phase 1 they say nothing; some write IKE's own ports there, behind a NAT that of RFC 3947.
bool has_ports_of_phase_1(const w::IdPayload& id) {
  constexpr std::uint8_t udp = 17;
  return (id.protocol == 0 && id.port == 0) ||
         (id.protocol == udp && (id.port == 0 || id.port == kIkePort || id.port == kNatTraversalPort));
}

}  // namespace

std::optional<policy::Identity> read_identity(const w::IdPayload& id) {
  using Kind = policy::Identity::Kind;
  if (!has_ports_of_phase_1(id)) return std::nullopt;
  switch (id.type) {
    case w::IdType::ipv4_addr: return policy::Identity{Kind::ipv4, id.data};
    case w::IdType::ipv6_addr: return policy::Identity{Kind::ipv6, id.data};
    case w::IdType::fqdn: return policy::Identity{Kind::fqdn, id.data};
    case w::IdType::user_fqdn: return policy::Identity{Kind::user_fqdn, id.data};
    case w::IdType::der_asn1_dn: return policy::Identity{Kind::dn, id.data};
    case w::IdType::key_id: return policy::Identity{Kind::key_id, id.data};
    default: return std::nullopt;
  }
}

w::IdPayload write_identity(const policy::Identity& identity) {
  using Kind = policy::Identity::Kind;
  w::IdPayload id;
  id.data = identity.data;
  switch (identity.kind) {
    case Kind::ipv4: id.type = w::IdType::ipv4_addr; break;
    case Kind::ipv6: id.type = w::IdType::ipv6_addr; break;
    case Kind::fqdn: id.type = w::IdType::fqdn; break;
    case Kind::user_fqdn: id.type = w::IdType::user_fqdn; break;
    case Kind::dn: id.type = w::IdType::der_asn1_dn; break;
    case Kind::null:
    case Kind::any:
    case Kind::key_id: id.type = w::IdType::key_id; break;
  }
  return id;
}

std::optional<policy::TrafficSelector> read_selector(const w::IdPayload& id) {
  const auto addresses = read_addresses(id);
  if (!addresses) return std::nullopt;
  return policy::TrafficSelector{*addresses, id.protocol,
                                 id.port == 0 ? policy::PortRange::any() : policy::PortRange::one(id.port)};
}

std::optional<w::IdPayload> write_selector(const policy::TrafficSelector& selector) {
  if (!selector.ports.is_any() && (selector.ports.first != selector.ports.last || selector.ports.first == 0))
    return std::nullopt;
  const AddressRange& range = selector.addresses;
  const bool six = range.family() == policy::Family::ipv6;
  w::IdPayload id;
  id.protocol = selector.protocol;
  id.port = selector.ports.is_any() ? 0 : selector.ports.first;
  id.data = to_bytes(range.first.bytes());
  if (range.first == range.last) {
    id.type = six ? w::IdType::ipv6_addr : w::IdType::ipv4_addr;
  } else if (const auto prefixes = range.prefixes(); prefixes.size() == 1) {
    id.type = six ? w::IdType::ipv6_addr_subnet : w::IdType::ipv4_addr_subnet;
    append(id.data, mask_octets(prefixes.front().length, range.first.size()));
  } else {
    id.type = six ? w::IdType::ipv6_addr_range : w::IdType::ipv4_addr_range;
    append(id.data, range.last.bytes());
  }
  return id;
}

}  // namespace sallyport::ike::v1
