#include "measure/tunnel.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "crypto/packet/packet_ciphers.h"
#include "linux/clock.h"
#include "linux/host_addresses.h"
#include "linux/kernel_random.h"
#include "linux/packet_pump.h"
#include "linux/socket_address.h"
#include "linux/steering.h"
#include "linux/task_queue.h"
#include "measure/ends.h"
#include "measure/network.h"

namespace sallyport::measure {
namespace {

using linux::FileDescriptor;
using linux::SystemResult;

constexpr std::uint16_t kEspPort = 4500;
constexpr std::uint16_t kApplicationPort = 5001;
constexpr int kRoundTrips = 2000;
/// Longer than anything takes that does not hang.
constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};

/// A TUN device, a worker and its sockets, in a thread of its own.
class Gateway {
 public:
  static SystemResult<std::unique_ptr<Gateway>> start(const Namespace& where, const policy::ChildSaSpec& spec,
                                                      std::string_view inner_address) {
    auto gateway = std::make_unique<Gateway>();
    TRY(where.within([&] { return gateway->open(spec, address(inner_address)); }));
    gateway->thread_ = std::thread([self = gateway.get()] { (void)self->loop_->run(); });
    return gateway;
  }
  ~Gateway() {
    if (!thread_.joinable()) return;
    tasks_->post([this] { loop_->stop(); });
    thread_.join();
  }

 private:
  SystemResult<void> open(const policy::ChildSaSpec& spec, const policy::IpAddress& inner) {
    const linux::Footprint footprint;
    const auto policies = policy_for(spec);
    tun_.emplace(TRY(linux::TunDevice::create({})));
    auto netlink = TRY(linux::NetlinkSocket::open());
    TRY(linux::add_address(netlink, tun_->index(), inner));
    auto steering = TRY(linux::Steering::open(footprint, tun_->index()));
    TRY(steering.apply(*policies));
    datapath::Settings settings;
    settings.join = {.tcp = tun_->offload().tcp, .udp = tun_->offload().udp};
    worker_.emplace(*ciphers_, random_, settings);
    worker_->set_policy(policies);
    if (!worker_->install(spec)) return linux::refused(ENOTSUP, "cannot set an SA up");
    std::vector<linux::PacketSocket> sockets;
    sockets.push_back(TRY(spec.udp_encap
                              ? linux::PacketSocket::open_udp(policy::Family::ipv4, kEspPort, footprint.own_mark)
                              : linux::PacketSocket::open_esp(policy::Family::ipv4, footprint.own_mark)));
    loop_ = TRY(linux::EventLoop::create());
    tasks_ = TRY(linux::TaskQueue::create(*loop_));
    pump_ = TRY(linux::PacketPump::start(*loop_, *tun_, std::move(sockets), *worker_,
                                         {.before_packets = {},
                                          .on_ike = [](auto&&...) {},
                                          .on_need_sa = [](auto&&...) {},
                                          .on_peer_moved = [](auto&&...) {},
                                          .on_sequence_runs_out = [](auto&&...) {},
                                          .on_narrow_path = {}}));
    return {};
  }

  linux::KernelRandom random_;
  std::unique_ptr<crypto::PacketCipherFactory> ciphers_ = crypto::make_packet_ciphers();
  std::optional<linux::TunDevice> tun_;
  std::optional<datapath::Worker> worker_;
  std::unique_ptr<linux::EventLoop> loop_;
  std::unique_ptr<linux::TaskQueue> tasks_;
  std::unique_ptr<linux::PacketPump> pump_;
  std::thread thread_;
};

/// An application's socket, which gives up after a while.
SystemResult<FileDescriptor> open_socket(const Namespace& where, int type, std::string_view inner_address,
                                         std::uint16_t port) {
  FileDescriptor file(where.within([&] { return socket(AF_INET, type | SOCK_CLOEXEC, 0); }));
  const linux::SocketAddress local({address(inner_address), port});
  if (!file || bind(file.get(), local.get(), local.size()) != 0)
    return linux::refused(errno, "cannot open a socket to measure with");
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
    setsockopt(file.get(), SOL_SOCKET, option, &kPatience, sizeof kPatience);
  return file;
}

/// Gbit/s of one TCP connection from near to far.
SystemResult<double> stream(const Namespace& near, const Namespace& far, Duration time) {
  const auto listener = TRY(open_socket(far, SOCK_STREAM, far_host, kApplicationPort));
  const auto client = TRY(open_socket(near, SOCK_STREAM, near_host, 0));
  const linux::SocketAddress to({address(far_host), kApplicationPort});
  if (listen(listener.get(), 1) != 0 || connect(client.get(), to.get(), to.size()) != 0)
    return linux::refused(errno, "nothing comes through the tunnel");
  const FileDescriptor server(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!server) return linux::refused(errno, "nothing comes through the tunnel");
  setsockopt(server.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);

  std::uint64_t octets = 0;
  std::thread reader([&] {
    Bytes block(256 * 1024);
    for (ssize_t got = 0; (got = recv(server.get(), block.data(), block.size(), 0)) > 0;)
      octets += static_cast<std::uint64_t>(got);
  });
  const Bytes block(256 * 1024);
  const Instant began = linux::monotonic_now();
  while (linux::monotonic_now() - began < time)
    if (send(client.get(), block.data(), block.size(), MSG_NOSIGNAL) < 0) break;
  shutdown(client.get(), SHUT_WR);
  reader.join();
  const std::chrono::duration<double> took = linux::monotonic_now() - began;
  return 8 * static_cast<double>(octets) / took.count() / 1e9;
}

/// Of a datagram of 64 octets there and back, with nothing else under way; sorted.
SystemResult<std::vector<Duration>> round_trips(const Namespace& near, const Namespace& far) {
  const auto asker = TRY(open_socket(near, SOCK_DGRAM, near_host, kApplicationPort));
  const auto echo = TRY(open_socket(far, SOCK_DGRAM, far_host, kApplicationPort));
  const linux::SocketAddress to_far({address(far_host), kApplicationPort});
  const linux::SocketAddress to_near({address(near_host), kApplicationPort});
  std::atomic<bool> done = false;
  std::thread answers([&] {
    std::array<std::uint8_t, 64> datagram;
    while (recv(echo.get(), datagram.data(), datagram.size(), 0) > 0 && !done)
      sendto(echo.get(), datagram.data(), datagram.size(), 0, to_near.get(), to_near.size());
  });
  std::array<std::uint8_t, 64> datagram{};
  std::vector<Duration> times;
  for (int i = 0; i < kRoundTrips; ++i) {
    const Instant began = linux::monotonic_now();
    sendto(asker.get(), datagram.data(), datagram.size(), 0, to_far.get(), to_far.size());
    if (recv(asker.get(), datagram.data(), datagram.size(), 0) <= 0) break;
    times.push_back(linux::monotonic_now() - began);
  }
  done = true;
  sendto(asker.get(), datagram.data(), datagram.size(), 0, to_far.get(), to_far.size());  // lets the other end see it
  answers.join();
  if (times.empty()) return linux::refused(EAGAIN, "nothing comes back through the tunnel");
  std::ranges::sort(times);
  return times;
}

SystemResult<TunnelSpeed> measure(std::string_view suite, bool udp_encap, Duration time) {
  const auto near = TRY(Namespace::create()), far = TRY(Namespace::create());
  TRY(join(near, address(near_gateway), far, address(far_gateway)));
  linux::KernelRandom random;
  const Ends ends = make_ends(suite, udp_encap, random);
  const auto near_end = TRY(Gateway::start(near, ends.near, near_host));
  const auto far_end = TRY(Gateway::start(far, ends.far, far_host));
  const auto times = TRY(round_trips(near, far));
  return TunnelSpeed{.gigabits_per_second = TRY(stream(near, far, time)),
                     .round_trip = times[times.size() / 2],
                     .round_trip_p99 = times[times.size() * 99 / 100]};
}

}  // namespace

std::expected<TunnelSpeed, std::string> measure_tunnel(std::string_view suite, bool udp_encap, Duration time) {
  auto measured = measure(suite, udp_encap, time);
  if (!measured) return std::unexpected(std::move(measured.error().text));
  return *measured;
}

}  // namespace sallyport::measure
