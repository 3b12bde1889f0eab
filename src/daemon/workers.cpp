#include "daemon/workers.h"

#include <netinet/in.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>
#include <utility>

#include "linux/clock.h"
#include "linux/datagram_sorting.h"
#include "linux/kernel_random.h"

namespace sallyport::daemon {
namespace {

/// IKE messages that may be on their way from a worker. What is lost comes again.
constexpr int kMostMessages = 1024;

}  // namespace

/// All of one worker. Its members are the thread's own from start() on, but for those that say otherwise.
struct Workers::Thread {
  Thread(const Options& options, policy::Share share_in, std::unique_ptr<linux::EventLoop> loop_in,
         std::unique_ptr<linux::TaskQueue> tasks_in)
      : share(share_in),
        loop(std::move(loop_in)),
        tasks(std::move(tasks_in)),
        ciphers(options.make_ciphers()),
        worker(*ciphers, random, options.settings) {}
  ~Thread() { join(); }

  void run() {
    thread = std::thread([this] {
      pthread_setname_np(pthread_self(), "sallyport-work");
      (void)loop->run();
    });
  }
  void join() {
    if (!thread.joinable()) return;
    tasks->post([this] { loop->stop(); });
    thread.join();
  }
  /// Before each sleep, for who wants to know without asking.
  void publish() { widest_clear_packet.store(worker.widest_clear_packet(), std::memory_order_relaxed); }

  const policy::Share share;
  std::optional<linux::TunDevice> queue;  // but of the first, which has the device's own
  std::unique_ptr<linux::EventLoop> loop;
  std::unique_ptr<linux::TaskQueue> tasks;  // any thread's
  linux::KernelRandom random;
  std::unique_ptr<crypto::PacketCipherFactory> ciphers;
  datapath::Worker worker;
  std::unique_ptr<linux::PacketPump> pump;
  std::atomic<std::uint16_t> widest_clear_packet = 0;  // any thread's
  std::atomic<int> messages = 0;                       // any thread's: of IKE, on their way
  std::atomic<std::uint64_t> messages_lost = 0;        // any thread's: for which there was no room there
  std::atomic<bool> strays = false;                    // any thread's: one is on its way
  std::thread thread;
};

Workers::Workers(Options options) : options_(std::move(options)) {}
Workers::~Workers() { stop(); }

void Workers::stop() {
  for (auto& thread : threads_) thread->join();
}

linux::SystemResult<void> Workers::start(linux::TaskQueue& tasks, linux::TunDevice& device,
                                         std::vector<std::vector<linux::PacketSocket>> udp, Observer observer) {
  observer_ = std::move(observer);
  tasks_ = &tasks;
  hand_over_ = TRY(linux::HandOver::create(count()));
  for (std::uint32_t index = 0; index < count(); ++index) {
    const policy::Share share{index, count()};
    auto turns = TRY(linux::EventLoop::create());
    auto own_tasks = TRY(linux::TaskQueue::create(*turns));
    threads_.push_back(std::make_unique<Thread>(options_, share, std::move(turns), std::move(own_tasks)));
    Thread& thread = *threads_.back();
    if (index != 0) thread.queue.emplace(TRY(device.add_queue()));
    std::vector<linux::PacketSocket> sockets = std::move(udp.at(index));
    for (const auto family : {policy::Family::ipv4, policy::Family::ipv6}) {
      auto opened = linux::PacketSocket::open_esp(family, options_.own_mark, share);
      if (opened)
        sockets.push_back(std::move(*opened));
      else if (family == policy::Family::ipv4 || opened.error().number != EAFNOSUPPORT)
        return std::unexpected(std::move(opened.error()));
    }
    thread.pump = TRY(linux::PacketPump::start(*thread.loop, thread.queue ? *thread.queue : device, std::move(sockets),
                                               thread.worker, observer_for(thread), {share, hand_over_.get()}));
    thread.loop->before_sleep([&thread] { thread.publish(); });
  }
  for (auto& thread : threads_) thread->run();
  return {};
}

/// Everything goes to the key exchange's thread by value.
linux::PumpObserver Workers::observer_for(Thread& thread) {
  return {.before_packets = [&thread] { thread.tasks->run_pending(); },
          .on_ike =
              [this, &thread](Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                              ByteView message) {
                if (thread.messages.fetch_add(1) >= kMostMessages) {
                  thread.messages.fetch_sub(1);
                  thread.messages_lost.fetch_add(1);
                  return;
                }
                tasks_->post([this, &thread, now, local, remote, copy = Bytes(message.begin(), message.end())] {
                  thread.messages.fetch_sub(1);
                  observer_.on_ike(now, local, remote, copy);
                });
              },
          .on_need_sa =
              [this](Instant now, const datapath::NeedSa& need) {
                tasks_->post([this, now, need] { observer_.on_need_sa(now, need); });
              },
          .on_peer_moved =
              [this](Instant now, const datapath::PeerMoved& moved) {
                tasks_->post([this, now, moved] { observer_.on_peer_moved(now, moved); });
              },
          .on_sequence_runs_out =
              [this](Instant now, const datapath::SequenceRunsOut& sa) {
                tasks_->post([this, now, sa] { observer_.on_sequence_runs_out(now, sa); });
              },
          .on_unknown_spi =
              [this, &thread](Instant now, const datapath::UnknownSpi& stray) {
                if (thread.strays.exchange(true)) return;  // anybody can send such packets: one at a time is told
                tasks_->post([this, &thread, now, stray] {
                  thread.strays = false;
                  if (observer_.on_unknown_spi) observer_.on_unknown_spi(now, stray);
                });
              },
          .on_narrow_path =
              [this](policy::ChildSaId sa, const policy::IpAddress& remote) {
                tasks_->post([this, sa, remote] { observer_.on_narrow_path(sa, remote); });
              }};
}

// ---- Whose it is

Workers::Thread& Workers::owner_of(policy::ChildSaId id) {
  const auto known = owners_.find(id);
  return *threads_[known != owners_.end() ? known->second : 0];
}

Workers::Thread& Workers::owner_of_spi(std::uint32_t spi) { return *threads_[policy::share_of(spi, count())]; }

template <class Task>
void Workers::post_to_all(const Task& task) {
  for (auto& thread : threads_) thread->tasks->post_quietly([&thread = *thread, task] { task(thread); });
}

// ---- Done in order

void Workers::install(policy::ChildSaSpec spec, datapath::Worker::OutboundUse use,
                      std::optional<std::uint16_t> path_mtu) {
  Thread& owner = owner_of_spi(spec.inbound.spi);
  owners_[spec.id] = owner.share.index;
  if (count() > 1) {
    const auto known =
        std::make_shared<const datapath::SaElsewhere>(datapath::SaElsewhere::of(spec, owner.share.index));
    for (auto& thread : threads_)
      if (thread.get() != &owner)
        thread->tasks->post_quietly([&thread = *thread, known, use] {
          (void)thread.worker.install_elsewhere(*known, use);  // if there is anything wrong with it, its worker says so
          thread.pump->release_held(linux::monotonic_now());
        });
  }
  owner.tasks->post_quietly([this, &owner, use, path_mtu, spec = std::move(spec)] {
    const auto installed = owner.worker.install(spec, use);
    if (!installed) {
      tasks_->post([this, id = spec.id, why = installed.error().code] { observer_.on_refused(id, why); });
      return;
    }
    if (path_mtu) owner.worker.set_path_mtu(spec.id, *path_mtu);
    owner.pump->release_held(linux::monotonic_now());
  });
}

void Workers::offer(policy::Protocol protocol, std::uint32_t spi, const policy::IpAddress& peer) {
  Thread& owner = owner_of_spi(spi);
  owner.tasks->post_quietly([&owner, protocol, spi, peer] { owner.worker.offer(protocol, spi, peer); });
}

void Workers::withdraw(policy::Protocol protocol, std::uint32_t spi) {
  Thread& owner = owner_of_spi(spi);
  owner.tasks->post_quietly([&owner, protocol, spi] { owner.worker.withdraw(protocol, spi); });
}

void Workers::use(policy::ChildSaId id) {
  post_to_all([id](Thread& thread) { thread.worker.use(id); });
}

void Workers::remove(policy::ChildSaId id) {
  post_to_all([id](Thread& thread) { thread.worker.remove(id); });
  owners_.erase(id);
}

void Workers::update_endpoints(policy::ChildSaId id, const policy::Endpoint& local, const policy::Endpoint& remote,
                               bool udp_encap) {
  Thread& owner = owner_of(id);
  owner.tasks->post_quietly(
      [&owner, id, local, remote, udp_encap] { owner.worker.update_endpoints(id, local, remote, udp_encap); });
}

void Workers::set_path_mtu(policy::ChildSaId id, std::uint16_t mtu) {
  Thread& owner = owner_of(id);
  owner.tasks->post_quietly([&owner, id, mtu] { owner.worker.set_path_mtu(id, mtu); });
}

/// Of whose SA it is about nothing is known but the peer's SPI. Anybody may send these: what is passed on waits in
/// memory for a worker that is busy.
void Workers::on_path_error(Instant now, policy::Family family, ByteView icmp) {
  ++path_errors_;
  if (!path_error_rate_.allow(now)) return;
  const auto copy = std::make_shared<const Bytes>(icmp.begin(), icmp.end());
  post_to_all([now, family, copy](Thread& thread) { thread.worker.on_path_error(now, family, *copy); });
}

void Workers::acquire_failed(policy::PolicyId policy) {
  post_to_all([policy](Thread& thread) { thread.worker.acquire_failed(policy); });
}

void Workers::settle() {
  for (auto& thread : threads_) thread->tasks->wake();
}

void Workers::take(const datapath::Datagram& esp) {
  linux::for_each_share(esp, count(), [this](std::uint32_t share, const datapath::Datagram& part) {
    const bool pushed = hand_over_->push(hand_over_->ike(), share, {.offload = {}, .datagram = part}, part.bytes);
    ++(pushed ? strays_.handed_over : strays_.handover_full);
    hand_over_->wake(share);
  });
}

linux::SystemResult<void> Workers::listen_for_ah() {
  if (std::exchange(hears_ah_, true)) return {};
  for (auto& thread : threads_)
    for (const auto family : {policy::Family::ipv4, policy::Family::ipv6}) {
      auto opened = linux::PacketSocket::open_ah(family, options_.own_mark, thread->share);
      if (!opened && family == policy::Family::ipv6 && opened.error().number == EAFNOSUPPORT) continue;
      if (!opened) return std::unexpected(std::move(opened.error()));
      TRY(thread->tasks->ask([&] { return thread->pump->add_socket(std::move(*opened)); }));
    }
  return {};
}

// ---- Done on return

void Workers::set_policy(const policy::SpdPtr& spd) {
  for (auto& thread : threads_) thread->tasks->ask([&] { thread->worker.set_policy(spd); });
}

void Workers::set_tap(linux::PacketTap* tap) {
  for (auto& thread : threads_) thread->tasks->ask([&] { thread->pump->set_tap(tap); });
}

// ---- Asked

std::optional<datapath::SaStatus> Workers::status(policy::ChildSaId id) {
  Thread& owner = owner_of(id);
  return owner.tasks->ask([&] { return owner.worker.status(id); });
}

std::unordered_map<policy::ChildSaId, datapath::SaStatus> Workers::statuses(std::span<const policy::ChildSaId> ids) {
  std::vector<std::vector<policy::ChildSaId>> ids_of(threads_.size());
  for (const policy::ChildSaId id : ids) ids_of[owner_of(id).share.index].push_back(id);
  std::unordered_map<policy::ChildSaId, datapath::SaStatus> found;
  for (auto& thread : threads_)
    if (const auto& own = ids_of[thread->share.index]; !own.empty())
      thread->tasks->ask([&] {
        for (const policy::ChildSaId id : own)
          if (auto status = thread->worker.status(id)) found.emplace(id, *status);
      });
  return found;
}

std::optional<datapath::SaName> Workers::name(policy::ChildSaId id) {
  Thread& owner = owner_of(id);
  return owner.tasks->ask([&] { return owner.worker.name(id); });
}

Workers::Totals Workers::totals() {
  Totals totals;
  totals.pump = strays_;
  for (auto& thread : threads_) {
    totals.pump.ike_overflow += thread->messages_lost.load();
    thread->tasks->ask([&] {
      totals.packets += thread->worker.counters();
      totals.sas += thread->worker.sa_count();
      totals.path_errors_heeded += thread->worker.path_errors().heeded;
      totals.pump += thread->pump->counters();
      totals.times_out += thread->pump->times_out();
      totals.times_in += thread->pump->times_in();
    });
  }
  totals.path_errors_ignored = path_errors_ - std::min(path_errors_, totals.path_errors_heeded);
  return totals;
}

std::uint16_t Workers::widest_clear_packet() const {
  std::uint16_t widest = 0;
  for (const auto& thread : threads_)
    widest = std::max(widest, thread->widest_clear_packet.load(std::memory_order_relaxed));
  return widest;
}

}  // namespace sallyport::daemon
