// Additional key exchanges (RFC 9370): which one is next before IKE_AUTH, and after CREATE_CHILD_SA; what waits for the
// peer's.
#include <algorithm>

#include "ike/v2/followup_ke.h"
#include "ike/v2/intermediate.h"
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {
namespace {

using event::FailureKind;
using event::Side;
using wire::ikev2::ExchangeType;

/// Takes the place of `secret`, which is wiped.
void append_secret(Secret& secret, const Secret& more) {
  Secret joined(secret.size() + more.size());
  std::ranges::copy(more.view(), std::ranges::copy(secret.view(), joined.span().begin()).out);
  secret = std::move(joined);
}

const NewChild* child_of(const FollowUp& each) { return std::get_if<NewChild>(&each.made); }

}  // namespace

const NewChild* IkeSa::promised_for(policy::ChildSaId replaced) const {
  for (const FollowUp& each : promised)
    if (const NewChild* child = child_of(each); child && child->replaces == replaced) return child;
  return nullptr;
}

std::uint64_t IkeSa::promised_ike_spi() const {
  if (pending_ike_sa && pending_ike_sa->rival) return pending_ike_sa->rival->spi_r;
  for (const FollowUp& each : promised)
    if (const auto* made = std::get_if<NewIkeSa>(&each.made)) return made->spi_r;
  return 0;
}

// ---- Before IKE_AUTH (RFC 9242) ----

/// What IKE_SA_INIT has agreed on first, then IKE_AUTH.
void Ikev2Session::go_on_with_setup(Instant now, Environment& env) {
  Setup& setup = *sa_.setup;
  setup.key_exchange.reset();
  if (setup.intermediate.due == 0 && setup.puzzles.due)
    return begin_search(now, *setup.puzzles.due, puzzle_string(setup.nonce_r, sa_.spi_r));
  if (setup.intermediate.due == 0) return send_auth(now, env);
  auto exchange = env.crypto.start_key_exchange(sa_.suite.additional[setup.intermediate.due - 1], env.random);
  if (exchange) setup.key_exchange = std::move(*exchange);
  if (!setup.key_exchange || !send_request(now, env, ExchangeType::ike_intermediate, build_intermediate_request(sa_)))
    close_now(now, env, failure(FailureKind::system_refused, Side::local));
}

/// What we say in IKE_INTERMEDIATE is covered by AUTH, too. After AUTH it is but a refusal.
void Ikev2Session::cover(Environment& env, const Plaintext& plain) {
  if (!sa_.setup || plain.header.exchange_type != wire::ikev2::number(ExchangeType::ike_intermediate)) return;
  Bytes& chain = sa_.initiator() ? sa_.setup->intermediate.auth_i : sa_.setup->intermediate.auth_r;
  chain = extend_int_auth(env.crypto, sa_.suite.prf, sa_.initiator() ? sa_.keys.sk_pi : sa_.keys.sk_pr, chain,
                          covered_by_int_auth(plain.header, plain.first, plain.inner));
}

/// After our own answer, which goes by the keys of the request (RFC 9242 §3.3.1).
void Ikev2Session::apply_intermediate(Environment& env, Intermediate taken) {
  IntermediateExchanges& done = sa_.setup->intermediate;
  (sa_.initiator() ? done.auth_r : done.auth_i) = std::move(taken.int_auth);
  ++done.count;
  done.due = taken.due;
  done.keys_before = {};
  if (!taken.keys) return;
  done.keys_before = std::exchange(sa_.keys, std::move(*taken.keys));
  if (sa_.initiator()) done.keys_before = {};  // nobody asks it for an answer again
  log_keys(env);
}

/// Those that our last answer went by.
const IkeKeys& Ikev2Session::keys_of_answer() const {
  const bool changed_since = sa_.setup && !sa_.setup->intermediate.keys_before.sk_d.empty();
  return changed_since ? sa_.setup->intermediate.keys_before : sa_.keys;
}

// ---- After CREATE_CHILD_SA: ours ----

/// False: it comes to nothing.
bool Ikev2Session::send_follow_up(Instant now, Environment& env) {
  FollowUp& ours = *sa_.follow_up;
  if (sa_.wants<CloseIkeSa>()) return false;
  auto exchange = env.crypto.start_key_exchange(ours.suite.additional[ours.place - 1], env.random);
  if (!exchange) return false;
  ours.key_exchange = std::move(*exchange);
  return send_request(now, env, ExchangeType::ike_followup_ke, build_followup_request(sa_));
}

// ---- The peer's ----

void Ikev2Session::add_promised(Instant now, Environment& env, FollowUp promised) {
  promised.since = now;
  // What the peer begins anew it has given up before.
  const NewChild* const child = child_of(promised);
  drop_promised(env, [&](const FollowUp& each) {
    const NewChild* const other = child_of(each);
    return child && other ? child->replaces && child->replaces == other->replaces : !child && !other;
  });
  sa_.promised.push_back(std::move(promised));
  arm_follow_up();
}

/// The secret goes to its place; with the last one, what was agreed on comes to life.
void Ikev2Session::apply_further_secret(Instant now, Environment& env, const Received& received, Step& step) {
  FurtherSecret& further = *step.further;
  const auto found = std::ranges::find(sa_.promised, further.link, &FollowUp::link);
  ASSERT(received.request ? found != sa_.promised.end() : sa_.follow_up != nullptr);
  FollowUp& at = received.request ? *found : *sa_.follow_up;
  append_secret(at.further_secrets, further.secret);
  at.place = further.due;
  at.link = std::move(further.next_link);
  at.key_exchange.reset();
  at.since = now;
  if (further.due == 0) {
    FollowUp done = std::move(at);
    if (received.request)
      sa_.promised.erase(found);
    else
      sa_.follow_up.reset();
    complete(sa_, done, env);
    if (auto* child = std::get_if<NewChild>(&done.made))
      step.child = std::move(*child);
    else
      step.ike_sa = std::move(std::get<NewIkeSa>(done.made));
  }
  arm_follow_up();
}

void Ikev2Session::arm_follow_up() {
  sa_.timers.cancel(Timer::follow_up);
  if (!sa_.promised.empty())
    sa_.timers.set(Timer::follow_up,
                   std::ranges::min_element(sa_.promised, {}, &FollowUp::since)->since + kPromiseKept);
}

/// It has not come: forgotten (RFC 9370 §2.2.4). What we have left to the peer is ours to renew again.
void Ikev2Session::on_follow_up(Instant now, Environment& env) {
  std::vector<policy::ChildSaId> left;
  bool ike_sa = false;
  drop_promised(env, [&](const FollowUp& each) {
    if (each.since + kPromiseKept > now) return false;
    if (const NewChild* child = child_of(each); child && child->replaces) left.push_back(*child->replaces);
    ike_sa |= child_of(each) == nullptr;
    return true;
  });
  for (const auto id : left)
    if (const ChildSa* child = find(id); child && !child->rekeys && !sa_.renews(id)) on_renewal_failed(now, id);
  if (ike_sa && !sa_.pending_ike_sa && !sa_.timers.is_set(Timer::renewal)) on_rekeying_failed(now);
  run_next_task(now, env);
}

void Ikev2Session::drop_promised(Environment& env, const std::function<bool(const FollowUp&)>& which) {
  std::erase_if(sa_.promised, [&](const FollowUp& each) {
    if (!which(each)) return false;
    if (const NewChild* child = child_of(each)) env.spis.release(child->spec.inbound.spi);
    return true;
  });
  arm_follow_up();
}

}  // namespace sallyport::ike::v2
