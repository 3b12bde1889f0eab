#include "datapath/worker.h"

#include <map>
#include <set>

#include "datapath/inbound.h"
#include "datapath/outbound.h"
#include "datapath/path_error.h"

namespace sallyport::datapath {

struct Worker::Parts {
  Parts(crypto::PacketCipherFactory& cipher_factory, RandomSource& random, const Settings& wanted)
      : ciphers(cipher_factory),
        settings(wanted),
        outbound(spd, settings, random, counters),
        early({settings.early_packets, settings.early_bytes, settings.early_bytes_total}),
        inbound(sad, spd, early, settings, random, counters) {}

  /// What was remembered of flows points to SAs and rules: void after any change to them.
  void forget_flows() {
    outbound.forget_flows();
    inbound.forget_flows();
  }
  void count_drops(DropReason reason, std::size_t packets, Verdicts* out) {
    counters.drops.add(reason, packets);
    for (std::size_t i = 0; out != nullptr && i < packets; ++i) out->drops.push_back({.reason = reason, .sa = {}});
  }

  void release_early(Instant now, Verdicts& out);
  std::vector<HoldQueue::Held>* to_be_told() { return settings.answer_refused ? &in_vain : nullptr; }

  /// After each change to what an SA's path takes.
  void count_size(Sa& sa);
  void forget_size(Sa& sa);
  void set_path_mtu(Sa& sa, std::uint16_t mtu, std::optional<Instant> until);
  bool heed(Instant now, Sa& sa, const PathError& error);
  void widen(Instant now);

  crypto::PacketCipherFactory& ciphers;
  Settings settings;
  Counters counters;
  Sad sad;
  SpdView spd;
  Outbound outbound;
  EarlyPackets early;
  Inbound inbound;
  std::map<std::uint16_t, std::uint32_t> sizes;            // Sa::largest_clear, and of how many SAs
  std::set<std::pair<Instant, policy::ChildSaId>> narrow;  // until when, of those that ICMP errors made so
  IcmpRate path_error_rate;
  PathErrors path_errors;
  std::vector<HoldQueue::Held> released;           // being sent: Sends may quote them
  std::vector<EarlyPackets::Held> released_early;  // being received: Delivers are of them
  std::vector<HoldQueue::Held> in_vain;            // of no SA: their sources are still to be told
};

Worker::Worker(crypto::PacketCipherFactory& ciphers, RandomSource& random, const Settings& settings)
    : parts_(std::make_unique<Parts>(ciphers, random, settings)) {}
Worker::~Worker() = default;

// ---- Control

Result<void> Worker::install(const policy::ChildSaSpec& spec, OutboundUse use) {
  const auto installed =
      parts_->sad.install(spec, parts_->ciphers, parts_->settings.first_sequence_number, parts_->settings.path_mtu);
  if (!installed) {
    withdraw(spec.suite.protocol, spec.inbound.spi);
    if (spec.bundled_ah) withdraw(policy::Protocol::ah, spec.bundled_ah->inbound.spi);
    return std::unexpected(installed.error());
  }
  Sa* sa = *installed;
  sa->outbound.in_use = use == OutboundUse::at_once;
  parts_->spd.add(*sa);
  parts_->count_size(*sa);
  parts_->forget_flows();
  parts_->early.release(spec.suite.protocol, spec.inbound.spi);
  if (spec.bundled_ah) parts_->early.release(policy::Protocol::ah, spec.bundled_ah->inbound.spi);
  return {};
}

SaElsewhere SaElsewhere::of(const policy::ChildSaSpec& spec, std::uint32_t worker) {
  return {.id = spec.id,
          .worker = worker,
          .name = {.connection = spec.connection,
                   .child = spec.child,
                   .protocol = spec.suite.protocol,
                   .spi_in = spec.inbound.spi,
                   .spi_out = spec.outbound.spi,
                   .local = spec.local,
                   .remote = spec.remote},
          .local_ts = spec.local_ts,
          .remote_ts = spec.remote_ts};
}

Result<void> Worker::install_elsewhere(const SaElsewhere& known, OutboundUse use) {
  Sa* sa = TRY(parts_->sad.install_elsewhere(known));
  sa->outbound.in_use = use == OutboundUse::at_once;
  parts_->spd.add(*sa);
  parts_->forget_flows();
  return {};
}

void Worker::offer(policy::Protocol protocol, std::uint32_t spi, const policy::IpAddress& peer) {
  parts_->early.offer(protocol, spi, peer);
}

void Worker::withdraw(policy::Protocol protocol, std::uint32_t spi) {
  parts_->count_drops(DropReason::early_expired, parts_->early.withdraw(protocol, spi), nullptr);
}

bool Worker::use(policy::ChildSaId id) {
  Sa* sa = parts_->sad.find(id);
  if (sa == nullptr) return false;
  parts_->forget_flows();
  parts_->spd.remove(*sa);
  parts_->sad.make_newest(*sa);
  sa->outbound.in_use = true;
  parts_->spd.add(*sa);
  return true;
}

bool Worker::remove(policy::ChildSaId id) {
  Sa* sa = parts_->sad.find(id);
  if (sa == nullptr) return false;
  parts_->forget_flows();
  parts_->spd.remove(*sa);
  if (sa->elsewhere) return parts_->sad.remove(id);
  parts_->forget_size(*sa);
  if (sa->outbound.narrow_until) parts_->narrow.erase({*sa->outbound.narrow_until, id});
  return parts_->sad.remove(id);
}

bool Worker::update_endpoints(policy::ChildSaId id, const policy::Endpoint& local, const policy::Endpoint& remote,
                              bool udp_encap) {
  Sa* sa = parts_->sad.find(id);
  if (sa == nullptr || sa->elsewhere) return false;
  sa->local = local;
  sa->remote = sa->inbound.last_origin = remote;
  const bool is_ah = sa->protocol == policy::Protocol::ah;
  sa->udp_encap = udp_encap && !is_ah && !sa->outer_ah;
  if (is_ah) sa->ah = AhLayout::of(*sa->inbound.cipher, local.address.is_v6());
  if (sa->outer_ah) {
    sa->outer_ah->local = local;
    sa->outer_ah->remote = sa->outer_ah->inbound.last_origin = remote;
    sa->outer_ah->ah = AhLayout::of(*sa->outer_ah->inbound.cipher, local.address.is_v6());
  }
  parts_->set_path_mtu(*sa, parts_->settings.path_mtu, {});  // of the way before nothing is known of this one
  parts_->forget_flows();
  return true;
}

bool Worker::set_path_mtu(policy::ChildSaId id, std::uint16_t mtu) {
  Sa* sa = parts_->sad.find(id);
  if (sa == nullptr || sa->elsewhere) return false;
  sa->outbound.route_mtu = std::max(mtu, smallest_path_mtu);
  // What an ICMP error said counts on, unless the route is narrower still.
  const bool narrower = sa->outbound.narrow_until && sa->outbound.path_mtu < sa->outbound.route_mtu;
  if (!narrower) parts_->set_path_mtu(*sa, sa->outbound.route_mtu, {});
  return true;
}

// ---- Path MTU

void Worker::Parts::count_size(Sa& sa) {
  forget_size(sa);
  sa.largest_clear = static_cast<std::uint16_t>(std::min<std::size_t>(largest_clear_packet(sa), 65535));
  ++sizes[sa.largest_clear];
}

void Worker::Parts::forget_size(Sa& sa) {
  const auto counted = sizes.find(sa.largest_clear);
  if (counted != sizes.end() && --counted->second == 0) sizes.erase(counted);
  sa.largest_clear = 0;
}

/// `until`: how long, if an ICMP error says so.
void Worker::Parts::set_path_mtu(Sa& sa, std::uint16_t mtu, std::optional<Instant> until) {
  OutboundSa& half = sa.outbound;
  if (half.narrow_until) narrow.erase({*half.narrow_until, sa.id});
  half.narrow_until = until;
  if (until) narrow.insert({*until, sa.id});
  half.path_mtu = mtu;
  if (!until) half.route_mtu = mtu;
  if (sa.outer_ah) sa.outer_ah->outbound.path_mtu = mtu;
  count_size(sa);
}

bool Worker::on_path_error(Instant now, policy::Family family, ByteView icmp) {
  bool heeded = false;
  if (parts_->path_error_rate.allow(now))
    if (const auto error = read_path_error(family, icmp))
      parts_->sad.for_each_outbound(error->spi, [&](Sa& sa) { heeded |= parts_->heed(now, sa, *error); });
  ++(heeded ? parts_->path_errors.heeded : parts_->path_errors.ignored);
  return heeded;
}

bool Worker::Parts::heed(Instant now, Sa& found, const PathError& error) {
  constexpr std::uint32_t under_way = 1 << 20;  // packets: more than a second's of the fastest
  Sa& sa = found.inner_esp != nullptr ? *found.inner_esp : found;
  const bool is_ah = found.protocol == policy::Protocol::ah;
  if (error.is_ah != is_ah || error.udp_encap != found.udp_encap || error.local != sa.local.address ||
      error.remote != sa.remote.address)
    return false;
  if (error.udp_encap && (error.local_port != sa.local.port || error.remote_port != sa.remote.port)) return false;
  const std::uint64_t last = found.outbound.sequence.last_taken();
  const std::uint32_t behind = static_cast<std::uint32_t>(last) - error.sequence;
  if (last == 0 || behind >= std::min<std::uint64_t>(last, under_way)) return false;
  const auto mtu = std::max(error.mtu, error.remote.is_v6() ? smallest_path_mtu_v6 : smallest_path_mtu);
  if (mtu >= sa.outbound.path_mtu) return false;
  set_path_mtu(sa, mtu, now + narrow_path_time);
  return true;
}

void Worker::Parts::widen(Instant now) {
  while (!narrow.empty() && narrow.begin()->first <= now) {
    Sa* sa = sad.find(narrow.begin()->second);
    set_path_mtu(*sa, sa->outbound.route_mtu, {});
  }
}

std::uint16_t Worker::widest_clear_packet() const {
  return parts_->sizes.empty() ? std::uint16_t{0} : parts_->sizes.rbegin()->first;
}

void Worker::set_policy(const policy::SpdPtr& spd) {
  parts_->forget_flows();
  parts_->count_drops(DropReason::no_policy, parts_->spd.set_policy(*spd), nullptr);
}

void Worker::acquire_failed(policy::PolicyId policy) {
  SpdRule* rule = parts_->spd.find(policy);
  if (rule == nullptr || rule->child == nullptr) return;
  rule->child->asked.reset();
  parts_->count_drops(DropReason::hold_expired, parts_->spd.drop_held(*rule->child, parts_->to_be_told()), nullptr);
}

// ---- Packets

void Worker::outbound(Instant now, std::span<const Packet> from_tun, Verdicts& out) {
  out.clear();
  parts_->outbound.process(now, from_tun, out);
}

void Worker::inbound(Instant now, std::span<const Datagram> from_wire, Verdicts& out) {
  out.clear();
  parts_->inbound.process(now, from_wire, out);
  if (parts_->inbound.has_heard_new_sa()) parts_->outbound.forget_flows();
}

/// What they say of new SAs counts before anything is sent.
void Worker::Parts::release_early(Instant now, Verdicts& out) {
  count_drops(DropReason::early_expired, early.expire(now - settings.early_time), &out);
  released_early = early.take_released();
  if (released_early.empty()) return;
  std::vector<Datagram> burst;
  for (EarlyPackets::Held& held : released_early) burst.emplace_back(held.from).bytes = held.bytes;
  inbound.process(now, burst, out);
  if (inbound.has_heard_new_sa()) outbound.forget_flows();
}

void Worker::release_held(Instant now, Verdicts& out) {
  out.clear();
  Parts& parts = *parts_;
  parts.widen(now);
  parts.release_early(now, out);
  parts.released.clear();
  parts.spd.take_released(parts.released);
  parts.outbound.process_held(now, parts.released, out);
  parts.count_drops(DropReason::hold_expired, parts.spd.expire_held(now - parts.settings.hold_time, parts.to_be_told()),
                    &out);
  parts.outbound.answer_held(now, parts.in_vain, out);
  parts.in_vain.clear();
  parts.outbound.expire_fragments(now - parts.settings.reassembly_time, out);
}

std::optional<Instant> Worker::next_timeout() const {
  const auto due = [](std::optional<Instant> since, bool released, Duration most) {
    return since && !released ? std::optional(*since + most) : since;
  };
  const auto held = due(parts_->spd.held_since(), parts_->spd.has_released(), parts_->settings.hold_time);
  const auto early = due(parts_->early.since(), parts_->early.has_released(), parts_->settings.early_time);
  const auto narrow = parts_->narrow.empty() ? std::nullopt : std::optional(parts_->narrow.begin()->first);
  const auto fragments = due(parts_->outbound.fragments_since(), false, parts_->settings.reassembly_time);
  const auto in_vain = parts_->in_vain.empty() ? std::nullopt : std::optional(parts_->in_vain.front().since);
  std::optional<Instant> first;
  for (const auto& each : {held, early, narrow, fragments, in_vain})
    if (each && (!first || *each < *first)) first = each;
  return first;
}

// ---- What was counted

const Counters& Worker::counters() const { return parts_->counters; }
const Worker::PathErrors& Worker::path_errors() const { return parts_->path_errors; }

std::optional<SaStatus> Worker::status(policy::ChildSaId id) const {
  const Sa* sa = parts_->sad.find(id);
  if (sa == nullptr || sa->elsewhere) return std::nullopt;
  std::optional<BundledAhStatus> ah;
  if (const Sa* outer = sa->outer_ah.get())
    ah = {outer->counters, outer->inbound.window.top(), outer->outbound.sequence.last_taken()};
  return SaStatus{.counters = sa->counters,
                  .last_inbound = sa->inbound.last_heard,
                  .last_outbound = sa->outbound.last_sent,
                  .sequence_in = sa->inbound.window.top(),
                  .sequence_out = sa->outbound.sequence.last_taken(),
                  .path_mtu = sa->outbound.path_mtu,
                  .bundled_ah = ah};
}

std::size_t Worker::sa_count() const { return parts_->sad.size() - parts_->sad.size_elsewhere(); }

std::optional<SaName> Worker::name(policy::ChildSaId id) const {
  const Sa* sa = parts_->sad.find(id);
  if (sa == nullptr) return std::nullopt;
  return SaName{.connection = sa->connection,
                .child = sa->child,
                .protocol = sa->protocol,
                .spi_in = sa->inbound.spi,
                .spi_out = sa->outbound.spi,
                .local = sa->local,
                .remote = sa->remote};
}

std::optional<policy::ChildSaId> Worker::find_inbound(policy::Protocol protocol, std::uint32_t spi) const {
  const Sad& sad = parts_->sad;
  const Sa* sa = protocol == policy::Protocol::ah ? sad.find_inbound_ah(spi) : sad.find_inbound(spi);
  return sa != nullptr ? std::optional(sa->id) : std::nullopt;
}

std::optional<policy::ChildSaId> Worker::find_outbound(ByteView packet) const {
  const auto ip = wire::IpPacket::parse(packet);
  return ip ? parts_->outbound.find(*ip) : std::nullopt;
}

// ---- Verdicts

void Verdicts::clear() {
  sends.clear();
  deliveries.clear();
  hand_overs.clear();
  need_sa.clear();
  drops.clear();
  peers_moved.clear();
  unknown_spi.reset();
  sequence_runs_out.clear();
}

bool Verdicts::empty() const {
  return sends.empty() && deliveries.empty() && hand_overs.empty() && need_sa.empty() && drops.empty() &&
         peers_moved.empty() && !unknown_spi && sequence_runs_out.empty();
}

std::size_t Deliver::size() const {
  std::size_t size = 0;
  for (const ByteView piece : pieces) size += piece.size();
  return size;
}

Bytes Deliver::to_bytes() const {
  Bytes bytes;
  bytes.reserve(size());
  for (const ByteView piece : pieces) append(bytes, piece);
  return bytes;
}

}  // namespace sallyport::datapath
