#include "ike/v1/quick_match.h"

#include <algorithm>

#include "ike/v1/bundle.h"
#include "ike/v1/identification.h"
#include "ike/v1/phase2_proposals.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::Failure;
using event::FailureKind;
using event::Side;
using policy::TrafficSelector;

/// In transport mode behind a NAT a peer names addresses that we do not see; what we see takes their place.
TrafficSelector seen_through(TrafficSelector selector, bool nat, const policy::IpAddress& seen) {
  if (nat && selector.addresses.first == selector.addresses.last && selector.addresses.family() == seen.family())
    selector.addresses = policy::AddressRange::host(seen);
  return selector;
}
/// Of all that the responder may choose from, a transform in another mode than the child's cannot be.
void leave_only(Offer& offer, policy::Mode mode, bool udp) {
  for (std::size_t i = 0; i < offer.meanings.size(); ++i) {
    const auto encapsulation = read_encapsulation(*offer.transforms[i]);
    if (!encapsulation || encapsulation->mode != mode || encapsulation->udp != udp)
      offer.meanings[i] = {.protocol = offer.meanings[i].protocol};
  }
}
bool offers_mode(const Offer& offer, policy::Mode mode) {
  return std::ranges::any_of(offer.transforms, [&](const w::Transform* each) {
    const auto encapsulation = read_encapsulation(*each);
    return encapsulation && encapsulation->mode == mode;
  });
}

/// `config`: of the host that "dynamic" stands for; nullopt: it has just its outer address.
policy::TrafficSelectors resolve_for(const policy::SelectorTemplates& templates,
                                     const std::optional<policy::NetworkConfig>& config,
                                     const policy::IpAddress& outer) {
  policy::TrafficSelectors selectors;
  for (const policy::SelectorTemplate& each : templates) {
    if (!each.dynamic || !config)
      selectors.push_back(each.resolve(outer));
    else
      for (const policy::IpAddress& address : config->addresses) selectors.push_back(each.resolve(address));
  }
  return selectors;
}

/// The pair must be one of ours or lie within: the initiator has no way to learn that it was narrowed.
bool contains_pair(const policy::TrafficSelectors& local, const policy::TrafficSelectors& remote,
                   const SelectorPair& pair) {
  const auto within = [](const policy::TrafficSelectors& ours, const TrafficSelector& theirs) {
    return std::ranges::any_of(ours, [&](const TrafficSelector& each) { return each.contains(theirs); });
  };
  return within(local, pair.local) && within(remote, pair.remote);
}
bool has_pair(const policy::TrafficSelectors& local, const policy::TrafficSelectors& remote, const SelectorPair& pair) {
  return std::ranges::find(local, pair.local) != local.end() && std::ranges::find(remote, pair.remote) != remote.end();
}

/// What of the offer the child accepts, in its mode.
std::optional<Match> match_offer(const IsakmpSa& sa, const policy::Child& child, const Offer& offer,
                                 const std::vector<BundleOffer>& bundles) {
  if (child.bundled()) {
    const auto choice = choose_bundle(bundle_proposals(child), bundles, child.mode);
    if (!choice) return std::nullopt;
    return Match{&child, choice->esp, choice->ah, {}};
  }
  Offer usable = offer;
  leave_only(usable, child.mode, sa.udp_encap());
  const auto choice = policy::choose(phase2_proposals(child.proposals()), usable.meanings);
  if (!choice) return std::nullopt;
  const std::size_t index = choice->offered_index;
  return Match{&child, {offer.proposals[index], offer.transforms[index], choice->suite}, {}, {}};
}

}  // namespace

bool is_stopped_by_nat(const IsakmpSa& sa, const policy::Child& config) {
  return sa.udp_encap() && !config.ah_proposals.empty();
}

bool has_bundle(const w::SaPayload& offered) {
  return std::ranges::any_of(offered.alternatives(), [](const auto& together) { return together.size() > 1; });
}

std::vector<policy::Proposal> phase2_meanings(const w::SaPayload& offered) {
  std::vector<policy::Proposal> meanings;
  for (const w::Proposal& proposal : offered.proposals)
    for (policy::Proposal& meaning : read_proposal(proposal).meanings) meanings.push_back(std::move(meaning));
  return meanings;
}

Failure quick_failure(const IsakmpSa& sa, std::string_view child, FailureKind kind, Side side) {
  return {.kind = kind,
          .side = side,
          .connection = sa.connection_name(),
          .child = std::string(child),
          .local_id = sa.local_id,
          .remote_id = sa.remote_id,
          .remote = sa.remote,
          .opening = sa.connection->aggressive ? event::Opening::aggressive_mode : event::Opening::main_mode};
}

policy::TrafficSelectors local_selectors(const IsakmpSa& sa, const policy::Child& child) {
  return resolve_for(child.local_ts, sa.access.received, sa.local.address);
}

policy::TrafficSelectors remote_selectors(const IsakmpSa& sa, const policy::Child& child) {
  auto all = resolve_for(child.remote_ts, sa.access.given, sa.remote.address);
  if (!sa.access.received || sa.access.received->split_include.empty()) return all;
  policy::TrafficSelectors behind;
  for (const policy::Prefix& network : sa.access.received->split_include)
    behind.push_back({policy::AddressRange::of(network), 0, {}});
  return policy::intersect(all, behind);
}

std::optional<SelectorPair> read_pair(const IsakmpSa& sa, const w::PayloadChain& payloads, bool we_initiated) {
  const auto ids = payloads.all<w::IdPayload>();
  if (ids.empty())
    return SelectorPair{TrafficSelector::host(sa.local.address), TrafficSelector::host(sa.remote.address)};
  if (ids.size() != 2) return std::nullopt;
  const auto of_initiator = read_selector(*ids[0]);
  const auto of_responder = read_selector(*ids[1]);
  if (!of_initiator || !of_responder) return std::nullopt;
  return we_initiated ? SelectorPair{*of_initiator, *of_responder} : SelectorPair{*of_responder, *of_initiator};
}

SelectorPair as_seen(const IsakmpSa& sa, SelectorPair pair) {
  return {seen_through(pair.local, sa.nat_local, sa.local.address),
          seen_through(pair.remote, sa.nat_remote, sa.remote.address)};
}

std::expected<Match, Mismatch> match_child(const IsakmpSa& sa, const w::SaPayload& offered,
                                           const SelectorPair& as_sent) {
  const Offer offer = read_phase2_offer(offered);
  const auto bundles = read_bundles(offered);
  Mismatch mismatch{w::NotifyType::invalid_id_information,
                    quick_failure(sa, {}, FailureKind::no_common_selector, Side::local)};
  mismatch.failure.peer_local_ts = {as_sent.local};
  mismatch.failure.peer_remote_ts = {as_sent.remote};
  std::optional<Match> best;
  bool best_is_exact = false;
  for (const policy::Child& child : sa.connection->children) {
    const SelectorPair pair = child.mode == policy::Mode::transport ? as_seen(sa, as_sent) : as_sent;
    const auto local = local_selectors(sa, child);
    const auto remote = remote_selectors(sa, child);
    if (!contains_pair(local, remote, pair)) {
      if (!mismatch.failure.our_local_ts.empty()) continue;
      mismatch.failure.child = child.name;
      mismatch.failure.our_local_ts = local;
      mismatch.failure.our_remote_ts = remote;
      continue;
    }
    if (!offers_mode(offer, child.mode)) {
      mismatch = {w::NotifyType::no_proposal_chosen,
                  quick_failure(sa, child.name, FailureKind::mode_mismatch, Side::local)};
      mismatch.failure.our_mode = child.mode;
      mismatch.failure.peer_mode = child.mode == policy::Mode::tunnel ? policy::Mode::transport : policy::Mode::tunnel;
      continue;
    }
    if (is_stopped_by_nat(sa, child)) {
      mismatch = {w::NotifyType::no_proposal_chosen,
                  quick_failure(sa, child.name, FailureKind::system_refused, Side::local)};
      mismatch.failure.our_proposals = child.ah_proposals;
      continue;
    }
    auto match = match_offer(sa, child, offer, bundles);
    if (!match) {
      mismatch = {w::NotifyType::no_proposal_chosen,
                  quick_failure(sa, child.name, FailureKind::no_proposal_chosen, Side::local)};
      mismatch.failure.our_proposals = phase2_proposals(child.proposals());
      mismatch.failure.peer_proposals = phase2_meanings(offered);
      mismatch.failure.our_bundle = child.bundled();
      mismatch.failure.peer_bundle = has_bundle(offered);
      continue;
    }
    const bool exact = has_pair(local, remote, pair);
    if (best && (best_is_exact || !exact)) continue;
    match->pair = pair;
    best = *match;
    best_is_exact = exact;
  }
  if (!best) return std::unexpected(std::move(mismatch));
  return *best;
}

}  // namespace sallyport::ike::v1
