#include "ike/v2/mobike.h"

#include <algorithm>

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using policy::IpAddress;
using w::NotifyType;

bool holds(const std::vector<IpAddress>& list, const IpAddress& address) {
  return std::ranges::find(list, address) != list.end();
}

bool is_allowed(const std::vector<policy::AddressRange>& ranges, const IpAddress& address) {
  return ranges.empty() || std::ranges::any_of(ranges, [&](const auto& range) { return range.contains(address); });
}

/// An address of a network that a child protects is reached through the tunnel, not beside it. Who protects all there
/// is has to come from somewhere all the same.
bool is_behind_us(const policy::Connection& connection, const IpAddress& address) {
  const auto covers = [&](const policy::SelectorTemplate& each) {
    return !each.dynamic && each.fixed.addresses != policy::AddressRange::all(each.fixed.addresses.family()) &&
           each.fixed.addresses.contains(address);
  };
  return std::ranges::any_of(connection.children,
                             [&](const policy::Child& child) { return std::ranges::any_of(child.local_ts, covers); });
}

void add_addresses(w::PayloadChain& payloads, const std::vector<IpAddress>& addresses) {
  for (const IpAddress& address : addresses)
    payloads.add(w::NotifyPayload{
        .type = address.is_v6() ? NotifyType::additional_ip6_address : NotifyType::additional_ip4_address,
        .data = to_bytes(address.bytes())});
}

/// nullopt: nothing is said of addresses. One that is none is passed over; of many, some are taken.
std::optional<std::vector<IpAddress>> read_addresses(const w::PayloadChain& payloads) {
  std::optional<std::vector<IpAddress>> addresses;
  for (const auto* notify : payloads.all<w::NotifyPayload>()) {
    const bool v4 = notify->type == NotifyType::additional_ip4_address;
    const bool v6 = notify->type == NotifyType::additional_ip6_address;
    if (!v4 && !v6 && notify->type != NotifyType::no_additional_addresses) continue;
    if (!addresses) addresses.emplace();
    const auto address = IpAddress::from_bytes(notify->data);
    if (address && address->is_v6() == v6 && (v4 || v6) && !address->is_unspecified() && !holds(*addresses, *address) &&
        addresses->size() < Mobility::kMostAddresses)
      addresses->push_back(*address);
  }
  return addresses;
}

/// §4.2.6: source and destination, then their ports.
Bytes no_nats_data(const policy::Endpoint& source, const policy::Endpoint& destination) {
  Bytes data = to_bytes(source.address.bytes());
  append(data, destination.address.bytes());
  data.resize(data.size() + 4);
  store_be16(data.data() + data.size() - 4, source.port);
  store_be16(data.data() + data.size() - 2, destination.port);
  return data;
}

/// Where addresses may be changed on the way, the peer learns of it; where not, it refuses them.
void add_nat_question(w::PayloadChain& payloads, const IkeSa& sa, Environment& env) {
  if (sa.mobility.may_be_natted)
    add_nat_detection(payloads, env.crypto, sa.spi_i, sa.spi_r, sa.local, sa.remote, sa.connection->encap);
  else
    payloads.add(w::NotifyPayload{.type = NotifyType::no_nats_allowed, .data = no_nats_data(sa.local, sa.remote)});
}

NatFindings find_nat(const IkeSa& sa, const Inbound& in, Environment& env) {
  NatFindings nat = detect_nat(in.payloads, env.crypto, sa.spi_i, sa.spi_r, in.datagram.local, in.datagram.remote);
  nat.local |= sa.connection->encap;
  return nat;
}

void echo_cookie(const w::PayloadChain& request, w::PayloadChain& reply) {
  if (const auto* cookie = request.find_notify(NotifyType::cookie2)) reply.add(*cookie);
}

}  // namespace

bool is_mobile(const policy::Connection& connection) {
  return connection.mobike && std::ranges::none_of(connection.children, [](const policy::Child& child) {
           return child.mode == policy::Mode::transport;
         });
}

std::vector<IpAddress> further_addresses(const policy::Connection& connection, const IpAddress& used,
                                         const HostView& host) {
  std::vector<IpAddress> further;
  for (const IpAddress& address : host.addresses())
    if (address != used && is_allowed(connection.local_addrs, address) && !is_behind_us(connection, address) &&
        !holds(further, address) && further.size() < Mobility::kMostAddresses)
      further.push_back(address);
  std::ranges::sort(further);
  return further;
}

std::vector<Path> possible_paths(const IkeSa& sa, const HostView& host) {
  const policy::Connection& connection = *sa.connection;
  std::vector<Path> paths;
  const auto add = [&](const IpAddress& local, const IpAddress& remote) {
    // A port that is not the usual one belongs to a NAT, or was configured for that address.
    const std::uint16_t usual = sa.local.port == kIkePort ? kIkePort : kNatTraversalPort;
    const std::uint16_t port = remote == sa.remote.address ? sa.remote.port : usual;
    const Path path{{local, sa.local.port}, {remote, port}};
    if (paths.size() < Mobility::kMostPaths && std::ranges::find(paths, path) == paths.end() &&
        std::ranges::find(sa.mobility.refused, path) == sa.mobility.refused.end())
      paths.push_back(path);
  };
  std::vector<IpAddress> remotes = {sa.remote.address};
  for (const IpAddress& address : sa.mobility.theirs)
    if (!holds(remotes, address)) remotes.push_back(address);
  for (const IpAddress& remote : remotes)
    if (const auto source = host.source_address(remote); source && is_allowed(connection.local_addrs, *source))
      add(*source, remote);
  for (const IpAddress& remote : remotes)
    for (const IpAddress& local : host.addresses())
      if (local.family() == remote.family() && is_allowed(connection.local_addrs, local) &&
          !is_behind_us(connection, local))
        add(local, remote);
  return paths;
}

void add_mobike_supported(w::PayloadChain& payloads, const IkeSa& sa, const policy::Connection& connection,
                          const HostView& host) {
  payloads.add(w::NotifyPayload{.type = NotifyType::mobike_supported});
  add_addresses(payloads, further_addresses(connection, sa.local.address, host));
  if (sa.initiator() && !sa.mobility.may_be_natted)
    payloads.add(w::NotifyPayload{.type = NotifyType::no_nats_allowed, .data = no_nats_data(sa.local, sa.remote)});
}

std::optional<std::vector<IpAddress>> read_mobike_supported(const w::PayloadChain& payloads) {
  if (!payloads.find_notify(NotifyType::mobike_supported)) return std::nullopt;
  return read_addresses(payloads).value_or(std::vector<IpAddress>());
}

w::PayloadChain build_update_addresses(const IkeSa& sa, Environment& env) {
  w::PayloadChain payloads;
  payloads.add(w::NotifyPayload{.type = NotifyType::update_sa_addresses});
  add_nat_question(payloads, sa, env);
  add_addresses(payloads, sa.mobility.ours);
  if (sa.mobility.ours.empty()) payloads.add(w::NotifyPayload{.type = NotifyType::no_additional_addresses});
  if (!sa.mobility.cookie.empty())
    payloads.add(w::NotifyPayload{.type = NotifyType::cookie2, .data = sa.mobility.cookie});
  return payloads;
}

w::PayloadChain build_tell_addresses(const IkeSa& sa) {
  w::PayloadChain payloads;
  add_addresses(payloads, sa.mobility.ours);
  if (sa.mobility.ours.empty()) payloads.add(w::NotifyPayload{.type = NotifyType::no_additional_addresses});
  if (!sa.mobility.may_be_natted)
    payloads.add(w::NotifyPayload{.type = NotifyType::no_nats_allowed, .data = no_nats_data(sa.local, sa.remote)});
  return payloads;
}

w::PayloadChain build_check_route(const IkeSa& sa) {
  w::PayloadChain payloads;
  payloads.add(w::NotifyPayload{.type = NotifyType::cookie2, .data = sa.mobility.cookie});
  return payloads;
}

w::PayloadChain build_liveness_check(const IkeSa& sa, Environment& env) {
  w::PayloadChain payloads;
  if (sa.mobility.agreed && sa.mobility.leads && sa.mobility.may_be_natted)
    add_nat_detection(payloads, env.crypto, sa.spi_i, sa.spi_r, sa.local, sa.remote, sa.connection->encap);
  return payloads;
}

bool is_without_nat(const Inbound& in) {
  const auto* notify = in.payloads.find_notify(NotifyType::no_nats_allowed);
  return !notify || equal(notify->data, no_nats_data(in.datagram.remote, in.datagram.local));
}

void answer_mobike(const IkeSa& sa, const Inbound& in, Environment& env, Step& step) {
  if (!sa.mobility.agreed) return;
  const bool update = !sa.mobility.leads && in.payloads.find_notify(NotifyType::update_sa_addresses);
  auto theirs = read_addresses(in.payloads);
  w::PayloadChain& reply = *step.reply;
  if ((update || theirs) && !is_without_nat(in)) {
    reply.add(w::NotifyPayload{.type = NotifyType::unexpected_nat_detected});
    return echo_cookie(in.payloads, reply);
  }
  if (update && !matches_addresses(*sa.connection, in.datagram.local.address, in.datagram.remote.address)) {
    reply.add(w::NotifyPayload{.type = NotifyType::unacceptable_addresses});
    return echo_cookie(in.payloads, reply);
  }
  if (update || theirs) step.moved.emplace();
  if (update) step.moved->to = Path{in.datagram.local, in.datagram.remote};
  if (theirs) {
    // Where it speaks from is one of them, too.
    if (!holds(*theirs, in.datagram.remote.address)) theirs->insert(theirs->begin(), in.datagram.remote.address);
    step.moved->theirs = std::move(theirs);
  }
  if (knows_nat_traversal(in.payloads)) {
    if (update) step.moved->nat = find_nat(sa, in, env);
    add_nat_detection(reply, env.crypto, sa.spi_i, sa.spi_r, in.datagram.local, in.datagram.remote,
                      sa.connection->encap);
  }
  echo_cookie(in.payloads, reply);
}

std::optional<Moved> read_mobike_answer(const IkeSa& sa, const Inbound& in, Environment& env) {
  Moved moved;
  if (!sa.mobility.agreed || !sa.current) return moved;
  const auto* cookie = in.payloads.find_notify(NotifyType::cookie2);
  if (!sa.mobility.cookie.empty() && (!cookie || !equal_constant_time(cookie->data, sa.mobility.cookie)))
    return std::nullopt;
  if (std::holds_alternative<CheckRoute>(*sa.current)) moved.answer = Moved::Answer::proved;
  if (std::holds_alternative<UpdateAddresses>(*sa.current)) {
    moved.answer = Moved::Answer::updated;
    if (in.payloads.find_notify(NotifyType::unacceptable_addresses)) moved.answer = Moved::Answer::refused;
    if (in.payloads.find_notify(NotifyType::unexpected_nat_detected)) moved.answer = Moved::Answer::natted;
  }
  if (!knows_nat_traversal(in.payloads)) return moved;
  moved.seen_as = in.payloads.find_notify(NotifyType::nat_detection_destination_ip)->data;
  if (moved.answer == Moved::Answer::updated) moved.nat = find_nat(sa, in, env);
  const bool natted = sa.nat_local || find_nat(sa, in, env).local;
  moved.mapping_changed =
      std::holds_alternative<CheckLiveness>(*sa.current) && natted && moved.seen_as != sa.mobility.seen_as;
  return moved;
}

}  // namespace sallyport::ike::v2
