// What an ISAKMP SA asks of its peer, what its timers do, and how it ends.
#include <algorithm>

#include "ike/core/candidates.h"
#include "ike/v1/aggressive_mode.h"
#include "ike/v1/authentication.h"
#include "ike/v1/dpd.h"
#include "ike/v1/informational.h"
#include "ike/v1/phase1.h"
#include "ike/v1/quick_mode.h"
#include "ike/v1/session.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::FailureKind;
using event::Side;

/// A peer that does not answer the Delete of an ISAKMP SA, as most do not, gets this many more of them; what it does
/// not hear, its own liveness checks tell it. Of a Child SA nothing else would, so that Delete is repeated like a
/// question.
constexpr std::uint32_t kDeleteRepetitions = 2;

/// Body of the SA payload that `message` begins with: what SAi_b is of.
Bytes sa_body(const w::PayloadChain& payloads) {
  w::PayloadChain sa;
  sa.add(*payloads.find<w::SaPayload>());
  const auto octets = w::serialize_payloads(sa);
  ASSERT(octets);
  return to_bytes(ByteView(*octets).subspan(w::generic_header_size));
}

}  // namespace

// ---- Beginning ----

std::expected<std::unique_ptr<Ikev1Session>, event::Failure> Ikev1Session::initiate(Instant now, Environment& env,
                                                                                    Initiation initiation) {
  auto session = std::make_unique<Ikev1Session>();
  IsakmpSa& sa = session->sa_;
  sa.id = env.numbers.next_ike_sa();
  sa.connection = std::move(initiation.connection);
  sa.local = initiation.local;
  sa.remote = initiation.remote;
  sa.local_id = identity_on(*sa.connection, sa.local);
  sa.remote_id = sa.connection->remote.id;
  sa.created = now;
  if (!env.pad.find(sa.local_id, sa.remote_id))
    return std::unexpected(session->failure(FailureKind::secret_missing, Side::local));
  if (phase1_proposals(sa.connection->proposals).empty())
    return std::unexpected(phase1_failure(sa, FailureKind::no_proposal_chosen, Side::local));
  sa.setup = std::make_unique<Setup>();
  sa.setup->initial_contact = initiation.initial_contact;
  const policy::Child* config = sa.connection->find_child(initiation.child.child);
  ASSERT(config);
  sa.wanted = pairs_of(sa, *config, initiation.child);
  if (sa.wanted.empty()) return std::unexpected(session->failure(FailureKind::no_common_selector, Side::local));
  if (!session->begin(now, env)) return std::unexpected(session->failure(FailureKind::system_refused, Side::local));
  return session;
}

bool Ikev1Session::begin(Instant now, Environment& env) {
  sa_.cookie_i = random_cookie(env.random);
  const bool aggressive = sa_.connection->aggressive;
  sa_.state = aggressive ? State::aggressive_offered : State::main_offered;
  if (aggressive) {
    auto exchange =
        env.crypto.start_key_exchange(preferred_method(phase1_proposals(sa_.connection->proposals)), env.random);
    if (!exchange) return false;
    sa_.setup->key_exchange = std::move(*exchange);
    sa_.setup->nonce_i = random_nonce(env.random);
  }
  Reply first{aggressive ? build_aggressive_1(sa_) : build_main_1(sa_), false};
  sa_.setup->sa_i = sa_body(first.payloads);
  return send_phase_1(now, env, first, 1, true, sa_.local, sa_.remote);
}

// ---- Commands ----

bool Ikev1Session::request_child(Instant now, Environment& env, ChildRequest request) {
  if (sa_.state == State::closed || !sa_.connection) return false;
  const policy::Child* config = sa_.connection->find_child(request.child);
  if (!config) return false;
  const auto pairs = pairs_of(sa_, *config, request);
  if (pairs.empty()) return false;
  for (const WantedChild& pair : pairs) {
    if (is_wanted_already(pair)) continue;
    if (sa_.wanted.size() >= env.settings.queued_tasks_per_ike_sa) return false;
    sa_.wanted.push_back(pair);
  }
  run_wanted(now, env);
  return true;
}

bool Ikev1Session::is_wanted_already(const WantedChild& wanted) const {
  const auto same = [&](const auto& other) {
    return other.child == wanted.child && other.local == wanted.local && other.remote == wanted.remote;
  };
  return std::ranges::any_of(sa_.wanted, same) || std::ranges::any_of(sa_.exchanges, [&](const Exchange& exchange) {
           return exchange.state == ExchangeState::quick_asked && same(*exchange.quick);
         });
}

void Ikev1Session::run_wanted(Instant now, Environment& env) {
  while (sa_.state == State::established && !sa_.wanted.empty() && sa_.quick_modes(true) < IsakmpSa::max_begun_by_us) {
    const WantedChild next = std::move(sa_.wanted.front());
    sa_.wanted.erase(sa_.wanted.begin());
    start_quick_mode(now, env, next);
  }
  arm_exchanges();
}

void Ikev1Session::start_quick_mode(Instant now, Environment& env, const WantedChild& wanted) {
  const policy::Child* config = sa_.connection->find_child(wanted.child);
  ASSERT(config);
  auto offer = build_quick_1(sa_, *config, wanted, env);
  if (!offer) {
    const FailureKind kind = offer.error().kind;
    env.emit(event::NegotiationFailed{sa_.id, std::move(offer.error())});
    return close_if_useless(now, env, kind);
  }
  Exchange exchange = make_exchange(env, sa_.message_ids.choose(env.random), true);
  exchange.state = ExchangeState::quick_asked;
  exchange.began = now;
  exchange.quick = std::move(offer->quick);
  const bool sent = send_quick(now, env, exchange, 1, offer->payloads, true);
  ASSERT(sent);  // at most 255 transforms, far below any limit
  sa_.exchanges.push_back(std::move(exchange));
}

/// An ISAKMP SA of ours that nothing needs any more does not stay behind.
void Ikev1Session::close_if_useless(Instant now, Environment& env, FailureKind why) {
  if (sa_.initiator() && sa_.established && sa_.children.empty() && sa_.wanted.empty() && sa_.quick_modes(true) == 0 &&
      sa_.quick_modes(false) == 0)
    close(now, env, why, true);
}

void Ikev1Session::close_child(Instant now, Environment& env, policy::ChildSaId id, FailureKind why) {
  const ChildSa* child = sa_.find_child(id);
  if (!child) return;
  Exchange exchange = make_exchange(env, 0, true);
  exchange.state = ExchangeState::delete_sent;
  exchange.deleted = {child->spi_out};
  exchange.last.sent(now, send_informational(now, env, build_delete_children({child})), true, env.settings, env.random);
  sa_.exchanges.push_back(std::move(exchange));
  remove_child(now, env, id, failure(why, Side::local));
  trim_exchanges();
  arm_exchanges();
}

void Ikev1Session::close(Instant now, Environment& env, FailureKind why, bool tell_peer) {
  if (sa_.state == State::closed) return;
  if (tell_peer && sa_.established) {
    std::vector<const ChildSa*> all;
    for (const ChildSa& child : sa_.children) all.push_back(&child);
    if (!all.empty()) send_informational(now, env, build_delete_children(all));
    send_delete_of_isakmp_sa(now, env);
  }
  close_now(now, env, failure(why, Side::local));
}

void Ikev1Session::on_peer_moved(Instant now, Environment& env, const policy::Endpoint& remote) {
  if (!sa_.nat_remote || !sa_.established || remote == sa_.remote) return;
  env.emit(event::PeerAddressChanged{sa_.id, sa_.connection_name(), sa_.remote, remote});
  sa_.remote = remote;
  sa_.last_received = now;
  for (const ChildSa& child : sa_.children) env.outbox.push_back(MoveChildSa{child.id, sa_.local, remote});
}

// ---- Exchanges ----

Exchange* Ikev1Session::find_exchange(std::uint32_t id) {
  const auto found = std::ranges::find(sa_.exchanges, id, &Exchange::id);
  return found == sa_.exchanges.end() || id == 0 ? nullptr : &*found;
}

Exchange Ikev1Session::make_exchange(Environment& env, std::uint32_t id, bool ours) const {
  return {.id = id,
          .state = ExchangeState::done,
          .ours = ours,
          .chain = sa_.chain->of_exchange(env.crypto, id),
          .last = {},
          .forget = {}};
}

/// Of those that are over, the oldest go first.
void Ikev1Session::trim_exchanges() {
  const auto is_done = [](const Exchange& exchange) { return exchange.state == ExchangeState::done; };
  while (static_cast<std::size_t>(std::ranges::count_if(sa_.exchanges, is_done)) > IsakmpSa::max_done)
    sa_.exchanges.erase(std::ranges::find_if(sa_.exchanges, is_done));
}

void Ikev1Session::arm_exchanges() {
  std::optional<Instant> first;
  for (const Exchange& exchange : sa_.exchanges) {
    const bool done = exchange.state == ExchangeState::done;
    if (done && sa_.state == State::closed) continue;  // it goes with the rest
    const auto due = done ? std::optional(exchange.forget) : exchange.last.due();
    if (due && (!first || *due < *first)) first = due;
  }
  if (first)
    sa_.timers.set(Timer::exchanges, *first);
  else
    sa_.timers.cancel(Timer::exchanges);
}

void Ikev1Session::on_exchanges(Instant now, Environment& env) {
  std::erase_if(sa_.exchanges, [&](const Exchange& exchange) {
    return exchange.state == ExchangeState::done && exchange.forget <= now;
  });
  // One after the other: giving one up may close everything.
  for (std::size_t i = 0; i < sa_.exchanges.size(); ++i) {
    const auto due = sa_.exchanges[i].last.due();
    if (due && *due <= now) on_exchange_due(now, env, i);
  }
  arm_exchanges();
}

void Ikev1Session::on_exchange_due(Instant now, Environment& env, std::size_t place) {
  Exchange& exchange = sa_.exchanges[place];
  const bool deletes = exchange.state == ExchangeState::delete_sent;
  const std::uint32_t tries = exchange.deletes_isakmp_sa ? std::min(kDeleteRepetitions, env.settings.retransmit_tries)
                                                         : env.settings.retransmit_tries;
  if (!exchange.last.repeat(now, tries, env.settings, env.random)) {
    if (deletes) return finish(now, env, exchange);
    return give_up(now, env, exchange.id);
  }
  if (!deletes)
    env.emit(event::Retransmitted{sa_.id, sa_.connection_name(), exchange.id, exchange.last.attempts() - 1});
  // Aggressive Mode's last message has no answer: a silent peer may have missed that one.
  if (!deletes && !sa_.peer_confirmed && !sa_.last.octets().empty())
    send(now, env, to_bytes(sa_.last.octets()), sa_.local, sa_.remote);
  send(now, env, to_bytes(exchange.last.octets()), sa_.local, sa_.remote);
}

/// No answer, or none that makes sense.
void Ikev1Session::give_up(Instant now, Environment& env, std::uint32_t id) {
  Exchange* exchange = find_exchange(id);
  auto why = failure(FailureKind::peer_unreachable, Side::remote);
  why.attempts = exchange->last.attempts();
  if (exchange->state == ExchangeState::quick_asked) {
    why.child = exchange->quick->child;
    const bool silent = last_heard(env) <= *exchange->began;
    finish(now, env, *exchange);
    if (silent) {
      why.child.clear();
      send_delete_of_isakmp_sa(now, env);  // it may hear us though we do not hear it
      return close_now(now, env, std::move(why));
    }
    why.kind = FailureKind::child_refused;  // it lives, and does not want to talk about this
    why.notify = "no answer";
    env.emit(event::NegotiationFailed{sa_.id, std::move(why)});
    return close_if_useless(now, env, FailureKind::child_refused);
  }
  const auto made = exchange->child;
  finish(now, env, *exchange);
  for (const ChildSa& child : sa_.children)
    if (made == child.spi_in) return close_child(now, env, child.id, FailureKind::peer_unreachable);
}

// ---- Timers ----

void Ikev1Session::on_timeout(Instant now, Environment& env) {
  while (const auto due = sa_.timers.pop_due(now)) on_timer(now, env, *due);
}

void Ikev1Session::on_timer(Instant now, Environment& env, Timer timer) {
  switch (timer) {
    case Timer::retransmit: return on_retransmit(now, env);
    case Timer::half_open:
      if (!sa_.established) close_now(now, env, failure(FailureKind::peer_unreachable, Side::remote));
      return;
    case Timer::exchanges: return on_exchanges(now, env);
    case Timer::confirm:
      if (!sa_.peer_confirmed && last_heard(env) <= *sa_.established) probe(now, env);
      return;
    case Timer::liveness: return on_liveness(now, env);
    case Timer::probe: return on_probe(now, env);
    case Timer::keepalive:
      if (now - sa_.last_sent >= env.settings.keep_alive) {
        sa_.last_sent = now;
        env.outbox.push_back(SendKeepalive{sa_.local, sa_.remote});
      }
      sa_.timers.set(Timer::keepalive, sa_.last_sent + env.settings.keep_alive);
      return;
    case Timer::life: return close(now, env, FailureKind::expired, true);
    case Timer::child_life: return on_child_life(now, env);
    case Timer::linger:
    case Timer::count_: break;
  }
}

void Ikev1Session::on_retransmit(Instant now, Environment& env) {
  if (!sa_.failure && sa_.last.repeat(now, env.settings.retransmit_tries, env.settings, env.random)) {
    env.emit(event::Retransmitted{sa_.id, sa_.connection_name(), 0, sa_.last.attempts() - 1});
    sa_.timers.set(Timer::retransmit, *sa_.last.due());
    return send(now, env, to_bytes(sa_.last.octets()), sa_.local, sa_.remote);
  }
  // Who answered twice and falls silent at our proof of identity most likely could not read it: another key.
  const bool proof_refused = sa_.state == State::main_proved;
  auto why = failure(proof_refused ? FailureKind::authentication_failed : FailureKind::peer_unreachable, Side::remote);
  why.attempts = sa_.last.attempts();
  close_now(now, env, sa_.failure ? *sa_.failure : std::move(why));
}

void Ikev1Session::on_liveness(Instant now, Environment& env) {
  const Duration delay = sa_.connection->dpd_delay;
  const Instant due = last_heard(env) + delay;
  sa_.timers.set(Timer::liveness, due > now ? due : now + delay);
  if (due <= now && sa_.probes == 0 && sa_.quick_modes(true) == 0) probe(now, env);
}

/// Asks whether the peer is there; a peer without RFC 3706 would not know the question.
void Ikev1Session::probe(Instant now, Environment& env) {
  if (!sa_.peer_has_dpd) return;
  if (sa_.message_ids.exhausted()) return close(now, env, FailureKind::expired, true);
  if (sa_.probes++ == 0) {
    probed_ = now;
    if (sa_.probe_sequence == 0) sa_.probe_sequence = env.random.u32() >> 1;
  }
  ++sa_.probe_sequence;
  w::PayloadChain payloads;
  payloads.add(are_you_there(sa_, sa_.probe_sequence));
  send_informational(now, env, payloads);
  double wait = static_cast<double>(env.settings.retransmit_timeout.count());
  for (std::uint32_t i = 1; i < sa_.probes; ++i) wait *= env.settings.retransmit_base;
  sa_.timers.set(Timer::probe, now + Duration(static_cast<Duration::rep>(wait)));
}

void Ikev1Session::on_probe(Instant now, Environment& env) {
  if (last_heard(env) > probed_) {
    sa_.probes = 0;
    return;
  }
  if (sa_.probes <= env.settings.retransmit_tries) return probe(now, env);
  auto why = failure(FailureKind::peer_unreachable, Side::remote);
  why.attempts = sa_.probes;
  close_now(now, env, std::move(why));
}

void Ikev1Session::on_child_life(Instant now, Environment& env) {
  std::vector<policy::ChildSaId> ended;
  for (const ChildSa& child : sa_.children)
    if (child.expires && *child.expires <= now) ended.push_back(child.id);
  for (const auto id : ended) close_child(now, env, id, FailureKind::expired);
  arm_child_life();
}

void Ikev1Session::arm_established_timers(Instant now, Environment& env) {
  sa_.timers.cancel(Timer::half_open);
  sa_.timers.cancel(Timer::retransmit);
  if (!sa_.initiator()) sa_.timers.set(Timer::confirm, now + env.settings.confirm_after);
  if (sa_.nat_local && env.settings.keep_alive > Duration::zero())
    sa_.timers.set(Timer::keepalive, now + env.settings.keep_alive);
  if (sa_.connection->dpd_delay.count() > 0) sa_.timers.set(Timer::liveness, now + sa_.connection->dpd_delay);
  constexpr std::uint64_t kLongest = 1u << 30;  // seconds
  if (sa_.life_seconds && *sa_.life_seconds < kLongest)
    sa_.timers.set(Timer::life, now + std::chrono::seconds(static_cast<std::int64_t>(*sa_.life_seconds)));
}

void Ikev1Session::arm_child_life() {
  std::optional<Instant> first;
  for (const ChildSa& child : sa_.children)
    if (child.expires && (!first || *child.expires < *first)) first = child.expires;
  if (first)
    sa_.timers.set(Timer::child_life, *first);
  else
    sa_.timers.cancel(Timer::child_life);
}

Instant Ikev1Session::last_heard(const Environment& env) const {
  Instant last = sa_.last_received;
  for (const ChildSa& child : sa_.children)
    if (const auto inbound = env.host.last_inbound(child.id); inbound && *inbound > last) last = *inbound;
  return last;
}

// ---- Ending ----

event::Failure Ikev1Session::failure(FailureKind kind, Side side) const {
  return {.kind = kind,
          .side = side,
          .connection = sa_.connection_name(),
          .local_id = sa_.local_id,
          .remote_id = sa_.remote_id,
          .remote = sa_.remote};
}

/// Ends here and now. What is left repeats our Delete, and answers a peer that did not hear us.
void Ikev1Session::close_now(Instant now, Environment& env, event::Failure why) {
  if (sa_.state == State::closed) return;
  sa_.state = State::closed;
  while (!sa_.children.empty()) remove_child(now, env, sa_.children.back().id, why);
  for (Exchange& exchange : sa_.exchanges)
    if (!exchange.deletes_isakmp_sa || exchange.state == ExchangeState::done) finish(now, env, exchange);
  if (sa_.established)
    env.emit(event::IkeSaClosed{sa_.id, sa_.connection_name(), why});
  else
    tell_failure(env, why);
  sa_.failure = std::move(why);
  sa_.wanted.clear();
  sa_.setup.reset();
  sa_.timers.cancel_all();
  sa_.timers.set(Timer::linger, now + env.settings.half_open_timeout);
  arm_exchanges();
}

// ---- What there is to see ----

SessionFacts Ikev1Session::facts() const {
  return {.id = sa_.id,
          .version = 1,
          .local_spi = sa_.own_cookie(),
          .spi_initiator = sa_.cookie_i,
          .initiator = sa_.initiator(),
          .connection = sa_.connection,
          .remote = sa_.remote,
          .created = sa_.created,
          .established = sa_.state == State::established ? sa_.established : std::nullopt};
}

IkeSaStatus Ikev1Session::status() const {
  IkeSaStatus status{.id = sa_.id,
                     .connection = sa_.connection_name(),
                     .version = 1,
                     .state = sa_.state == State::established ? IkeSaStatus::State::established
                              : sa_.state == State::closed    ? IkeSaStatus::State::closing
                                                              : IkeSaStatus::State::connecting,
                     .initiator = sa_.initiator(),
                     .local = sa_.local,
                     .remote = sa_.remote,
                     .local_id = sa_.local_id,
                     .remote_id = sa_.remote_id,
                     .spi_initiator = sa_.cookie_i,
                     .spi_responder = sa_.cookie_r,
                     .nat_local = sa_.nat_local,
                     .nat_remote = sa_.nat_remote,
                     .established = sa_.established,
                     .expires = sa_.timers.at(Timer::life)};
  if (sa_.keyed()) status.suite = sa_.suite;
  for (const ChildSa& child : sa_.children)
    status.children.push_back({.id = child.id,
                               .name = child.name,
                               .mode = child.mode,
                               .suite = child.suite,
                               .spi_in = child.spi_in,
                               .spi_out = child.spi_out,
                               .udp_encap = child.udp_encap,
                               .replay_window = child.replay_window,
                               .local_ts = child.local_ts,
                               .remote_ts = child.remote_ts,
                               .installed = child.installed,
                               .expires = child.expires});
  return status;
}

}  // namespace sallyport::ike::v1
