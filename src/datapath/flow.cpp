#include "datapath/flow.h"

#include <algorithm>

namespace sallyport::datapath {
namespace {

bool is_icmp_error(const wire::IpPacket& packet) {
  const auto icmp = wire::icmp_type_code(packet);
  if (!icmp || packet.is_fragment()) return false;
  if (packet.is_v6()) return icmp->type < 128;  // RFC 4443 §2.1
  // Unreachable, source quench, redirect, time exceeded, parameter problem (RFC 1122 §3.2.2).
  return icmp->type == 3 || icmp->type == 4 || icmp->type == 5 || icmp->type == 11 || icmp->type == 12;
}

policy::TrafficSelector host_selector(const std::array<std::uint8_t, 16>& octets, const FlowKey& key) {
  auto selector = policy::TrafficSelector::host(*policy::IpAddress::from_bytes({octets.data(), key.v6 ? 16u : 4u}));
  selector.protocol = key.protocol;
  return selector;
}

}  // namespace

FlowKey FlowKey::of(const wire::IpPacket& packet) {
  FlowKey key;
  const std::uint8_t* octets = packet.octets().data();
  key.v6 = packet.is_v6();
  key.protocol = static_cast<std::uint8_t>(packet.protocol());
  std::memcpy(key.source.data(), octets + (key.v6 ? 8 : 12), key.v6 ? 16 : 4);
  std::memcpy(key.destination.data(), octets + (key.v6 ? 24 : 16), key.v6 ? 16 : 4);
  if (const auto ports = wire::ports(packet)) {
    key.ports = Ports::both;
    key.source_port = ports->source;
    key.destination_port = ports->destination;
  } else if (const auto icmp = wire::icmp_type_code(packet)) {
    key.ports = Ports::source_only;
    key.source_port = static_cast<std::uint16_t>(icmp->type << 8 | icmp->code);
  } else if (const auto mobility = wire::mobility_type(packet)) {
    key.ports = Ports::source_only;
    key.source_port = static_cast<std::uint16_t>(*mobility << 8);  // RFC 7296 §3.13.1: the high octet
  }
  return key;
}

std::optional<FlowKey> FlowKey::quoted_by(const wire::IpPacket& packet) {
  constexpr std::size_t icmp_header_size = 8;
  if (!is_icmp_error(packet) || packet.payload().size() < icmp_header_size) return std::nullopt;
  const ByteView quoted = packet.payload().subspan(icmp_header_size);
  if (quoted.size() < (packet.is_v6() ? wire::ipv6_header_size : wire::ipv4_header_size)) return std::nullopt;
  if (quoted[0] >> 4 != (packet.is_v6() ? 6 : 4)) return std::nullopt;
  // Only the beginning is quoted, so its length field says more than there is: it is put right in a copy.
  std::array<std::uint8_t, 256> copy;
  const std::size_t size = std::min(quoted.size(), copy.size());
  std::ranges::copy(quoted.first(size), copy.begin());
  if (packet.is_v6())
    store_be16(&copy[4], static_cast<std::uint16_t>(size - wire::ipv6_header_size));
  else
    store_be16(&copy[2], static_cast<std::uint16_t>(size));
  const auto inner = wire::IpPacket::parse(ByteView(copy).first(size));
  if (!inner) return std::nullopt;
  return of(*inner);
}

FlowKey FlowKey::reversed() const {
  FlowKey key = *this;
  std::swap(key.source, key.destination);
  std::swap(key.source_port, key.destination_port);
  if (ports == Ports::source_only) {
    key.destination_port = 0;
    key.ports = Ports::absent;
  }
  return key;
}

policy::TrafficSelector FlowKey::source_selector() const {
  auto selector = host_selector(source, *this);
  if (ports != Ports::absent) selector.ports = policy::PortRange::one(source_port);
  return selector;
}

policy::TrafficSelector FlowKey::destination_selector() const {
  auto selector = host_selector(destination, *this);
  if (ports == Ports::both) selector.ports = policy::PortRange::one(destination_port);
  return selector;
}

std::uint64_t FlowKey::hash(std::uint64_t salt) const {
  std::array<std::uint64_t, sizeof(FlowKey) / 8> words;
  std::memcpy(words.data(), this, sizeof words);
  // Multiply and fold; the salt keeps strangers from choosing flows that collide.
  std::uint64_t h = salt;
  for (const std::uint64_t word : words) {
    h = (h ^ word) * 0x9e3779b97f4a7c15;
    h ^= h >> 32;
  }
  return h;
}

}  // namespace sallyport::datapath
