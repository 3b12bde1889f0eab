#include "ike/v2/create_child_sa.h"

#include <algorithm>

#include "ike/v2/child_negotiation.h"
#include "ike/v2/followup_ke.h"
#include "ike/v2/ike_sa_init.h"
#include "ike/v2/key_agreement.h"
#include "ike/v2/numbers_map.h"
#include "ike/v2/rekey_ike_sa.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using crypto::KeyExchangeMethod;
using event::Failure;
using event::FailureKind;
using event::Side;

Step stay(const IkeSa& sa) { return {.next = sa.state}; }

Failure failure_of(const IkeSa& sa, const policy::Child& config, FailureKind kind, Side side) {
  return {.kind = kind, .side = side, .connection = sa.connection_name(), .child = config.name, .remote = sa.remote};
}

// ---- The exchange's initiator ----

Step fail_child(const IkeSa& sa, ChildFailure failed) {
  Step step = stay(sa);
  step.failure = std::move(failed.failure);
  step.abandoned = failed.exists_at_peer;
  return step;
}

Step try_again(const IkeSa& sa, CreateChild task, bool later) {
  Step step = stay(sa);
  ++task.tries;
  step.again = std::move(task);
  step.later = later;
  return step;
}

/// The peer wants a key of another group: only one that we offered will do (RFC 7296 §1.3).
Step try_other_method(const IkeSa& sa, const policy::Child& config, const PendingChild& pending,
                      const w::NotifyPayload& error) {
  const auto wanted = read_wanted_method(error);
  if (may_try(wanted, config.proposals(), pending.key_exchange.get()) && pending.task.tries < kMostGroups) {
    CreateChild task = pending.task;
    task.method = wanted;
    return try_again(sa, std::move(task), false);
  }
  auto failure = failure_of(sa, config, FailureKind::key_exchange_mismatch, Side::remote);
  failure.our_proposals = config.proposals();
  failure.wanted_group = wanted;
  failure.notify = w::to_string(error.type);
  return fail_child(sa, {std::move(failure)});
}

/// The peer has made its own successor for it, or has closed it: it does not matter that ours came to nothing.
bool is_settled_otherwise(const IkeSa& sa, policy::ChildSaId replaced) {
  const ChildSa* child = sa.find_child(replaced);
  return !child || child->superseded || child->gone ||
         std::ranges::any_of(sa.children, [&](const ChildSa& other) { return other.replaces == replaced; });
}

/// The peer does not know what we meant to renew (RFC 7296 §2.25): it is gone, and another is made from scratch.
Step make_anew(const IkeSa& sa, CreateChild task) {
  Step step = try_again(sa, std::move(task), false);
  auto& again = std::get<CreateChild>(*step.again);
  step.lost = std::exchange(again.replaces, std::nullopt);
  return step;
}

Step read_error(const IkeSa& sa, const policy::Child& config, const PendingChild& pending,
                const w::NotifyPayload& error) {
  const auto& replaced = pending.task.replaces;
  if (replaced && is_settled_otherwise(sa, *replaced)) return stay(sa);
  if (replaced && error.type == w::NotifyType::child_sa_not_found) return make_anew(sa, pending.task);
  const bool in_time = error.type != w::NotifyType::temporary_failure && error.type != w::NotifyType::state_not_found;
  if (!in_time && pending.task.tries < kMostTries) return try_again(sa, pending.task, true);
  if (error.type == w::NotifyType::invalid_ke_payload) return try_other_method(sa, config, pending, error);
  return fail_child(sa, {read_child_error(sa, config, pending, error)});
}

/// The first key exchange is over, and others follow, unless the peer renews the same Child SA and has the better
/// claim: then neither end needs ours any more (RFC 7296 §2.8.1).
Step follow_up_child(const IkeSa& sa, const policy::Suite& suite, Bytes link, Secret secret, const Bytes& nonce_r,
                     NewChild child) {
  if (link.empty()) return break_off_child(sa, false);
  const NewChild* rival = child.replaces ? sa.promised_for(*child.replaces) : nullptr;
  if (rival && child.lowest_nonce < rival->lowest_nonce) return stay(sa);
  Step step = stay(sa);
  step.follow_up =
      begin_follow_up(suite, std::move(link), std::move(secret), sa.pending_child->nonce, nonce_r, std::move(child));
  return step;
}

// ---- Its responder ----

Step refuse(const IkeSa& sa, w::NotifyPayload notify, std::optional<Failure> failure = std::nullopt) {
  Step step = stay(sa);
  step.reply.emplace().add(std::move(notify));
  step.failure = std::move(failure);
  return step;
}

/// While the IKE SA is being renewed or closed, its Child SAs stay as they are (RFC 7296 §2.25.2).
bool is_busy_with_itself(const IkeSa& sa) {
  return sa.state != State::established || sa.pending_ike_sa || sa.promises_ike_sa() || sa.wants<CloseIkeSa>() ||
         sa.timers.is_set(Timer::retirement);
}

/// What a request to renew names; or why not.
std::expected<const ChildSa*, w::NotifyPayload> find_replaced(const IkeSa& sa, const w::NotifyPayload& rekey) {
  const ChildSa* child = rekey.spi.size() == 4 ? sa.find_child_by_outbound_spi(load_be32(rekey.spi.data())) : nullptr;
  const auto protocol = [](const ChildSa& of) {
    return of.suite.protocol == policy::Protocol::ah ? w::ProtocolId::ah : w::ProtocolId::esp;
  };
  // It may be what the answer that we wait for is about.
  if (!child && sa.makes_child()) return std::unexpected(w::NotifyPayload{.type = w::NotifyType::temporary_failure});
  if (!child || protocol(*child) != rekey.protocol)
    return std::unexpected(
        w::NotifyPayload{.type = w::NotifyType::child_sa_not_found, .protocol = rekey.protocol, .spi = rekey.spi});
  // In the middle of our own renewal of it we know already that the peer's came too late.
  if (child->closing || child->superseded || sa.follows_up(child->id))
    return std::unexpected(w::NotifyPayload{.type = w::NotifyType::temporary_failure});
  return child;
}

/// One that takes the place of another does not count: the other goes.
bool has_room(const IkeSa& sa, const ChildSa* replaced, const Settings& settings) {
  const std::size_t most = settings.children_per_ike_sa;
  return sa.children.size() + sa.promised.size() < (replaced ? 2 * most : most);
}

Step answer(const IkeSa& sa, const ChildMatch& match, const ChildSa* replaced, const Bytes& peer_nonce,
            crypto::KeyExchangeAnswer agreement, Environment& env) {
  Step step = stay(sa);
  step.reply.emplace();
  const Bytes own_nonce = random_nonce(env.random);
  NewChild child =
      make_child(sa, *sa.connection, sa.remote_id, match,
                 {.shared_secret = agreement.shared_secret.view(), .nonce_i = peer_nonce, .nonce_r = own_nonce}, true,
                 *step.reply, env);
  if (replaced) {
    child.replaces = replaced->id;
    child.lowest_nonce = lower_nonce(peer_nonce, own_nonce);
  }
  const policy::Suite& suite = match.choice.suite;
  step.reply->add(w::NoncePayload{own_nonce});
  if (suite.key_exchange != KeyExchangeMethod::none)
    add_key_exchange(*step.reply, suite.key_exchange, std::move(agreement.public_value));
  add_selectors(*step.reply, match.remote_ts, match.local_ts);
  if (suite.next_additional() == 0) {
    step.child = std::move(child);
    return step;
  }
  Bytes link = random_link(env.random);
  add_link(*step.reply, link);
  step.promised = begin_follow_up(suite, std::move(link), std::move(agreement.shared_secret), peer_nonce, own_nonce,
                                  std::move(child));
  return step;
}

}  // namespace

KeyExchangeMethod preferred_method(const policy::Child& child) {
  for (const auto& proposal : child.proposals())
    if (!proposal.key_exchange.empty()) return proposal.key_exchange.front();
  return KeyExchangeMethod::none;
}

Duration wait_after_temporary_failure(std::uint32_t tries, RandomSource& random) {
  constexpr Duration first = std::chrono::seconds(2), longest = std::chrono::seconds(30);
  Duration wait = first;
  for (std::uint32_t i = 1; i < tries && wait < longest; ++i) wait += wait / 2;
  const auto half = std::min(wait, longest) / 2;
  return half + Duration(static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(half.count()))));
}

w::PayloadChain build_create_child_request(const IkeSa& sa, const policy::Child& config, const PendingChild& pending) {
  w::PayloadChain payloads;
  if (const ChildSa* replaced = pending.task.replaces ? sa.find_child(*pending.task.replaces) : nullptr) {
    Bytes spi(4);
    store_be32(spi.data(), replaced->spi_in);
    payloads.add(w::NotifyPayload{
        .type = w::NotifyType::rekey_sa,
        .protocol = replaced->suite.protocol == policy::Protocol::ah ? w::ProtocolId::ah : w::ProtocolId::esp,
        .spi = std::move(spi)});
  }
  add_child_offer(payloads, config, pending, true);
  payloads.add(w::NoncePayload{pending.nonce});
  if (pending.key_exchange) add_key_exchange(payloads, *pending.key_exchange);
  add_selectors(payloads, pending.local_ts, pending.remote_ts);
  return payloads;
}

Step process_create_child_response(const IkeSa& sa, const Inbound& in, Environment& env) {
  if (sa.pending_ike_sa) return process_rekey_ike_response(sa, in, env);
  if (!sa.pending_child) return stay(sa);
  const PendingChild& pending = *sa.pending_child;
  const policy::Child* config = &pending.config();
  if (const auto* error = in.payloads.find_error()) return read_error(sa, *config, pending, *error);

  const auto suite = read_child_suite(sa, *config, in.payloads, false);
  if (!suite) return fail_child(sa, suite.error());
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  auto shared_secret = read_key(suite->key_exchange, in.payloads.find<w::KePayload>(), pending.key_exchange.get());
  if (!nonce || !shared_secret)
    return fail_child(sa, {failure_of(sa, *config, FailureKind::protocol_violation, Side::local), true});
  auto child = accept_child_answer(
      sa, *config, pending, *suite, in.payloads,
      {.shared_secret = shared_secret->view(), .nonce_i = pending.nonce, .nonce_r = nonce->data}, env);
  if (!child) return fail_child(sa, std::move(child.error()));
  if (pending.task.replaces) {
    child->replaces = pending.task.replaces;
    child->lowest_nonce = lower_nonce(pending.nonce, nonce->data);
  }
  if (suite->next_additional() != 0)
    return follow_up_child(sa, *suite, read_link(in.payloads), std::move(*shared_secret), nonce->data,
                           std::move(*child));
  if (auto overtaken = overtaken_by_delete(sa, child->spec.outbound.spi)) return std::move(*overtaken);
  Step step = stay(sa);
  step.child = std::move(*child);
  return step;
}

Step read_create_child_error(const IkeSa& sa, const w::NotifyPayload& error) {
  if (!sa.pending_child) return stay(sa);
  return read_error(sa, sa.pending_child->config(), *sa.pending_child, error);
}

Step break_off_child(const IkeSa& sa, bool exists_at_peer) {
  if (!sa.pending_child) return stay(sa);
  const policy::Child& config = sa.pending_child->config();
  return fail_child(sa, {failure_of(sa, config, FailureKind::protocol_violation, Side::local), exists_at_peer});
}

std::optional<Step> overtaken_by_delete(const IkeSa& sa, std::uint32_t spi_out) {
  const PendingChild& pending = *sa.pending_child;
  if (std::ranges::find(pending.deleted, spi_out) == pending.deleted.end()) return std::nullopt;
  if (pending.task.replaces && is_settled_otherwise(sa, *pending.task.replaces)) return stay(sa);
  return fail_child(sa, {failure_of(sa, pending.config(), FailureKind::closed_by_peer, Side::remote)});
}

Step process_create_child_request(const IkeSa& sa, const Inbound& in, Environment& env) {
  if (is_about_ike_sa(in.payloads)) return process_rekey_ike_request(sa, in, env);
  if (is_busy_with_itself(sa) || sa.mobility.unproved) return refuse(sa, {.type = w::NotifyType::temporary_failure});
  const ChildSa* replaced = nullptr;
  if (const auto* rekey = in.payloads.find_notify(w::NotifyType::rekey_sa)) {
    const auto found = find_replaced(sa, *rekey);
    if (!found) return refuse(sa, found.error());
    replaced = *found;
  }
  if (sa.promised.size() >= kMostPromised) return refuse(sa, {.type = w::NotifyType::temporary_failure});
  if (!has_room(sa, replaced, env.settings)) return refuse(sa, {.type = w::NotifyType::no_additional_sas});
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  if (!nonce) return refuse(sa, {.type = w::NotifyType::invalid_syntax});

  const Hosts hosts = hosts_of(sa, *sa.connection, sa.given ? &*sa.given : nullptr);
  const auto match = match_child(sa, *sa.connection, hosts, in.payloads, false, replaced);
  if (!match) return refuse(sa, match.error().notify, match.error().failure);
  auto agreement = agree_on_key(match->choice.suite, in.payloads.find<w::KePayload>(), env);
  if (!agreement) return refuse(sa, agreement.error());
  return answer(sa, *match, replaced, nonce->data, std::move(*agreement), env);
}

}  // namespace sallyport::ike::v2
