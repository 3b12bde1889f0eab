#include "ike/v2/ike_auth.h"

#include <algorithm>
#include <tuple>

#include "ike/core/candidates.h"
#include "ike/v2/auth_lifetime.h"
#include "ike/v2/authentication.h"
#include "ike/v2/child_negotiation.h"
#include "ike/v2/configuration.h"
#include "ike/v2/crash_token.h"
#include "ike/v2/mobike.h"
#include "ike/v2/numbers_map.h"
#include "ike/v2/redirect.h"
#include "ike/v2/session_resume.h"
#include "ike/v2/ticket.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using event::Failure;
using event::FailureKind;
using event::Side;
using Reason = event::MessageRejected::Reason;

Failure auth_failure(const IkeSa& sa, FailureKind kind, Side side) {
  return {.kind = kind,
          .side = side,
          .connection = sa.connection_name(),
          .local_id = sa.local_id,
          .remote_id = sa.remote_id,
          .remote = sa.remote};
}

/// With the postquantum preshared key, where there is one: what AUTH is made with, and the keys of Child SAs.
AuthInputs with(const std::optional<PpkKeys>& ppk, AuthInputs inputs, bool of_initiator) {
  if (!ppk) return inputs;
  const Secret& sk_p = of_initiator ? ppk->sk_pi : ppk->sk_pr;
  return {inputs.round, inputs.message, inputs.nonce, sk_p, inputs.id_body, std::move(inputs.int_auth)};
}
ChildKeyInputs first_child_keys(const IkeSa& sa, const std::optional<PpkKeys>& ppk) {
  return {.shared_secret = {},
          .nonce_i = sa.setup->nonce_i,
          .nonce_r = sa.setup->nonce_r,
          .sk_d = ppk ? &ppk->sk_d : nullptr};
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
  if (!sa.connection->vips.empty()) step.received = take_configuration(*sa.connection, in.payloads);
  if (!sa.pending_child) {
    if (sa.connection->vips.empty() || step.received) return;
    step.next = State::closing;  // no child of this connection is any good without
    step.failure = auth_failure(sa, FailureKind::no_virtual_address, Side::remote);
    return;
  }
  const PendingChild& pending = *sa.pending_child;
  const policy::Child* config = &pending.config();
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
                                   first_child_keys(sa, step.authenticated->ppk), env);
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
  if (sa.setup->resumes) return begin_anew(sa, event::Resumption::Outcome::refused);
  auto failure = auth_failure(sa, FailureKind::peer_error, Side::remote);
  failure.notify = w::to_string(error->type);
  if (error->type == w::NotifyType::authentication_failed) failure.kind = FailureKind::authentication_failed;
  failure.remote_id = sa.connection->remote.id;
  return {.next = State::closed, .failure = std::move(failure)};
}

/// The keys with our postquantum preshared key, where the responder may have it, too.
std::optional<PpkKeys> own_ppk(const IkeSa& sa, Environment& env) {
  if (!sa.setup->ppk) return std::nullopt;
  const auto* key = env.pad.find_ppk(sa.connection->ppk_id);
  if (!key) return std::nullopt;
  return mix_ppk(env.crypto, sa.suite.prf, key->secret, sa.keys);
}

/// Whom we expect: by this the shared key is found.
policy::Identity peer_to_be(const policy::Connection& connection) {
  return connection.remote.method == policy::AuthMethod::null ? policy::Identity::null() : connection.remote.id;
}

// ---- Responder ----

Step refuse_peer(Failure failure) {
  Step step{.next = State::closed, .failure = std::move(failure)};
  step.reply.emplace().add(w::NotifyPayload{.type = w::NotifyType::authentication_failed});
  return step;
}

/// The connections that name these identities, the most specific first, then those for the narrowest addresses.
/// "Nobody" is for those alone where nothing has to be proved.
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
      const bool them =
          remote_id.kind != policy::Identity::Kind::null || connection.remote.method == policy::AuthMethod::null;
      if (us && them) claims.push_back({specificity(connection.remote.id), candidate.rank, std::move(member)});
    }
  std::ranges::sort(claims, {},
                    [](const Claim& claim) { return std::tuple(-claim.specificity, -claim.rank, claim.member.place); });
  std::vector<policy::ConnectionPtr> found;
  for (Claim& claim : claims) found.push_back(std::move(claim.member.connection));
  return found;
}

/// Those whose peer proves itself in this way; if there are none, all of them.
std::vector<policy::ConnectionPtr> by_method(const std::vector<policy::ConnectionPtr>& connections,
                                             w::AuthMethod method) {
  std::vector<policy::ConnectionPtr> found;
  for (const auto& connection : connections)
    if ((connection->remote.method == policy::AuthMethod::null) == (method == w::AuthMethod::null))
      found.push_back(connection);
  return found.empty() ? connections : found;
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

/// Not a Child SA that lacks something, but none at all.
bool is_childless(const w::PayloadChain& request) {
  return !request.find<w::SaPayload>() && !request.find<w::TsiPayload>() && !request.find<w::TsrPayload>();
}

/// AUTH of the initiator, by what went into it.
enum class Proved : std::uint8_t {
  no,
  without_ppk,
  with_ppk
};
/// `ppk`: the keys with the postquantum preshared key that the initiator means, if we have it.
Proved check_initiator(const IkeSa& sa, const w::AuthPayload& auth, const AuthInputs& inputs,
                       const std::optional<PpkKeys>& ppk, const w::PayloadChain& request,
                       const policy::Identity& local_id, const policy::Identity& remote_id, Environment& env) {
  if (ppk) return proves(auth, with(ppk, inputs, true), sa, local_id, remote_id, env) ? Proved::with_ppk : Proved::no;
  // One that names a key has AUTH made with it, and for us, who do not have it, perhaps another one beside it.
  const bool named = request.find_notify(w::NotifyType::ppk_identity) != nullptr;
  const auto* without = request.find_notify(w::NotifyType::no_ppk_auth);
  if (named && !without) return Proved::no;
  const w::AuthPayload plain{auth.method, named ? without->data : auth.data};
  return proves(plain, inputs, sa, local_id, remote_id, env) ? Proved::without_ppk : Proved::no;
}

/// Is it whom a ticket was made for, and is that still good?
bool is_of(const ResumableSa& old, const policy::Identity& remote_id, const std::optional<policy::Identity>& local_id,
           const Environment& env) {
  return remote_id == old.remote_id && (!local_id || *local_id == old.local_id) && !env.tickets.is_revoked(old.ike_sa);
}

/// The IKE SA is as good as there: its ticket goes with the answer that says so.
void answer_ticket_request(const IkeSa& sa, const Inbound& in, Environment& env, Step& step) {
  const Authenticated& made = *step.authenticated;
  if (!wants_tickets(*made.connection)) return step.reply->add(refuse_ticket()), void();
  const policy::Connection& config = *made.connection;
  const ResumableSa* const old = sa.setup->resumes.get();
  ResumableSa left = resumable(sa, made.connection, made.ppk ? made.ppk->sk_d : sa.keys.sk_d, in.now, env);
  left.local_id = made.local_id;
  left.remote_id = made.remote_id;
  left.key_print = print_of_key(left.local_id, left.remote_id, env);
  left.ppk = made.ppk || (old && old->ppk);
  left.authentication_ends = old ? old->authentication_ends
                             : config.reauth_time.count() > 0
                                 ? std::optional(in.now + config.reauth_time + config.over_time)
                                 : std::nullopt;
  if (left.authentication_ends) left.expires = std::min(left.expires, *left.authentication_ends);
  step.reply->add(make_ticket(left, in.now, env));
  step.gives_ticket = true;
}

/// The Child SA that rides along. Its failure does not touch the IKE SA (RFC 7296 §1.2).
void answer_first_child(const IkeSa& sa, const policy::Connection& connection, const Inbound& in, Environment& env,
                        Step& step) {
  if (const auto* request = find_configuration_request(in.payloads); request && !connection.pools.empty()) {
    auto configuration = answer_configuration(sa, connection, step.authenticated->remote_id, *request,
                                              step.authenticated->initial_contact || sa.setup->resumes, env);
    if (!configuration) {
      step.reply->add(w::NotifyPayload{.type = w::NotifyType::internal_address_failure});
      step.failure = std::move(configuration.error());
      return;
    }
    step.reply->add(std::move(configuration->reply));
    step.given = std::move(configuration->given);
  }
  if (is_childless(in.payloads)) return;
  if (connection.childless == policy::Childless::force) {
    step.reply->add(w::NotifyPayload{.type = w::NotifyType::no_additional_sas});
    step.failure = auth_failure(sa, FailureKind::extension_missing, Side::remote);
    step.failure->connection = connection.name;
    step.failure->notify = w::to_string(w::NotifyType::childless_ikev2_supported);
    return;
  }
  const Hosts hosts = hosts_of(sa, connection, step.given ? &*step.given : nullptr);
  const auto match = match_child(sa, connection, hosts, in.payloads, true);
  if (!match) {
    step.reply->add(match.error().notify);
    step.failure = match.error().failure;
    return;
  }
  step.child = make_child(sa, connection, step.authenticated->remote_id, *match,
                          first_child_keys(sa, step.authenticated->ppk), false, *step.reply, env);
  add_selectors(*step.reply, match->remote_ts, match->local_ts);
}

}  // namespace

std::optional<w::PayloadChain> build_auth_request(const IkeSa& sa, bool initial_contact, Environment& env) {
  const policy::Connection& connection = *sa.connection;
  const w::Identification id = write_identity(sa.local_id);
  const Bytes id_body = id.body();
  const AuthInputs inputs = auth_of_initiator(sa, connection.local, id_body);
  const auto ppk = own_ppk(sa, env);
  if (sa.setup->ppk && !ppk && connection.ppk_required) return std::nullopt;
  const policy::Identity remote_id = peer_to_be(connection);
  const auto auth = make_auth(with(ppk, inputs, true), sa, sa.local_id, remote_id, env);
  const auto without_ppk = make_auth(inputs, sa, sa.local_id, remote_id, env);
  if (!auth || !without_ppk) return std::nullopt;
  w::PayloadChain payloads;
  payloads.add(w::IdiPayload{id});
  if (initial_contact) payloads.add(w::NotifyPayload{.type = w::NotifyType::initial_contact});
  if (policy::is_exact(connection.remote.id)) payloads.add(w::IdrPayload{write_identity(connection.remote.id)});
  payloads.add(*auth);
  if (ppk) {
    add_ppk_identity(payloads, connection.ppk_id);
    if (!connection.ppk_required)
      payloads.add(w::NotifyPayload{.type = w::NotifyType::no_ppk_auth, .data = without_ppk->data});
  }
  if (!connection.vips.empty()) payloads.add(build_configuration_request(connection, env.memory));
  if (is_mobile(connection)) add_mobike_supported(payloads, sa, connection, env.host);
  add_crash_token(payloads, sa.spi_i, sa.spi_r, env);
  if (wants_tickets(connection)) add_ticket_request(payloads);
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
  const auto remote_id = read_peer(*sa.connection, idr->id);
  const ResumableSa* const old = sa.setup->resumes.get();
  if (!remote_id || !matches(sa.connection->remote.id, *remote_id) || (old && *remote_id != old->remote_id))
    return turn_away(FailureKind::identity_mismatch, remote_id.value_or(policy::Identity::any()));
  auto ppk = confirms_ppk(in.payloads) ? own_ppk(sa, env) : std::nullopt;
  if (!ppk && sa.connection->ppk_required && !(old && old->ppk)) {
    Step step = turn_away(FailureKind::extension_missing, *remote_id);
    step.failure->notify = w::to_string(w::NotifyType::use_ppk);
    return step;
  }
  if (lacks_key(*sa.connection, sa.local_id, *remote_id, env.pad))
    return turn_away(FailureKind::secret_missing, *remote_id);
  const Bytes id_body = idr->id.body();
  const AuthInputs inputs = with(ppk, auth_of_responder(sa, sa.connection->remote, id_body), false);
  if (!proves(*auth, inputs, sa, sa.local_id, *remote_id, env))
    return turn_away(FailureKind::authentication_failed, *remote_id);

  if (auto order = read_redirect(in.payloads); order && sa.connection->follow_redirects) {
    Step step = turn_away(FailureKind::redirected, *remote_id);
    step.redirect = std::move(order->gateway);
    return step;
  }
  Step step{.next = State::established, .authenticated = Authenticated{sa.connection, sa.local_id, *remote_id, false}};
  step.authenticated->ppk = std::move(ppk);
  step.granted = read_auth_lifetime(in.payloads);
  step.crash_token = read_crash_token(in.payloads);
  step.ticket = read_ticket(in.payloads);
  if (is_mobile(*sa.connection)) step.authenticated->mobile = read_mobike_supported(in.payloads);
  read_first_child(sa, in, env, step);
  return step;
}

Step process_auth_request(const IkeSa& sa, const Inbound& in, Environment& env) {
  const auto* idi = in.payloads.find<w::IdiPayload>();
  const auto* idr = in.payloads.find<w::IdrPayload>();
  const auto* auth = in.payloads.find<w::AuthPayload>();
  auto failure = auth_failure(sa, FailureKind::no_matching_connection, Side::local);
  if (!idi) return Step::reject(sa.state, Reason::missing_payload);
  if (sa.setup->intermediate.due != 0) {  // the keys are not yet those that were agreed on
    failure.kind = FailureKind::protocol_violation;
    Step step{.next = State::closed, .failure = std::move(failure)};
    step.reply.emplace().add(w::NotifyPayload{.type = w::NotifyType::invalid_syntax});
    return step;
  }
  const auto claimed_id = read_identity(idi->id);
  const auto wanted_local_id = idr ? read_identity(idr->id) : std::nullopt;
  if (wanted_local_id) failure.local_id = *wanted_local_id;
  if (!claimed_id) return refuse_peer(std::move(failure));
  failure.remote_id = *claimed_id;

  const ResumableSa* const old = sa.setup->resumes.get();
  if (old && !is_of(*old, *claimed_id, wanted_local_id, env)) return refuse_peer(std::move(failure));
  auto connections = old ? std::vector{old->connection} : connections_for(sa, *claimed_id, wanted_local_id);
  if (connections.empty()) return refuse_peer(std::move(failure));
  if (auth) connections = by_method(connections, auth->method);
  const auto connection = best_connection(sa, connections, in.payloads);
  failure.connection = connection->name;
  const policy::Identity remote_id = *read_peer(*connection, idi->id);
  const policy::Identity local_id = old ? old->local_id
                                    : wanted_local_id && connection->local.id.kind == policy::Identity::Kind::any
                                        ? *wanted_local_id
                                        : identity_on(*connection, sa.local);
  failure.local_id = local_id;

  failure.kind = FailureKind::secret_missing;
  if (lacks_key(*connection, local_id, remote_id, env.pad)) return refuse_peer(std::move(failure));
  const Secret* const secret = sa.setup->ppk ? find_ppk(*connection, in.payloads, env.pad) : nullptr;
  std::optional<PpkKeys> ppk;
  if (secret) ppk = mix_ppk(env.crypto, sa.suite.prf, *secret, sa.keys);
  failure.kind = FailureKind::authentication_failed;
  const bool ppk_missing = connection->ppk_required && !ppk && !(old && old->ppk);
  if (ppk_missing) {
    failure.kind = FailureKind::extension_missing;
    failure.notify = w::to_string(w::NotifyType::use_ppk);
  }
  const Bytes their_body = idi->id.body();
  const AuthInputs theirs = auth_of_initiator(sa, connection->remote, their_body);
  const Proved proved =
      auth ? check_initiator(sa, *auth, theirs, ppk, in.payloads, local_id, remote_id, env) : Proved::no;
  if (proved == Proved::no || ppk_missing) return refuse_peer(std::move(failure));
  if (is_childless(in.payloads) && connection->childless == policy::Childless::never) {
    failure.kind = FailureKind::protocol_violation;  // for it was not announced (RFC 6023 §4)
    Step step{.next = State::closed, .failure = std::move(failure)};
    step.reply.emplace().add(w::NotifyPayload{.type = w::NotifyType::invalid_syntax});
    return step;
  }

  if (is_mobile(*connection) && read_mobike_supported(in.payloads) && !is_without_nat(in)) {
    failure.kind = FailureKind::peer_error;
    failure.notify = w::to_string(w::NotifyType::unexpected_nat_detected);
    Step step{.next = State::closed, .failure = std::move(failure)};
    step.reply.emplace().add(w::NotifyPayload{.type = w::NotifyType::unexpected_nat_detected});
    return step;
  }
  const w::Identification own = write_identity(local_id);
  const Bytes own_body = own.body();
  const auto proof =
      make_auth(with(ppk, auth_of_responder(sa, connection->local, own_body), false), sa, local_id, remote_id, env);
  if (!proof) return refuse_peer(std::move(failure));
  Step step{.next = State::established, .authenticated = Authenticated{connection, local_id, remote_id, false}};
  // Who proves nothing makes no other IKE SA go (RFC 7619 §2.3).
  step.authenticated->initial_contact = connection->remote.method != policy::AuthMethod::null &&
                                        in.payloads.find_notify(w::NotifyType::initial_contact) != nullptr;
  step.authenticated->ppk = std::move(ppk);
  step.reply.emplace().add(w::IdrPayload{own});
  step.reply->add(*proof);
  if (proved == Proved::with_ppk) confirm_ppk(*step.reply);
  if (const auto place = place_to_go(*connection, policy::RedirectAt::auth,
                                     {sa.redirectable, sa.setup->redirected_from, sa.local.address})) {
    step.authenticated->initial_contact = false;  // what it has stays until it has more elsewhere
    step.reply->add(make_redirect(*place));
    step.departs = true;
    env.emit(event::Redirected{.ike_sa = sa.id,
                               .connection = connection->name,
                               .side = Side::remote,
                               .from = sa.remote,
                               .to = *place,
                               .children = {},
                               .reauthenticates = {}});
    return step;
  }
  add_auth_lifetime(*step.reply, *connection,
                    old && old->authentication_ends
                        ? std::optional(*old->authentication_ends - connection->over_time - in.now)
                        : std::nullopt);
  if (requests_ticket(in.payloads)) answer_ticket_request(sa, in, env, step);
  add_crash_token(*step.reply, sa.spi_i, sa.spi_r, env);
  step.crash_token = read_crash_token(in.payloads);
  answer_first_child(sa, *connection, in, env, step);
  if (is_mobile(*connection)) step.authenticated->mobile = read_mobike_supported(in.payloads);
  if (step.authenticated->mobile) add_mobike_supported(*step.reply, sa, *connection, env.host);
  return step;
}

}  // namespace sallyport::ike::v2
