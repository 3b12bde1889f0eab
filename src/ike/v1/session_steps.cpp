// What handlers decided, applied: the one place where an ISAKMP SA changes because of a message.
#include <algorithm>

#include "ike/core/candidates.h"
#include "ike/core/child_sas.h"
#include "ike/core/lifetimes.h"
#include "ike/v1/agreed_life.h"
#include "ike/v1/informational.h"
#include "ike/v1/nat_traversal.h"
#include "ike/v1/phase1.h"
#include "ike/v1/session.h"
#include "ike/v1/transaction.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::FailureKind;
using event::Side;

}  // namespace

// ---- Phase 1 ----

/// Nothing changes; but a peer whose proof fails may be told, and so may the administrator, once. An initiator goes on
/// asking, and tells what was wrong if nothing better comes.
void Ikev1Session::reject_step(Instant now, Environment& env, const Received& received, Step step) {
  reject(env, *step.rejected, received.datagram);
  if (step.hint) send_hint(now, env, received, *step.hint);
  if (!step.failure) return;
  if (sa_.initiator()) {
    sa_.suspicion = std::move(step.failure);
    return;
  }
  if (!sa_.connection && sa_.setup && !sa_.setup->candidates.empty()) {
    const policy::Connection& first = sa_.setup->candidates.front().alike();
    step.failure->connection = first.name;
    step.failure->local_id = identity_on(first, sa_.local);
    step.failure->remote_id = first.remote.id;
  }
  tell_failure(env, std::move(*step.failure));
}

void Ikev1Session::apply(Instant now, Environment& env, const Received& received, const Transition& row, Step step,
                         bool encrypted) {
  sa_.last.took(env.crypto, received.octets());
  sa_.timers.cancel(Timer::retransmit);
  if (encrypted) sa_.chain->follow(received.octets());
  if (step.agreed) {
    sa_.cookie_r = step.agreed->cookie_r;
    sa_.suite = step.agreed->suite;
    sa_.life_seconds = step.agreed->life_seconds;
    sa_.nat_traversal = step.agreed->nat_traversal;
    sa_.peer_has_dpd = step.agreed->peer_has_dpd;
    sa_.peer_takes_fragments = step.agreed->peer_takes_fragments;
  }
  if (step.begun) {
    sa_.setup->key_exchange = std::move(step.begun->key_exchange);
    sa_.setup->nonce_i = std::move(step.begun->nonce_i);
  }
  if (!step.key_name.empty()) sa_.setup->key_name = std::move(step.key_name);
  if (step.keyed) apply_keys(env, std::move(*step.keyed));
  // Heard first: what we then know of a NAT may move us to another port than the message came to (RFC 3947 §4).
  if (step.authenticated) heard(now, env, received);
  if (step.nat) apply_nat(env, *step.nat);

  if (step.next == State::closed) {
    if (step.hint) send_hint(now, env, received, *step.hint);
    if (step.tell_peer) send_delete_of_isakmp_sa(now, env, step.tell_peer);
    return close_now(now, env, std::move(*step.failure));
  }
  if (step.authenticated) {
    sa_.connection = std::move(step.authenticated->connection);
    sa_.local_id = std::move(step.authenticated->local_id);
    sa_.remote_id = std::move(step.authenticated->remote_id);
    initial_contact_ |= step.authenticated->initial_contact;
  }
  if (step.reply) {
    // A responder answers where the message came from, whatever it holds to be the peer's address.
    const bool awaits = sa_.initiator() && step.next != State::established;
    const auto& local = sa_.initiator() ? sa_.local : received.datagram.local;
    const auto& remote = sa_.initiator() ? sa_.remote : received.datagram.remote;
    if (!send_phase_1(now, env, *step.reply, static_cast<std::uint8_t>(row.message + 1), awaits, local, remote))
      return close_now(now, env, failure(FailureKind::system_refused, Side::local));
  }
  sa_.state = step.next;
  if (step.tell_initial_contact) {
    w::PayloadChain notify;
    notify.add(initial_contact(sa_.cookie_i, sa_.cookie_r));
    send_informational(now, env, notify);
  }
  if (step.next == State::established) establish(now, env);
}

void Ikev1Session::apply_keys(Environment& env, Keyed keyed) {
  sa_.keys = std::move(keyed.keys);
  sa_.chain = keyed.chain;
  sa_.setup->nonce_i = std::move(keyed.nonce_i);
  sa_.setup->nonce_r = std::move(keyed.nonce_r);
  sa_.setup->public_i = std::move(keyed.public_i);
  sa_.setup->public_r = std::move(keyed.public_r);
  sa_.setup->key_exchange.reset();
  log_keys(env);
}

void Ikev1Session::log_keys(Environment& env) const {
  if (!env.settings.log_keys) return;
  LogKeys keys{.spi_initiator = sa_.cookie_i, .spi_responder = sa_.cookie_r, .suite = sa_.suite};
  keys.version = 1;
  keys.sk_ei = sa_.keys.encryption.clone();
  keys.sk_er = sa_.keys.encryption.clone();
  keys.sk_ai = sa_.keys.skeyid_a.clone();
  keys.sk_ar = sa_.keys.skeyid_a.clone();
  env.outbox.push_back(std::move(keys));
}

void Ikev1Session::apply_nat(Environment& env, const NatFindings& nat) {
  sa_.nat_local = nat.local;
  sa_.nat_remote = nat.remote;
  if (!sa_.udp_encap()) return;
  if (sa_.initiator()) float_ports(sa_.local, sa_.remote);
  env.emit(event::NatDetected{sa_.id, sa_.connection_name(), sa_.nat_local, sa_.nat_remote});
}

void Ikev1Session::establish(Instant now, Environment& env) {
  sa_.established = now;
  sa_.failure.reset();
  sa_.suspicion.reset();
  if (!sa_.initiator()) sa_.life_seconds = smaller(sa_.life_seconds, isakmp_life(*sa_.connection));
  sa_.setup.reset();
  env.emit(event::IkeSaEstablished{sa_.id, sa_.connection_name(), sa_.initiator(), 1, sa_.local, sa_.remote,
                                   sa_.local_id, sa_.remote_id, sa_.cookie_i, sa_.cookie_r, sa_.suite});
  arm_established_timers(now, env);
  begin_access(now, env);
}

/// Once: whoever has another key repeats itself.
void Ikev1Session::tell_failure(Environment& env, event::Failure failure) {
  if (std::exchange(sa_.failure_told, true)) return;
  env.emit(event::NegotiationFailed{sa_.id, std::move(failure)});
}

// ---- Phase 2 ----

void Ikev1Session::apply(Instant now, Environment& env, std::uint32_t exchange_id, std::uint8_t message,
                         ExchangeStep step) {
  if (step.initial_contact) initial_contact_ = true;
  apply_probes(step);
  apply_deletes(now, env, step);
  apply_access(env, step);
  std::vector<policy::ChildSaId> renews;
  if (Exchange* exchange = find_exchange(exchange_id)) {
    if (step.quick) exchange->quick = std::move(step.quick);
    for (const NewChild& child : step.children) exchange->made.push_back(child.spec.inbound.spi);
    if (!step.children.empty()) renews = std::exchange(exchange->renews, {});
  }
  // The inbound half is there before the peer can know of it.
  const auto eldest = step.children.empty() ? policy::ChildSaId{} : step.children.front().spec.id;
  for (NewChild& child : step.children) install_child(now, env, std::move(child), renews, eldest);
  if (step.reply)
    send_quick(now, env, *find_exchange(exchange_id), static_cast<std::uint8_t>(message + 1), *step.reply,
               step.next == ExchangeState::quick_answered);
  if (step.attributes) {
    send_transaction(now, env, *find_exchange(exchange_id), static_cast<std::uint8_t>(message + 1), *step.attributes,
                     false);
    wipe(*step.attributes);
  }
  if (step.notice) {
    Bytes notice = send_informational(now, env, *step.notice);
    if (Exchange* exchange = find_exchange(exchange_id))
      exchange->last.sent(now, std::move(notice), false, env.settings, env.random);
  }
  if (Exchange* exchange = find_exchange(exchange_id)) {
    exchange->state = step.next;
    if (step.next == ExchangeState::done && !exchange->ours) confirm_children(now, env, exchange->made);
    if (step.next == ExchangeState::done) finish(now, env, *exchange);
  }
  if (step.failed_exchange)
    if (Exchange* failed = find_exchange(*step.failed_exchange)) finish(now, env, *failed);
  if (step.close && (step.tell_peer || step.attributes)) {
    tell_failure(env, *step.failure);
    if (step.tell_peer) send_delete_of_isakmp_sa(now, env);
    return close_now(now, env, std::move(*step.failure));
  }
  if (step.close) return part(now, env, std::move(*step.failure));
  if (step.failure) {
    env.emit(event::NegotiationFailed{sa_.id, *step.failure});
    close_if_useless(now, env, std::move(*step.failure));
    if (sa_.state == State::closed) return;
  }
  if (step.begin) begin_transaction(now, env, std::move(*step.begin));
  trim_exchanges();
  arm_exchanges();
  go_on(now, env);
}

void Ikev1Session::apply_probes(const ExchangeStep& step) {
  if (!step.probe_answer || sa_.probes == 0 || *step.probe_answer > sa_.probe_sequence ||
      sa_.probe_sequence - *step.probe_answer >= sa_.probes)
    return;
  sa_.probes = 0;
  sa_.timers.cancel(Timer::probe);
}

void Ikev1Session::apply_deletes(Instant now, Environment& env, const ExchangeStep& step) {
  for (const auto child : step.removed) {
    const bool superseded = sa_.find_child(child)->superseded;
    remove_child(now, env, child,
                 failure(superseded ? FailureKind::rekeyed : FailureKind::closed_by_peer, Side::remote));
  }
  for (const DeletedSpi deleted : step.removed_unknown) {
    if (sa_.strays.size() < IsakmpSa::max_strays) sa_.strays.push_back(deleted);
    std::erase(sa_.unheard, deleted);
    for (Exchange& exchange : sa_.exchanges) {
      if (std::erase(exchange.deleted, deleted) != 0 && exchange.deleted.empty()) finish(now, env, exchange);
      if (exchange.state == ExchangeState::quick_asked && exchange.quick->deleted.size() < QuickMode::max_deleted)
        exchange.quick->deleted.push_back(deleted);
    }
  }
}

void Ikev1Session::install_child(Instant now, Environment& env, NewChild child, std::vector<policy::ChildSaId> renews,
                                 policy::ChildSaId eldest) {
  policy::ChildSaSpec& spec = child.spec;
  ChildSa sa{{status_of(spec, now)}};
  sa.eldest = eldest;
  sa.initiated = sa.confirmed = spec.initiated;
  sa.renews = std::move(renews);
  if (spec.initiated && !sa.renews.empty()) settle_later(now, sa, spec);
  constexpr std::uint64_t kLongest = 1u << 30;  // seconds; beyond, there is no limit
  if (child.life.seconds && *child.life.seconds < kLongest)
    sa.expires = now + std::chrono::seconds(static_cast<std::int64_t>(*child.life.seconds));
  ike::plan_renewal(sa, *child.config, now, env.random);
  constexpr std::uint64_t kMost = std::uint64_t{1} << 50;  // kilobytes; beyond, there is no limit
  const auto& kilobytes = child.life.kilobytes;
  set_volumes(spec, *child.config, kilobytes && *kilobytes < kMost ? std::optional(*kilobytes * 1024) : std::nullopt,
              env.random);
  env.emit(installation_of(spec));
  sa_.children.push_back(std::move(sa));
  const auto id = spec.id;
  env.outbox.push_back(InstallChildSa{std::move(spec)});
  settle_twins(now, env, id);
  arm_child_life();
  if (sa_.heir) wants_heir_ = true;
}

void Ikev1Session::remove_child(Instant now, Environment& env, policy::ChildSaId id, const event::Failure& why) {
  const auto found = std::ranges::find(sa_.children, id, &ChildSa::id);
  if (found == sa_.children.end()) return;
  env.spis.release(found->spi_in);
  if (found->bundled_ah) env.spis.release(found->bundled_ah->spi_in);
  env.outbox.push_back(RemoveChildSa{id});
  event::Failure reason = why;
  reason.child = found->name;
  for (Exchange& exchange : sa_.exchanges) {
    const bool last = std::erase(exchange.made, found->spi_in) != 0 && exchange.made.empty();
    if (last) finish(now, env, exchange);  // nobody needs its third message any more
  }
  env.emit(event::ChildSaRemoved{sa_.id, id, sa_.connection_name(), found->name, found->spi_in, found->spi_out,
                                 std::move(reason)});
  const ChildSa gone = std::move(*found);
  sa_.children.erase(found);
  leave_network(env);
  put_in_place_of(now, gone);
  arm_child_life();
}

/// Nothing came of a Quick Mode of ours.
void Ikev1Session::withdraw_spis(Environment& env, const QuickMode& quick) {
  for (const auto& [protocol, spi] :
       {std::pair(quick.protocol, quick.spi_in), {policy::Protocol::ah, quick.ah_spi_in}}) {
    if (spi == 0) continue;
    env.spis.release(spi);
    env.outbox.push_back(WithdrawSpi{protocol, spi});
  }
}

/// A Delete without an answer: the peer may not have heard it, and the next ISAKMP SA with it says it again.
void Ikev1Session::note_unheard(Instant now, Environment& env, Exchange& exchange) {
  for (const ToldDelete& told : std::exchange(exchange.deleted, {}))
    if (!told.told_again && sa_.unheard.size() < IsakmpSa::max_unheard) sa_.unheard.push_back(told);
  if (sa_.unheard.empty() || (!sa_.heir && sa_.state != State::closed)) return;
  wants_heir_ = true;
  if (sa_.state == State::closed) sa_.timers.set(Timer::linger, now + env.settings.half_open_timeout);
}

/// The exchange is over; what it keeps is its last word, for a peer that has not heard it.
void Ikev1Session::finish(Instant now, Environment& env, Exchange& exchange) {
  exchange.state = ExchangeState::done;
  exchange.last.settle();
  exchange.forget = now + patience(env.settings);
  note_unheard(now, env, exchange);
  on_renewals_failed(now, std::exchange(exchange.renews, {}));
  if (exchange.quick && exchange.made.empty()) withdraw_spis(env, *exchange.quick);
  exchange.quick.reset();
  exchange.transaction.reset();
}

}  // namespace sallyport::ike::v1
