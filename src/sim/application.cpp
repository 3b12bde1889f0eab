#include "sim/application.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "base/writer.h"
#include "sim/packet.h"

namespace sallyport::sim {
namespace {

// What we use of ICMP (RFC 792) and ICMPv6 (RFC 4443).
constexpr std::uint8_t icmp_unreachable = 3, icmp_fragmentation_needed = 4, icmpv6_too_big = 2;
constexpr std::size_t icmp_header_size = 8;
struct Echo {
  std::uint8_t request, reply;
};
Echo echo_types(bool v6) { return v6 ? Echo{128, 129} : Echo{8, 0}; }
wire::IpProtocol icmp_of(bool v6) { return v6 ? wire::IpProtocol::icmpv6 : wire::IpProtocol::icmp; }

Bytes message_body(MessageNumber number, std::size_t size) {
  ASSERT(size >= Application::least_payload);
  Bytes body;
  Writer writer(body);
  writer.bytes(Application::marker);
  writer.u64(number.value);
  writer.zeros(size - body.size());
  return body;
}

std::optional<MessageNumber> number_in(ByteView body) {
  if (body.size() < Application::least_payload || !std::ranges::equal(body.first(16), Application::marker))
    return std::nullopt;
  return MessageNumber{load_be64(body.data() + 16)};
}

Bytes build_echo(const policy::IpAddress& from, const policy::IpAddress& to, bool reply, ByteView body) {
  const bool v6 = from.is_v6();
  const wire::IpProtocol protocol = icmp_of(v6);
  Bytes icmp;
  Writer writer(icmp);
  writer.u8(reply ? echo_types(v6).reply : echo_types(v6).request);
  writer.zeros(icmp_header_size - 1);
  writer.bytes(body);
  wire::ChecksumSum sum;
  if (v6) sum = wire::pseudo_header_sum(from.bytes(), to.bytes(), protocol, icmp.size());
  sum.add(icmp);
  store_be16(&icmp[2], sum.checksum());
  return build_ip({.source = from, .destination = to, .protocol = protocol}, icmp);
}

/// The next hop's MTU, where ICMP says that a packet of ours was too big for it.
std::optional<std::uint32_t> complaint(bool v6, ByteView icmp) {
  if (v6 && icmp[0] == icmpv6_too_big) return load_be32(&icmp[4]);
  if (!v6 && icmp[0] == icmp_unreachable) return icmp[1] == icmp_fragmentation_needed ? load_be16(&icmp[6]) : 0U;
  return std::nullopt;
}

}  // namespace

MessageNumber Application::send_udp(const policy::Endpoint& from, const policy::Endpoint& to, std::size_t payload) {
  const MessageNumber number = take_number();
  transmit_(build_udp(from, to, message_body(number, payload)));
  return number;
}

MessageNumber Application::ping(const policy::IpAddress& from, const policy::IpAddress& to, std::size_t payload) {
  const MessageNumber number = take_number();
  transmit_(build_echo(from, to, false, message_body(number, payload)));
  return number;
}

std::size_t Application::arrived(MessageNumber number) const {
  const auto found = counts_.find(number);
  return found == counts_.end() ? 0 : found->second;
}

void Application::on_packet(Instant now, ByteView packet, bool in_clear) {
  const auto ip = parse_ip(packet);
  if (!ip || !wire::has_valid_payload_checksum(*wire::IpPacket::parse(packet))) return;
  const auto& [source, destination] = std::tie(ip->fields.source, ip->fields.destination);
  const auto arrive = [&](MessageNumber number) {
    arrivals_.push_back({now, number, source, destination, in_clear});
    ++counts_[number];
  };
  if (const auto udp = parse_udp(packet)) {
    if (const auto number = number_in(udp->payload)) arrive(*number);
    return;
  }
  const bool v6 = source.is_v6();
  if (ip->fields.protocol != icmp_of(v6) || ip->payload.size() < icmp_header_size) return;
  if (const auto limit = complaint(v6, ip->payload)) complaints_.push_back(*limit);
  const ByteView body = ip->payload.subspan(icmp_header_size);
  const auto number = number_in(body);
  if (!number) return;
  if (ip->payload[0] == echo_types(v6).reply) answered_.insert(*number);
  if (ip->payload[0] != echo_types(v6).request) return;
  arrive(*number);
  transmit_(build_echo(destination, source, true, body));
}

}  // namespace sallyport::sim
