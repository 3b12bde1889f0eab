#include "daemon/daemon.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <system_error>
#include <thread>
#include <utility>

#include "crypto/openssl/provider_openssl.h"
#include "crypto/packet/packet_ciphers.h"
#include "daemon/commands/control_server.h"
#include "daemon/key_ring.h"
#include "daemon/keylog.h"
#include "daemon/log.h"
#include "daemon/machine.h"
#include "linux/address_watch.h"
#include "linux/clock.h"
#include "linux/files.h"
#include "linux/guard.h"
#include "linux/icmp_socket.h"
#include "linux/ike_sockets.h"
#include "linux/kernel_random.h"
#include "linux/resolver.h"
#include "linux/reverse_path.h"
#include "linux/signals.h"
#include "linux/steering.h"
#include "linux/task_queue.h"

namespace sallyport::daemon {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

/// How long a stopping daemon waits for its peers to hear of it.
/// Below, the kernel takes IPv6 away from a device (RFC 8200 §5).
constexpr std::uint16_t kLeastDeviceMtu = 1280;
constexpr Duration kGoodbye = std::chrono::seconds(2);
/// Where the configuration does not say how many.
constexpr std::uint32_t kMostWorkers = 16;
/// Addresses and routes change several at a time: so long is waited for the rest.
constexpr Duration kSettling = std::chrono::milliseconds(300);
constexpr std::size_t kCrashSecretSize = 32;

std::uint32_t worker_count(const config::DatapathConfig& config) {
  return config.workers != 0 ? config.workers : std::clamp(std::thread::hardware_concurrency(), 1u, kMostWorkers);
}

ike::Settings ike_settings(const config::DaemonConfig& config, std::uint32_t workers) {
  ike::Settings settings;
  settings.retransmit_timeout = config.retransmit_timeout;
  settings.retransmit_base = config.retransmit_base;
  settings.retransmit_tries = config.retransmit_tries;
  settings.retransmit_jitter = config.retransmit_jitter;
  settings.keep_alive = config.keep_alive;
  settings.half_open_timeout = config.half_open_timeout;
  settings.cookie_threshold = config.cookie_threshold;
  settings.cookie_threshold_ip = config.cookie_threshold_ip;
  settings.block_threshold = config.block_threshold;
  settings.puzzle_threshold = config.puzzle_threshold;
  settings.puzzle_difficulty = config.puzzle_difficulty;
  settings.puzzle_limit = config.puzzle_limit;
  settings.half_open_limit = config.half_open_limit;
  settings.window = config.window;
  settings.fragment_size = config.fragment_size;
  settings.max_packet = config.max_packet;
  settings.spi_shares = workers;
  settings.log_keys = true;  // to the key log, or to a capture; else they are dropped
  return settings;
}

/// What proves to peers after a restart that this daemon has lost what they still have (RFC 6290). Where it cannot be
/// kept, none is made: tokens of another one would prove nothing.
std::shared_ptr<const Secret> crash_secret(const std::string& state_dir, RandomSource& random) {
  auto secret = linux::kept_secret(state_dir + "/crash-secret", kCrashSecretSize, random);
  if (secret) return std::make_shared<const Secret>(std::move(*secret));
  log::warning(
      fmt::format("{}: after a crash, peers will notice by their own liveness checks alone", secret.error().text));
  return nullptr;
}

Workers::Options worker_options(const linux::TunDevice& tun, const config::DatapathConfig& config,
                                const linux::Footprint& footprint) {
  datapath::Settings settings;
  settings.clamp_mss = config.tcp_mss;
  settings.answer_refused = config.answer_refused;
  settings.join = {.tcp = tun.offload().tcp, .udp = tun.offload().udp};
  return {.settings = settings,
          .count = worker_count(config),
          .make_ciphers = crypto::make_packet_ciphers,
          .own_mark = footprint.own_mark};
}

/// The UDP ports of IKE. On those that it shares with ESP each worker has a socket of its own.
struct UdpSockets {
  std::vector<linux::PacketSocket> ike;
  std::vector<std::vector<linux::PacketSocket>> of_worker;
};

linux::SystemResult<UdpSockets> open_sockets(const linux::Footprint& footprint, std::uint32_t workers) {
  UdpSockets sockets;
  sockets.of_worker.resize(workers);
  for (const auto family : {policy::Family::ipv4, policy::Family::ipv6})
    for (const std::uint16_t port : footprint.ike_ports) {
      const bool shared = port != linux::PacketSocket::kPlainIkePort;
      auto opened = linux::PacketSocket::open_shared_udp(family, port, footprint.own_mark, shared ? workers : 0);
      // A kernel without IPv6 is no reason not to serve IPv4.
      if (!opened && family == policy::Family::ipv6 && opened.error().number == EAFNOSUPPORT) continue;
      auto group = TRY(std::move(opened));
      sockets.ike.push_back(std::move(group.front()));
      for (std::uint32_t i = 0; shared && i < workers; ++i) sockets.of_worker[i].push_back(std::move(group[i + 1]));
    }
  return sockets;
}

/// Who brings an SA up on demand is no business of the kernel's.
std::vector<policy::SpdEntry> told_to_kernel(const policy::Spd& spd) {
  std::vector<policy::SpdEntry> entries = spd.entries;
  for (policy::SpdEntry& entry : entries) entry.on_demand = false;
  return entries;
}

void log_refusal(const linux::SystemResult<void>& done) {
  if (!done) log::error(done.error().text);
}

}  // namespace

/// Everything that lives as long as the daemon does. The order is that of who relies on whom.
struct Daemon::Parts {
  Parts(const Options& options_in, const config::Config& config, linux::TunDevice tun_in,
        std::unique_ptr<linux::EventLoop> loop_in, linux::NetlinkSocket netlink, linux::Footprint footprint_in,
        linux::Steering steering_in)
      : options(options_in),
        settings(ike_settings(config.daemon, worker_count(config.datapath))),
        keylog(config.daemon.keylog),
        footprint(std::move(footprint_in)),
        reverse_path(footprint),
        loop(std::move(loop_in)),
        crypto(crypto::make_openssl_provider()),
        tun(std::move(tun_in)),
        steering(std::move(steering_in)),
        workers(worker_options(tun, config.datapath, footprint)),
        machine(std::move(netlink), footprint, tun.index(), workers),
        node(settings, *crypto, random, machine) {}

  linux::SystemResult<void> set_policy(policy::SpdPtr next);
  std::map<policy::PolicyId, linux::PolicyTraffic> policy_traffic() const;
  void open_ah_sockets();
  void carry_out(node::Effect& effect);
  void install(policy::ChildSaSpec& spec);
  std::optional<std::uint16_t> path_mtu_to(const policy::IpAddress& remote) const;
  void on_refused(policy::ChildSaId id, ErrorCode why);
  void move(const ike::MoveChildSa& child);
  void remove(policy::ChildSaId id);
  linux::SystemResult<void> listen_for_path_errors();
  void follow_path_mtu();
  void note(event::Event event);
  void begin_reading();
  void end_reload(ReadConfiguration read);
  void begin_stop();
  void on_signal();

  Options options;
  ike::Settings settings;
  KeyLog keylog;
  KeyRing keys;
  linux::Footprint footprint;
  linux::ReversePathFilter reverse_path;
  WallTime started = linux::wall_clock_now();

  std::unique_ptr<linux::EventLoop> loop;
  std::unique_ptr<linux::TaskQueue> tasks;
  linux::KernelRandom random;
  std::unique_ptr<crypto::Provider> crypto;
  linux::TunDevice tun;
  linux::Steering steering;
  Workers workers;
  Machine machine;
  node::Node node;
  policy::SpdPtr spd = std::make_shared<const policy::Spd>();
  std::optional<std::vector<policy::SpdEntry>> entries_in_kernel;   // nullopt: not as they ought to be, or never set
  std::map<policy::PolicyId, linux::PolicyTraffic> counted_before;  // by guards that another has replaced
  std::optional<linux::SystemError> policy_error;                   // the last SetPolicy could not be carried out
  Journal journal;
  Configuration configuration;

  std::unique_ptr<linux::IkeSockets> ike;
  linux::PacketTap* tap = nullptr;
  std::deque<linux::IcmpSocket> icmp;  // watches point to them
  std::vector<linux::EventLoop::Watch> icmp_watches;
  std::uint16_t device_mtu = 0;
  std::unique_ptr<linux::Resolver> resolver;
  std::optional<linux::SignalSource> signals;
  linux::EventLoop::Watch signal_watch;
  std::unique_ptr<ControlServer> control;
  std::optional<Instant> stop_at;
  std::optional<linux::AddressWatch> addresses;
  linux::EventLoop::Watch address_watch;
  std::optional<Instant> readdress_at;  // addresses have changed, and may go on doing so
  struct WantedReload {
    bool dry_run;
    std::function<void(const Reload&)> done;
  };
  std::deque<WantedReload> wanted_reloads;  // the first is being read
  std::jthread reading;
  Daemon* daemon = nullptr;
};

// ---- Start and stop ----

linux::SystemResult<std::unique_ptr<Daemon>> Daemon::start(const Options& options, ReadConfiguration read) {
  const config::Config& config = read.loaded.config;
  log::set_level(config.daemon.log);
  auto signals = TRY(linux::SignalSource::create({SIGTERM, SIGINT, SIGHUP}));
  auto loop = TRY(linux::EventLoop::create());
  linux::Footprint footprint;
  footprint.device = config.datapath.device;
  const std::uint32_t workers = worker_count(config.datapath);
  auto sockets = TRY(open_sockets(footprint, workers));
  auto tun = TRY(linux::TunDevice::create({.name = footprint.device, .several_queues = workers > 1}));
  linux::relax_reverse_path(footprint.device);
  auto netlink = TRY(linux::NetlinkSocket::open());
  auto steering = TRY(linux::Steering::open(footprint, tun.index()));

  auto parts = std::make_unique<Parts>(options, config, std::move(tun), std::move(loop), std::move(netlink),
                                       std::move(footprint), std::move(steering));
  Parts& p = *parts;
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(parts)));
  p.daemon = daemon.get();
  p.settings.crash_secret = crash_secret(options.state_dir, p.random);

  node::Node& node = p.node;
  const auto on_ike = [&node](Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                              ByteView message) { node.on_ike_datagram(now, {local, remote, message}); };
  p.ike = TRY(linux::IkeSockets::start(
      *p.loop, std::move(sockets.ike),
      {.on_ike = on_ike, .on_esp = [&p](const datapath::Datagram& esp) { p.workers.take(esp); }}));
  p.tasks = TRY(linux::TaskQueue::create(*p.loop));
  TRY(p.workers.start(
      *p.tasks, p.tun, std::move(sockets.of_worker),
      {.on_ike = [&p](Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                      ByteView message) { p.ike->take(now, local, remote, message); },
       .on_need_sa =
           [&node](Instant now, const datapath::NeedSa& need) {
             node.on_need_sa(now, need.policy, need.source, need.destination);
           },
       .on_peer_moved = [&node](Instant now,
                                const datapath::PeerMoved& moved) { node.on_peer_moved(now, moved.sa, moved.remote); },
       .on_sequence_runs_out =
           [&node](Instant now, const datapath::SequenceRunsOut& sa) {
             if (sa.exhausted)
               node.on_child_exhausted(now, sa.sa);
             else
               node.on_child_runs_low(now, sa.sa);
           },
       .on_unknown_spi =
           [&node](Instant now, const datapath::UnknownSpi& stray) {
             node.on_stray_packet(now, stray.local, stray.remote, stray.spi);
           },
       .on_narrow_path =
           [&p](policy::ChildSaId sa, const policy::IpAddress& remote) {
             if (const auto mtu = p.path_mtu_to(remote)) p.workers.set_path_mtu(sa, *mtu);
           },
       .on_refused = [&p](policy::ChildSaId sa, ErrorCode why) { p.on_refused(sa, why); }}));
  TRY(p.listen_for_path_errors());
  p.loop->add_timers([&node] { return node.next_timeout(); }, [&node](Instant now) { node.on_timeout(now); });
  p.loop->add_timers([&p] { return p.stop_at; }, [&p](Instant) { p.loop->stop(); });
  p.loop->before_sleep([d = daemon.get()] { d->settle(); });
  p.resolver = TRY(linux::Resolver::start(*p.loop, [&node](const std::string& name, linux::Resolved resolved) {
    node.on_resolved(linux::monotonic_now(), name, {std::move(resolved.addresses), std::move(resolved.error)});
  }));
  p.signals.emplace(std::move(signals));
  p.signal_watch = TRY(p.loop->watch(p.signals->fd(), {.readable = true}, [&p](linux::Readiness) { p.on_signal(); }));
  p.addresses.emplace(TRY(linux::AddressWatch::open(p.footprint, p.tun.index())));
  p.address_watch = TRY(p.loop->watch(p.addresses->fd(), {.readable = true}, [&p](linux::Readiness) {
    if (p.addresses->has_changed() && !p.readdress_at) p.readdress_at = linux::monotonic_now() + kSettling;
  }));
  p.loop->add_timers([&p] { return p.readdress_at; },
                     [&p](Instant now) {
                       if (!p.readdress_at || *p.readdress_at > now) return;
                       p.readdress_at.reset();
                       p.machine.forget_addresses();
                       p.node.on_addresses_changed(now);
                     });
  p.control = TRY(ControlServer::listen(*daemon, options.control));

  p.configuration.set_files(std::move(read.loaded.config), std::move(read.connections));
  daemon->apply_configuration();
  // A daemon that cannot block what must be protected does not pretend to protect it.
  if (p.policy_error) return std::unexpected(*p.policy_error);
  log::info(fmt::format("sallyportd is up: device {}, {} connection(s), control socket {}", p.tun.name(),
                        p.node.connections().size(), options.control));
  return daemon;
}

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Daemon::~Daemon() {
  // Who stands here was stopped in peace, or never came up: what was ours goes, the block included.
  if (auto cleared = parts_->steering.clear(); !cleared) log::error(cleared.error().text);
  if (auto lifted = linux::lift_guard(parts_->footprint); !lifted) log::error(lifted.error().text);
  parts_->reverse_path.restore();
}

Result<void> Daemon::run() { return parts_->loop->run(); }

void Daemon::stop() { parts_->begin_stop(); }

void Daemon::Parts::on_signal() {
  while (const auto signal = signals->next()) {
    if (*signal != SIGHUP) {
      begin_stop();
      continue;
    }
    daemon->reload(false, [](const Reload& reloaded) {
      if (reloaded.read.unreadable) log::error(*reloaded.read.unreadable);
      for (const auto& diagnostic : reloaded.read.loaded.diagnostics) log::error(config::to_string(diagnostic));
      log::info(reloaded.read.ok() ? "configuration reloaded"
                                   : "configuration not reloaded: it has errors; the old one stays");
    });
  }
}

void Daemon::Parts::begin_stop() {
  if (stop_at) return;
  const Instant now = linux::monotonic_now();
  stop_at = now + kGoodbye;
  node.shut_down(now);
  daemon->settle();
}

// ---- Configuration ----

/// Who does not use AH does not listen for it.
void Daemon::Parts::open_ah_sockets() {
  const bool wanted = std::ranges::any_of(configuration.connections(), [](const policy::ConnectionPtr& connection) {
    return std::ranges::any_of(connection->children,
                               [](const policy::Child& child) { return !child.ah_proposals.empty(); });
  });
  if (!wanted) return;
  if (const auto listening = workers.listen_for_ah(); !listening) log::error(listening.error().text);
}

void Daemon::apply_configuration() {
  parts_->open_ah_sockets();
  parts_->node.load(now(), parts_->configuration.connections(), parts_->configuration.pad(),
                    parts_->configuration.pools(), parts_->configuration.policies());
  settle();
}

void Daemon::reload(bool dry_run, std::function<void(const Reload&)> done) {
  parts_->wanted_reloads.push_back({dry_run, std::move(done)});
  if (parts_->wanted_reloads.size() == 1) parts_->begin_reading();
}

/// Many connections take a second to read. Where no thread can be had, everybody waits for it.
void Daemon::Parts::begin_reading() {
  const auto read = [this] {
    tasks->post([this, read = read_configuration(options.config, *crypto::make_openssl_provider())]() mutable {
      end_reload(std::move(read));
    });
  };
  try {
    reading = std::jthread(read);
  } catch (const std::system_error&) {
    read();
  }
}

void Daemon::Parts::end_reload(ReadConfiguration read) {
  if (reading.joinable()) reading.join();
  const WantedReload wanted = std::move(wanted_reloads.front());
  wanted_reloads.pop_front();
  if (!wanted_reloads.empty()) begin_reading();
  Reload reload{std::move(read), {}};
  if (reload.read.ok()) {
    std::vector<policy::ConnectionPtr> next = reload.read.connections;
    for (const std::string& name : configuration.control_connections())  // what came over the control socket stays
      if (const auto current = node.find(name)) next.push_back(current);
    reload.plan = node.plan(next);
    if (!wanted.dry_run) {
      log::set_level(reload.read.loaded.config.daemon.log);
      configuration.set_files(std::move(reload.read.loaded.config), std::move(reload.read.connections));
      daemon->apply_configuration();
    }
  }
  wanted.done(reload);
}

std::map<policy::PolicyId, linux::PolicyTraffic> Daemon::Parts::policy_traffic() const {
  auto all = counted_before;
  const bool counts = std::ranges::any_of(
      spd->entries, [](const policy::SpdEntry& entry) { return entry.action != policy::SpdAction::protect; });
  if (!counts) return all;
  if (const auto loaded = linux::loaded_policy_traffic(footprint))
    for (const auto& [id, traffic] : *loaded) all[id] += traffic;
  return all;
}

/// Block first, then know, then steer: at no moment may a packet that the new policies protect leave in clear.
linux::SystemResult<void> Daemon::Parts::set_policy(policy::SpdPtr next) {
  auto entries = told_to_kernel(*next);
  if (entries_in_kernel == entries) {
    workers.set_policy(next);
    spd = std::move(next);
    return {};
  }
  entries_in_kernel.reset();
  const auto heard = reverse_path.adapt(*next);
  for (const std::string& notice : heard.notices) log::warning(notice);
  auto counted = policy_traffic();
  TRY(linux::load_guard(*next, {footprint, heard.mark_arriving}));  // its counters begin anew
  std::erase_if(counted, [&](const auto& each) { return !node.policies().find(each.first); });
  counted_before = std::move(counted);
  workers.set_policy(next);
  spd = std::move(next);
  TRY(steering.apply(*spd));
  entries_in_kernel = std::move(entries);
  return {};
}

// ---- Effects ----

void Daemon::settle() {
  while (auto effect = parts_->node.poll_effect()) parts_->carry_out(*effect);
  parts_->workers.settle();
  parts_->follow_path_mtu();
  if (parts_->stop_at && parts_->node.engine().has_said_goodbye()) parts_->loop->stop();
}

void Daemon::Parts::carry_out(node::Effect& effect) {
  std::visit(
      Overloaded{[&](ike::SendDatagram& send) { ike->send(send.local, send.remote, send.message); },
                 [&](ike::SendKeepalive& keepalive) { ike->send_keepalive(keepalive.local, keepalive.remote); },
                 [&](ike::OfferSpi& offer) { workers.offer(offer.protocol, offer.spi, offer.peer); },
                 [&](ike::WithdrawSpi& offer) { workers.withdraw(offer.protocol, offer.spi); },
                 [&](ike::InstallChildSa& child) { install(child.spec); },
                 [&](ike::RemoveChildSa& child) { remove(child.id); },
                 [&](ike::UseChildSa& child) { workers.use(child.id); }, [&](ike::MoveChildSa& child) { move(child); },
                 [&](ike::AddAddress& add) { log_refusal(machine.add_address(tun.index(), add.address)); },
                 [&](ike::RemoveAddress& remove) { log_refusal(machine.remove_address(tun.index(), remove.address)); },
                 [&](ike::Notice& notice) { note(std::move(notice.event)); },
                 [&](node::ResolveName& question) { resolver->ask(question.name); },
                 [&](ike::LogKeys& made) {
                   if (const auto failed = keylog.add(made)) log::warning(*failed);
                   keys.add(made);
                 },
                 [&](node::SetPolicy& set) {
                   policy_error.reset();
                   if (auto done = set_policy(std::move(set.spd)); !done) {
                     log::error(done.error().text);
                     policy_error = std::move(done.error());
                   }
                 }},
      effect);
}

/// The way is another one: so is what fits through it.
void Daemon::Parts::move(const ike::MoveChildSa& child) {
  workers.update_endpoints(child.id, child.local, child.remote, child.udp_encap);
  keys.move(child.id, child.local, child.remote);
  if (const auto mtu = path_mtu_to(child.remote.address)) workers.set_path_mtu(child.id, *mtu);
}

void Daemon::Parts::remove(policy::ChildSaId id) {
  workers.remove(id);
  keys.remove(id);
}

void Daemon::Parts::install(policy::ChildSaSpec& spec) {
  if (const auto failed = keylog.add(spec)) log::warning(*failed);
  using Use = datapath::Worker::OutboundUse;
  const auto use = spec.initiated && !spec.settling ? Use::at_once : Use::when_heard;
  const auto path_mtu = path_mtu_to(spec.remote.address);
  keys.add(spec);
  workers.install(std::move(spec), use, path_mtu);
}

/// As the route says; nullopt: it does not.
std::optional<std::uint16_t> Daemon::Parts::path_mtu_to(const policy::IpAddress& remote) const {
  const auto route = machine.route_to(remote);
  return route && route->mtu != 0 ? std::optional(route->mtu) : std::nullopt;
}

/// What the peer has by now agreed to, and what we cannot do: it has to hear of it.
void Daemon::Parts::on_refused(policy::ChildSaId id, ErrorCode why) {
  log::error(fmt::format("the datapath cannot take the Child SA {}: {}", id.value, to_string(why)));
  node.terminate(linux::monotonic_now(), id);
  keys.remove(id);
}

// ---- Path MTU (RFC 4301 §8.2)

linux::SystemResult<void> Daemon::Parts::listen_for_path_errors() {
  for (const auto family : {policy::Family::ipv4, policy::Family::ipv6}) {
    auto opened = linux::IcmpSocket::open(family);
    if (!opened && family == policy::Family::ipv6 && opened.error().number == EAFNOSUPPORT) continue;
    linux::IcmpSocket& socket = icmp.emplace_back(TRY(std::move(opened)));
    icmp_watches.push_back(TRY(loop->watch(socket.fd(), {.readable = true}, [this, &socket](linux::Readiness) {
      const Instant now = linux::monotonic_now();
      socket.receive([&](ByteView message) { workers.on_path_error(now, socket.family(), message); });
    })));
  }
  return {};
}

/// The device takes what the widest path does: what another SA's does not, its sources are told one by one. Where there
/// is no SA it stays as it is, because the next will be like the last.
void Daemon::Parts::follow_path_mtu() {
  const std::uint16_t fixed = configuration.files().datapath.mtu;
  const std::uint16_t widest = workers.widest_clear_packet();
  std::uint16_t wanted = fixed != 0 ? fixed : widest;
  if (wanted == 0) return;
  wanted = std::max(wanted, kLeastDeviceMtu);
  if (wanted == device_mtu) return;
  device_mtu = wanted;
  if (const auto set = tun.set_mtu(wanted); !set) log::warning(set.error().text);
}

void Daemon::Parts::note(event::Event event) {
  const auto* failed = std::get_if<event::NegotiationFailed>(&event);
  const policy::ConnectionPtr connection = failed ? node.find(failed->failure.connection) : nullptr;
  log::event(event, connection.get(), &node.engine().pad());
  if (connection)
    for (const policy::Child& child : connection->children)
      if (failed->failure.child.empty() || child.name == failed->failure.child)
        for (const policy::PolicyId id : node.policies().of(connection->name, child.name)) workers.acquire_failed(id);
  journal.add(linux::wall_clock_now(), std::move(event));
}

// ---- For the commands ----

void Daemon::wake() {
  parts_->tasks->post([] {});
}
node::Node& Daemon::node() { return parts_->node; }
Workers& Daemon::workers() { return parts_->workers; }
Workers::Totals Daemon::totals() {
  auto totals = parts_->workers.totals();
  totals.pump += parts_->ike->counters();
  return totals;
}
void Daemon::set_tap(linux::PacketTap* tap) {
  parts_->tap = tap;
  parts_->ike->set_tap(tap);
  parts_->workers.set_tap(tap);
}
bool Daemon::has_tap() const { return parts_->tap != nullptr; }
KeyRing& Daemon::keys() { return parts_->keys; }
Journal& Daemon::journal() { return parts_->journal; }
const crypto::Provider& Daemon::crypto() const { return *parts_->crypto; }
Configuration& Daemon::configuration() { return parts_->configuration; }
linux::EventLoop& Daemon::loop() { return *parts_->loop; }
Instant Daemon::now() const { return linux::monotonic_now(); }
std::map<policy::PolicyId, linux::PolicyTraffic> Daemon::policy_traffic() const { return parts_->policy_traffic(); }
WallTime Daemon::started() const { return parts_->started; }

}  // namespace sallyport::daemon
