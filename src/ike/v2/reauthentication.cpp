// Reauthentication (RFC 7296 §2.8.3, RFC 4478): the peers prove anew who they are. There is no exchange for it. Another
// IKE SA is made from scratch, with Child SAs of its own, while the older one goes on; when all of it is here, and the
// peer has shown that it has it, too, our traffic goes by it, and the older one is deleted after a grace.
//
//     new   IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA …      our traffic goes by each new Child SA at once
//           INFORMATIONAL {} ──▶  ◀── {}                  and the peer's, which knows now that we have them
//     old   grace
//           INFORMATIONAL {D(IKE)} ──▶  ◀── {}            nothing goes by it any more
//
// A session sees one IKE SA; which other one it stands for, and what is to be done when both ends begin at once, the
// engine finds (ike/engine/reauthentication.h).
#include <algorithm>

#include "ike/core/lifetimes.h"
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {
namespace {

using event::FailureKind;
using Stage = Authentication::Stage;

/// A peer behind a NAT cannot be reached by a first message, and who has an inner address from us has to ask for it.
bool may_begin_anew(const IkeSa& sa) { return sa.authentication.began || (!sa.nat_remote && !sa.given); }

}  // namespace

// ---- When ----

void Ikev2Session::begin_lineage(const std::optional<policy::IkeSaId>& replaces) {
  sa_.authentication.lineage = sa_.id;
  sa_.authentication.began = sa_.initiator();
  sa_.authentication.spi_i = sa_.spi_i;
  sa_.authentication.created = sa_.created;
  sa_.authentication.replaces = replaces;
}

/// Who began proves itself again, in time; as the responder we have asked for it (AUTH_LIFETIME), and begin ourselves
/// when half of the time between reauth_time and the end is over.
void Ikev2Session::plan_reauthentication(Instant now, Environment& env, std::optional<Duration> granted) {
  const policy::Connection& config = *sa_.connection;
  Authentication& authentication = sa_.authentication;
  Lifetime ours{config.reauth_time, config.reauth_time + config.over_time, config.rand_time};
  const bool limited = config.reauth_time.count() > 0;
  if (!authentication.began) {
    if (!limited || authentication.ends) return arm_reauthentication();
    authentication.ends = now + ours.end;
    if (may_begin_anew(sa_)) authentication.due = now + ours.rekey + config.over_time / 2;
  } else if (limited || granted) {
    // How far beyond it the responder would go is not said.
    const Duration end = granted ? *granted + *granted / 10 : ours.end;
    if (!limited) ours = {*granted - *granted / 10, end, *granted / 10};
    // That of an IKE SA that was resumed gets no younger.
    const auto sooner = [](const std::optional<Instant>& known, Instant time) {
      return std::min(known.value_or(time), time);
    };
    const bool resumed = sa_.resumed && !authentication.replaces;
    authentication.ends = sooner(resumed ? authentication.ends : std::nullopt, now + std::min(ours.end, end));
    if (const auto after = renewal_after(ours, granted, env.random))
      authentication.due = sooner(resumed ? authentication.due : std::nullopt, now + *after);
  }
  arm_reauthentication();
}

/// Also on an IKE SA that was rekeyed from the one on which the peers proved themselves.
void Ikev2Session::arm_reauthentication() {
  const Authentication& authentication = sa_.authentication;
  if (authentication.due) sa_.timers.set(Timer::reauthentication, *authentication.due);
  if (authentication.ends) {
    const policy::Connection& config = *sa_.connection;
    const bool rekeyed = config.rekey_time.count() > 0;
    const Instant own = rekeyed ? *sa_.established + config.rekey_time + config.over_time : Instant::max();
    sa_.timers.set(Timer::life, std::min(*authentication.ends, own));
  }
  if (authentication.replaces) sa_.timers.set(Timer::farewell, *sa_.established + kGrace / 2);
}

/// Again and again until there is another, or the end has come. What nobody uses is not worth it.
void Ikev2Session::on_reauthentication(Instant now) {
  Authentication& authentication = sa_.authentication;
  const auto again =
      renewal_again_after(authentication.ends ? std::optional<Duration>(*authentication.ends - now) : std::nullopt);
  authentication.due = again ? std::optional(now + *again) : std::nullopt;
  arm_reauthentication();
  wants_successor_ = sa_.state == State::established && std::ranges::any_of(sa_.children, [](const ChildSa& child) {
                       return !child.superseded && !child.closing && !child.gone;
                     });
}

bool Ikev2Session::reauthenticate(Instant now, Environment&) {
  if (sa_.state != State::established || sa_.wants<CloseIkeSa>() || sa_.timers.is_set(Timer::retirement) ||
      !may_begin_anew(sa_))
    return false;
  on_reauthentication(now);
  return wants_successor_;
}

/// The same Child SAs once more. Of several of one name each is asked for by what it carries.
void Ikev2Session::describe_successor(Initiation& initiation) const {
  std::vector<ChildRequest> wanted;
  const auto counts = [](const ChildSa& child) { return !child.superseded && !child.closing && !child.gone; };
  for (const ChildSa& child : sa_.children) {
    if (!counts(child) || !sa_.connection->find_child(child.name)) continue;
    ChildRequest& request = wanted.emplace_back(ChildRequest{.child = child.name});
    const bool sole = std::ranges::none_of(sa_.children, [&](const ChildSa& other) {
      return other.id != child.id && other.name == child.name && counts(other);
    });
    if (sole) continue;
    request.source = child.local_ts.front();
    request.destination = child.remote_ts.front();
  }
  initiation.reauthenticates = sa_.authentication.lineage;
  if (wanted.empty()) return;
  initiation.child = std::move(wanted.front());
  wanted.erase(wanted.begin());
  initiation.further = std::move(wanted);
}

// ---- In the place of another ----

/// Once all Child SAs that were asked for are here, or refused, the peer is asked whether it is there: its answer says
/// that it has heard what we have of them. From then on the engine looks, again and again for a while: the peer may
/// have begun at the same time, and be late.
void Ikev2Session::watch_farewell(Instant now, Environment& env) {
  Authentication& authentication = sa_.authentication;
  if (!authentication.replaces || sa_.state != State::established || sa_.timers.is_set(Timer::retirement)) return;
  const bool idle = sa_.tasks.empty() && !sa_.window.request_outstanding();
  if (idle && authentication.stage == Stage::making) {
    authentication.stage = Stage::asking;
    want(CheckLiveness{});
    run_next_task(now, env);
  } else if (idle && authentication.stage == Stage::asking) {
    authentication.stage = Stage::complete;
    wants_farewell_ = true;
  }
  if (authentication.stage == Stage::complete && now >= *sa_.established + kLongGrace) {
    authentication.replaces.reset();
    return sa_.timers.cancel(Timer::farewell);
  }
  if (const auto due = sa_.timers.at(Timer::farewell); due && *due > now) return;
  wants_farewell_ |= authentication.stage == Stage::complete;
  sa_.timers.set(Timer::farewell, now + kGrace / 2);
}

// ---- In whose place another is ----

void Ikev2Session::give_way(Instant now, Environment&) {
  if (sa_.state != State::established || sa_.timers.is_set(Timer::retirement)) return;
  for (const Timer timer : {Timer::renewal, Timer::reauthentication, Timer::farewell}) sa_.timers.cancel(timer);
  for (ChildSa& child : sa_.children) child.rekeys.reset();
  arm_child_life();
  sa_.timers.set(Timer::retirement, now + kGrace);
}

void Ikev2Session::take_traffic(Environment& env) {
  for (ChildSa& child : sa_.children)
    if (!child.superseded && !child.closing && !child.gone) {
      child.confirmed = true;
      env.outbox.push_back(UseChildSa{child.id});
    }
}

}  // namespace sallyport::ike::v2
