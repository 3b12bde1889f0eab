// Between phase 1 and phase 2: XAUTH and then Mode Config, where a connection has them. What has to be asked or set
// next, whom we wait for, and what the answers change.
#include "ike/v1/mode_config.h"
#include "ike/v1/quick_mode.h"
#include "ike/v1/session.h"
#include "ike/v1/transaction.h"
#include "ike/v1/xauth.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::FailureKind;
using event::Side;
using policy::IpAddress;

/// A renewal does not wait for a gateway as long as a beginning does: what it has granted is there.
constexpr std::uint32_t kWaitsAtRenewals = 1;

/// A client's: as configured, and where that leaves it open, the address that it had last.
std::vector<IpAddress> client_wishes(const policy::Connection& connection, const ClientMemory& memory) {
  std::vector<IpAddress> wishes;
  for (const IpAddress& vip : connection.vips)
    wishes.push_back(vip.is_unspecified() ? memory.address(connection.name, vip.family()) : vip);
  return wishes;
}

/// For a client that is not asked: one of each family that there is.
std::vector<IpAddress> families_of(const policy::Connection& connection, const policy::AddressPools& pools) {
  std::vector<IpAddress> wishes;
  for (const auto family : {policy::Family::ipv4, policy::Family::ipv6})
    for (const std::string& name : connection.pools) {
      const auto* pool = pools.find(name);
      if (!pool || pool->addresses.family() != family) continue;
      wishes.push_back(IpAddress::unspecified(family));
      break;
    }
  return wishes;
}

}  // namespace

void Ikev1Session::begin_access(Instant now, Environment& env) {
  const policy::Connection& connection = *sa_.connection;
  if (connection.local_xauth() || !connection.vips.empty()) sa_.access.before = env.contacts.standing_before(sa_.id);
  sa_.access.user_pending = connection.local_xauth() || connection.remote_xauth();
  sa_.access.config_pending = !connection.vips.empty() || (!connection.pools.empty() && !connection.pull);
  sa_.access.wishes =
      connection.vips.empty() ? families_of(connection, env.pools) : client_wishes(connection, env.memory);
  go_on(now, env);
}

/// Does what has to be done next, until all is done that comes before phase 2.
void Ikev1Session::go_on(Instant now, Environment& env) {
  if (sa_.state != State::established) return;
  if (sa_.ready_for_phase_2()) {
    sa_.timers.cancel(Timer::access);
    take_up_requests(now, env);
    return run_wanted(now, env);
  }
  for (const Exchange& exchange : sa_.exchanges)
    if (exchange.state == ExchangeState::asked) return arm_exchanges();
  const bool user = sa_.access.user_pending;
  const bool client = !sa_.connection->vips.empty();
  const auto identifier = static_cast<std::uint16_t>(env.random.u32());
  if (user && sa_.connection->remote_xauth())
    return begin_transaction(now, env, {.topic = Topic::user, .message = build_user_request(identifier)});
  if (user || (client && !sa_.connection->pull)) return await_peer(now, env);
  if (client)
    return begin_transaction(now, env,
                             {.topic = Topic::configuration, .message = build_configuration_request(sa_, identifier)});
  // What a client left behind that begins anew goes first, and its address is free again.
  if (initial_contact_) return sa_.timers.set(Timer::access, now);
  const auto before = env.contacts.given_before(sa_.id);
  auto config = choose_configuration(sa_, before.empty() ? sa_.access.wishes : before, env);
  if (!config) return refuse_access(now, env, std::move(config.error()));
  const w::AttributesPayload set{
      .type = w::CfgType::set, .identifier = identifier, .attributes = write_configuration(*config)};
  give(env, std::move(*config));
  begin_transaction(now, env, {.topic = Topic::configuration, .message = set});
}

/// Children that waited for the address which their selectors are made of.
void Ikev1Session::take_up_requests(Instant now, Environment& env) {
  for (ChildRequest& request : std::exchange(sa_.access.requests, {})) {
    const std::string child = request.child;
    if (request_child(now, env, std::move(request)) || sa_.state == State::closed) continue;
    auto why = failure(FailureKind::no_common_selector, Side::local);
    why.child = child;
    if (const auto* config = sa_.connection->find_child(child)) {
      why.our_local_ts = resolve(config->local_ts, sa_.local.address);
      why.our_remote_ts = resolve(config->remote_ts, sa_.remote.address);
    }
    env.emit(event::NegotiationFailed{sa_.id, why});
    close_if_useless(now, env, std::move(why));
  }
}

void Ikev1Session::begin_transaction(Instant now, Environment& env, Transaction transaction) {
  if (transaction.topic == Topic::user && transaction.message.type == w::CfgType::request) ++sa_.access.questions;
  Exchange exchange = make_exchange(env, sa_.message_ids.choose(env.random), true);
  exchange.type = w::ExchangeType::transaction;
  exchange.state = ExchangeState::asked;
  exchange.began = now;
  exchange.transaction = std::move(transaction);
  const bool sent = send_transaction(now, env, exchange, 1, exchange.transaction->message, true);
  if (!sent) return refuse_access(now, env, failure(FailureKind::system_refused, Side::local));  // too long a list
  sa_.exchanges.push_back(std::move(exchange));
  arm_exchanges();
}

/// The peer has to begin. If it is Aggressive Mode's last message that it waits for, it gets that again.
void Ikev1Session::await_peer(Instant now, Environment& env) {
  if (sa_.timers.at(Timer::access)) return;
  double wait = static_cast<double>(env.settings.retransmit_timeout.count());
  for (std::uint32_t i = 0; i < sa_.access.waits; ++i) wait *= env.settings.retransmit_base;
  sa_.timers.set(Timer::access, now + Duration(static_cast<Duration::rep>(wait)));
}

/// A renewal, for which the gateway asks and says nothing once more: some do not, and what they have granted counts on.
bool Ikev1Session::keep_standing(Environment& env) {
  Access& access = sa_.access;
  if (!access.before) return false;
  if (access.user_pending) {
    if (!sa_.connection->local_xauth() || access.before->user.empty() || access.user_said) return false;
    access.user_pending = false;
    access.local_user = access.before->user;
  } else {
    if (!access.before->received) return false;
    receive(env, *access.before->received);
  }
  access.waits = 0;
  return true;
}

void Ikev1Session::on_access_timeout(Instant now, Environment& env) {
  if (sa_.state != State::established || sa_.ready_for_phase_2()) return;
  if (sa_.access.waits == kWaitsAtRenewals && keep_standing(env)) return go_on(now, env);
  if (++sa_.access.waits > env.settings.retransmit_tries) {
    auto why = failure(sa_.access.user_pending ? FailureKind::peer_unreachable : FailureKind::no_virtual_address,
                       Side::remote);
    why.attempts = sa_.access.waits;
    return refuse_access(now, env, std::move(why));
  }
  if (!sa_.peer_confirmed && !sa_.last.octets().empty())
    send(now, env, to_bytes(sa_.last.octets()), sa_.local, sa_.remote);
  go_on(now, env);
}

/// What transactions have brought.
void Ikev1Session::apply_access(Environment& env, ExchangeStep& step) {
  Access& access = sa_.access;
  access.user_said |= step.user_said;
  if (!step.refused_user.empty()) access.refused_user = step.refused_user;
  if (step.forget_password) env.memory.forget_password(sa_.connection->name);
  const auto accepted = [&](Side side, std::string user) {
    if (std::exchange(access.user_pending, false))
      env.emit(event::UserAuthenticated{sa_.id, sa_.connection_name(), side, user});
    (side == Side::local ? access.local_user : access.remote_user) = std::move(user);
  };
  if (step.local_user) accepted(Side::local, std::move(*step.local_user));
  if (step.remote_user) accepted(Side::remote, std::move(*step.remote_user));
  if (step.given) give(env, std::move(*step.given));
  if (step.acknowledged == Topic::configuration) access.config_pending = false;
  if (step.received) receive(env, std::move(*step.received));
}

void Ikev1Session::receive(Environment& env, policy::NetworkConfig config) {
  Access& access = sa_.access;
  access.config_pending = false;
  access.received = std::move(config);
  env.memory.put_addresses(sa_.connection->name, access.received->addresses);
  for (const IpAddress& address : access.received->addresses) env.outbox.push_back(AddAddress{address});
  env.emit(event::NetworkConfigured{sa_.id, sa_.connection_name(), Side::local, *access.received});
}

void Ikev1Session::give(Environment& env, policy::NetworkConfig config) {
  sa_.access.given = std::move(config);
  env.emit(event::NetworkConfigured{sa_.id, sa_.connection_name(), Side::remote, *sa_.access.given});
}

/// A transaction of ours that has no answer.
void Ikev1Session::give_up_transaction(Instant now, Environment& env, Exchange& exchange) {
  const Transaction ours = std::move(*exchange.transaction);
  const bool silent = last_heard(env) <= *exchange.began;
  auto why = failure(FailureKind::peer_unreachable, Side::remote);
  why.attempts = exchange.last.attempts();
  finish(now, env, exchange);
  if (ours.farewell) return refuse_access(now, env, *ours.farewell);
  if (ours.topic == Topic::configuration && sa_.access.config_pending && keep_standing(env)) return go_on(now, env);
  if (silent) return refuse_access(now, env, std::move(why));
  const bool accepted = ours.topic == Topic::user ? !sa_.access.user_pending : !sa_.access.config_pending;
  if (accepted) return go_on(now, env);  // only the acknowledgement is missing
  why.kind = ours.topic == Topic::user ? FailureKind::user_refused : FailureKind::no_virtual_address;
  if (ours.topic == Topic::user) why.side = Side::local;
  refuse_access(now, env, std::move(why));
}

/// There will be no phase 2 on this one.
void Ikev1Session::refuse_access(Instant now, Environment& env, event::Failure why) {
  tell_failure(env, why);
  send_delete_of_isakmp_sa(now, env);
  close_now(now, env, std::move(why));
}

/// Closed, and its last child gone: the inner addresses go, too.
void Ikev1Session::leave_network(Environment& env) {
  if (sa_.state != State::closed || !sa_.children.empty()) return;
  if (std::exchange(sa_.access.given, std::nullopt)) env.pools.release(sa_.id);
  const auto received = std::exchange(sa_.access.received, std::nullopt);
  if (!received) return;
  for (const IpAddress& address : received->addresses) env.outbox.push_back(RemoveAddress{address});
}

}  // namespace sallyport::ike::v1
