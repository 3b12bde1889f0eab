#include "ike/v2/ike_auth.h"

#include <algorithm>
#include <tuple>

#include "ike/core/candidates.h"
#include "ike/v2/child_negotiation.h"
#include "ike/v2/configuration.h"
#include "ike/v2/numbers_map.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using event::Failure;
using event::FailureKind;
using event::Side;
using Reason = event::MessageRejected::Reason;

Secret auth_of_initiator(const IkeSa& sa, const Secret& key, ByteView id_body, crypto::Provider& crypto) {
  return shared_key_auth(crypto, sa.suite.prf, key, sa.setup->init_request, sa.setup->nonce_r, sa.keys.sk_pi, id_body);
}
Secret auth_of_responder(const IkeSa& sa, const Secret& key, ByteView id_body, crypto::Provider& crypto) {
  return shared_key_auth(crypto, sa.suite.prf, key, sa.setup->init_response, sa.setup->nonce_i, sa.keys.sk_pr, id_body);
}

Failure auth_failure(const IkeSa& sa, FailureKind kind, Side side) {
  return {.kind = kind,
          .side = side,
          .connection = sa.connection_name(),
          .local_id = sa.local_id,
          .remote_id = sa.remote_id,
          .remote = sa.remote};
}

bool proves(const w::AuthPayload& auth, const Secret& expected) {
  return auth.method == w::AuthMethod::shared_key_mic && equal_constant_time(auth.data, expected.view());
}

// ---- Initiator ----

/// A client has offered any address of its own, and got one: nothing else goes by this Child SA.
std::optional<Failure> narrow_to_received(const IkeSa& sa, const policy::Child& config,
                                          const std::optional<policy::NetworkConfig>& received,
                                          policy::ChildSaSpec& spec) {
  auto failure = auth_failure(sa, FailureKind::no_virtual_address, Side::remote);
  if (!received) return failure;
  failure.child = config.name;
  Hosts hosts;
  for (const policy::IpAddress& address : received->addresses) hosts.own.push_back(policy::AddressRange::host(address));
  failure.kind = FailureKind::no_common_selector;
  failure.our_local_ts = local_selectors(config, hosts);
  failure.our_remote_ts = failure.peer_remote_ts = spec.remote_ts;
  failure.peer_local_ts = spec.local_ts;
  spec.local_ts = policy::intersect(spec.local_ts, failure.our_local_ts);
  if (spec.local_ts.empty()) return failure;
  return std::nullopt;
}

/// The peer is who it should be; what became of the Child SA?
void read_first_child(const IkeSa& sa, const Inbound& in, Environment& env, Step& step) {
  const PendingChild& pending = *sa.pending_child;
  const policy::Child* config = sa.connection->find_child(pending.task.request.child);
  ASSERT(config);
  if (!sa.connection->vips.empty()) step.received = take_configuration(*sa.connection, in.payloads);
  if (const auto* error = in.payloads.find_error()) {
    step.failure = read_child_error(sa, *config, pending, *error);
    return;
  }
  const auto suite = read_child_suite(sa, *config, in.payloads, true);
  if (!suite) {
    step.failure = suite.error().failure;
    step.abandoned = suite.error().exists_at_peer;
    return;
  }
  auto child = accept_child_answer(sa, *config, pending, *suite, in.payloads,
                                   {.nonce_i = sa.setup->nonce_i, .nonce_r = sa.setup->nonce_r}, env);
  if (!child) {
    step.failure = child.error().failure;
    step.abandoned = child.error().exists_at_peer;
    return;
  }
  if (!sa.connection->vips.empty()) {
    auto failure = narrow_to_received(sa, *config, step.received, child->spec);
    step.abandoned = failure.has_value();
    step.failure = std::move(failure);
    if (step.failure) return;
  }
  step.child = std::move(*child);
}

/// An answer without identity and proof: the responder refused us, or speaks nonsense.
Step read_refusal(const IkeSa& sa, const Inbound& in) {
  const auto* error = in.payloads.find_error();
  if (!error) return Step::reject(sa.state, Reason::missing_payload);
  auto failure = auth_failure(sa, FailureKind::peer_error, Side::remote);
  failure.notify = w::to_string(error->type);
  if (error->type == w::NotifyType::authentication_failed) failure.kind = FailureKind::authentication_failed;
  failure.remote_id = sa.connection->remote.id;
  return {.next = State::closed, .failure = std::move(failure)};
}

// ---- Responder ----

Step refuse_peer(Failure failure) {
  Step step{.next = State::closed, .failure = std::move(failure)};
  step.reply.emplace().add(w::NotifyPayload{.type = w::NotifyType::authentication_failed});
  return step;
}

/// The connections that name these identities, the most specific first, then those for the narrowest addresses.
std::vector<policy::ConnectionPtr> connections_for(const IkeSa& sa, const policy::Identity& remote_id,
                                                   const std::optional<policy::Identity>& wanted_local_id) {
  struct Claim {
    int specificity, rank;
    policy::ConnectionGroup::Member member;
  };
  std::vector<Claim> claims;
  for (const policy::Candidate& candidate : sa.setup->candidates)
    for (auto& member : candidate.group->that_accept(remote_id)) {
      const policy::Connection& connection = *member.connection;
      const bool us = !wanted_local_id || connection.local.id.kind == policy::Identity::Kind::any ||
                      matches(identity_on(connection, sa.local), *wanted_local_id);
      if (us) claims.push_back({specificity(connection.remote.id), candidate.rank, std::move(member)});
    }
  std::ranges::sort(claims, {},
                    [](const Claim& claim) { return std::tuple(-claim.specificity, -claim.rank, claim.member.place); });
  std::vector<policy::ConnectionPtr> found;
  for (Claim& claim : claims) found.push_back(std::move(claim.member.connection));
  return found;
}

/// Of connections with equal claims, the one that has the child the peer asks for.
policy::ConnectionPtr best_connection(const IkeSa& sa, const std::vector<policy::ConnectionPtr>& connections,
                                      const w::PayloadChain& request) {
  const int best = specificity(connections.front()->remote.id);
  for (const auto& connection : connections) {
    Hosts hosts = hosts_of(sa, *connection, nullptr);
    if (!connection->pools.empty() && find_configuration_request(request))  // it will be one of the pools
      hosts.peers = {policy::AddressRange::all(policy::Family::ipv4), policy::AddressRange::all(policy::Family::ipv6)};
    if (specificity(connection->remote.id) == best && match_child(sa, *connection, hosts, request, true))
      return connection;
  }
  return connections.front();
}

/// The Child SA that rides along. Its failure does not touch the IKE SA (RFC 7296 §1.2).
void answer_first_child(const IkeSa& sa, const policy::Connection& connection, const Inbound& in, Environment& env,
                        Step& step) {
  if (const auto* request = find_configuration_request(in.payloads); request && !connection.pools.empty()) {
    auto configuration = answer_configuration(sa, connection, step.authenticated->remote_id, *request,
                                              step.authenticated->initial_contact, env);
    if (!configuration) {
      step.reply->add(w::NotifyPayload{.type = w::NotifyType::internal_address_failure});
      step.failure = std::move(configuration.error());
      return;
    }
    step.reply->add(std::move(configuration->reply));
    step.given = std::move(configuration->given);
  }
  const Hosts hosts = hosts_of(sa, connection, step.given ? &*step.given : nullptr);
  const auto match = match_child(sa, connection, hosts, in.payloads, true);
  if (!match) {
    step.reply->add(match.error().notify);
    step.failure = match.error().failure;
    return;
  }
  step.child = make_child(sa, connection, *match, {.nonce_i = sa.setup->nonce_i, .nonce_r = sa.setup->nonce_r}, false,
                          *step.reply, env);
  add_selectors(*step.reply, match->remote_ts, match->local_ts);
}

}  // namespace

std::optional<w::PayloadChain> build_auth_request(const IkeSa& sa, const policy::Child& config,
                                                  const PendingChild& pending, bool initial_contact, Environment& env) {
  const auto* key = env.pad.find(sa.local_id, sa.connection->remote.id);
  if (!key) return std::nullopt;
  const w::Identification id = write_identity(sa.local_id);
  w::PayloadChain payloads;
  payloads.add(w::IdiPayload{id});
  if (initial_contact) payloads.add(w::NotifyPayload{.type = w::NotifyType::initial_contact});
  if (policy::is_exact(sa.connection->remote.id)) payloads.add(w::IdrPayload{write_identity(sa.connection->remote.id)});
  const Secret proof = auth_of_initiator(sa, key->secret, id.body(), env.crypto);
  payloads.add(w::AuthPayload{w::AuthMethod::shared_key_mic, to_bytes(proof.view())});
  if (!sa.connection->vips.empty()) payloads.add(build_configuration_request(*sa.connection, env.memory));
  add_child_offer(payloads, config, pending, false);
  add_selectors(payloads, pending.local_ts, pending.remote_ts);
  return payloads;
}

Step process_auth_response(const IkeSa& sa, const Inbound& in, Environment& env) {
  const auto* idr = in.payloads.find<w::IdrPayload>();
  const auto* auth = in.payloads.find<w::AuthPayload>();
  if (!idr || !auth) return read_refusal(sa, in);

  // The peer believes us already: whatever is wrong from here on, it has to be told.
  const auto turn_away = [&](FailureKind kind, const policy::Identity& remote_id) {
    auto failure = auth_failure(sa, kind, Side::local);
    failure.remote_id = remote_id;
    failure.expected_id = sa.connection->remote.id;
    return Step{.next = State::closing, .failure = std::move(failure)};
  };
  const auto remote_id = read_identity(idr->id);
  if (!remote_id || !matches(sa.connection->remote.id, *remote_id))
    return turn_away(FailureKind::identity_mismatch, remote_id.value_or(policy::Identity::any()));
  const auto* key = env.pad.find(sa.local_id, *remote_id);
  if (!key) return turn_away(FailureKind::secret_missing, *remote_id);
  if (!proves(*auth, auth_of_responder(sa, key->secret, idr->id.body(), env.crypto)))
    return turn_away(FailureKind::authentication_failed, *remote_id);

  Step step{.next = State::established, .authenticated = Authenticated{sa.connection, sa.local_id, *remote_id, false}};
  read_first_child(sa, in, env, step);
  return step;
}

Step process_auth_request(const IkeSa& sa, const Inbound& in, Environment& env) {
  const auto* idi = in.payloads.find<w::IdiPayload>();
  const auto* idr = in.payloads.find<w::IdrPayload>();
  const auto* auth = in.payloads.find<w::AuthPayload>();
  auto failure = auth_failure(sa, FailureKind::no_matching_connection, Side::local);
  if (!idi) return Step::reject(sa.state, Reason::missing_payload);
  const auto remote_id = read_identity(idi->id);
  const auto wanted_local_id = idr ? read_identity(idr->id) : std::nullopt;
  if (wanted_local_id) failure.local_id = *wanted_local_id;
  if (!remote_id) return refuse_peer(std::move(failure));
  failure.remote_id = *remote_id;

  const auto connections = connections_for(sa, *remote_id, wanted_local_id);
  if (connections.empty()) return refuse_peer(std::move(failure));
  const auto connection = best_connection(sa, connections, in.payloads);
  failure.connection = connection->name;
  const policy::Identity local_id = wanted_local_id && connection->local.id.kind == policy::Identity::Kind::any
                                        ? *wanted_local_id
                                        : identity_on(*connection, sa.local);
  failure.local_id = local_id;

  failure.kind = FailureKind::secret_missing;
  const auto* key = env.pad.find(local_id, *remote_id);
  if (!key) return refuse_peer(std::move(failure));
  failure.kind = FailureKind::authentication_failed;
  if (!auth || !proves(*auth, auth_of_initiator(sa, key->secret, idi->id.body(), env.crypto)))
    return refuse_peer(std::move(failure));

  Step step{.next = State::established, .authenticated = Authenticated{connection, local_id, *remote_id, false}};
  step.authenticated->initial_contact = in.payloads.find_notify(w::NotifyType::initial_contact) != nullptr;
  const w::Identification own = write_identity(local_id);
  const Secret proof = auth_of_responder(sa, key->secret, own.body(), env.crypto);
  step.reply.emplace().add(w::IdrPayload{own});
  step.reply->add(w::AuthPayload{w::AuthMethod::shared_key_mic, to_bytes(proof.view())});
  answer_first_child(sa, *connection, in, env, step);
  return step;
}

}  // namespace sallyport::ike::v2
