#include "datapath/inbound.h"

#include "datapath/mss.h"
#include "datapath/pmtu.h"
#include "datapath/transport.h"
#include "datapath/tunnel.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

std::size_t packets_in(const Datagram& datagram) {
  if (datagram.segment_size == 0) return 1;
  return (datagram.bytes.size() + datagram.segment_size - 1) / datagram.segment_size;
}

}  // namespace

Inbound::Inbound(Sad& sad, const SpdView& spd, EarlyPackets& early, const Settings& settings, RandomSource& random,
                 Counters& counters)
    : sad_(sad),
      spd_(spd),
      early_(early),
      counters_(counters),
      clamp_mss_(settings.clamp_mss),
      cache_(settings.flow_cache_size, random),
      coalescer_(settings.join) {}

void Inbound::process(Instant now, std::span<const Datagram> burst, Verdicts& out) {
  begin_burst(burst, out);
  for (const Datagram& datagram : burst) {
    if (&datagram + 2 < burst.data() + burst.size()) __builtin_prefetch((&datagram + 2)->bytes.data());
    if (datagram.is_ah) {
      accept_ah(now, datagram, out);
      continue;
    }
    ByteSpan rest = datagram.bytes;
    do {
      const std::size_t size =
          datagram.segment_size == 0 ? rest.size() : std::min<std::size_t>(rest.size(), datagram.segment_size);
      accept(now, datagram, rest.first(size), out);
      rest = rest.subspan(size);
    } while (!rest.empty());
  }
  for (std::size_t i = 0; i < active_.size(); ++i) open_all(now, *active_[i], out);  // AH of a bundle brings its ESP
  coalescer_.flush();
}

void Inbound::begin_burst(std::span<const Datagram> burst, Verdicts& out) {
  heard_new_sa_ = false;
  arrived_count_ = 0;
  runs_.clear();
  end_run();
  active_.clear();
  restored_.reset();
  expander_.begin_burst();
  copies_.reset();
  std::size_t packets = 0;
  for (const Datagram& datagram : burst) packets += packets_in(datagram);
  coalescer_.begin_burst(packets, out.deliveries);
}

// All that is done before a packet's authenticity is known: it costs a look-up and a look at the window.
void Inbound::accept(Instant now, const Datagram& datagram, ByteSpan packet, Verdicts& out) {
  const auto header = wire::read_esp_header(packet);
  if (!header) return drop(DropReason::malformed_esp, nullptr, out);
  Sa* sa = header->spi == run_spi_ ? run_sa_ : sad_.find_inbound(header->spi);
  if (sa == nullptr) return on_unknown_spi(now, policy::Protocol::esp, header->spi, datagram, packet, out);
  if (sa->outer_ah) return drop(DropReason::incomplete_bundle, sa, out);
  accept_esp(*sa, *header, datagram, packet, out);
}

/// Unknown, or not known yet.
void Inbound::on_unknown_spi(Instant now, policy::Protocol protocol, std::uint32_t spi, const Datagram& from,
                             ByteView packet, Verdicts& out) {
  const auto cost = early_.hold(protocol, spi, from, packet, now);
  if (!cost) {
    if (!out.unknown_spi) out.unknown_spi = UnknownSpi{spi, from.local, from.remote};
    return drop(DropReason::unknown_spi, nullptr, out);
  }
  for (std::size_t i = 0; i < *cost; ++i) drop(DropReason::early_overflow, nullptr, out);
}

void Inbound::begin_run(Sa& sa) {
  const auto run = static_cast<std::uint32_t>(runs_.size());
  runs_.push_back({arrived_count_, 1, BurstList::nothing});
  BurstList& list = sa.inbound.burst;
  if (list.first == BurstList::nothing) {
    list.first = run;
    active_.push_back(&sa);
  } else {
    runs_[list.last].next = run;
  }
  list.last = run;
  run_sa_ = &sa;
  run_spi_ = sa.protocol == policy::Protocol::esp ? sa.inbound.spi : no_spi;
}

void Inbound::open_all(Instant now, Sa& sa, Verdicts& out) {
  const BurstList list = std::exchange(sa.inbound.burst, {});
  end_run();
  const Run all = list.first == list.last ? runs_[list.first] : gather(list.first);
  const std::size_t burst_octets = sa.protocol == policy::Protocol::ah ? SIZE_MAX : sa.inbound.layout.burst_octets;
  for (std::uint32_t at = all.first; at < all.first + all.count;) {
    std::uint32_t count = 0;
    for (std::size_t octets = 0; count < cipher_burst && octets < burst_octets && at + count < all.first + all.count;)
      octets += arrived_[at + count++].text_size;
    sa.inbound.cipher->open(std::span(arrived_).subspan(at, count));
    newest_from_ = nullptr;
    for (const std::uint32_t end = at + count; at < end;) {
      const std::uint32_t done = deliver_like_last(now, sa, at, end);
      at += done;
      if (done != 0) continue;
      on_opened(now, sa, arrived_[at], *from_[at], out);
      ++at;
    }
    if (newest_from_ != nullptr) note_origin(sa, *newest_from_, out);
  }
}

/// One run of a list of them: so that a cipher sees many packets at once, whatever comes between.
Inbound::Run Inbound::gather(std::uint32_t run) {
  Run all{arrived_count_, 0, BurstList::nothing};
  for (; run != BurstList::nothing; run = runs_[run].next) {
    for (std::uint32_t i = 0; i < runs_[run].count; ++i) {
      const std::size_t from = runs_[run].first + i;
      const crypto::PacketJob job = arrived_[from];
      next_job() = job;
      from_[arrived_count_++] = from_[from];
    }
    all.count += runs_[run].count;
  }
  return all;
}

inline void Inbound::on_opened(Instant now, Sa& sa, const crypto::PacketJob& job, const Datagram& from, Verdicts& out) {
  InboundSa& inbound = sa.inbound;
  if (!job.ok) return drop(DropReason::integrity, &sa, out);
  // Again, because the burst may hold the same packet twice.
  if (!is_fresh(sa, job.sequence, out)) return;
  if (sa.is_limited() && !has_volume_left(sa, out)) return drop(DropReason::volume_exhausted, &sa, out);
  inbound.window.commit(job.sequence);
  inbound.last_heard = now;
  if (!sa.outbound.in_use) sa.outbound.in_use = heard_new_sa_ = true;
  if (sa.protocol == policy::Protocol::ah) return free_of_ah(sa, from, out);
  if (job.sequence == inbound.window.top()) newest_from_ = &from;

  const ByteSpan text(job.text, job.text_size);
  const auto trailer = wire::read_esp_trailer(text);
  if (!trailer) return drop(DropReason::bad_padding, &sa, out);
  if (trailer->next_header == wire::IpProtocol::no_next_header) {
    ++sa.counters.dummies;
    ++counters_.dummies;
    return;
  }
  const ByteSpan payload = text.first(trailer->payload_size);
  if (trailer->next_header == wire::IpProtocol::ipcomp && sa.ipcomp) return expand(sa, payload, from, out);
  take_out(sa, payload, trailer->next_header, from, out);
}

inline void Inbound::take_out(Sa& sa, ByteSpan payload, wire::IpProtocol next_header, const Datagram& from,
                              Verdicts& out) {
  if (sa.mode == policy::Mode::tunnel)
    decapsulate(sa, payload, next_header, from, out);
  else
    restore(sa, payload, next_header, from, out);
}

void Inbound::expand(Sa& sa, ByteView payload, const Datagram& from, Verdicts& out) {
  const auto expanded = expander_.expand(*sa.ipcomp, payload);
  if (!expanded) return drop(DropReason::bad_compression, &sa, out);
  ++sa.counters.compressed_in;
  ++counters_.compressed_in;
  const ByteSpan copy(restored_.take(expanded->payload.size()), expanded->payload.size());
  std::ranges::copy(expanded->payload, copy.begin());
  take_out(sa, copy, expanded->next_header, from, out);
}

// What the peer sends counts as well as what we send; said of both together (Outbound::take_sequence).
bool Inbound::has_volume_left(Sa& sa, Verdicts& out) {
  const bool over = reaches(sa.counters.inbound, sa.hard_limit);
  if (over && !std::exchange(sa.outbound.said_exhausted, true))
    out.sequence_runs_out.push_back({.sa = sa.id, .exhausted = true});
  if (!over && reaches(sa.counters.inbound, sa.soft_limit) && !std::exchange(sa.outbound.said_low, true))
    out.sequence_runs_out.push_back({.sa = sa.id, .exhausted = false});
  return !over;
}

// Only the newest packet counts: an attacker can delay or repeat old ones from where he likes.
void Inbound::note_origin(Sa& sa, const Datagram& from, Verdicts& out) {
  policy::Endpoint origin = from.remote;
  if (!from.udp_encap || !sa.udp_encap) origin.port = sa.remote.port;  // ports mean nothing then
  if (origin == sa.remote || origin == sa.inbound.last_origin) return;
  sa.inbound.last_origin = origin;
  out.peers_moved.push_back({.sa = sa.id, .local = from.local, .known = sa.remote, .remote = from.remote});
}

// ---- Tunnel mode

/// The common case, in few instructions: packets in order, all as it should be, and of each what is asked is answered
/// for the one before. How many of those from `first` to `end` were so, and are done with.
std::uint32_t Inbound::deliver_like_last(Instant now, Sa& sa, std::uint32_t first, std::uint32_t end) {
  InboundSa& inbound = sa.inbound;
  if (&sa != last_sa_ || sa.protocol != policy::Protocol::esp || sa.is_limited() || !sa.outbound.in_use) return 0;
  const auto version = last_head_.is_v6() ? wire::IpProtocol::ipv6 : wire::IpProtocol::ipv4;
  const std::uint8_t traffic_class = last_head_.traffic_class();
  std::size_t octets = 0;
  std::uint32_t at = first;
  for (; at < end; ++at) {
    const crypto::PacketJob& job = arrived_.data()[at];
    if (!job.ok || job.sequence <= inbound.window.top()) break;
    const ByteSpan text(job.text, job.text_size);
    const auto trailer = wire::read_esp_trailer(text);
    if (!trailer || trailer->next_header != version) break;
    const std::size_t size = last_head_.size_if_like({job.text, trailer->payload_size});
    const std::uint8_t outside = from_.data()[at]->traffic_class;
    if (size == 0 || (sa.copy_ecn && decapsulated_traffic_class(traffic_class, outside) != traffic_class)) break;
    inbound.window.commit(job.sequence);
    coalescer_.pass_on(sa.id, {job.text, size});
    octets += size;
  }
  if (at == first) return 0;
  inbound.last_heard = now;
  newest_from_ = from_[at - 1];
  count_delivered(sa, at - first, octets);
  return at - first;
}

void Inbound::decapsulate(Sa& sa, ByteSpan payload, wire::IpProtocol next_header, const Datagram& from, Verdicts& out) {
  const bool v4 = next_header == wire::IpProtocol::ipv4;
  if (!v4 && next_header != wire::IpProtocol::ipv6) return drop(DropReason::bad_next_header, &sa, out);
  const auto ip =
      wire::IpPacket::parse(payload);  // as long as its own header says: the rest is padding (RFC 4303 §2.7)
  if (!ip || ip->is_v4() != v4) return drop(DropReason::malformed_inner, &sa, out);
  const FlowKey key = FlowKey::of(*ip);
  if (!is_allowed(sa, *ip, key, out)) return;
  if (sa.copy_ecn) {
    const auto traffic_class = decapsulated_traffic_class(ip->traffic_class(), from.traffic_class);
    if (!traffic_class) return drop(DropReason::ecn_congestion, &sa, out);
    if (*traffic_class != ip->traffic_class()) wire::set_traffic_class(payload.data(), *traffic_class);
  }
  lower_mss_of(sa, payload, *ip);
  deliver(sa, payload.first(ip->octets().size()), *ip, key);
}

// ---- Transport mode

void Inbound::restore(Sa& sa, ByteSpan payload, wire::IpProtocol next_header, const Datagram& from, Verdicts& out) {
  const std::size_t header_size = transport_header_size(sa);
  if (payload.size() > 0xffff - header_size) return drop(DropReason::malformed_inner, &sa, out);
  const ByteSpan packet(restored_.take(header_size + payload.size()), header_size + payload.size());
  write_transport_header(packet.data(), sa, next_header, payload.size(), from.traffic_class, from.hop_limit);
  std::ranges::copy(payload, packet.begin() + static_cast<std::ptrdiff_t>(header_size));
  match_and_deliver(sa, packet, out);
}

void Inbound::match_and_deliver(Sa& sa, ByteSpan packet, Verdicts& out) {
  const auto ip = wire::IpPacket::parse(packet);
  if (!ip) return drop(DropReason::malformed_inner, &sa, out);
  const FlowKey key = FlowKey::of(*ip);
  if (!is_allowed(sa, *ip, key, out)) return;
  if (sa.behind_nat) mend_checksum(packet, *ip);
  lower_mss_of(sa, packet, *ip);
  deliver(sa, packet, *ip, key);
}

// ---- Both

/// By the SA's selectors, and by the policies. False: it was dropped.
bool Inbound::is_allowed(Sa& sa, const wire::IpPacket& ip, const FlowKey& key, Verdicts& out) {
  if (key == last_key_ && &sa == last_sa_) {
    if (sa.mode == policy::Mode::tunnel && !coalescer_.joins(key.protocol())) last_head_ = FlowHead::of(ip);
    return true;
  }
  const auto* known = cache_.find(key);
  const bool is_known = known != nullptr && *known == &sa;
  if (is_known || sa.selectors.matches_inbound(key)) {
    if (!is_known) {
      const auto action = spd_.decide_inbound(key);
      if (action != policy::SpdAction::protect) {
        drop(action == policy::SpdAction::discard ? DropReason::policy_discard : DropReason::policy_bypass, &sa, out);
        return false;
      }
      cache_.remember(key, &sa);
    }
    last_key_ = key;
    last_sa_ = &sa;
    last_head_ = {};
    return true;
  }
  // An ICMP error may come by the SA of the packet that caused it, which we sent (RFC 4301 §6.2).
  const auto quoted = FlowKey::quoted_by(ip);
  if (quoted && sa.selectors.matches_outbound(*quoted) && spd_.protects(*quoted)) return true;
  drop(DropReason::selector, &sa, out);
  return false;
}

/// What the peer's side says of itself bounds what ours sends: that has to fit the way out.
void Inbound::lower_mss_of(const Sa& sa, ByteSpan packet, const wire::IpPacket& ip) const {
  if (clamp_mss_ && begins_tcp(ip)) lower_mss(packet, ip, largest_clear_packet(sa, ip), false);
}

void Inbound::deliver(Sa& sa, ByteSpan packet, const wire::IpPacket& ip, const FlowKey& key) {
  count_delivered(sa, 1, packet.size());
  coalescer_.add(sa.id, packet, ip, key);
}

inline void Inbound::count_delivered(Sa& sa, std::size_t packets, std::size_t octets) {
  for (Traffic* traffic : {&sa.counters.inbound, &counters_.inbound}) {
    traffic->packets += packets;
    traffic->bytes += octets;
  }
}

void Inbound::drop(DropReason reason, Sa* sa, Verdicts& out) {
  counters_.drops.add(reason);
  if (sa != nullptr) sa->counters.drops.add(reason);
  out.drops.push_back({.reason = reason, .sa = sa != nullptr ? sa->id : policy::ChildSaId{}});
}

}  // namespace sallyport::datapath
