#include "ike/v2/child_negotiation.h"

#include <algorithm>

#include "ike/core/child_sas.h"
#include "ike/v2/configuration.h"
#include "ike/v2/numbers_map.h"
#include "wire/ipcomp.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using event::Failure;
using event::FailureKind;
using event::Side;

Bytes spi_bytes(std::uint32_t spi) {
  Bytes bytes(4);
  store_be32(bytes.data(), spi);
  return bytes;
}

Failure child_failure(const IkeSa& sa, const std::string& connection, const std::string& child, FailureKind kind,
                      Side side) {
  return {.kind = kind,
          .side = side,
          .connection = connection,
          .child = child,
          .local_id = sa.local_id,
          .remote_id = sa.remote_id,
          .remote = sa.remote};
}

/// In transport mode behind a NAT a peer names addresses that we do not see; what we see takes their place
/// (RFC 7296 §2.23.1).
policy::TrafficSelectors seen_through_nat(policy::TrafficSelectors selectors, bool nat, const policy::IpAddress& seen) {
  if (!nat) return selectors;
  for (auto& selector : selectors)
    if (selector.addresses.first == selector.addresses.last && selector.addresses.family() == seen.family())
      selector.addresses = policy::AddressRange::host(seen);
  return selectors;
}

struct SelectorPair {
  policy::TrafficSelectors local, remote;
};
/// The peer's selectors from our point of view; `we_initiated` this exchange.
std::optional<SelectorPair> read_selector_pair(const IkeSa& sa, const w::PayloadChain& payloads, bool we_initiated,
                                               policy::Mode mode) {
  const auto* tsi = payloads.find<w::TsiPayload>();
  const auto* tsr = payloads.find<w::TsrPayload>();
  if (!tsi || !tsr) return std::nullopt;
  SelectorPair pair{read_selectors(we_initiated ? tsi->selectors : tsr->selectors),
                    read_selectors(we_initiated ? tsr->selectors : tsi->selectors)};
  if (mode == policy::Mode::transport) {
    pair.local = seen_through_nat(std::move(pair.local), sa.nat_local, sa.local.address);
    pair.remote = seen_through_nat(std::move(pair.remote), sa.nat_remote, sa.remote.address);
  }
  return pair;
}

/// Where a packet asked for the SA, its own selectors come first (RFC 7296 §2.9).
policy::TrafficSelectors with_packet_first(policy::TrafficSelectors configured,
                                           const std::optional<policy::TrafficSelector>& packet) {
  if (packet && std::ranges::any_of(configured, [&](const auto& selector) { return selector.contains(*packet); }) &&
      std::ranges::find(configured, *packet) == configured.end())
    configured.insert(configured.begin(), *packet);
  return configured;
}

void take_keys(policy::ChildSaSpec& spec, ChildKeys keys, bool we_initiated) {
  policy::SaKeys& initiators = we_initiated ? spec.outbound : spec.inbound;
  policy::SaKeys& responders = we_initiated ? spec.inbound : spec.outbound;
  initiators.encryption_key = std::move(keys.encryption_i);
  initiators.integrity_key = std::move(keys.integrity_i);
  responders.encryption_key = std::move(keys.encryption_r);
  responders.integrity_key = std::move(keys.integrity_r);
}

/// How well a child suits the request: how many of the peer's selectors it would take unchanged.
int quality(const policy::Child& child, const ChildMatch& match, const SelectorPair& wanted) {
  return (match.mode == child.mode ? 4 : 0) + (match.local_ts == wanted.local ? 2 : 0) +
         (match.remote_ts == wanted.remote ? 2 : 0);
}

/// RFC 7296 §1.3.1: who says nothing takes it.
bool takes_tfc_padding(const w::PayloadChain& from_peer) {
  return from_peer.find_notify(w::NotifyType::esp_tfc_padding_not_supported) == nullptr;
}

/// RFC 7296 §2.22: a CPI and a transform.
constexpr std::uint8_t deflate_transform = 2;

w::NotifyPayload ipcomp_notify(std::uint16_t cpi) {
  Bytes data(3);
  store_be16(data.data(), cpi);
  data[2] = deflate_transform;
  return {.type = w::NotifyType::ipcomp_supported, .data = std::move(data)};
}

/// The CPI for DEFLATE, of those that a peer may choose; nullopt: it names none.
std::optional<std::uint16_t> read_ipcomp(const w::PayloadChain& from_peer) {
  for (const auto* notify : from_peer.all<w::NotifyPayload>()) {
    if (notify->type != w::NotifyType::ipcomp_supported || notify->data.size() < 3) continue;
    const std::uint16_t cpi = load_be16(notify->data.data());
    if (notify->data[2] == deflate_transform && cpi >= wire::first_ipcomp_cpi && cpi <= wire::last_ipcomp_cpi)
      return cpi;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Failure> passes_no_nat(const IkeSa& sa, const policy::Child& config) {
  if (config.protocol() != policy::Protocol::ah || !sa.udp_encap()) return std::nullopt;
  auto failure = child_failure(sa, sa.connection_name(), config.name, FailureKind::system_refused, Side::local);
  failure.our_proposals = config.proposals();
  return failure;
}

PendingChild prepare_child(const IkeSa& sa, const policy::Child& config, CreateChild task, Environment& env) {
  PendingChild pending;
  const Hosts hosts = hosts_of(sa, *sa.connection, sa.given ? &*sa.given : nullptr);
  pending.spi_in = env.spis.allocate(env.random, share_of_kin(sa.children, *sa.connection, config, sa.remote_id));
  if (config.ipcomp) pending.cpi_in = env.numbers.next_cpi(env.random);
  pending.protocol = config.protocol();
  pending.local_ts =
      !task.local_ts.empty() ? task.local_ts : with_packet_first(local_selectors(config, hosts), task.request.source);
  pending.remote_ts = !task.remote_ts.empty()
                          ? task.remote_ts
                          : with_packet_first(remote_selectors(config, hosts), task.request.destination);
  pending.task = std::move(task);
  pending.offered_by = sa.connection;
  return pending;
}

void add_child_offer(w::PayloadChain& payloads, const policy::Child& config, const PendingChild& pending,
                     bool with_key_exchange) {
  if (config.mode == policy::Mode::transport) payloads.add(w::NotifyPayload{.type = w::NotifyType::use_transport_mode});
  if (pending.cpi_in) payloads.add(ipcomp_notify(*pending.cpi_in));
  payloads.add(offer(config.proposals(), spi_bytes(pending.spi_in), with_key_exchange));
}

void add_selectors(w::PayloadChain& payloads, const policy::TrafficSelectors& of_initiator,
                   const policy::TrafficSelectors& of_responder) {
  payloads.add(w::TsiPayload{write_selectors(of_initiator)});
  payloads.add(w::TsrPayload{write_selectors(of_responder)});
}

std::expected<policy::Suite, ChildFailure> read_child_suite(const IkeSa& sa, const policy::Child& config,
                                                            const w::PayloadChain& answer, bool ignore_key_exchange) {
  const auto refuse = [&](FailureKind kind) {
    auto failure = child_failure(sa, sa.connection_name(), config.name, kind, Side::local);
    failure.our_proposals = config.proposals();
    if (const auto* payload = answer.find<w::SaPayload>()) failure.peer_proposals = read_offer(*payload);
    return std::unexpected(ChildFailure{std::move(failure), answer.find<w::SaPayload>() != nullptr});
  };
  const auto* payload = answer.find<w::SaPayload>();
  if (!payload || payload->proposals.size() != 1 || payload->proposals.front().spi.size() != 4)
    return refuse(FailureKind::protocol_violation);
  const auto suite = read_choice(*payload, config.protocol());
  if (!suite) return refuse(FailureKind::protocol_violation);
  if (!policy::choose(config.proposals(), read_offer(*payload), ignore_key_exchange))
    return refuse(FailureKind::no_proposal_chosen);
  return *suite;
}

std::expected<NewChild, ChildFailure> accept_child_answer(const IkeSa& sa, const policy::Child& config,
                                                          const PendingChild& pending, const policy::Suite& suite,
                                                          const w::PayloadChain& answer, const ChildKeyInputs& inputs,
                                                          Environment& env) {
  const auto refuse = [&](FailureKind kind) {
    auto failure = child_failure(sa, sa.connection_name(), config.name, kind, Side::local);
    failure.our_local_ts = pending.local_ts;
    failure.our_remote_ts = pending.remote_ts;
    failure.our_mode = config.mode;
    return ChildFailure{std::move(failure), true};
  };
  const policy::Mode mode =
      answer.find_notify(w::NotifyType::use_transport_mode) ? policy::Mode::transport : policy::Mode::tunnel;
  if (mode != config.mode) {
    auto failed = refuse(FailureKind::mode_mismatch);
    failed.failure.peer_mode = mode;
    return std::unexpected(std::move(failed));
  }
  const auto cpi_out = pending.cpi_in ? read_ipcomp(answer) : std::nullopt;
  if (pending.cpi_in && !cpi_out && answer.find_notify(w::NotifyType::ipcomp_supported))
    return std::unexpected(refuse(FailureKind::protocol_violation));  // what was not offered
  const auto narrowed = read_selector_pair(sa, answer, true, mode);
  if (!narrowed) return std::unexpected(refuse(FailureKind::protocol_violation));
  if (narrowed->local.empty() || narrowed->remote.empty() || !covers(pending.local_ts, narrowed->local) ||
      !covers(pending.remote_ts, narrowed->remote)) {
    auto failed = refuse(FailureKind::no_common_selector);
    failed.failure.peer_local_ts = narrowed->local;
    failed.failure.peer_remote_ts = narrowed->remote;
    return std::unexpected(std::move(failed));
  }

  NewChild child{begin_spec(sa, *sa.connection, config, suite, env), &config};
  child.spec.initiated = true;
  child.spec.mode = mode;
  if (takes_tfc_padding(answer)) child.spec.tfc_padding = config.tfc_padding;
  if (cpi_out) child.spec.ipcomp = {*pending.cpi_in, *cpi_out};
  child.spec.local_ts = narrowed->local;
  child.spec.remote_ts = narrowed->remote;
  if (suite.next_additional() == 0) derive_keys(sa, child, inputs, env);
  child.spec.inbound.spi = pending.spi_in;
  child.spec.outbound.spi = load_be32(answer.find<w::SaPayload>()->proposals.front().spi.data());
  return child;
}

Failure read_child_error(const IkeSa& sa, const policy::Child& config, const PendingChild& pending,
                         const w::NotifyPayload& error) {
  Failure failure = child_failure(sa, sa.connection_name(), config.name, FailureKind::peer_error, Side::remote);
  failure.notify = w::to_string(error.type);
  switch (error.type) {
    case w::NotifyType::no_proposal_chosen:
      failure.kind = FailureKind::no_proposal_chosen;
      failure.our_proposals = config.proposals();
      break;
    case w::NotifyType::ts_unacceptable:
    case w::NotifyType::single_pair_required:
      failure.kind = FailureKind::no_common_selector;
      failure.our_local_ts = pending.local_ts;
      failure.our_remote_ts = pending.remote_ts;
      failure.our_mode = config.mode;
      break;
    case w::NotifyType::no_additional_sas:
    case w::NotifyType::temporary_failure: failure.kind = FailureKind::child_refused; break;
    case w::NotifyType::failed_cp_required:
    case w::NotifyType::internal_address_failure:
      failure.kind = FailureKind::no_virtual_address;
      failure.child.clear();  // it is about all of them
      break;
    default: break;
  }
  return failure;
}

std::expected<ChildMatch, ChildRefusal> match_child(const IkeSa& sa, const policy::Connection& connection,
                                                    const Hosts& hosts, const w::PayloadChain& request,
                                                    bool ignore_key_exchange, const ChildSa* replaced) {
  const auto refuse = [&](w::NotifyType type, FailureKind kind) {
    return ChildRefusal{{.type = type}, child_failure(sa, connection.name, {}, kind, Side::local)};
  };
  const auto* offered = request.find<w::SaPayload>();
  const bool asks_transport = request.find_notify(w::NotifyType::use_transport_mode) != nullptr;
  const auto as_sent = read_selector_pair(sa, request, false, policy::Mode::tunnel);
  const auto as_seen = read_selector_pair(sa, request, false, policy::Mode::transport);
  if (!offered || !as_sent || !as_seen)
    return std::unexpected(refuse(w::NotifyType::invalid_syntax, FailureKind::protocol_violation));
  std::vector<policy::Proposal> proposals = read_offer(*offered);
  for (std::size_t i = 0; i < proposals.size(); ++i)  // an SPI has four octets, and is none of the reserved ones
    if (offered->proposals[i].spi.size() != 4 || load_be32(offered->proposals[i].spi.data()) < 256) proposals[i] = {};

  std::optional<ChildMatch> best;
  int best_quality = -1;
  auto refusal = refuse(w::NotifyType::ts_unacceptable, FailureKind::no_common_selector);
  refusal.failure.peer_local_ts = as_sent->local;
  refusal.failure.peer_remote_ts = as_sent->remote;
  for (const policy::Child& child : connection.children) {
    if (replaced && child.name != replaced->name) continue;
    if (child.mode == policy::Mode::transport && !asks_transport) {
      refusal.failure.our_mode = child.mode;
      refusal.failure.peer_mode = policy::Mode::tunnel;
      continue;
    }
    const SelectorPair& wanted = child.mode == policy::Mode::transport ? *as_seen : *as_sent;
    const auto configured_local = replaced ? replaced->local_ts : local_selectors(child, hosts);
    const auto configured_remote = replaced ? replaced->remote_ts : remote_selectors(child, hosts);
    if (configured_remote.empty()) {  // made of an address that the peer has not asked for
      refusal = refuse(w::NotifyType::failed_cp_required, FailureKind::no_virtual_address);
      refusal.failure.notify = w::to_string(w::NotifyType::failed_cp_required);
      continue;
    }
    const auto local = narrow(configured_local, wanted.local);
    const auto remote = narrow(configured_remote, wanted.remote);
    if (!local || !remote) {
      if (refusal.failure.our_local_ts.empty()) {
        refusal.failure.child = child.name;
        refusal.failure.our_local_ts = configured_local;
        refusal.failure.our_remote_ts = configured_remote;
      }
      continue;
    }
    if (auto why = passes_no_nat(sa, child)) {
      refusal = refuse(w::NotifyType::no_proposal_chosen, FailureKind::system_refused);
      why->connection = connection.name;
      refusal.failure = std::move(*why);
      continue;
    }
    const auto choice = policy::choose(child.proposals(), proposals, ignore_key_exchange);
    if (!choice) {
      refusal = refuse(w::NotifyType::no_proposal_chosen, FailureKind::no_proposal_chosen);
      refusal.failure.child = child.name;
      refusal.failure.our_proposals = child.proposals();
      refusal.failure.peer_proposals = proposals;
      continue;
    }
    const w::Proposal& chosen = offered->proposals[choice->offered_index];
    ChildMatch match{&child,     *choice, &chosen, load_be32(chosen.spi.data()),
                     child.mode, *local,  *remote, takes_tfc_padding(request)};
    if (child.ipcomp) match.cpi_out = read_ipcomp(request);
    if (const int q = quality(child, match, wanted); q > best_quality) {
      best_quality = q;
      best = std::move(match);
    }
  }
  if (!best) return std::unexpected(std::move(refusal));
  return std::move(*best);
}

NewChild make_child(const IkeSa& sa, const policy::Connection& connection, const policy::Identity& peer,
                    const ChildMatch& match, const ChildKeyInputs& inputs, bool with_key_exchange,
                    w::PayloadChain& reply, Environment& env) {
  NewChild child{begin_spec(sa, connection, *match.config, match.choice.suite, env), match.config};
  child.spec.mode = match.mode;
  if (match.takes_tfc_padding) child.spec.tfc_padding = match.config->tfc_padding;
  child.spec.local_ts = match.local_ts;
  child.spec.remote_ts = match.remote_ts;
  if (match.choice.suite.next_additional() == 0) derive_keys(sa, child, inputs, env);
  child.spec.inbound.spi = env.spis.allocate(env.random, share_of_kin(sa.children, connection, *match.config, peer));
  child.spec.outbound.spi = match.spi_out;

  if (match.cpi_out) {
    child.spec.ipcomp = {env.numbers.next_cpi(env.random), *match.cpi_out};
    reply.add(ipcomp_notify(child.spec.ipcomp->cpi_in));
  }
  if (match.mode == policy::Mode::transport) reply.add(w::NotifyPayload{.type = w::NotifyType::use_transport_mode});
  reply.add(accept(match.choice.suite, *match.offered, spi_bytes(child.spec.inbound.spi), with_key_exchange));
  return child;
}

void derive_keys(const IkeSa& sa, NewChild& child, const ChildKeyInputs& inputs, Environment& env) {
  take_keys(child.spec,
            derive_child_keys(env.crypto, sa.suite.prf, inputs.sk_d ? *inputs.sk_d : sa.keys.sk_d, child.spec.suite,
                              inputs.shared_secret, inputs.nonce_i, inputs.nonce_r, inputs.further_secrets),
            child.spec.initiated);
}

}  // namespace sallyport::ike::v2
