#include "datapath/sad.h"

#include <algorithm>

#include "datapath/worker.h"

namespace sallyport::datapath {
namespace {

Result<std::unique_ptr<crypto::PacketCipher>> make_cipher(crypto::PacketCipherFactory& ciphers,
                                                          const policy::Suite& suite, const policy::SaKeys& keys) {
  return ciphers.make({.encryption = suite.encryption,
                       .integrity = suite.integrity,
                       .extended_sequence_numbers = suite.extended_sequence_numbers(),
                       .encryption_key = keys.encryption_key.view(),
                       .integrity_key = keys.integrity_key.view()});
}

Result<void> check_bundle(const policy::ChildSaSpec& spec) {
  if (!spec.bundled_ah) return {};
  if (spec.ipcomp) return fail(ErrorCode::unsupported);
  const policy::BundledAh& ah = *spec.bundled_ah;
  if (spec.suite.protocol != policy::Protocol::esp || ah.suite.protocol != policy::Protocol::ah || spec.udp_encap ||
      ah.suite.encryption.cipher != crypto::Cipher::null)
    return fail(ErrorCode::unsupported);
  if (ah.inbound.spi <= wire::max_reserved_spi || ah.outbound.spi <= wire::max_reserved_spi)
    return fail(ErrorCode::out_of_range);
  return {};
}

Result<void> check(const policy::ChildSaSpec& spec) {
  const bool is_ah = spec.suite.protocol == policy::Protocol::ah;
  if (!is_ah && spec.suite.protocol != policy::Protocol::esp) return fail(ErrorCode::unsupported);
  // AH covers the addresses, so it does not pass a NAT, and has no UDP encapsulation (RFC 3715 §2.1).
  if (is_ah && (spec.udp_encap || spec.suite.encryption.cipher != crypto::Cipher::null))
    return fail(ErrorCode::unsupported);
  if (is_ah && spec.ipcomp) return fail(ErrorCode::unsupported);
  if (!is_ah && crypto::is_gmac(spec.suite.integrity)) return fail(ErrorCode::unsupported);  // AH's: RFC 4543 §3
  if (spec.inbound.spi <= wire::max_reserved_spi || spec.outbound.spi <= wire::max_reserved_spi)
    return fail(ErrorCode::out_of_range);
  if (spec.local.address.family() != spec.remote.address.family()) return fail(ErrorCode::out_of_range);
  return check_bundle(spec);
}

/// One protocol's pair of SAs: the only one, or one of a bundle's.
struct Half {
  const policy::Suite& suite;
  const policy::SaKeys& inbound;
  const policy::SaKeys& outbound;
};

Result<std::unique_ptr<Sa>> make_sa(const policy::ChildSaSpec& spec, const Half& half,
                                    crypto::PacketCipherFactory& ciphers, std::uint64_t first_sequence_number,
                                    std::uint16_t path_mtu) {
  auto opener = TRY(make_cipher(ciphers, half.suite, half.inbound));
  auto sealer = TRY(make_cipher(ciphers, half.suite, half.outbound));
  const bool extended = half.suite.extended_sequence_numbers();
  const EspLayout layout = EspLayout::of(*opener);
  const AhLayout ah_layout = AhLayout::of(*opener, spec.local.address.is_v6());
  return std::make_unique<Sa>(
      Sa{.id = spec.id,
         .protocol = half.suite.protocol,
         .mode = spec.mode,
         .udp_encap = spec.udp_encap,
         .behind_nat = spec.nat_local || spec.nat_remote,
         .copy_df = spec.copy_df,
         .copy_ecn = spec.copy_ecn,
         .fragment_before = spec.fragment_before && spec.mode == policy::Mode::tunnel,
         .local = spec.local,
         .remote = spec.remote,
         .transport_local = spec.local.address,
         .transport_remote = spec.remote.address,
         .selectors = SelectorPair(spec.local_ts, spec.remote_ts),
         .ah = ah_layout,
         .tfc_padding = spec.mode == policy::Mode::tunnel ? spec.tfc_padding : policy::TfcPadding{},
         .soft_limit = spec.soft_limit,
         .hard_limit = spec.hard_limit,
         .ipcomp = spec.ipcomp ? std::optional(IpcompSa{spec.ipcomp->cpi_in, spec.ipcomp->cpi_out}) : std::nullopt,
         .outer_ah = {},
         .inbound = {.spi = half.inbound.spi,
                     .layout = layout,
                     .cipher = std::move(opener),
                     .window = ReplayWindow(spec.replay_window, extended),
                     .last_heard = {},
                     .last_origin = spec.remote,
                     .burst = {}},
         .outbound = {.spi = half.outbound.spi,
                      .layout = layout,
                      .cipher = std::move(sealer),
                      .sequence = Sequence(extended, first_sequence_number),
                      .path_mtu = path_mtu,
                      .route_mtu = path_mtu,
                      .narrow_until = {},
                      .last_sent = {},
                      .burst = {}},
         .counters = {},
         .connection = spec.connection,
         .child = spec.child});
}

}  // namespace

Result<Sa*> Sad::install(const policy::ChildSaSpec& spec, crypto::PacketCipherFactory& ciphers,
                         std::uint64_t first_sequence_number, std::uint16_t path_mtu) {
  TRY(check(spec));
  SpiTable& by_spi = table_of(spec.suite.protocol);
  if (by_id_.contains(spec.id) || by_spi.find(spec.inbound.spi) != nullptr) return fail(ErrorCode::duplicate);
  if (spec.bundled_ah && ah_by_spi_.find(spec.bundled_ah->inbound.spi) != nullptr) return fail(ErrorCode::duplicate);
  auto sa = TRY(make_sa(spec, {spec.suite, spec.inbound, spec.outbound}, ciphers, first_sequence_number, path_mtu));
  if (const auto& ah = spec.bundled_ah) {
    sa->outer_ah = TRY(make_sa(spec, {ah->suite, ah->inbound, ah->outbound}, ciphers, first_sequence_number, path_mtu));
    sa->outer_ah->inner_esp = sa.get();
    ah_by_spi_.insert(ah->inbound.spi, sa->outer_ah.get());
    by_outbound_spi_.emplace(ah->outbound.spi, sa->outer_ah.get());
  }
  // Where ports matter the peer would have to drop all fragments but the first (RFC 4301 §7.3).
  if (sa->selectors.ask_for_ports()) sa->fragment_before = false;
  sa->age_rank = --newest_rank_;
  Sa* installed = sa.get();
  by_spi.insert(spec.inbound.spi, installed);
  by_outbound_spi_.emplace(spec.outbound.spi, installed);
  by_id_.emplace(spec.id, std::move(sa));
  return installed;
}

Result<Sa*> Sad::install_elsewhere(const SaElsewhere& known) {
  if (by_id_.contains(known.id)) return fail(ErrorCode::duplicate);
  auto sa = std::make_unique<Sa>(Sa{.id = known.id,
                                    .protocol = known.name.protocol,
                                    .local = known.name.local,
                                    .remote = known.name.remote,
                                    .transport_local = {},
                                    .transport_remote = {},
                                    .selectors = SelectorPair(known.local_ts, known.remote_ts),
                                    .ah = {},
                                    .age_rank = --newest_rank_,
                                    .tfc_padding = {},
                                    .outer_ah = {},
                                    .inbound = {.spi = known.name.spi_in,
                                                .layout = {},
                                                .cipher = {},
                                                .window = ReplayWindow(0, false),
                                                .last_heard = {},
                                                .last_origin = {},
                                                .burst = {}},
                                    .outbound = {.spi = known.name.spi_out,
                                                 .layout = {},
                                                 .cipher = {},
                                                 .sequence = Sequence(false, 1),
                                                 .narrow_until = {},
                                                 .last_sent = {},
                                                 .burst = {}},
                                    .counters = {},
                                    .elsewhere = known.worker,
                                    .connection = known.name.connection,
                                    .child = known.name.child});
  Sa* installed = sa.get();
  by_id_.emplace(known.id, std::move(sa));
  ++elsewhere_;
  return installed;
}

bool Sad::remove(policy::ChildSaId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  const Sa& sa = *found->second;
  if (sa.elsewhere) {
    --elsewhere_;
    by_id_.erase(found);
    return true;
  }
  table_of(sa.protocol).erase(sa.inbound.spi);
  if (sa.outer_ah) ah_by_spi_.erase(sa.outer_ah->inbound.spi);
  for (const Sa* half : {&sa, static_cast<const Sa*>(sa.outer_ah.get())}) {
    if (half == nullptr) continue;
    const auto [first, last] = by_outbound_spi_.equal_range(half->outbound.spi);
    const auto place = std::find_if(first, last, [&](const auto& each) { return each.second == half; });
    if (place != last) by_outbound_spi_.erase(place);
  }
  by_id_.erase(found);
  return true;
}

Sa* Sad::find(policy::ChildSaId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

}  // namespace sallyport::datapath
