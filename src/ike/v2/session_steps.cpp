// What handlers decided, applied: the one place where an IKE SA changes because of a message.
#include <algorithm>

#include "ike/core/child_sas.h"
#include "ike/v2/create_child_sa.h"
#include "ike/v2/ike_sa_init.h"
#include "ike/v2/mobike.h"
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {
namespace {

using event::FailureKind;
using event::Side;

}  // namespace

void Ikev2Session::apply(Instant now, Environment& env, const Received& received, Step step) {
  answered_ = !received.request;
  if (received.request) confirm_children(env, received.header.message_id);
  if (step.keyed) apply_keys(env, received, std::move(*step.keyed));
  if (step.authenticated) apply_authentication(now, env, std::move(*step.authenticated));
  apply_configuration(env, step);
  if (!step.crash_token.empty()) sa_.crash_token = std::move(step.crash_token);
  if (step.authenticated || step.granted) plan_reauthentication(now, env, step.granted);
  if (step.ticket) keep_ticket(now, env, std::move(*step.ticket));
  if (step.gives_ticket) sa_.gave_ticket = true;
  apply_deletes(now, env, step);
  if (step.promised) add_promised(now, env, std::move(*step.promised));
  if (step.further) apply_further_secret(now, env, received, step);
  // The inbound half is there before the peer can know of it.
  if (step.child) install_child(now, env, std::move(*step.child), received.header.message_id);
  if (step.reply) respond(now, env, received, std::move(*step.reply));
  if (step.intermediate) apply_intermediate(env, std::move(*step.intermediate));
  if (step.departs) expect_departure(now, env);
  if (step.redirect) go_elsewhere(env, std::move(*step.redirect));

  if (step.anew) begin_anew(now, env, *step.anew);
  if (step.next == State::closed) {
    auto why = step.failure ? std::move(*step.failure)
                            : sa_.failure.value_or(failure(FailureKind::closed_by_user, Side::local));
    return close_now(now, env, std::move(why));
  }
  sa_.state = step.next;
  std::optional<NewIkeSa> made = std::exchange(step.ike_sa, std::nullopt);
  if (received.request) {
    if (step.failure) env.emit(event::NegotiationFailed{sa_.id, std::move(*step.failure)});
  } else {
    finish_request(now, env, step);
  }
  if (made) apply_ike_sa(now, env, std::move(*made));
  answered_ = false;
  if (sa_.established && sa_.state == State::established && sa_.failure &&
      sa_.failure->kind == FailureKind::redirected && !sa_.wants<CloseIkeSa>())
    close(now, env, FailureKind::redirected, true);
  if (step.moved) apply_moved(now, env, received, std::move(*step.moved));
  run_next_task(now, env);
  watch_farewell(now, env);
}

void Ikev2Session::apply_keys(Environment& env, const Received& received, Keyed keyed) {
  sa_.suite = keyed.suite;
  sa_.keys = std::move(keyed.keys);
  sa_.spi_r = keyed.spi_r;
  sa_.nat_local = keyed.nat_local;
  sa_.nat_remote = keyed.nat_remote;
  if (keyed.fragmentation) sa_.fragmentation = std::make_unique<Fragmentation>();
  sa_.setup->nonce_r = std::move(keyed.nonce_r);
  sa_.setup->init_response = std::move(keyed.init_response);
  sa_.setup->key_exchange.reset();
  sa_.setup->puzzles = {};
  sa_.setup->puzzles.due = keyed.puzzle;
  sa_.setup->childless = keyed.childless;
  sa_.setup->ppk = keyed.ppk;
  sa_.setup->intermediate.agreed = keyed.intermediate;
  sa_.setup->intermediate.due = sa_.setup->resumes ? 0 : keyed.suite.next_additional();
  sa_.remote = received.datagram.remote;
  // Ports that were configured on purpose are kept; the usual one gives way to NAT traversal (RFC 7296 §2.23).
  // With MOBIKE in any case: there may be one on another path (RFC 4555 §3.3).
  sa_.mobility.may_be_natted = keyed.knows_nat_traversal;
  const bool needs_port = sa_.udp_encap() || (keyed.knows_nat_traversal && is_mobile(*sa_.connection));
  if (needs_port && sa_.local.port == kIkePort && sa_.remote.port == kIkePort)
    sa_.local.port = sa_.remote.port = kNatTraversalPort;
  if (sa_.udp_encap()) env.emit(event::NatDetected{sa_.id, sa_.connection_name(), sa_.nat_local, sa_.nat_remote});
  log_keys(env);
}

void Ikev2Session::log_keys(Environment& env) const {
  if (env.settings.log_keys)
    env.outbox.push_back(LogKeys{sa_.spi_i, sa_.spi_r, sa_.suite, sa_.keys.sk_ei.clone(), sa_.keys.sk_er.clone(),
                                 sa_.keys.sk_ai.clone(), sa_.keys.sk_ar.clone()});
}

void Ikev2Session::apply_authentication(Instant now, Environment& env, Authenticated authenticated) {
  sa_.connection = std::move(authenticated.connection);
  sa_.local_id = std::move(authenticated.local_id);
  sa_.remote_id = std::move(authenticated.remote_id);
  sa_.established = sa_.authentication.established = now;
  if (sa_.setup->resumes) apply_resumption(now, env);
  sa_.setup.reset();
  if (authenticated.ppk) {
    sa_.ppk = true;
    sa_.keys.sk_d = std::move(authenticated.ppk->sk_d);
    sa_.keys.sk_pi = std::move(authenticated.ppk->sk_pi);
    sa_.keys.sk_pr = std::move(authenticated.ppk->sk_pr);
  }
  initial_contact_ = authenticated.initial_contact;
  env.emit(event::IkeSaEstablished{sa_.id, sa_.connection_name(), sa_.initiator(), 2, sa_.local, sa_.remote,
                                   sa_.local_id, sa_.remote_id, sa_.spi_i, sa_.spi_r, sa_.suite});
  begin_mobility(env, std::move(authenticated.mobile));
  arm_established_timers(now, env);
}

// ---- Child SAs come and go ----

void Ikev2Session::apply_deletes(Instant now, Environment& env, const Step& step) {
  for (const auto child : step.removed) let_go(now, env, child, failure(FailureKind::closed_by_peer, Side::remote));
  if (step.lost) {
    auto why = failure(FailureKind::closed_by_peer, Side::remote);
    why.notify = wire::ikev2::to_string(wire::ikev2::NotifyType::child_sa_not_found);
    remove_child(now, env, *step.lost, why);
  }
  const auto note = [&](OwnExchange& each) {
    if (!each.pending_child) return;
    for (const auto spi : step.removed_unknown)
      if (each.pending_child->deleted.size() < PendingChild::max_deleted) each.pending_child->deleted.push_back(spi);
  };
  note(sa_);
  std::ranges::for_each(sa_.others, note);
}

void Ikev2Session::install_child(Instant now, Environment& env, NewChild child, std::uint32_t message_id) {
  policy::ChildSaSpec& spec = child.spec;
  ChildSa sa{{status_of(spec, now)}};
  sa.initiated = sa.confirmed = spec.initiated;
  sa.made_by = message_id;
  sa.replaces = child.replaces;
  sa.lowest_nonce = std::move(child.lowest_nonce);
  ike::plan_renewal(sa, *child.config, now, env.random);
  if (child.config->life_time.count() > 0) sa.expires = now + child.config->life_time;
  set_volumes(spec, *child.config, std::nullopt, env.random);
  env.emit(installation_of(spec));
  const auto id = spec.id;
  sa_.children.push_back(std::move(sa));
  env.outbox.push_back(InstallChildSa{std::move(spec)});
  settle_renewal(now, env, id);
  settle_twins(now, env, id);
  arm_child_life();
}

void Ikev2Session::remove_child(Instant now, Environment& env, policy::ChildSaId id, const event::Failure& why) {
  const auto found = std::ranges::find(sa_.children, id, &ChildSa::id);
  if (found == sa_.children.end()) return;
  env.spis.release(found->spi_in);
  env.outbox.push_back(RemoveChildSa{id});
  event::Failure reason = why;
  reason.child = found->name;
  env.emit(event::ChildSaRemoved{sa_.id, id, sa_.connection_name(), found->name, found->spi_in, found->spi_out,
                                 std::move(reason)});
  sa_.children.erase(found);
  put_in_place_of(now, env, id);
  arm_child_life();
}

// ---- The response to our request ----

/// What the Step brought is applied: now the task that the request was for.
void Ikev2Session::finish_request(Instant now, Environment& env, Step& step) {
  sa_.window.request_answered(sa_.request);
  if (Fragmentation* const f = sa_.fragmentation.get()) {
    f->long_requests.erase(sa_.request);
    f->responses.erase(sa_.request);
  }
  if (sa_.alone) sa_.mobility.cookie.clear();
  arm_retransmission();
  if (step.restart) {
    restart_init(now, env, std::move(*step.restart));
    return;
  }
  if (step.keyed || step.intermediate) return go_on_with_setup(now, env);
  if (step.follow_up) sa_.follow_up = std::make_unique<FollowUp>(std::move(*step.follow_up));
  const bool goes_on = sa_.follow_up && (step.follow_up || step.further);
  if (goes_on && send_follow_up(now, env)) return;
  if (goes_on && !sa_.wants<CloseIkeSa>()) step.failure = failure(FailureKind::system_refused, Side::local);
  sa_.follow_up.reset();

  std::optional<Task> task = std::exchange(sa_.current, std::nullopt);
  sa_.alone = false;
  if (task)
    if (const auto* closed = std::get_if<CloseChild>(&*task))
      let_go(now, env, closed->id, failure(closed->why, Side::local));
  finish_child(now, env, step);
  if (sa_.pending_ike_sa && sa_.state == State::established) {  // ours has come to nothing
    auto pending = *std::exchange(sa_.pending_ike_sa, std::nullopt);
    if (pending.rival) {
      sa_.state = State::rekeyed;
      succeed(now, env, std::move(*pending.rival));
    } else if (!step.again) {
      on_rekeying_failed(now);
    }
  }
  if (step.again) put_off(now, env, std::move(*step.again), step.later);
  if (task && std::holds_alternative<AbandonChild>(*task)) close_if_useless(FailureKind::child_refused);
  if (step.failure) on_failed_request(now, env, std::move(*step.failure));
}

/// The Child SA that was to be made is there, or is not.
void Ikev2Session::finish_child(Instant now, Environment& env, const Step& step) {
  if (!sa_.pending_child) return;
  const PendingChild pending = *std::exchange(sa_.pending_child, std::nullopt);
  const bool installed =
      std::ranges::any_of(sa_.children, [&](const ChildSa& child) { return child.spi_in == pending.spi_in; });
  if (!installed) env.outbox.push_back(WithdrawSpi{pending.protocol, pending.spi_in});
  if (step.abandoned)
    sa_.tasks.insert(sa_.tasks.begin(), {AbandonChild{pending.protocol, pending.spi_in}});
  else if (!installed)
    env.spis.release(pending.spi_in);
  const auto& replaced = pending.task.replaces;
  if (installed) return close_if_outdated(now, env, pending);
  if (!replaced) return;
  settle_without_ours(now, env, *replaced);
  if (step.again) return;
  on_renewal_failed(now, *replaced);
  ChildSa* const child = find(*replaced);
  if (child && step.failure &&
      step.failure->notify == wire::ikev2::to_string(wire::ikev2::NotifyType::no_additional_sas))
    child->last_of_kind = true;
}

void Ikev2Session::put_off(Instant now, Environment& env, Task again, bool later) {
  Instant due{};
  if (later) {
    const auto tries = std::visit(
        [](const auto& task) -> std::uint32_t {
          if constexpr (requires { task.tries; }) return task.tries;
          return 1;
        },
        again);
    due = now + wait_after_temporary_failure(tries, env.random);
  }
  sa_.tasks.insert(sa_.tasks.begin(), {std::move(again), due});
}

void Ikev2Session::on_failed_request(Instant now, Environment& env, event::Failure failed) {
  const FailureKind kind = failed.kind;
  if (sa_.state == State::closing) {  // the peer is not whom we want; it is told, and the reason kept
    sa_.failure = std::move(failed);
    sa_.tasks.clear();
    return want(CloseIkeSa{kind});
  }
  // Told again and again to come later, or too late (RFC 7296 §2.25, RFC 9370 §2.2.4).
  const bool out_of_step = (failed.notify == wire::ikev2::to_string(wire::ikev2::NotifyType::temporary_failure) ||
                            failed.notify == wire::ikev2::to_string(wire::ikev2::NotifyType::state_not_found)) &&
                           sa_.established;
  env.emit(event::NegotiationFailed{sa_.id, std::move(failed)});
  if (out_of_step) return close(now, env, kind, true);
  close_if_useless(kind);
}

/// An IKE SA of ours that nothing needs any more does not stay behind.
void Ikev2Session::close_if_useless(FailureKind why) {
  const bool is_used = std::ranges::any_of(sa_.children, [](const ChildSa& child) { return !child.gone; });
  const bool is_wanted = !sa_.tasks.empty() || sa_.makes_child();
  if (sa_.initiator() && sa_.state == State::established && !is_used && !is_wanted) want(CloseIkeSa{why});
}

}  // namespace sallyport::ike::v2
