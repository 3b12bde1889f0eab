#include "datapath/outbound.h"

#include "datapath/fragmentation.h"
#include "datapath/mss.h"

namespace sallyport::datapath {
namespace {

/// What stays in front of ESP or AH: nothing of the inner packet in tunnel mode, its IP header in transport mode.
std::size_t kept_in_front(const Sa& sa, const wire::IpPacket& ip) {
  return sa.mode == policy::Mode::transport ? ip.transport_offset() : 0;
}

wire::IpProtocol next_header(const Sa& sa, const wire::IpPacket& ip) {
  if (sa.mode == policy::Mode::transport) return ip.transport_protocol();
  return ip.is_v4() ? wire::IpProtocol::ipv4 : wire::IpProtocol::ipv6;
}

/// What of the packet's own headers goes between the outer IP header and ESP: extension headers, options. Mostly
/// nothing.
HeaderTail header_tail(const Sa& sa, const wire::IpPacket& ip) {
  if (sa.mode == policy::Mode::tunnel) return {};
  const std::size_t fixed = ip.is_v4() ? wire::ipv4_header_size : wire::ipv6_header_size;
  if (ip.transport_offset() == fixed) return {};
  HeaderTail tail;
  tail.octets = ip.octets().subspan(fixed, ip.transport_offset() - fixed);
  if (ip.is_v6()) {
    tail.first_header = ip.octets()[6];
    tail.protocol_field = ip.transport_protocol_offset() - fixed;
  }
  return tail;
}

bool has_ah(const Sa& sa) { return sa.protocol == policy::Protocol::ah || sa.outer_ah != nullptr; }

/// At most: with AH as a whole IP packet, else of ESP alone.
std::size_t packet_size(const Sa& sa, std::size_t clear) {
  if (sa.protocol == policy::Protocol::ah) return wire::ipv6_header_size + sa.ah.header + clear;
  const std::size_t esp = sa.outbound.layout.packet_size(clear);
  return sa.outer_ah ? wire::ipv6_header_size + sa.outer_ah->ah.header + esp : esp;
}

/// More than all headers, padding and ICVs that any SA puts around a packet: IPv6, UDP, AH, ESP.
constexpr std::size_t most_overhead = 192;

/// What a payload is padded to against traffic analysis (RFC 4303 §2.7): never beyond what fits the path.
std::size_t with_tfc_padding(const Sa& sa, const wire::IpPacket& ip, std::size_t payload) {
  if (!sa.tfc_padding.any()) return payload;
  const EspLayout& layout = sa.outbound.layout;
  const std::size_t large_enough =
      sa.tfc_padding.to_path_mtu ? TrainBuilder::largest_packet : sa.tfc_padding.least_size + layout.alignment - 1u;
  const std::size_t wanted = layout.largest_payload(std::min(large_enough, TrainBuilder::largest_packet));
  return std::max(payload, std::min(wanted, largest_clear_packet(sa, ip)));
}

OuterFields outer_fields(const Sa& sa, const wire::IpPacket& ip) {
  if (sa.mode == policy::Mode::tunnel) return tunnel_fields(ip, sa.copy_df, sa.copy_ecn);
  return {.traffic_class = ip.traffic_class(), .hop_limit = ip.hop_limit(), .dont_fragment = ip.dont_fragment()};
}

/// ESP in a tunnel, and nothing else: whatever a packet is, it is sealed whole, and one size limits them all.
bool is_plain(const Sa& sa) {
  return sa.mode == policy::Mode::tunnel && sa.protocol == policy::Protocol::esp && !sa.outer_ah &&
         !sa.tfc_padding.any() && !sa.ipcomp;
}

/// What does not fit, and may be cut, is cut in front of ESP or AH and not behind it.
bool is_cut_before(const Sa& sa, const wire::IpPacket& ip, std::size_t size) {
  return sa.fragment_before && ip.is_v4() && size > largest_clear_packet(sa, ip);
}

/// Of the IP packet in `packet`, which is of the version of `like`.
std::size_t size_of(const wire::IpPacket& like, const Packet& packet) {
  const std::uint8_t* octets = packet.bytes.data();
  return like.is_v4() ? load_be16(octets + 2) : wire::ipv6_header_size + load_be16(octets + 4);
}

bool is_finished(const Offload& offload) { return !offload.is_super_frame() && !offload.needs_checksum; }

}  // namespace

Outbound::Outbound(SpdView& spd, const Settings& settings, RandomSource& random, Counters& counters)
    : spd_(spd),
      settings_(settings),
      counters_(counters),
      cache_(settings.flow_cache_size, random),
      trains_({.packets = settings.train_packets, .bytes = settings.train_bytes}),
      ah_(random),
      reassembler_({.datagrams = settings.reassembly_datagrams,
                    .fragments = settings.reassembly_fragments,
                    .bytes_total = settings.reassembly_bytes}) {}

void Outbound::process(Instant now, std::span<const Packet> burst, Verdicts& out) {
  begin_burst(out);
  for (const Packet& packet : burst) {
    if (follows_last(packet))
      ++items_[run_].count;
    else
      classify(now, now, packet, out);
  }
  for (Sa* sa : active_) send_all(now, *sa, out);
}

void Outbound::process_held(Instant now, std::span<HoldQueue::Held> burst, Verdicts& out) {
  begin_burst(out);
  held_packets_.clear();
  for (auto& held : burst)
    held_packets_.push_back({.bytes = held.bytes, .offload = held.offload, .joined = held.joined});
  for (std::size_t i = 0; i < burst.size(); ++i) classify(now, burst[i].since, held_packets_[i], out);
  for (Sa* sa : active_) send_all(now, *sa, out);
}

void Outbound::begin_burst(Verdicts& out) {
  trains_.begin_burst(out.sends);
  ah_.begin_burst(out.sends);
  replies_.clear();
  joined_.clear();
  pieces_.reset();
  items_.clear();
  active_.clear();
  run_ = BurstList::nothing;
}

// ---- Which SA

/// The common case, in few instructions: all that is asked of a packet is answered for the one before.
inline bool Outbound::follows_last(const Packet& packet) const {
  return run_ != BurstList::nothing && last_head_.size_if_like(packet.bytes) != 0 && is_finished(packet.offload);
}

void Outbound::classify(Instant now, Instant since, const Packet& packet, Verdicts& out) {
  run_ = BurstList::nothing;
  const auto ip = wire::IpPacket::parse(packet.bytes);
  if (!ip) return drop(DropReason::malformed_packet, nullptr, out);
  const FlowKey key = FlowKey::of(*ip);
  if (ip->is_fragment() && spd_.needs_whole(key)) return join(now, since, *ip, out);
  const bool is_known = key == last_key_;
  Decision decision = decide(key);
  const bool is_of_flow = decision.sa != nullptr;
  if (decision.rule == nullptr) decision = decide_by_quoted(*ip);
  const bool is_elsewhere = decision.sa != nullptr && decision.sa->elsewhere;
  if (is_elsewhere)
    hand_over(*decision.sa, packet, out);
  else if (decision.sa != nullptr)
    assign(*decision.sa, *ip, packet);
  else
    without_sa(now, since, packet, key, decision.rule, out);

  if (!is_known) last_head_ = {};
  if (!is_known || !is_of_flow || is_elsewhere || !is_plain(*decision.sa) || !is_finished(packet.offload)) return;
  if (settings_.clamp_mss && begins_tcp(*ip)) return;  // each is looked at
  last_head_ = FlowHead::of(*ip);
  run_ = static_cast<std::uint32_t>(items_.size()) - 1;  // what comes next may be like it
}

void Outbound::join(Instant now, Instant since, const wire::IpPacket& fragment, Verdicts& out) {
  auto taken = reassembler_.add(now, fragment);
  for (std::size_t i = 0; i < taken.lost; ++i) drop(DropReason::reassembly_failed, nullptr, out);
  if (!taken.whole) return;
  Joined& joined = joined_.emplace_back();
  joined.bytes = std::move(*taken.whole);
  joined.packet.bytes = joined.bytes;
  joined.packet.joined = true;
  classify(now, since, joined.packet, out);
}

void Outbound::expire_fragments(Instant latest, Verdicts& out) {
  const std::size_t lost = reassembler_.expire(latest);
  for (std::size_t i = 0; i < lost; ++i) drop(DropReason::reassembly_failed, nullptr, out);
}

Decision Outbound::decide(const FlowKey& key) {
  if (key == last_key_) return last_decision_;
  const Decision* known = cache_.find(key);
  last_decision_ = known != nullptr ? *known : spd_.decide(key);
  if (known == nullptr) cache_.remember(key, last_decision_);
  last_key_ = key;
  return last_decision_;
}

// An ICMP error that no policy is for goes the way of an answer to the packet that caused it (RFC 4301 §6.2).
Decision Outbound::decide_by_quoted(const wire::IpPacket& ip) {
  const auto quoted = FlowKey::quoted_by(ip);
  if (!quoted) return {};
  const Decision decision = spd_.decide(quoted->reversed());
  return decision.sa != nullptr ? decision : Decision{};
}

std::optional<policy::ChildSaId> Outbound::find(const wire::IpPacket& ip) {
  Decision decision = spd_.decide(FlowKey::of(ip));
  if (decision.rule == nullptr) decision = decide_by_quoted(ip);
  return decision.sa != nullptr ? std::optional(decision.sa->id) : std::nullopt;
}

void Outbound::without_sa(Instant now, Instant since, const Packet& packet, const FlowKey& key, SpdRule* rule,
                          Verdicts& out) {
  if (rule == nullptr) return refuse(now, DropReason::no_policy, packet.bytes, out);
  switch (rule->action) {
    case policy::SpdAction::discard: return refuse(now, DropReason::policy_discard, packet.bytes, out);
    case policy::SpdAction::bypass: return drop(DropReason::policy_bypass, nullptr, out);
    case policy::SpdAction::protect: break;
  }
  if (!rule->on_demand) return refuse(now, DropReason::no_sa, packet.bytes, out);
  ask_for_sa(now, key, *rule, out);
  const std::size_t lost = spd_.hold(
      *rule->child, packet, since,
      {.packets = settings_.hold_packets, .bytes = settings_.hold_bytes, .bytes_total = settings_.hold_bytes_total});
  for (std::size_t i = 0; i < lost; ++i) drop(DropReason::hold_overflow, nullptr, out);
}

/// Once: workers that do not agree on whose it is must not send it to and fro.
void Outbound::hand_over(Sa& sa, const Packet& packet, Verdicts& out) {
  if (packet.handed_over) return drop(DropReason::no_sa, &sa, out);
  out.hand_overs.push_back(
      {.worker = *sa.elsewhere, .bytes = packet.bytes, .offload = packet.offload, .joined = packet.joined});
}

void Outbound::refuse(Instant now, DropReason reason, ByteView packet, Verdicts& out) {
  drop(reason, nullptr, out);
  if (!settings_.answer_refused) return;
  if (const auto ip = wire::IpPacket::parse(packet)) reply(now, prohibited_reply(*ip), out);
}

void Outbound::answer_held(Instant now, std::span<const HoldQueue::Held> dropped, Verdicts& out) {
  for (const HoldQueue::Held& held : dropped)
    if (const auto ip = wire::IpPacket::parse(held.bytes)) reply(now, prohibited_reply(*ip), out);
}

void Outbound::ask_for_sa(Instant now, const FlowKey& key, const SpdRule& rule, Verdicts& out) {
  auto& asked = rule.child->asked;
  if (asked && now < asked->at + settings_.acquire_interval) return;
  asked = {key, now};
  out.need_sa.push_back({.policy = rule.id,
                         .connection = rule.connection,
                         .child = rule.child_name,
                         .source = key.source_selector(),
                         .destination = key.destination_selector()});
}

void Outbound::assign(Sa& sa, const wire::IpPacket& ip, const Packet& packet) {
  if (settings_.clamp_mss && begins_tcp(ip))
    lower_mss(packet.bytes, ip, largest_clear_packet(sa, ip), packet.offload.needs_checksum);
  const auto index = static_cast<std::uint32_t>(items_.size());
  items_.push_back({ip, &packet, 1, BurstList::nothing});
  BurstList& list = sa.outbound.burst;
  if (list.first == BurstList::nothing) {
    list.first = index;
    active_.push_back(&sa);
  } else {
    items_[list.last].next = index;
  }
  list.last = index;
}

// ---- Into ESP or AH

void Outbound::send_all(Instant now, Sa& sa, Verdicts& out) {
  const BurstList list = std::exchange(sa.outbound.burst, {});
  const std::uint64_t packets_before = sa.counters.outbound.packets;
  trains_.close_train();
  for (std::uint32_t at = list.first; at != BurstList::nothing; at = items_[at].next)
    send_run(now, sa, items_[at], out);
  if (sa.protocol == policy::Protocol::ah)
    seal_ah(sa, out);
  else
    seal_now(sa);
  if (sa.outer_ah) seal_ah(*sa.outer_ah, out);
  if (sa.counters.outbound.packets != packets_before) sa.outbound.last_sent = now;
}

void Outbound::send_run(Instant now, Sa& sa, const Item& item, Verdicts& out) {
  const std::span packets(item.packet, item.count);
  const std::size_t largest = is_plain(sa) && is_finished(item.packet->offload) ? largest_clear_packet(sa, item.ip) : 0;
  const bool fit = std::ranges::all_of(packets, [&](const Packet& each) { return size_of(item.ip, each) <= largest; });
  if (fit && item.count <= sa.outbound.unquestioned(sa.counters.outbound, sa.soft_limit, sa.hard_limit))
    return seal_run(sa, item, packets);
  send(now, sa, item.ip, packets[0], out);
  for (const Packet& each : packets.subspan(1)) send(now, sa, *wire::IpPacket::parse(each.bytes), each, out);
}

/// Nothing can stop these packets any more. Those of one size, which lie in one row in a train, are made ready
/// together.
void Outbound::seal_run(Sa& sa, const Item& item, std::span<const Packet> packets) {
  const OuterFields fields = tunnel_fields(item.ip, sa.copy_df, sa.copy_ecn);
  std::size_t octets = 0;
  for (std::size_t at = 0; at < packets.size();) {
    const std::size_t size = size_of(item.ip, packets[at]);
    std::size_t alike = 1;
    while (at + alike < packets.size() && size_of(item.ip, packets[at + alike]) == size) ++alike;
    const auto row = trains_.add_row(sa, sa.outbound.layout.packet_size(size), fields, alike, at != 0);
    seal_row(sa, row.first, packets.subspan(at, row.count), size, next_header(sa, item.ip));
    octets += row.count * size;
    at += row.count;
  }
  count_sent(sa, packets.size(), octets);
}

void Outbound::seal_row(Sa& sa, std::uint8_t* packet, std::span<const Packet> row, std::size_t size,
                        wire::IpProtocol next) {
  const EspLayout layout = sa.outbound.layout;  // a copy: what is written octet by octet might be part of it otherwise
  const std::uint32_t spi = sa.outbound.spi;
  const std::size_t esp = layout.packet_size(size);
  std::uint64_t sequence = sa.outbound.sequence.take_run(row.size());
  for (const Packet& clear : row) {
    crypto::PacketJob& job = jobs_[job_count_++];
    if (layout.from_elsewhere && clear.bytes.size() + clear.room >= size + Packet::trailer_room) {
      layout.prepare_seal_from(clear.bytes.data(), packet, spi, sequence++, size, next, job);
    } else {
      std::memcpy(packet + layout.head, clear.bytes.data(), size);
      job = layout.prepare_seal(packet, spi, sequence++, size, next);
    }
    packet += esp;
    job_octets_ += size;
    if (job_count_ == jobs_.size() || job_octets_ >= layout.burst_octets) seal_now(sa);
  }
}

void Outbound::send(Instant now, Sa& sa, const wire::IpPacket& ip, const Packet& packet, Verdicts& out) {
  const Offload& offload = packet.offload;
  if (sa.mode == policy::Mode::transport && ip.is_fragment()) return drop(DropReason::fragment, &sa, out);
  OuterFields fields = outer_fields(sa, ip);
  if (offload.is_super_frame()) {
    auto segmenter = Segmenter::of(ip, offload);
    if (!segmenter) return drop(DropReason::malformed_packet, &sa, out);
    if (!fits(now, sa, ip, packet, segmenter->largest_size(), fields, out)) return;
    if (sa.ipcomp || is_cut_before(sa, ip, segmenter->largest_size())) return send_apart(sa, *segmenter, fields, out);
    if (sa.outer_ah) return send_bundle(sa, ip, *segmenter, fields, out);
    if (sa.protocol == policy::Protocol::ah) return send_ah(sa, ip, *segmenter, fields, out);
    return send_segments(sa, ip, *segmenter, fields, out);
  }
  if (!fits(now, sa, ip, packet, ip.octets().size(), fields, out)) return;
  if (offload.needs_checksum && !finish_checksum(packet.bytes.first(ip.octets().size()), offload))
    return drop(DropReason::malformed_packet, &sa, out);
  send_one(sa, ip, fields, out);
}

/// A packet that is finished, and may be sent.
void Outbound::send_one(Sa& sa, const wire::IpPacket& ip, const OuterFields& fields, Verdicts& out) {
  if (is_cut_before(sa, ip, ip.octets().size()) && send_cut(sa, ip, out)) return;
  if (sa.outer_ah) return send_bundle(sa, ip, std::nullopt, fields, out);
  if (sa.protocol == policy::Protocol::ah) return send_ah(sa, ip, std::nullopt, fields, out);
  send_whole(sa, ip, fields, out);
}

/// Segments with each of which more is done than to be sealed.
void Outbound::send_apart(Sa& sa, Segmenter segmenter, const OuterFields& fields, Verdicts& out) {
  while (!segmenter.is_done()) {
    const std::size_t size = segmenter.next_size();
    std::uint8_t* segment = pieces_.take(size);
    segmenter.write_next(segment, 0);
    send_one(sa, *wire::IpPacket::parse({segment, size}), fields, out);
  }
}

/// Fragments that each fit. False: it cannot be cut.
bool Outbound::send_cut(Sa& sa, const wire::IpPacket& ip, Verdicts& out) {
  cut_.clear();
  if (!cut_into_fragments(ip.octets(), largest_clear_packet(sa, ip), 0, pieces_, cut_)) return false;
  for (const ByteView octets : cut_) {
    const auto fragment = wire::IpPacket::parse(octets);
    const OuterFields fields = outer_fields(sa, *fragment);
    if (sa.outer_ah)
      send_bundle(sa, *fragment, std::nullopt, fields, out);
    else if (sa.protocol == policy::Protocol::ah)
      send_ah(sa, *fragment, std::nullopt, fields, out);
    else
      send_whole(sa, *fragment, fields, out);
  }
  return true;
}

bool Outbound::fits(Instant now, Sa& sa, const wire::IpPacket& ip, const Packet& packet, std::size_t size,
                    OuterFields& fields, Verdicts& out) {
  if (size + most_overhead <= sa.outbound.path_mtu) return true;  // far from every bound
  if (packet_size(sa, size) > (has_ah(sa) ? AhLayout::largest_packet : TrainBuilder::largest_packet)) {
    drop(DropReason::too_big, &sa, out);
    return false;
  }
  const std::size_t largest = largest_clear_packet(sa, ip);
  if (size <= largest) return true;
  if (must_shrink(ip, size) && !packet.joined) {
    reply(now, too_big_reply(ip, largest), out);
    drop(DropReason::too_big, &sa, out);
    return false;
  }
  fields.dont_fragment = false;  // fragmented behind ESP (RFC 4303 §3.3.4), unless before
  return true;
}

void Outbound::send_whole(Sa& sa, const wire::IpPacket& ip, const OuterFields& fields, Verdicts& out) {
  std::uint64_t sequence = 0;
  if (!take_sequence(sa, sequence, out)) return;
  ByteView payload = ip.octets().subspan(kept_in_front(sa, ip));
  wire::IpProtocol next = next_header(sa, ip);
  if (const ByteView smaller = compressed(sa, payload, next); !smaller.empty()) {
    payload = smaller;
    next = wire::IpProtocol::ipcomp;
  }
  const std::size_t size = with_tfc_padding(sa, ip, payload.size());
  std::uint8_t* packet = trains_.add(sa, sa.outbound.layout.packet_size(size), fields, header_tail(sa, ip));
  std::memcpy(packet + sa.outbound.layout.head, payload.data(), payload.size());
  std::memset(packet + sa.outbound.layout.head + payload.size(), 0, size - payload.size());
  seal_later(sa, packet, sequence, size, next);
  count_sent(sa, 1, ip.octets().size());
}

/// Empty: it is to be sent as it is.
ByteView Outbound::compressed(Sa& sa, ByteView payload, wire::IpProtocol next) {
  if (!sa.ipcomp || sa.tfc_padding.any()) return {};  // what is padded does not profit from being smaller
  const ByteView smaller = compressor_.compress(*sa.ipcomp, payload, next);
  if (smaller.empty()) return {};
  ++sa.counters.compressed_out;
  ++counters_.compressed_out;
  return smaller;
}

void Outbound::send_segments(Sa& sa, const wire::IpPacket& ip, Segmenter segmenter, const OuterFields& fields,
                             Verdicts& out) {
  const std::size_t kept = kept_in_front(sa, ip);
  const EspLayout& layout = sa.outbound.layout;
  const std::size_t largest = layout.packet_size(with_tfc_padding(sa, ip, segmenter.largest_size() - kept));
  while (!segmenter.is_done()) {
    std::uint64_t sequence = 0;
    if (!take_sequence(sa, sequence, out)) return;
    const std::size_t size = segmenter.next_size();
    const std::size_t padded = with_tfc_padding(sa, ip, size - kept);
    std::uint8_t* packet =
        trains_.add(sa, layout.packet_size(padded), fields, header_tail(sa, ip), segmenter.segments_left() * largest);
    segmenter.write_next(packet + layout.head, kept);
    std::memset(packet + layout.head + size - kept, 0, padded - (size - kept));
    seal_later(sa, packet, sequence, padded, next_header(sa, ip));
    count_sent(sa, 1, size);
  }
}

void Outbound::send_ah(Sa& sa, const wire::IpPacket& ip, std::optional<Segmenter> segmenter, const OuterFields& fields,
                       Verdicts& out) {
  const std::size_t kept = kept_in_front(sa, ip);
  AhBuilder::Content content{.next_header = next_header(sa, ip), .size = 0, .sequence = 0};
  do {
    if (!take_sequence(sa, content.sequence, out)) return;
    const std::size_t size = segmenter ? segmenter->next_size() : ip.octets().size();
    content.size = size - kept;
    std::uint8_t* to = ah_.add(sa, ip, fields, content);
    if (to == nullptr) return drop(DropReason::uncoverable_header, &sa, out);
    if (segmenter)
      segmenter->write_next(to, kept);
    else
      std::memcpy(to, ip.octets().data() + kept, content.size);
    count_sent(sa, 1, size);
    ++content.segment;
  } while (segmenter && !segmenter->is_done());
}

/// ESP into the place that AH has for its content. A full burst of ESP is sealed before AH's, because both count
/// alike.
void Outbound::send_bundle(Sa& sa, const wire::IpPacket& ip, std::optional<Segmenter> segmenter,
                           const OuterFields& fields, Verdicts& out) {
  Sa& outer = *sa.outer_ah;
  const EspLayout& layout = sa.outbound.layout;
  const std::size_t kept = kept_in_front(sa, ip);
  AhBuilder::Content content{.next_header = wire::IpProtocol::esp, .size = 0, .sequence = 0};
  do {
    std::uint64_t sequence = 0;
    if (!take_sequence(sa, sequence, out) || !take_sequence(outer, content.sequence, out)) return;
    const std::size_t size = segmenter ? segmenter->next_size() : ip.octets().size();
    content.size = layout.packet_size(size - kept);
    std::uint8_t* packet = ah_.add(outer, ip, fields, content);
    if (packet == nullptr) return drop(DropReason::uncoverable_header, &outer, out);
    if (segmenter)
      segmenter->write_next(packet + layout.head, kept);
    else
      std::memcpy(packet + layout.head, ip.octets().data() + kept, size - kept);
    seal_later(sa, packet, sequence, size - kept, next_header(sa, ip));
    count_sent(sa, 1, size);
    outer.counters.outbound.packets += 1;
    outer.counters.outbound.bytes += content.size;
    ++content.segment;
  } while (segmenter && !segmenter->is_done());
}

bool Outbound::take_sequence(Sa& sa, std::uint64_t& sequence, Verdicts& out) {
  OutboundSa& outbound = sa.outbound;
  const bool is_low = outbound.sequence.is_low() || reaches(sa.counters.outbound, sa.soft_limit);
  if (is_low && !outbound.said_low) {
    outbound.said_low = true;
    out.sequence_runs_out.push_back({.sa = sa.id, .exhausted = false});
  }
  const bool over = reaches(sa.counters.outbound, sa.hard_limit);
  if (!over && outbound.sequence.take(sequence)) return true;
  drop(over ? DropReason::volume_exhausted : DropReason::sequence_exhausted, &sa, out);
  if (!outbound.said_exhausted) {
    outbound.said_exhausted = true;
    out.sequence_runs_out.push_back({.sa = sa.id, .exhausted = true});
  }
  return false;
}

void Outbound::seal_later(Sa& sa, std::uint8_t* packet, std::uint64_t sequence, std::size_t payload,
                          wire::IpProtocol next) {
  jobs_[job_count_++] = sa.outbound.layout.prepare_seal(packet, sa.outbound.spi, sequence, payload, next);
  job_octets_ += payload;
  if (job_count_ == jobs_.size() || job_octets_ >= sa.outbound.layout.burst_octets) seal_now(sa);
}

void Outbound::seal_now(Sa& sa) {
  if (job_count_ != 0) sa.outbound.cipher->seal(std::span(jobs_).first(job_count_));
  job_count_ = job_octets_ = 0;
}

void Outbound::seal_ah(Sa& sa, Verdicts& out) {
  const std::size_t dropped = ah_.seal(sa);
  for (std::size_t i = 0; i < dropped; ++i) drop(DropReason::too_big, &sa, out);
}

// ---- Counting

void Outbound::count_sent(Sa& sa, std::size_t packets, std::size_t octets) {
  for (Traffic* traffic : {&sa.counters.outbound, &counters_.outbound}) {
    traffic->packets += packets;
    traffic->bytes += octets;
  }
}

void Outbound::drop(DropReason reason, Sa* sa, Verdicts& out) {
  counters_.drops.add(reason);
  if (sa != nullptr) sa->counters.drops.add(reason);
  out.drops.push_back({.reason = reason, .sa = sa != nullptr ? sa->id : policy::ChildSaId{}});
}

void Outbound::reply(Instant now, std::optional<Bytes> icmp, Verdicts& out) {
  if (!icmp || !icmp_rate_.allow(now)) return;
  Reply& reply = replies_.emplace_back();
  reply.bytes = std::move(*icmp);
  reply.piece = reply.bytes;
  out.deliveries.push_back({.sa = {}, .offload = {}, .pieces = {&reply.piece, 1}});
}

}  // namespace sallyport::datapath
