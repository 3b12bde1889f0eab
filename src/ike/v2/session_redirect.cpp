// A gateway sends its client elsewhere, or the client is sent.
#include "ike/v2/redirect.h"
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {

using event::FailureKind;
using event::Side;

/// What was wanted here, or is here, is wanted there; whoever drives the engine begins with it (event::Redirected).
void Ikev2Session::go_elsewhere(Environment& env, policy::GatewayId gateway) {
  event::Redirected told{.ike_sa = sa_.id,
                         .connection = sa_.connection_name(),
                         .side = Side::local,
                         .from = sa_.remote,
                         .to = std::move(gateway),
                         .children = {},
                         .reauthenticates = {}};
  const auto add = [&](const std::string& child) {
    if (std::ranges::find(told.children, child) == told.children.end()) told.children.push_back(child);
  };
  for (const ChildSa& child : sa_.children)
    if (!child.superseded && !child.closing && !child.gone) add(child.name);
  sa_.any_exchange([&](const OwnExchange& each) {
    if (each.pending_child) add(each.pending_child->task.request.child);
    return false;
  });
  for (const QueuedTask& queued : sa_.tasks)
    if (const auto* create = std::get_if<CreateChild>(&queued.task)) add(create->request.child);
  if (sa_.authentication.replaces) told.reauthenticates = sa_.authentication.replaces;
  sa_.failure = failure(FailureKind::redirected, Side::remote);
  env.emit(std::move(told));
}

/// To our client. It is given as long to leave as it had to come.
bool Ikev2Session::redirect(Instant now, Environment& env, const policy::GatewayId& gateway) {
  if (sa_.state != State::established || sa_.authentication.began || !sa_.redirectable || sa_.wants<CloseIkeSa>() ||
      sa_.wants<SendElsewhere>())
    return false;
  want(SendElsewhere{gateway});
  run_next_task(now, env);
  return true;
}

bool Ikev2Session::run(Instant now, Environment& env, const SendElsewhere& task) {
  env.emit(event::Redirected{.ike_sa = sa_.id,
                             .connection = sa_.connection_name(),
                             .side = Side::remote,
                             .from = sa_.remote,
                             .to = task.gateway,
                             .children = {},
                             .reauthenticates = {}});
  expect_departure(now, env);
  return send_request(now, env, wire::ikev2::ExchangeType::informational,
                      wire::ikev2::PayloadChain().add(make_redirect(task.gateway)));
}

/// Who does not leave is closed.
void Ikev2Session::expect_departure(Instant now, const Environment& env) {
  for (const Timer timer : {Timer::renewal, Timer::reauthentication}) sa_.timers.cancel(timer);
  sa_.timers.set(Timer::life, now + env.settings.half_open_timeout);
}

}  // namespace sallyport::ike::v2
