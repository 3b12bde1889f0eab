#include "sim/invariants.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/sniff.h"
#include "sim/timeline.h"
#include "sim/world.h"

namespace sallyport::sim {
namespace {

constexpr std::size_t leaks_told = 5;

bool contains_marker(ByteView packet) {
  return as_text(packet).find(as_text(Application::marker)) != std::string_view::npos;
}

std::string name_of(const Host& host, const policy::ChildSaSpec& spec) {
  return fmt::format("{}'s Child SA {} ({}/{}, in {:08x}, out {:08x})", host.name(), spec.id.value, spec.connection,
                     spec.child, spec.inbound.spi, spec.outbound.spi);
}
std::string name_of(const Host& host, const ike::IkeSaStatus& sa) {
  return fmt::format("{}'s IKE SA {} ({}, {:016x} {:016x})", host.name(), sa.id.value, sa.connection, sa.spi_initiator,
                     sa.spi_responder);
}

bool same_keys(const policy::SaKeys& a, const policy::SaKeys& b) {
  return a.spi == b.spi && a.encryption_key == b.encryption_key && a.integrity_key == b.integrity_key;
}

/// In a bundle, AH's pair too.
bool same_bundle(const std::optional<policy::BundledAh>& ours, const std::optional<policy::BundledAh>& theirs) {
  if (!ours || !theirs) return !ours && !theirs;
  return ours->suite == theirs->suite && same_keys(ours->inbound, theirs->outbound) &&
         same_keys(ours->outbound, theirs->inbound);
}

bool is_other_half(const policy::ChildSaSpec& ours, const policy::ChildSaSpec& theirs) {
  return ours.inbound.spi == theirs.outbound.spi && ours.outbound.spi == theirs.inbound.spi;
}
bool is_other_half(const ike::IkeSaStatus& ours, const ike::IkeSaStatus& theirs) {
  return ours.spi_initiator == theirs.spi_initiator && ours.spi_responder == theirs.spi_responder &&
         ours.initiator != theirs.initiator;
}

void compare(const std::string& name, const policy::ChildSaSpec& ours, const policy::ChildSaSpec& theirs,
             Violations& violations) {
  if (!same_keys(ours.inbound, theirs.outbound) || !same_keys(ours.outbound, theirs.inbound))
    violations.push_back(name + " has other keys than its peer");
  if (!same_bundle(ours.bundled_ah, theirs.bundled_ah)) violations.push_back(name + " has other AH than its peer");
  if (ours.suite != theirs.suite) violations.push_back(name + " has another suite than its peer");
  if (ours.mode != theirs.mode) violations.push_back(name + " has another mode than its peer");
  if (ours.udp_encap != theirs.udp_encap) violations.push_back(name + " differs from its peer in UDP encapsulation");
  // Behind a NAT in transport mode each end sees the other's selectors in its own addresses.
  if (ours.nat_local || ours.nat_remote) return;
  if (ours.local_ts != theirs.remote_ts || ours.remote_ts != theirs.local_ts)
    violations.push_back(name + " has other selectors than its peer");
}

/// Closed at both ends, and kept for what is still under way: each end lets go of it by itself, within seconds.
std::vector<policy::ChildSaId> deleted_children(const Host& host) {
  std::vector<policy::ChildSaId> deleted;
  for (const ike::IkeSaStatus& sa : host.ike_sas())
    for (const ike::ChildSaStatus& child : sa.children)
      if (child.state == ike::ChildSaStatus::State::deleted) deleted.push_back(child.id);
  return deleted;
}

std::ptrdiff_t count_children(const ike::IkeSaStatus& sa) {
  return std::ranges::count_if(
      sa.children, [](const ike::ChildSaStatus& child) { return child.state != ike::ChildSaStatus::State::deleted; });
}

void check_child_pairs(const Host& host, std::span<const Host* const> hosts, Violations& violations) {
  const auto deleted = deleted_children(host);
  for (const auto& [id, ours] : host.installed()) {
    if (std::ranges::find(deleted, id) != deleted.end()) continue;
    std::size_t halves = 0;
    for (const Host* other : hosts) {
      if (other == &host) continue;
      for (const auto& [other_id, theirs] : other->installed()) {
        if (!is_other_half(ours, theirs)) continue;
        ++halves;
        compare(name_of(host, ours), ours, theirs, violations);
      }
    }
    if (halves != 1) violations.push_back(fmt::format("{} has {} other halves", name_of(host, ours), halves));
  }
}

void check_ike_pairs(const Host& host, std::span<const Host* const> hosts, Violations& violations) {
  for (const ike::IkeSaStatus& ours : host.ike_sas()) {
    // One that is coming or going may well be alone: its timers bound that.
    if (ours.state != ike::IkeSaStatus::State::established) continue;
    std::size_t halves = 0;
    for (const Host* other : hosts) {
      if (other == &host) continue;
      for (const ike::IkeSaStatus& theirs : other->ike_sas()) {
        if (!is_other_half(ours, theirs)) continue;
        ++halves;
        if (ours.suite != theirs.suite) violations.push_back(name_of(host, ours) + " has another suite than its peer");
        if (count_children(ours) != count_children(theirs))
          violations.push_back(name_of(host, ours) + " has another number of children than its peer");
      }
    }
    if (halves != 1) violations.push_back(fmt::format("{} has {} other halves", name_of(host, ours), halves));
  }
}

/// Of a message of IKEv2 that is protected (RFC 7296 §3.14, RFC 7383 §2.5), the first eight octets of its IV.
std::optional<std::uint64_t> first_of_iv(const Sniffed& sniffed) {
  constexpr std::size_t generic_header = 4, fragment_numbers = 4;
  const auto first = static_cast<wire::ikev2::PayloadType>(sniffed.ike.next_payload);
  std::size_t at = wire::ike_header_size + generic_header;
  if (first == wire::ikev2::PayloadType::skf)
    at += fragment_numbers;
  else if (first != wire::ikev2::PayloadType::sk)
    return std::nullopt;
  std::uint64_t iv = 0;
  if (sniffed.content.size() < at + sizeof iv) return std::nullopt;
  std::memcpy(&iv, sniffed.content.data() + at, sizeof iv);
  return iv;
}

}  // namespace

SecrecyWatch::SecrecyWatch(World& world) : world_(world) {
  for (const auto& link : world_.links()) link->add_tap(*this);
}
SecrecyWatch::~SecrecyWatch() {
  for (const auto& link : world_.links()) link->remove_tap(*this);
}

Tap::Verdict SecrecyWatch::on_packet(Link&, Direction, Bytes& packet) {
  if (contains_marker(packet) && violations_.size() < leaks_told)
    violations_.push_back(
        fmt::format("{}: in clear on the wire: {}", time_text(world_.now()), to_string(sniff(packet))));
  return Verdict::pass;
}

NonceWatch::NonceWatch(std::vector<Link*> lines) : lines_(std::move(lines)) {
  for (Link* line : lines_) line->add_tap(*this);
}
NonceWatch::~NonceWatch() {
  for (Link* line : lines_) line->remove_tap(*this);
}

Tap::Verdict NonceWatch::on_packet(Link& link, Direction direction, Bytes& packet) {
  if (direction != Direction::a_to_b) return Verdict::pass;
  const Sniffed sniffed = sniff(packet);
  std::optional<Nonce> nonce;
  if (sniffed.kind == Sniffed::Kind::esp || sniffed.kind == Sniffed::Kind::ah)
    nonce = Nonce{link.id().value, sniffed.spi, 0, sniffed.sequence};
  if (const auto iv = sniffed.kind == Sniffed::Kind::ike ? first_of_iv(sniffed) : std::nullopt)
    nonce = Nonce{link.id().value, sniffed.ike.initiator_spi, sniffed.ike.responder_spi, *iv};
  if (!nonce) return Verdict::pass;
  const std::size_t content = std::hash<std::string_view>()(as_text(sniffed.content));
  const auto [known, is_new] = used_.try_emplace(*nonce, content);
  if (!is_new && known->second != content && violations_.size() < leaks_told)
    violations_.push_back(
        fmt::format("{}: a nonce is used a second time: {}", time_text(link.now()), to_string(sniffed)));
  return Verdict::pass;
}

Violations NonceWatch::check_keys(const Host& host) {
  Violations violations;
  for (const auto& [id, spec] : host.installed()) {
    const policy::SaKeys& inbound = spec.inbound;
    const Secret& key = inbound.encryption_key.empty() ? inbound.integrity_key : inbound.encryption_key;
    const std::pair owner{host.name(), inbound.spi};
    const auto [known, is_new] = keys_.try_emplace(to_bytes(key.view()), owner);
    if (!is_new && known->second != owner)
      violations.push_back(name_of(host, spec) + " has the key of another SA, at " + known->second.first);
  }
  return violations;
}

Violations check_bookkeeping(const Host& host) {
  Violations violations;
  if (!host.is_running()) return violations;
  std::vector<policy::ChildSaId> known;
  for (const ike::IkeSaStatus& sa : host.ike_sas())
    for (const ike::ChildSaStatus& child : sa.children) known.push_back(child.id);
  for (const policy::ChildSaId id : known)
    if (!host.installed().contains(id))
      violations.push_back(fmt::format("{}'s engine has Child SA {}, which is not installed", host.name(), id.value));
  for (const auto& [id, spec] : host.installed())
    if (std::ranges::find(known, id) == known.end())
      violations.push_back(name_of(host, spec) + " is installed, and the engine does not know it");
  if (host.worker()->sa_count() != host.installed().size())
    violations.push_back(fmt::format("{}'s datapath has {} SAs, and {} were installed", host.name(),
                                     host.worker()->sa_count(), host.installed().size()));
  for (const Application::Arrival& arrival : host.application().arrivals())
    if (arrival.in_clear)
      violations.push_back(
          fmt::format("{}'s application got message {:x} in clear", host.name(), arrival.number.value));
  if (host.counters().install_refused > 0)
    violations.push_back(fmt::format("{}'s datapath refused {} SAs", host.name(), host.counters().install_refused));
  return violations;
}

Violations check_bounds(const Host& host, const Bounds& bounds) {
  Violations violations;
  if (!host.is_running()) return violations;
  const auto check = [&](std::string_view what, std::size_t count, std::size_t bound) {
    if (count > bound)
      violations.push_back(fmt::format("{} holds {} {}, more than {}", host.name(), count, what, bound));
  };
  const ike::Engine& engine = host.node()->engine();
  check("half-open IKE SAs", engine.half_open(), bounds.half_open);
  check("IKE SAs", engine.sessions() - engine.half_open(), bounds.ike_sas);
  check("Child SAs", host.installed().size(), bounds.child_sas);
  return violations;
}

Violations check_pairs(std::span<const Host* const> hosts) {
  Violations violations;
  for (const Host* host : hosts) {
    check_child_pairs(*host, hosts, violations);
    check_ike_pairs(*host, hosts, violations);
  }
  return violations;
}

}  // namespace sallyport::sim
