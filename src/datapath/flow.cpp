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

policy::TrafficSelector host_selector(const AddressNumber& address, const FlowKey& key) {
  std::array<std::uint8_t, 16> octets;
  if (key.is_v6()) {
    store_be64(&octets[0], address.high);
    store_be64(&octets[8], address.low);
  } else {
    store_be32(&octets[0], static_cast<std::uint32_t>(address.low));
  }
  auto selector =
      policy::TrafficSelector::host(*policy::IpAddress::from_bytes({octets.data(), key.is_v6() ? 16u : 4u}));
  selector.protocol = key.protocol();
  return selector;
}

}  // namespace

FlowKey FlowKey::of(const wire::IpPacket& packet) {
  const std::uint8_t* octets = packet.octets().data();
  const bool v6 = packet.is_v6();
  FlowKey key;
  key.source_ = AddressNumber::of(octets + (v6 ? 8 : 12), v6);
  key.destination_ = AddressNumber::of(octets + (v6 ? 24 : 16), v6);
  key.rest_ = rest(packet) | static_cast<std::uint64_t>(packet.protocol()) << 16 | (v6 ? v6_bit : 0) | present_bit;
  return key;
}

std::uint64_t FlowKey::rest(const wire::IpPacket& packet) {
  if (const auto ports = wire::ports(packet)) return rest(Ports::both, ports->source, ports->destination);
  if (const auto icmp = wire::icmp_type_code(packet))
    return rest(Ports::source_only, static_cast<std::uint16_t>(icmp->type << 8 | icmp->code), 0);
  if (const auto mobility = wire::mobility_type(packet))  // in the high octet, RFC 7296 §3.13.1
    return rest(Ports::source_only, static_cast<std::uint16_t>(*mobility << 8), 0);
  return rest(Ports::absent, 0, 0);
}

std::optional<FlowKey> FlowKey::quoted_by(const wire::IpPacket& packet) {
  if (!is_icmp_error(packet) || packet.payload().size() < wire::icmp_header_size) return std::nullopt;
  const ByteView quoted = packet.payload().subspan(wire::icmp_header_size);
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
  FlowKey key;
  key.source_ = destination_;
  key.destination_ = source_;
  const std::uint64_t same = rest_ & 0xff00ff;  // protocol and flags
  key.rest_ = same | (ports() == Ports::both ? rest(Ports::both, destination_port(), source_port())
                                             : rest(Ports::absent, 0, 0));
  return key;
}

policy::TrafficSelector FlowKey::source_selector() const {
  auto selector = host_selector(source_, *this);
  if (ports() != Ports::absent) selector.ports = policy::PortRange::one(source_port());
  return selector;
}

policy::TrafficSelector FlowKey::destination_selector() const {
  auto selector = host_selector(destination_, *this);
  if (ports() == Ports::both) selector.ports = policy::PortRange::one(destination_port());
  return selector;
}

}  // namespace sallyport::datapath
