// The way in for AH (RFC 4302 §3.4): Inbound's other half. A packet is verified in a copy, whose mutable fields and ICV
// are zero, and then freed of AH where it was received.
#include "datapath/inbound.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {

// As for ESP, all that is done before a packet's authenticity is known, and the copy that is to be verified.
void Inbound::accept_ah(Instant now, const Datagram& datagram, Verdicts& out) {
  const auto ip = wire::IpPacket::parse(datagram.bytes);
  if (!ip || ip->protocol() != wire::IpProtocol::ah || ip->octets().size() > AhLayout::largest_packet)
    return drop(DropReason::malformed_ah, nullptr, out);
  if (ip->is_fragment()) return drop(DropReason::fragment, nullptr, out);  // RFC 4302 §3.4.1
  const auto header = wire::read_ah_header(ip->payload());
  if (!header) return drop(DropReason::malformed_ah, nullptr, out);
  Sa* sa = sad_.find_inbound_ah(header->spi);
  if (sa == nullptr) return on_unknown_spi(now, policy::Protocol::ah, header->spi, datagram, ip->octets(), out);
  if (!sa->ah.allows_header_size(header->size, ip->is_v6())) return drop(DropReason::malformed_ah, sa, out);
  const std::uint64_t sequence = sa->inbound.window.extend(header->sequence);
  if (!is_fresh(*sa, sequence, out)) return;

  const ByteView packet = ip->octets();
  const std::size_t headers = ip->payload_offset();
  std::uint8_t* covered = copies_.take(packet.size() + sa->ah.icv);
  std::uint8_t* icv = covered + headers + wire::ah_fixed_size;
  std::memcpy(covered, packet.data(), packet.size());
  std::memcpy(covered + packet.size(), icv, sa->ah.icv);
  std::memset(icv, 0, sa->ah.icv);
  if (!wire::zero_mutable_fields({covered, headers})) return drop(DropReason::uncoverable_header, sa, out);
  next_job() = AhLayout::job(covered, packet.size(), sequence);
  add_to_burst(*sa, datagram);
}

void Inbound::free_of_ah(Sa& sa, const Datagram& from, Verdicts& out) {
  const auto ip = wire::IpPacket::parse(from.bytes);
  const auto header = ip ? wire::read_ah_header(ip->payload()) : std::nullopt;
  ASSERT(header);  // accept_ah() has read the same octets
  const std::size_t headers = ip->payload_offset();
  const ByteSpan packet = from.bytes.first(ip->octets().size());
  if (sa.inner_esp != nullptr)
    return accept_bundled(sa, header->next_header, from, packet.subspan(headers + header->size), out);
  if (sa.mode == policy::Mode::tunnel)
    return decapsulate(sa, packet.subspan(headers + header->size), header->next_header, from, out);

  // The IP header moves up to the payload.
  const ByteSpan clear = packet.subspan(header->size);
  std::memmove(clear.data(), packet.data(), headers);
  wire::set_packet_size(clear.data(), clear.size());
  wire::set_protocol(clear.data(), ip->protocol_offset(), header->next_header);
  match_and_deliver(sa, clear, out);
}

/// What is in AH is the ESP of the same bundle and nothing else (RFC 4301 §5.2: SAs are those that the policy asks for,
/// all of them). It is opened with the rest of the burst.
void Inbound::accept_bundled(Sa& ah, wire::IpProtocol next_header, const Datagram& from, ByteSpan packet,
                             Verdicts& out) {
  ah.counters.inbound.packets += 1;
  ah.counters.inbound.bytes += packet.size();
  if (next_header != wire::IpProtocol::esp) return drop(DropReason::incomplete_bundle, &ah, out);
  const auto header = wire::read_esp_header(packet);
  if (!header) return drop(DropReason::malformed_esp, &ah, out);
  if (header->spi != ah.inner_esp->inbound.spi) return drop(DropReason::incomplete_bundle, &ah, out);
  accept_esp(*ah.inner_esp, *header, from, packet, out);
}

}  // namespace sallyport::datapath
