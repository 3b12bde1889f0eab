// Two gateways with Child SAs whose keys they were given, on a real wire: applications talk through guard, steering,
// TUN, worker and sockets. The guards of both drop whatever would cross in clear, so that what arrives was protected.
#include "linux/packet_pump.h"

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "crypto/openssl/packet_cipher_openssl.h"
#include "datapath/test_support.h"
#include "linux/clock.h"
#include "linux/guard.h"
#include "linux/host_addresses.h"
#include "linux/kernel_random.h"
#include "linux/socket_address.h"
#include "linux/steering.h"
#include "linux/waker.h"
#include "tests/netns/linux/network.h"

namespace sallyport::linux {
namespace {

using datapath::test::ChildSa;
using datapath::test::spec_here;
using datapath::test::spec_there;
using policy::Family;

/// All that the daemon is, but for IKE; in a thread of its own.
class Gateway {
 public:
  Gateway(const Namespace& where, const policy::ChildSaSpec& spec, bool on_demand = false, bool offload = true)
      : where_(where), spd_(datapath::test::spd_for(spec, on_demand)) {
    const auto set_up = where.within([&] { return open(offload); });
    EXPECT_TRUE(set_up) << set_up.error().text;
  }
  ~Gateway() {
    if (!thread_.joinable()) return;
    done_ = true;
    waker_->wake();
    thread_.join();
  }

  /// Before run(), or from an observer.
  void install(const policy::ChildSaSpec& spec) { EXPECT_TRUE(worker().install(spec)); }
  void run() {
    thread_ = std::thread([this] { EXPECT_TRUE(loop_->run()); });
  }
  /// Stops its thread, so that the others may look at it.
  void halt() {
    done_ = true;
    waker_->wake();
    thread_.join();
  }
  /// Without a thread: turns until `done`, a few seconds at most.
  template <class Done>
  void turn_until(Done done) {
    for (int i = 0; i < 500 && !done(); ++i) EXPECT_TRUE(loop_->turn(std::chrono::milliseconds(10)));
    EXPECT_TRUE(done());
  }
  datapath::Worker& worker() { return *worker_; }
  PacketPump& pump() { return *pump_; }

  std::function<void(const datapath::NeedSa&)> on_need_sa = [](const auto&) {};
  std::vector<std::string> ike;  // what came, with its remote end

 private:
  SystemResult<void> open(bool offload) {
    TRY(load_guard(*spd_, {.footprint = footprint_}));
    tun_.emplace(TRY(TunDevice::create({.mtu = 1400, .offload = offload})));
    steering_.emplace(TRY(Steering::open(footprint_, tun_->index())));
    TRY(steering_->apply(*spd_));
    netlink_.emplace(TRY(NetlinkSocket::open()));
    datapath::Settings settings;
    settings.join = {.tcp = tun_->offload().tcp, .udp = tun_->offload().udp};
    worker_.emplace(*ciphers_, random_, settings);
    worker_->set_policy(spd_);
    loop_ = TRY(EventLoop::create());
    std::vector<PacketSocket> sockets;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      for (const std::uint16_t port : footprint_.ike_ports)
        sockets.push_back(TRY(PacketSocket::open_udp(family, port, footprint_.own_mark)));
      sockets.push_back(TRY(PacketSocket::open_esp(family, footprint_.own_mark)));
    }
    pump_ = TRY(PacketPump::start(
        *loop_, *tun_, std::move(sockets), *worker_,
        {.on_ike =
             [this](Instant, const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message) {
               ike.push_back(to_string(local) + " " + to_string(remote) + " " + std::string(as_text(message)));
             },
         .on_need_sa = [this](Instant, const datapath::NeedSa& need) { on_need_sa(need); },
         .on_peer_moved = [](Instant, const datapath::PeerMoved&) {},
         .on_sequence_runs_out = [](Instant, const datapath::SequenceRunsOut&) {},
         .on_narrow_path =
             [this](policy::ChildSaId sa, const policy::IpAddress& remote) {
               const auto route = outer_route(*netlink_, footprint_, remote);
               if (route) worker_->set_path_mtu(sa, route->mtu);
             }}));
    waker_.emplace(TRY(Waker::create()));
    wake_watch_ = TRY(loop_->watch(waker_->fd(), {.readable = true}, [this](Readiness) {
      waker_->drain();
      if (done_) loop_->stop();
    }));
    return {};
  }

  const Namespace& where_;
  policy::SpdPtr spd_;
  Footprint footprint_;
  KernelRandom random_;
  std::unique_ptr<crypto::PacketCipherFactory> ciphers_ = crypto::make_openssl_factory();
  std::optional<TunDevice> tun_;
  std::optional<Steering> steering_;
  std::optional<NetlinkSocket> netlink_;
  std::optional<datapath::Worker> worker_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<PacketPump> pump_;
  std::optional<Waker> waker_;
  std::atomic<bool> done_ = false;
  EventLoop::Watch wake_watch_;
  std::thread thread_;
};

class Pump : public NetworkTest {
 protected:
  const Pair pair;
};

/// A kind of SA, and the inner addresses that talk through it.
struct Kind {
  const char* name;
  ChildSa sa;
  const char* here;
  const char* there;
  bool offload = true;
};

const Kind kKinds[] = {
    {"TunnelInUdp", {}, "10.1.0.1", "10.2.0.1"},
    {"TunnelOverIp", {.udp_encap = false}, "10.1.0.1", "10.2.0.1"},
    {"TunnelWithoutOffload", {}, "10.1.0.1", "10.2.0.1", false},
    {"IPv6InIPv4", {.local_ts = "fd01::/16", .remote_ts = "fd02::/16"}, "fd01::1", "fd02::1"},
    {"IPv4InIPv6", {.here = "2001:db8::1", .there = "2001:db8::2"}, "10.1.0.1", "10.2.0.1"},
    {"IPv6InIPv6OverIp",
     {.here = "2001:db8::1",
      .there = "2001:db8::2",
      .local_ts = "fd01::/16",
      .remote_ts = "fd02::/16",
      .udp_encap = false},
     "fd01::1",
     "fd02::1"},
    {"TransportInUdp",
     {.local_ts = "192.0.2.1", .remote_ts = "192.0.2.2", .mode = policy::Mode::transport},
     "192.0.2.1",
     "192.0.2.2"},
    {"TransportOverIp",
     {.local_ts = "192.0.2.1", .remote_ts = "192.0.2.2", .mode = policy::Mode::transport, .udp_encap = false},
     "192.0.2.1",
     "192.0.2.2"},
    {"TransportOverIPv6",
     {.here = "2001:db8::1",
      .there = "2001:db8::2",
      .local_ts = "2001:db8::1",
      .remote_ts = "2001:db8::2",
      .mode = policy::Mode::transport,
      .udp_encap = false},
     "2001:db8::1",
     "2001:db8::2"},
};

class EveryKind : public Pump, public testing::WithParamInterface<Kind> {};

TEST_P(EveryKind, CarriesDatagramsBothWays) {
  const Kind& kind = GetParam();
  Gateway here(pair.here, spec_here(kind.sa), false, kind.offload),
      there(pair.there, spec_there(kind.sa), false, kind.offload);
  here.install(spec_here(kind.sa));
  there.install(spec_there(kind.sa));
  here.run();
  there.run();
  const Application ours(pair.here, endpoint(kind.here, 2000)), theirs(pair.there, endpoint(kind.there, 2000));
  // Of the largest the kernel makes fragments, as the device does not take it in one piece: a tunnel carries them, and
  // transport mode what they are the parts of, whose own packet is fragmented on the wire.
  for (const std::size_t size : {std::size_t{1}, std::size_t{1000}, std::size_t{9000}}) {
    const std::string text(size, 'a');
    EXPECT_EQ(ours.send(endpoint(kind.there, 2000), text), 0);
    const auto there_got = theirs.receive();
    ASSERT_TRUE(there_got) << size;
    EXPECT_EQ(there_got->text, text);
    EXPECT_EQ(there_got->from, endpoint(kind.here, 2000));
    EXPECT_EQ(theirs.send(endpoint(kind.here, 2000), text), 0);
    const auto here_got = ours.receive();
    ASSERT_TRUE(here_got) << size;
    EXPECT_EQ(here_got->text, text);
  }
  here.halt();
  there.halt();
  EXPECT_GE(here.worker().counters().outbound.packets, 3u);
  EXPECT_GE(here.worker().counters().inbound.packets, 3u);
  EXPECT_EQ(here.worker().counters().drops.total(), 0u);
  // Each burst was timed, as a whole and by its parts.
  for (const BurstTimes* times : {&here.pump().times_out(), &here.pump().times_in()}) {
    EXPECT_GE(times->whole.total(), 1u);
    EXPECT_EQ(times->whole.total(), times->work.total());
    EXPECT_GT(times->whole.longest(), times->work.quantile(0));
  }
}

/// Every octet of `size` through one TCP connection, compared at the far end.
void stream(const Pair& pair, const Kind& kind, std::size_t size) {
  const auto open = [](const Namespace& where, const char* address) {
    const SocketAddress local(endpoint(address, 2001));
    FileDescriptor file(where.within([&] { return socket(local.family(), SOCK_STREAM | SOCK_CLOEXEC, 0); }));
    EXPECT_EQ(bind(file.get(), local.get(), local.size()), 0);
    return file;
  };
  const FileDescriptor listener = open(pair.there, kind.there), client = open(pair.here, kind.here);
  EXPECT_EQ(listen(listener.get(), 1), 0);
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  for (const FileDescriptor* file : {&listener, &client})
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
      EXPECT_EQ(setsockopt(file->get(), SOL_SOCKET, option, &patience, sizeof patience), 0);
  const auto octet = [](std::size_t at) { return static_cast<std::uint8_t>(at * 31 + at / 4096); };
  std::thread writer([&] {
    const SocketAddress to(endpoint(kind.there, 2001));
    ASSERT_EQ(connect(client.get(), to.get(), to.size()), 0) << errno;
    Bytes block(64 * 1024);
    for (std::size_t at = 0; at < size;) {
      for (std::size_t i = 0; i < block.size(); ++i) block[i] = octet(at + i);
      const ssize_t sent = send(client.get(), block.data(), std::min(block.size(), size - at), MSG_NOSIGNAL);
      ASSERT_GT(sent, 0) << errno;
      at += static_cast<std::size_t>(sent);
    }
    shutdown(client.get(), SHUT_WR);
  });
  const FileDescriptor server(accept(listener.get(), nullptr, nullptr));
  std::size_t got = 0, wrong = 0;
  Bytes block(64 * 1024);
  for (ssize_t read = 0; server && (read = recv(server.get(), block.data(), block.size(), 0)) > 0;)
    for (ssize_t i = 0; i < read; ++i) wrong += block[static_cast<std::size_t>(i)] != octet(got++);
  writer.join();
  EXPECT_EQ(got, size);
  EXPECT_EQ(wrong, 0u);
}

TEST_P(EveryKind, CarriesAStream) {
  const Kind& kind = GetParam();
  Gateway here(pair.here, spec_here(kind.sa), false, kind.offload),
      there(pair.there, spec_there(kind.sa), false, kind.offload);
  here.install(spec_here(kind.sa));
  there.install(spec_there(kind.sa));
  here.run();
  there.run();
  stream(pair, kind, 4 << 20);
  here.halt();
  there.halt();
  EXPECT_EQ(there.pump().counters().tun_refused, 0u);
  EXPECT_EQ(here.pump().counters().send_failed, 0u);
}

INSTANTIATE_TEST_SUITE_P(Pump, EveryKind, testing::ValuesIn(kKinds), [](const auto& kind) { return kind.param.name; });

TEST_F(Pump, TellsIkeFromEsp) {
  Gateway here(pair.here, spec_here({}));
  const Application natted(pair.there, endpoint("192.0.2.2", 4500)), plain(pair.there, endpoint("192.0.2.2", 500));
  const Application esp(pair.there, endpoint("192.0.2.2"), 50);
  EXPECT_EQ(plain.send(endpoint("192.0.2.1", 500), "plain"), 0);
  EXPECT_EQ(esp.send(endpoint("192.0.2.1"), std::string(40, 'e')), 0);
  EXPECT_EQ(natted.send(endpoint("192.0.2.1", 4500), "\xff"), 0);
  EXPECT_EQ(natted.send(endpoint("192.0.2.1", 4500), "abc"), 0);
  EXPECT_EQ(natted.send(endpoint("192.0.2.1", 4500), std::string(40, 'e')), 0);
  EXPECT_EQ(natted.send(endpoint("192.0.2.1", 4500), std::string(4, '\0') + "marked"), 0);
  const auto& drops = here.worker().counters().drops;
  here.turn_until([&] { return here.ike.size() == 2 && drops[datapath::DropReason::unknown_spi] == 2; });
  std::ranges::sort(here.ike);
  EXPECT_EQ(here.ike,
            (std::vector<std::string>{"192.0.2.1:4500 192.0.2.2:4500 marked", "192.0.2.1:500 192.0.2.2:500 plain"}));
  EXPECT_EQ(here.pump().counters().keepalives, 1u);
  EXPECT_EQ(here.pump().counters().malformed, 1u);
}

TEST_F(Pump, AsksForAnSaAndDoesNotLoseThePacketThatNeededIt) {
  Gateway here(pair.here, spec_here({}), true), there(pair.there, spec_there({}));
  there.install(spec_there({}));
  there.run();
  const Application ours(pair.here, endpoint("10.1.0.1", 2000)), theirs(pair.there, endpoint("10.2.0.1", 2000));
  std::vector<std::string> asked;
  here.on_need_sa = [&](const datapath::NeedSa& need) {
    asked.push_back(to_string(need.source) + " " + to_string(need.destination));
  };
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "first"), 0);
  here.turn_until([&] { return !asked.empty(); });
  EXPECT_EQ(asked, std::vector<std::string>{"10.1.0.1/32[udp/2000] 10.2.0.1/32[udp/2000]"});
  EXPECT_TRUE(theirs.has_nothing());
  here.install(spec_here({}));
  here.pump().release_held(monotonic_now());
  EXPECT_EQ(theirs.receive().value().text, "first");
}

TEST_F(Pump, LearnsThatAPathIsNarrow) {
  for (const Kind& kind : {kKinds[0], kKinds[4]}) {
    const Pair hosts;
    Gateway here(hosts.here, spec_here(kind.sa)), there(hosts.there, spec_there(kind.sa));
    here.install(spec_here(kind.sa));
    there.install(spec_there(kind.sa));
    hosts.here.run("ip link set wire mtu 1300");
    here.run();
    there.run();
    stream(hosts, kind, 1 << 20);
    here.halt();
    there.halt();
    EXPECT_EQ(here.worker().status({1}).value().path_mtu, 1300);
    EXPECT_GT(here.pump().counters().too_big, 0u);
  }
}

}  // namespace
}  // namespace sallyport::linux
