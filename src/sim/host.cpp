#include "sim/host.h"

#include <algorithm>

#include "base/check.h"
#include "sim/event_words.h"
#include "sim/world.h"
#include "wire/udp_encap.h"

namespace sallyport::sim {
namespace {

constexpr std::size_t events_kept = 4096;

policy::Pad make_pad(const std::vector<PresharedKey>& keys) {
  policy::Pad pad;
  for (const PresharedKey& key : keys)
    pad.add({.name = "ike-" + std::to_string(pad.keys().size()),
             .owners = key.owners,
             .secret = Secret::copy_of(as_bytes(key.secret)),
             .kind = key.kind});
  return pad;
}

/// Source and destination of a packet as a policy's selectors see them.
struct Ends {
  policy::IpAddress source, destination;
  std::optional<std::uint16_t> source_port, destination_port;
};

Ends ends_of(const wire::IpPacket& packet) {
  Ends ends{*policy::IpAddress::from_bytes(packet.source()), *policy::IpAddress::from_bytes(packet.destination())};
  if (const auto ports = wire::ports(packet)) {
    ends.source_port = ports->source;
    ends.destination_port = ports->destination;
  } else if (const auto icmp = wire::icmp_type_code(packet)) {
    ends.source_port = ends.destination_port = static_cast<std::uint16_t>(icmp->type << 8 | icmp->code);
  }
  return ends;
}

bool any_matches(const policy::TrafficSelectors& selectors, const policy::IpAddress& address, wire::IpProtocol protocol,
                 std::optional<std::uint16_t> port) {
  return std::ranges::any_of(selectors, [&](const policy::TrafficSelector& selector) {
    return selector.matches(address, static_cast<std::uint8_t>(protocol), port);
  });
}

}  // namespace

Host::Running::Running(Host& host, const Configuration& configuration)
    : random(host.world().random_for(host.name() + " boot " + std::to_string(host.boots_))),
      node(configuration.ike, host.cryptography_.provider, random, host),
      worker(host.cryptography_.ciphers, random, configuration.datapath) {}

Host::Host(World& world, std::string name, std::vector<policy::IpAddress> addresses, Cryptography cryptography,
           Configuration configuration)
    : Device(world, std::move(name)),
      cryptography_(cryptography),
      addresses_(std::move(addresses)),
      configuration_(std::move(configuration)),
      guard_(std::make_shared<policy::Spd>()),
      application_(world.random_for("application " + this->name()).u32(),
                   [this](Bytes packet) { own_packets_.push_back(std::move(packet)), settle_soon(); }) {
  ASSERT(!addresses_.empty());
  keep_crash_secret(this->name() + "'s disk");
}

Host::~Host() = default;

// ---- What an administrator does

void Host::start() {
  if (running_) return;
  ++boots_;
  world().trace().note(world().now(), name(), "starts");
  running_ = std::make_unique<Running>(*this, configuration_);
  running_->worker.set_policy(guard_);
  apply_configuration();
}

void Host::keep_crash_secret(std::string_view disk) {
  crash_secret_ = disk.empty() ? nullptr : std::make_shared<const Secret>(Secret::copy_of(as_bytes(disk)));
  configuration_.ike.crash_secret = crash_secret_;
}

void Host::load(Configuration configuration) {
  configuration.ike.crash_secret = crash_secret_;
  configuration_ = std::move(configuration);
  if (boots_ == 0) {
    start();
  } else if (running_) {
    apply_configuration();
  }
}

void Host::apply_configuration() {
  running_->node.load(clock(), configuration_.connections, make_pad(configuration_.keys), configuration_.pools,
                      configuration_.policies);
  settle();
}

bool Host::initiate(std::string_view connection, std::string_view child) {
  if (!running_) return false;
  world().trace().note(world().now(), name(), "initiates");
  const bool begun = running_->node.initiate(clock(), connection, child).has_value();
  settle();
  return begun;
}

std::size_t Host::terminate(std::string_view connection, std::string_view child) {
  if (!running_) return 0;
  world().trace().note(world().now(), name(), "terminates");
  const std::size_t closed = running_->node.terminate(clock(), connection, child);
  settle();
  return closed;
}

bool Host::rekey(std::string_view connection, std::string_view child) {
  if (!running_) return false;
  world().trace().note(world().now(), name(), "rekeys");
  bool begun = false;
  for (const ike::IkeSaStatus& sa : ike_sas()) {
    if (sa.connection != connection || sa.state != ike::IkeSaStatus::State::established) continue;
    if (child.empty()) begun |= running_->node.rekey(clock(), sa.id);
    for (const ike::ChildSaStatus& each : sa.children)
      if (each.name == child && each.state == ike::ChildSaStatus::State::installed)
        begun |= running_->node.rekey(clock(), each.id);
  }
  settle();
  return begun;
}

bool Host::reauthenticate(std::string_view connection) {
  if (!running_) return false;
  world().trace().note(world().now(), name(), "reauthenticates");
  bool begun = false;
  for (const ike::IkeSaStatus& sa : ike_sas())
    if (sa.connection == connection && sa.state == ike::IkeSaStatus::State::established)
      begun |= running_->node.reauthenticate(clock(), sa.id);
  settle();
  return begun;
}

void Host::shut_down() {
  if (!running_) return;
  running_->node.shut_down(clock());
  settle();
}

void Host::crash() {
  world().trace().note(world().now(), name(), "crashes");
  running_.reset();
  installed_since_release_ = false;
  own_packets_.clear();
  inner_addresses_.clear();
  armed_.reset();
}

void Host::restart() {
  crash();
  start();
}

// ---- What an observer sees

const node::Node* Host::node() const { return running_ ? &running_->node : nullptr; }
const datapath::Worker* Host::worker() const { return running_ ? &running_->worker : nullptr; }

const std::map<policy::ChildSaId, policy::ChildSaSpec>& Host::installed() const {
  static const std::map<policy::ChildSaId, policy::ChildSaSpec> none;
  return running_ ? running_->installed : none;
}

std::vector<ike::IkeSaStatus> Host::ike_sas() const {
  return running_ ? running_->node.engine().status() : std::vector<ike::IkeSaStatus>();
}

std::size_t Host::established_ike_sas() const {
  const auto all = ike_sas();
  return static_cast<std::size_t>(
      std::ranges::count(all, ike::IkeSaStatus::State::established, &ike::IkeSaStatus::state));
}

std::optional<Instant> Host::last_inbound(policy::ChildSaId id) const {
  const auto status = running_ ? running_->worker.status(id) : std::nullopt;
  return status ? status->last_inbound : std::nullopt;
}

std::optional<policy::IpAddress> Host::source_address(const policy::IpAddress& remote) const {
  const auto found = std::ranges::find(addresses_, remote.family(), &policy::IpAddress::family);
  if (found == addresses_.end()) return std::nullopt;
  return *found;
}

std::vector<policy::IpAddress> Host::addresses() const { return addresses_; }

void Host::change_addresses(std::vector<policy::IpAddress> addresses) {
  ASSERT(!addresses.empty());
  world().trace().note(world().now(), name(), "changes its addresses");
  addresses_ = std::move(addresses);
  if (!running_) return;
  running_->node.on_addresses_changed(clock());
  settle();
}

void Host::set_clock_drift(std::int32_t per_million) {
  clock_then_ = clock();
  drift_since_ = world().now();
  drift_ = per_million;
  armed_.reset();
  arm();
}

Instant Host::clock() const {
  const Duration passed = world().now() - drift_since_;
  return clock_then_ + passed + passed * drift_ / 1'000'000;
}

/// Rounded up, so that the clock shows it by then.
Instant Host::moment_of(Instant own) const {
  const Duration wait = own - clock();
  if (drift_ == 0) return world().now() + wait;
  return world().now() + wait - wait * drift_ / (1'000'000 + drift_) + Duration(2);
}

bool Host::owns(const policy::IpAddress& address) const {
  return std::ranges::find(addresses_, address) != addresses_.end();
}

const policy::SpdEntry* Host::guard_entry(const wire::IpPacket& packet, bool outbound) const {
  const Ends ends = ends_of(packet);
  for (const policy::SpdEntry& entry : guard_->entries) {
    const auto& source_ts = outbound ? entry.local_ts : entry.remote_ts;
    const auto& destination_ts = outbound ? entry.remote_ts : entry.local_ts;
    if (any_matches(source_ts, ends.source, packet.protocol(), ends.source_port) &&
        any_matches(destination_ts, ends.destination, packet.protocol(), ends.destination_port))
      return &entry;
  }
  return nullptr;
}

// ---- Inputs

void Host::on_packet(PortNumber, Bytes packet) {
  const auto ip = parse_ip(packet);
  if (!ip) return;
  const auto udp = parse_udp(packet);
  const bool ours = owns(ip->fields.destination);
  if (ours && udp && (udp->destination.port == ike::kIkePort || udp->destination.port == ike::kNatTraversalPort)) {
    on_udp(*udp);
  } else if (ours && ip->fields.protocol == wire::IpProtocol::esp) {
    on_esp(ip->fields, ip->payload, 0, 0);
  } else if (ours && ip->fields.protocol == wire::IpProtocol::ah) {
    on_ah(ip->fields, std::move(packet));
  } else {
    on_clear_packet(*ip, packet);
  }
  settle();
}

void Host::on_udp(const UdpView& udp) {
  if (!running_) return;
  ByteView message = udp.payload;
  if (udp.destination.port == ike::kNatTraversalPort) {
    const wire::UdpEncap encap = wire::classify_udp_encap(udp.payload);
    if (encap.kind == wire::UdpEncapKind::keepalive) ++counters_.keepalives;
    if (encap.kind == wire::UdpEncapKind::esp) on_esp(udp.fields, encap.content, udp.destination.port, udp.source.port);
    if (encap.kind != wire::UdpEncapKind::ike) return;
    message = encap.content;
  }
  running_->node.on_ike_datagram(clock(), {.local = udp.destination, .remote = udp.source, .message = message});
}

void Host::on_esp(const IpFields& outer, ByteView esp, std::uint16_t local_port, std::uint16_t remote_port) {
  if (!running_) return;
  Bytes in_place = to_bytes(esp);
  const datapath::Datagram datagram{.bytes = in_place,
                                    .local = {outer.destination, local_port},
                                    .remote = {outer.source, remote_port},
                                    .udp_encap = local_port != 0,
                                    .traffic_class = outer.traffic_class,
                                    .hop_limit = outer.hop_limit};
  running_->worker.inbound(clock(), {&datagram, 1}, running_->verdicts);
  carry_out_verdicts();
}

void Host::on_ah(const IpFields& outer, Bytes packet) {
  if (!running_) return;
  const datapath::Datagram datagram{.bytes = packet,
                                    .local = {outer.destination, 0},
                                    .remote = {outer.source, 0},
                                    .is_ah = true,
                                    .traffic_class = outer.traffic_class,
                                    .hop_limit = outer.hop_limit};
  running_->worker.inbound(clock(), {&datagram, 1}, running_->verdicts);
  carry_out_verdicts();
}

void Host::on_clear_packet(const IpView& ip, ByteView packet) {
  const policy::SpdEntry* entry = guard_entry(*wire::IpPacket::parse(packet), false);
  if (entry && entry->action != policy::SpdAction::bypass) {
    ++counters_.blocked_in;
  } else if (owns(ip.fields.destination)) {
    application_.on_packet(world().now(), packet, true);
  }
}

void Host::on_own_packet(Bytes packet) {
  const policy::SpdEntry* entry = guard_entry(*wire::IpPacket::parse(packet), true);
  if (!entry || entry->action == policy::SpdAction::bypass) {
    send(0, std::move(packet));
  } else if (!running_) {
    ++counters_.blocked_out;
  } else {
    const datapath::Packet from_tun{.bytes = packet};
    running_->worker.outbound(clock(), {&from_tun, 1}, running_->verdicts);
    carry_out_verdicts();
  }
}

void Host::on_timer() {
  const Instant now = clock();
  if (const auto due = running_->node.next_timeout(); due && *due <= now) running_->node.on_timeout(now);
  if (const auto due = running_->worker.next_timeout(); due && *due <= now) {
    running_->worker.release_held(now, running_->verdicts);
    carry_out_verdicts();
  }
}

// ---- Outputs

void Host::settle() {
  for (;;) {
    if (auto effect = running_ ? running_->node.poll_effect() : std::nullopt) {
      carry_out(std::move(*effect));
    } else if (installed_since_release_) {
      // Only now: an IKE_AUTH response that is among the effects has to arrive before the ESP that it makes possible.
      installed_since_release_ = false;
      running_->worker.release_held(clock(), running_->verdicts);
      carry_out_verdicts();
    } else if (!own_packets_.empty()) {
      Bytes packet = std::move(own_packets_.front());
      own_packets_.pop_front();
      on_own_packet(std::move(packet));
    } else {
      break;
    }
  }
  arm();
}

void Host::settle_soon() {
  world().after(Duration(0), [this] { settle(); });
}

void Host::arm() {
  if (!running_) return;
  const auto node_due = running_->node.next_timeout(), worker_due = running_->worker.next_timeout();
  if (!node_due && !worker_due) return;
  const Instant due =
      moment_of(std::max(std::min(node_due.value_or(Instant::max()), worker_due.value_or(Instant::max())), clock()));
  if (armed_ && *armed_ <= due) return;  // that event will look again
  armed_ = due;
  world().at(due, [this, due] {
    if (armed_ != due) return;  // another one was armed since, for earlier
    armed_.reset();
    if (!running_) return;
    on_timer();
    settle();
  });
}

void Host::carry_out_verdicts() {
  const datapath::Verdicts& verdicts = running_->verdicts;
  const Instant now = clock();
  for (const datapath::Send& esp : verdicts.sends) send_esp(esp);
  for (const datapath::Deliver& clear : verdicts.deliveries)
    application_.on_packet(world().now(), clear.to_bytes(), false);
  for (const datapath::NeedSa& need : verdicts.need_sa)
    running_->node.on_need_sa(now, need.policy, need.source, need.destination);
  for (const datapath::PeerMoved& moved : verdicts.peers_moved)
    running_->node.on_peer_moved(now, moved.sa, moved.remote);
  if (const auto& stray = verdicts.unknown_spi)
    running_->node.on_stray_packet(now, stray->local, stray->remote, stray->spi);
  for (const datapath::SequenceRunsOut& end : verdicts.sequence_runs_out)
    if (end.exhausted)
      running_->node.on_child_exhausted(now, end.sa);
    else
      running_->node.on_child_runs_low(now, end.sa);
}

bool Host::redirect(std::string_view connection, std::string_view gateway) {
  if (!running_) return false;
  const Instant now = world().now();
  bool begun = false;
  for (const ike::IkeSaStatus& sa : ike_sas())
    if (sa.connection == connection) begun |= running_->node.redirect(now, sa.id, *policy::GatewayId::parse(gateway));
  settle();
  return begun;
}

void Host::set_name(const std::string& name, std::vector<policy::IpAddress> addresses) {
  names_[name] = std::move(addresses);
}

/// Its name server is somewhere that the world does not show.
void Host::resolve(const std::string& name) {
  ++lookups_;
  world().after(std::chrono::milliseconds(30), [this, name, boot = boots_] {
    if (!running_ || boot != boots_) return;
    const auto found = names_.find(name);
    node::NameAnswer answer;
    if (found != names_.end()) answer.addresses = found->second;
    if (answer.addresses.empty()) answer.error = "no such name";
    running_->node.on_resolved(world().now(), name, std::move(answer));
    settle();
  });
}

void Host::send_esp(const datapath::Send& esp) {
  if (!esp.is_ah && !owns(esp.local.address)) return;  // as the system would
  if (esp.is_ah) {                                     // a whole IP packet already
    (void)send(0, to_bytes(esp.bytes));
    return;
  }
  const IpFields fields{.source = esp.local.address,
                        .destination = esp.remote.address,
                        .protocol = esp.extension_headers.empty() ? wire::IpProtocol{esp.protocol()}
                                                                  : wire::IpProtocol{esp.first_extension_header},
                        .traffic_class = esp.traffic_class,
                        .hop_limit = esp.hop_limit,
                        .dont_fragment = esp.dont_fragment};
  for (std::size_t i = 0; i < esp.packet_count(); ++i) {
    if (esp.udp_encap) {
      send(0, build_udp(esp.local, esp.remote, esp.packet(i), fields));
    } else {
      Bytes payload = to_bytes(esp.extension_headers);
      append(payload, esp.packet(i));
      send(0, build_ip(fields, payload));
    }
  }
}

void Host::send_from_port(const policy::Endpoint& local, const policy::Endpoint& remote, ByteView payload) {
  // A socket bound to an address that the host no longer has: the system refuses.
  if (owns(local.address)) send(0, build_udp(local, remote, payload));
}

void Host::carry_out(node::Effect effect) {
  struct Carrier {
    Host& host;
    Running& running;

    void operator()(const ike::SendDatagram& send) {
      Bytes payload;
      if (send.local.port == ike::kNatTraversalPort) append(payload, wire::non_esp_marker);
      append(payload, send.message);
      host.send_from_port(send.local, send.remote, payload);
    }
    void operator()(const ike::SendKeepalive& send) {
      host.send_from_port(send.local, send.remote, wire::nat_keepalive);
    }
    void operator()(const ike::OfferSpi& offer) { running.worker.offer(offer.protocol, offer.spi, offer.peer); }
    void operator()(const ike::WithdrawSpi& offer) { running.worker.withdraw(offer.protocol, offer.spi); }
    void operator()(const node::ResolveName& question) { host.resolve(question.name); }
    void operator()(ike::InstallChildSa& install) {
      using OutboundUse = datapath::Worker::OutboundUse;
      const auto use =
          install.spec.initiated && !install.spec.settling ? OutboundUse::at_once : OutboundUse::when_heard;
      if (!running.worker.install(install.spec, use)) {
        ++host.counters_.install_refused;
        running.node.terminate(host.clock(), install.spec.id);
        return;
      }
      running.installed.insert_or_assign(install.spec.id, std::move(install.spec));
      host.installed_since_release_ = true;
    }
    void operator()(const ike::RemoveChildSa& remove) {
      running.worker.remove(remove.id);
      running.installed.erase(remove.id);
    }
    void operator()(const ike::UseChildSa& use) { running.worker.use(use.id); }
    void operator()(const ike::MoveChildSa& move) {
      const auto found = running.installed.find(move.id);
      if (found == running.installed.end()) return;
      found->second.local = move.local;
      found->second.remote = move.remote;
      found->second.udp_encap = move.udp_encap;
      running.worker.update_endpoints(move.id, move.local, move.remote, move.udp_encap);
    }
    void operator()(const ike::AddAddress& add) { host.inner_addresses_.push_back(add.address); }
    void operator()(const ike::RemoveAddress& remove) { std::erase(host.inner_addresses_, remove.address); }
    void operator()(ike::Notice& notice) { host.on_event(std::move(notice.event)); }
    void operator()(ike::LogKeys& keys) { host.logged_keys_.push_back(std::move(keys)); }
    void operator()(const node::SetPolicy& set) {
      host.guard_ = set.spd;
      running.worker.set_policy(set.spd);
    }
  };
  std::visit(Carrier{*this, *running_}, effect);
}

void Host::on_event(event::Event event) {
  Trace& trace = world().trace();
  trace.note(world().now(), name(), event_name(event));
  if (trace.is_keeping()) trace.remark(world().now(), name(), event_words(event));
  if (const auto* failed = std::get_if<event::NegotiationFailed>(&event)) give_up_acquire(failed->failure);
  if (events_.size() == events_kept) events_.pop_front();
  events_.push_back(std::move(event));
}

void Host::give_up_acquire(const event::Failure& failure) {
  for (const policy::SpdEntry& entry : guard_->entries)
    if (entry.on_demand && entry.connection == failure.connection &&
        (failure.child.empty() || entry.child == failure.child))
      running_->worker.acquire_failed(entry.id);
}

}  // namespace sallyport::sim
