#include "sim/sniff.h"

#include <fmt/format.h>

#include "wire/ah.h"
#include "wire/esp.h"
#include "wire/udp_encap.h"

namespace sallyport::sim {
namespace {

constexpr std::uint16_t ike_port = 500;
constexpr std::uint16_t nat_traversal_port = 4500;

bool either_port_is(const UdpView& udp, std::uint16_t port) {
  return udp.source.port == port || udp.destination.port == port;
}

void sniff_ike(Sniffed& sniffed, ByteView message) {
  const auto header = wire::parse_ike_header(message);
  if (!header) return;
  sniffed.kind = Sniffed::Kind::ike;
  sniffed.content = message;
  sniffed.ike = *header;
}

void sniff_esp(Sniffed& sniffed, ByteView esp) {
  const auto header = wire::read_esp_header(esp);
  if (!header) return;
  sniffed.kind = Sniffed::Kind::esp;
  sniffed.content = esp;
  sniffed.spi = header->spi;
  sniffed.sequence = header->sequence;
}

void sniff_ah(Sniffed& sniffed, ByteView ah) {
  const auto header = wire::read_ah_header(ah);
  if (!header) return;
  sniffed.kind = Sniffed::Kind::ah;
  sniffed.spi = header->spi;
  sniffed.sequence = header->sequence;
}

void sniff_encapsulated(Sniffed& sniffed, ByteView payload) {
  sniffed.udp_encap = true;
  const wire::UdpEncap encap = wire::classify_udp_encap(payload);
  switch (encap.kind) {
    case wire::UdpEncapKind::keepalive: sniffed.kind = Sniffed::Kind::keepalive; break;
    case wire::UdpEncapKind::ike: sniff_ike(sniffed, encap.content); break;
    case wire::UdpEncapKind::esp: sniff_esp(sniffed, encap.content); break;
    case wire::UdpEncapKind::malformed: break;
  }
}

std::string ike_words(const Sniffed& sniffed) {
  const wire::IkeHeader& ike = sniffed.ike;
  if (ike.major_version != wire::ikev2::major_version)
    return fmt::format("IKEv{} exchange {}, id {:08x}", ike.major_version, ike.exchange_type, ike.message_id);
  const auto exchange = static_cast<wire::ikev2::ExchangeType>(ike.exchange_type);
  const bool response = (ike.flags & wire::ikev2::flag_response) != 0;
  return fmt::format("{} {}, id {}", wire::ikev2::to_string(exchange), response ? "response" : "request",
                     ike.message_id);
}

std::string words(const Sniffed& sniffed) {
  switch (sniffed.kind) {
    case Sniffed::Kind::ike: return ike_words(sniffed);
    case Sniffed::Kind::esp:
      return fmt::format("ESP{} {:08x}, number {}", sniffed.udp_encap ? " in UDP" : "", sniffed.spi, sniffed.sequence);
    case Sniffed::Kind::ah: return fmt::format("AH {:08x}, number {}", sniffed.spi, sniffed.sequence);
    case Sniffed::Kind::keepalive: return "NAT keepalive";
    case Sniffed::Kind::other: return fmt::format("protocol {}", static_cast<int>(sniffed.protocol));
    case Sniffed::Kind::not_ip: break;
  }
  return "not IP";
}

std::string end_words(const policy::Endpoint& end) {
  return end.port == 0 ? policy::to_string(end.address) : policy::to_string(end);
}

}  // namespace

bool Sniffed::is_ike(wire::ikev2::ExchangeType exchange, bool response) const {
  return kind == Kind::ike && ike.exchange_type == wire::ikev2::number(exchange) &&
         ((ike.flags & wire::ikev2::flag_response) != 0) == response;
}

Sniffed sniff(ByteView packet) {
  Sniffed sniffed;
  sniffed.size = packet.size();
  const auto ip = parse_ip(packet);
  if (!ip) return sniffed;
  sniffed.kind = Sniffed::Kind::other;
  sniffed.source.address = ip->fields.source;
  sniffed.destination.address = ip->fields.destination;
  sniffed.protocol = ip->fields.protocol;
  sniffed.content = ip->payload;
  if (sniffed.protocol == wire::IpProtocol::esp) {
    sniff_esp(sniffed, ip->payload);
  } else if (sniffed.protocol == wire::IpProtocol::ah) {
    sniff_ah(sniffed, ip->payload);
  } else if (const auto udp = parse_udp(packet)) {
    sniffed.source = udp->source;
    sniffed.destination = udp->destination;
    sniffed.content = udp->payload;
    if (either_port_is(*udp, nat_traversal_port)) {
      sniff_encapsulated(sniffed, udp->payload);
    } else if (either_port_is(*udp, ike_port)) {
      sniff_ike(sniffed, udp->payload);
    }
  }
  return sniffed;
}

std::string to_string(const Sniffed& sniffed) {
  return fmt::format("{} > {}  {}, {} octets", end_words(sniffed.source), end_words(sniffed.destination),
                     words(sniffed), sniffed.size);
}

}  // namespace sallyport::sim
