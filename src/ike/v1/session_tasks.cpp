// What an ISAKMP SA is asked to do, how it ends, and what there is to see of it.
#include <algorithm>

#include "ike/core/candidates.h"
#include "ike/v1/aggressive_mode.h"
#include "ike/v1/authentication.h"
#include "ike/v1/informational.h"
#include "ike/v1/phase1.h"
#include "ike/v1/quick_mode.h"
#include "ike/v1/session.h"
#include "ike/v1/xauth.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::FailureKind;
using event::Side;

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
  sa.begin(now, env, initiation);
  if (!env.pad.find(sa.local_id, sa.remote_id))
    return std::unexpected(session->failure(FailureKind::secret_missing, Side::local));
  if (sa.connection->local_xauth() && !own_password(*sa.connection, env)) {
    auto why = session->failure(FailureKind::password_missing, Side::local);
    why.user = policy::user_name(sa.connection->local_user());
    return std::unexpected(std::move(why));
  }
  if (phase1_proposals(sa.connection->proposals).empty())
    return std::unexpected(phase1_failure(sa, FailureKind::no_proposal_chosen, Side::local));
  sa.setup = std::make_unique<Setup>();
  sa.setup->initial_contact = initiation.initial_contact;
  if (!initiation.child.child.empty()) {
    const policy::Child* config = sa.connection->find_child(initiation.child.child);
    ASSERT(config);
    if (sa.connection->vips.empty())
      sa.wanted = pairs_of(sa, *config, initiation.child);
    else
      sa.access.requests.push_back(std::move(initiation.child));
    if (sa.wanted.empty() && sa.access.requests.empty())
      return std::unexpected(session->failure(FailureKind::no_common_selector, Side::local));
  }
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
  if (!sa_.connection->vips.empty() && !sa_.access.received) {
    if (sa_.access.requests.size() >= env.settings.queued_tasks_per_ike_sa) return false;
    sa_.access.requests.push_back(std::move(request));
    return true;
  }
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
  while (sa_.ready_for_phase_2() && !sa_.wanted.empty() && sa_.quick_modes(true) < IsakmpSa::max_begun_by_us) {
    const WantedChild next = std::move(sa_.wanted.front());
    sa_.wanted.erase(sa_.wanted.begin());
    if (!is_wanted_no_more(next)) start_quick_mode(now, env, next);
  }
  arm_exchanges();
}

void Ikev1Session::start_quick_mode(Instant now, Environment& env, const WantedChild& wanted) {
  const policy::Child* config = sa_.connection->find_child(wanted.child);
  ASSERT(config);
  auto offer = build_quick_1(sa_, *config, wanted, env);
  if (!offer) {
    on_renewals_failed(now, current_for(wanted));
    env.emit(event::NegotiationFailed{sa_.id, offer.error()});
    return close_if_useless(now, env, std::move(offer.error()));
  }
  Exchange exchange = make_exchange(env, sa_.message_ids.choose(env.random), true);
  exchange.state = ExchangeState::quick_asked;
  exchange.began = now;
  exchange.quick = std::move(offer->quick);
  exchange.renews = current_for(wanted);
  const bool sent = send_quick(now, env, exchange, 1, offer->payloads, true);
  ASSERT(sent);  // at most 255 transforms, far below any limit
  const QuickMode& quick = *exchange.quick;
  env.outbox.push_back(OfferSpi{quick.protocol, quick.spi_in, sa_.remote.address});
  if (quick.ah_spi_in != 0) env.outbox.push_back(OfferSpi{policy::Protocol::ah, quick.ah_spi_in, sa_.remote.address});
  sa_.exchanges.push_back(std::move(exchange));
}

/// An ISAKMP SA of ours that nothing needs any more does not stay behind.
void Ikev1Session::close_if_useless(Instant now, Environment& env, event::Failure why) {
  if (sa_.initiator() && sa_.established && sa_.children.empty() && sa_.wanted.empty() && sa_.access.requests.empty() &&
      sa_.quick_modes(true) == 0 && sa_.quick_modes(false) == 0)
    close(now, env, std::move(why));
}

void Ikev1Session::close_child(Instant now, Environment& env, policy::ChildSaId id, FailureKind why) {
  const ChildSa* child = sa_.find_child(id);
  if (!child) return;
  if (sa_.state == State::closed) return remove_child(now, env, id, failure(why, Side::local));  // nobody to tell
  Exchange exchange = make_exchange(env, 0, true);
  exchange.state = ExchangeState::delete_sent;
  exchange.deleted = deletes_of(*child, now);
  exchange.last.sent(now, send_informational(now, env, build_delete_children({child})), true, env.settings, env.random);
  sa_.exchanges.push_back(std::move(exchange));
  remove_child(now, env, id, failure(why, Side::local));
  trim_exchanges();
  arm_exchanges();
}

void Ikev1Session::close(Instant now, Environment& env, FailureKind why, bool tell_peer) {
  if (sa_.state == State::closed) {
    while (!sa_.children.empty()) remove_child(now, env, sa_.children.back().id, failure(why, Side::local));
    return;
  }
  if (tell_peer) return close(now, env, failure(why, Side::local));
  close_now(now, env, failure(why, Side::local));
}

/// Tells the peer.
void Ikev1Session::close(Instant now, Environment& env, event::Failure why) {
  if (sa_.established) {
    if (!sa_.children.empty()) send_delete_of_all_children(now, env);
    send_delete_of_isakmp_sa(now, env);
  }
  close_now(now, env, std::move(why));
}

void Ikev1Session::on_peer_moved(Instant now, Environment& env, const policy::Endpoint& remote) {
  if (!sa_.nat_remote || !sa_.established || remote == sa_.remote) return;
  env.emit(event::PeerAddressChanged{sa_.id, sa_.connection_name(), sa_.remote, remote});
  sa_.remote = remote;
  sa_.last_received = now;
  for (const ChildSa& child : sa_.children) env.outbox.push_back(MoveChildSa{child.id, sa_.local, remote});
}

// ---- Ending ----

event::Failure Ikev1Session::failure(FailureKind kind, Side side) const {
  auto failure = sa_.failure_of(kind, side);
  failure.opening = opening_of(sa_.state);
  return failure;
}

/// Ends here and now. What is left repeats our Delete, and answers a peer that did not hear us.
void Ikev1Session::close_now(Instant now, Environment& env, event::Failure why) {
  if (sa_.state == State::closed) return;
  sa_.state = State::closed;
  // Who is silent here may be heard of elsewhere, or later, and have them still.
  if (why.kind == FailureKind::peer_unreachable)
    for (const ChildSa& child : sa_.children)
      for (const ToldDelete& each : deletes_of(child, now))
        if (sa_.unheard.size() < IsakmpSa::max_unheard) sa_.unheard.push_back(each);
  wants_heir_ |= !sa_.unheard.empty();
  while (!sa_.children.empty()) remove_child(now, env, sa_.children.back().id, why);
  for (Exchange& exchange : sa_.exchanges)
    if (!exchange.deletes_isakmp_sa || exchange.state == ExchangeState::done) finish(now, env, exchange);
  if (sa_.established)
    env.emit(event::IkeSaClosed{sa_.id, sa_.connection_name(), why});
  else
    tell_failure(env, why);
  sa_.failure = std::move(why);
  if (!sa_.heir) sa_.wanted.clear();
  sa_.access.requests.clear();
  sa_.setup.reset();
  leave_network(env);
  fragments_.clear();
  sa_.timers.cancel_all();
  // What somebody began who never proved to be anybody is not worth keeping.
  if (sa_.initiator() || sa_.established) sa_.timers.set(Timer::linger, now + env.settings.half_open_timeout);
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
          .established = sa_.ready_for_phase_2() ? sa_.established : std::nullopt,
          .heir = sa_.heir,
          .lineage = sa_.id,
          .began_lineage = sa_.initiator(),
          .lineage_spi = sa_.cookie_i,
          .lineage_created = sa_.created,
          .lineage_established = sa_.ready_for_phase_2() ? sa_.established : std::nullopt};
}

IkeSaStatus Ikev1Session::status() const {
  IkeSaStatus status = sa_.status_of(1);
  status.state = sa_.ready_for_phase_2()      ? IkeSaStatus::State::established
                 : sa_.state == State::closed ? IkeSaStatus::State::closing
                                              : IkeSaStatus::State::connecting;
  status.local_user = sa_.access.local_user;
  status.remote_user = sa_.access.remote_user;
  status.received = sa_.access.received;
  status.given = sa_.access.given;
  status.spi_initiator = sa_.cookie_i;
  status.spi_responder = sa_.cookie_r;
  status.expires = sa_.timers.at(Timer::life);
  status.rekeys = sa_.timers.at(Timer::renewal);
  if (sa_.keyed()) status.suite = sa_.suite;
  status.children.assign(sa_.children.begin(), sa_.children.end());
  return status;
}

}  // namespace sallyport::ike::v1
