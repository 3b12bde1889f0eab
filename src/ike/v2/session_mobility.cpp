// Outer addresses that change (RFC 4555). The IKE SA goes first; its Child SAs follow all at once, as soon as it is
// certain that the peer receives what is sent where it says to be.
#include <algorithm>

#include "ike/v2/mobike.h"
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using event::FailureKind;
using event::Side;
using policy::IpAddress;

constexpr std::size_t kCookie2Size = 16;
/// Before a request is tried again that met a NAT where none may be.
constexpr Duration kAfterUnexpectedNat = std::chrono::seconds(2);

Bytes random_cookie(RandomSource& random) {
  Bytes cookie(kCookie2Size);
  random.fill(cookie);
  return cookie;
}

/// Also on one that has been rekeyed: the peer may not know that yet, and speak there to where we were.
bool may_speak(State state) { return state == State::established || state == State::rekeyed; }

bool has_address(const std::vector<IpAddress>& list, const IpAddress& address) {
  return std::ranges::find(list, address) != list.end();
}

/// We were told to use this address, and no other that may do as well.
bool is_configured_host(const policy::Connection& connection, const IpAddress& address) {
  return std::ranges::find(connection.local_addrs, policy::AddressRange::host(address)) != connection.local_addrs.end();
}

}  // namespace

void Ikev2Session::begin_mobility(Environment& env, std::optional<std::vector<IpAddress>> theirs) {
  Mobility& m = sa_.mobility;
  m.leads = sa_.initiator();
  m.proved = {sa_.local, sa_.remote};
  m.agreed = theirs.has_value();
  if (!m.agreed) return;
  m.theirs = std::move(*theirs);
  m.ours = further_addresses(*sa_.connection, sa_.local.address, env.host);
  // AH passes no NAT.
  for (const policy::Child& child : sa_.connection->children)
    if (!child.ah_proposals.empty()) m.may_be_natted = false;
}

// ---- Our own addresses change ----

void Ikev2Session::on_addresses_changed(Instant now, Environment& env) {
  Mobility& m = sa_.mobility;
  if (!m.agreed || sa_.state == State::closed) return;
  m.refused.clear();
  const bool is_still_ours = has_address(env.host.addresses(), sa_.local.address);
  const auto preferred = env.host.source_address(sa_.remote.address);
  const bool is_preferred =
      preferred && (*preferred == sa_.local.address || is_configured_host(*sa_.connection, sa_.local.address));
  if (is_still_ours && (is_preferred || (preferred && !m.leads))) return tell_addresses(now, env, false);
  const auto paths = possible_paths(sa_, env.host);
  if (paths.empty()) return;  // until there is one again
  if (m.leads && may_speak(sa_.state)) return move_to(now, env, paths.front());
  // Who does not lead may still leave an address that it has lost (§3.5), and says where it is. What only waits for its
  // end goes along.
  if (is_still_ours) return tell_addresses(now, env, false);
  set_path(env, paths.front());
  if (sa_.remote == m.proved.remote) move_children(env);
  tell_addresses(now, env, true);
  repeat_at_once(now, env);
}

/// What the peer does not know yet of our further addresses.
void Ikev2Session::tell_addresses(Instant now, Environment& env, bool anyway) {
  if (!may_speak(sa_.state)) return;
  auto further = further_addresses(*sa_.connection, sa_.local.address, env.host);
  if (!anyway && further == sa_.mobility.ours) return;
  sa_.mobility.ours = std::move(further);
  want_first<TellAddresses>();
  run_next_task(now, env);
}

void Ikev2Session::set_path(Environment& env, const Path& path) {
  if (path == Path{sa_.local, sa_.remote}) return;
  if (path.local != sa_.local) env.emit(event::OwnAddressChanged{sa_.id, sa_.connection_name(), sa_.local, path.local});
  if (path.remote != sa_.remote)
    env.emit(event::PeerAddressChanged{sa_.id, sa_.connection_name(), sa_.remote, path.remote});
  sa_.local = path.local;
  sa_.remote = path.remote;
  sa_.mobility.probed.clear();
  ++sa_.mobility.moves;
}

/// The leading end's decision: from here, and to there.
void Ikev2Session::move_to(Instant now, Environment& env, const Path& path) {
  Mobility& m = sa_.mobility;
  if (path == Path{sa_.local, sa_.remote}) return;
  // Where the peer was may be where it is to be found again.
  if (!has_address(m.theirs, sa_.remote.address) && m.theirs.size() < Mobility::kMostAddresses)
    m.theirs.push_back(sa_.remote.address);
  set_path(env, path);
  m.ours = further_addresses(*sa_.connection, sa_.local.address, env.host);
  if (sa_.remote.address == m.proved.remote.address)
    move_children(env);
  else
    m.unproved = true;  // COOKIE2 comes first (§3.7)
  want_first<UpdateAddresses>();
  repeat_at_once(now, env);
}

/// What is under way goes the new way, too.
void Ikev2Session::repeat_at_once(Instant now, Environment& env) {
  if (!sa_.window.request_outstanding()) return run_next_task(now, env);
  sa_.window.begin_anew(now, env.settings);
  arm_retransmission();
}

/// The datapath follows: all of it, at once.
void Ikev2Session::move_children(Environment& env) {
  sa_.mobility.unproved = false;
  sa_.mobility.proved = {sa_.local, sa_.remote};
  for (ChildSa& child : sa_.children) {
    child.udp_encap = sa_.udp_encap() && child.suite.protocol == policy::Protocol::esp;
    env.outbox.push_back(MoveChildSa{child.id, sa_.local, sa_.remote, child.udp_encap});
  }
}

void Ikev2Session::adopt_nat(Instant now, Environment& env, const NatFindings& nat) {
  if (nat.local == sa_.nat_local && nat.remote == sa_.nat_remote) return;
  sa_.nat_local = nat.local;
  sa_.nat_remote = nat.remote;
  env.emit(event::NatDetected{sa_.id, sa_.connection_name(), nat.local, nat.remote});
  if (!sa_.nat_local)
    sa_.timers.cancel(Timer::keepalive);
  else if (env.settings.keep_alive > Duration::zero() && !sa_.timers.is_set(Timer::keepalive))
    sa_.timers.set(Timer::keepalive, now + env.settings.keep_alive);
}

// ---- What the peer says ----

void Ikev2Session::apply_moved(Instant now, Environment& env, const Received& received, Moved moved) {
  Mobility& m = sa_.mobility;
  if (sa_.state == State::rekeyed && moved.to) set_path(env, *moved.to);
  if (sa_.state != State::established) return;  // its successor has all else
  if (!received.request) return apply_mobike_answer(now, env, std::move(moved));
  // Of several on their way at once the latest counts (RFC 4555 §3.5).
  if (received.header.message_id < m.updated_by) return;
  m.updated_by = received.header.message_id;
  if (moved.nat) adopt_nat(now, env, *moved.nat);
  if (moved.to) {
    set_path(env, *moved.to);
    prove_or_move(env);
  }
  if (!moved.theirs) return;
  m.refused.clear();
  m.theirs = std::move(*moved.theirs);
  const bool is_gone = !has_address(m.theirs, sa_.remote.address);
  if (m.leads && is_gone) move_to(now, env, {received.datagram.local, received.datagram.remote});
}

/// The peer is at another address: it has to show that it gets what goes there (§3.7). At another port of the same one,
/// behind a NAT that has forgotten it, it is the same peer.
void Ikev2Session::prove_or_move(Environment& env) {
  if (sa_.remote.address == sa_.mobility.proved.remote.address) return move_children(env);
  sa_.mobility.unproved = true;
  want_first<CheckRoute>();
}

void Ikev2Session::apply_mobike_answer(Instant now, Environment& env, Moved moved) {
  using Answer = Moved::Answer;
  Mobility& m = sa_.mobility;
  // Moved again meanwhile, or sent to several addresses: nobody knows what the answer is about.
  const bool is_certain = m.moves == m.asked_at && m.probed.empty();
  m.probed.clear();
  if (!moved.seen_as.empty()) m.seen_at = now;
  switch (moved.answer) {
    case Answer::none:
      if (!moved.mapping_changed) break;
      m.seen_as = std::move(moved.seen_as);
      want_first<UpdateAddresses>();
      break;
    case Answer::proved:
      if (is_certain)
        move_children(env);
      else if (m.unproved)
        want_first<CheckRoute>();
      break;
    case Answer::updated:
      if (m.moves != m.asked_at || (m.unproved && !is_certain)) {
        want_first<UpdateAddresses>();
        break;
      }
      m.unexpected_nats = 0;
      m.seen_as = std::move(moved.seen_as);
      if (moved.nat) adopt_nat(now, env, *moved.nat);
      move_children(env);
      break;
    case Answer::natted:
      if (++m.unexpected_nats < Mobility::kMostUnexpectedNats) {
        sa_.tasks.insert(sa_.tasks.begin(), QueuedTask{UpdateAddresses{}, now + kAfterUnexpectedNat});
        break;
      }
      m.unexpected_nats = 0;
      [[fallthrough]];
    case Answer::refused:
      if (m.moves == m.asked_at)
        try_another_path(now, env);
      else
        want_first<UpdateAddresses>();
      break;
  }
}

/// The peer does not take this one.
void Ikev2Session::try_another_path(Instant now, Environment& env) {
  Mobility& m = sa_.mobility;
  if (m.refused.size() < Mobility::kMostPaths) m.refused.push_back({sa_.local, sa_.remote});
  const auto paths = possible_paths(sa_, env.host);
  if (!paths.empty()) return move_to(now, env, paths.front());
  auto why = failure(FailureKind::peer_error, Side::remote);
  why.notify = w::to_string(w::NotifyType::unacceptable_addresses);
  sa_.failure = std::move(why);
  close(now, env, FailureKind::peer_error, true);
}

/// Authentic ESP came from elsewhere: a NAT has another mapping for the peer (RFC 7296 §2.23); or with MOBIKE, what it
/// said of its new address did not get here as it was sent.
void Ikev2Session::on_peer_moved(Instant now, Environment& env, const policy::Endpoint& remote) {
  Mobility& m = sa_.mobility;
  if (!sa_.established || remote == sa_.remote || sa_.state == State::closed) return;
  if (!m.agreed) {
    if (!sa_.nat_remote) return;
    sa_.last_received = now;
    set_path(env, {sa_.local, remote});
    return move_children(env);
  }
  if (sa_.state != State::established) return;
  const policy::Endpoint endpoint{remote.address, remote.port != 0 ? remote.port : kNatTraversalPort};
  if (endpoint == sa_.remote) return;
  if (m.leads) {
    if (sa_.nat_remote) move_to(now, env, {sa_.local, endpoint});
    return;
  }
  set_path(env, {sa_.local, endpoint});
  prove_or_move(env);
  repeat_at_once(now, env);
}

// ---- Paths that may work (§3.10) ----

/// Nobody answers here. The leading end tries whatever may lead to the peer; the other one where the peer was last, if
/// it has only been said to be elsewhere, and all that it knows of when it has moved itself (§3.6).
void Ikev2Session::probe_other_paths(Instant now, Environment& env, std::uint32_t request) {
  Mobility& m = sa_.mobility;
  std::vector<Path> paths;
  if (m.leads || sa_.waits_for<TellAddresses>()) paths = possible_paths(sa_, env.host);
  if (m.unproved && has_address(env.host.addresses(), m.proved.local.address)) paths.push_back(m.proved);
  for (const Path& path : paths) {
    if (path == Path{sa_.local, sa_.remote}) continue;
    if (std::ranges::find(m.probed, path) == m.probed.end()) m.probed.push_back(path);
    send(now, env, sa_.window.request(request), path.local, path.remote);
  }
}

/// An authentic message on a path that is not ours. If it answers a probe, the path works.
void Ikev2Session::follow_probe(Instant now, Environment& env, const Received& received) {
  Mobility& m = sa_.mobility;
  const Path path{received.datagram.local, received.datagram.remote};
  if (received.request || std::ranges::find(m.probed, path) == m.probed.end()) return;
  if (sa_.state != State::established) return;
  if (m.leads) return move_to(now, env, path);
  set_path(env, path);
  prove_or_move(env);
}

// ---- Requests ----

bool Ikev2Session::run(Instant now, Environment& env, const UpdateAddresses&) {
  Mobility& m = sa_.mobility;
  if (!may_speak(sa_.state) || !m.leads) return false;
  m.asked_at = m.moves;
  m.probed.clear();
  m.cookie = m.unproved ? random_cookie(env.random) : Bytes();
  return send_request(now, env, w::ExchangeType::informational, build_update_addresses(sa_, env));
}

bool Ikev2Session::run(Instant now, Environment& env, const TellAddresses&) {
  if (!may_speak(sa_.state)) return false;
  sa_.mobility.asked_at = sa_.mobility.moves;
  sa_.mobility.probed.clear();
  return send_request(now, env, w::ExchangeType::informational, build_tell_addresses(sa_));
}

bool Ikev2Session::run(Instant now, Environment& env, const CheckRoute&) {
  Mobility& m = sa_.mobility;
  if (sa_.state != State::established || !m.unproved) return false;
  m.asked_at = m.moves;
  m.probed.clear();
  m.cookie = random_cookie(env.random);
  return send_request(now, env, w::ExchangeType::informational, build_check_route(sa_));
}

}  // namespace sallyport::ike::v2
