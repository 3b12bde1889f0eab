// Workers: the datapath's threads. Each has a worker, an event loop, a queue of the TUN device and sockets of its own,
// and shares nothing with the others but the policies; it goes on moving packets whatever the thread of the key
// exchange is busy with. This is that thread's side of them: what it wants done is done in order, before any packet
// that came later; what it asks is answered before it goes on.
//
// An SA belongs to the worker that its inbound SPI says (policy/spi_share.h); the others know of it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "crypto/packet_cipher.h"
#include "datapath/icmp_error.h"
#include "datapath/worker.h"
#include "linux/event_loop.h"
#include "linux/hand_over.h"
#include "linux/packet_pump.h"
#include "linux/task_queue.h"

namespace sallyport::daemon {

class Workers {
 public:
  /// What their packets give rise to, in the thread of `tasks`.
  struct Observer {
    /// IKE that came by a worker's socket.
    std::function<void(Instant, const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message)>
        on_ike;
    std::function<void(Instant, const datapath::NeedSa&)> on_need_sa;
    std::function<void(Instant, const datapath::PeerMoved&)> on_peer_moved;
    std::function<void(Instant, const datapath::SequenceRunsOut&)> on_sequence_runs_out;
    std::function<void(Instant, const datapath::UnknownSpi&)> on_unknown_spi = {};  // may be empty
    /// See PumpObserver; the answer is set_path_mtu().
    std::function<void(policy::ChildSaId sa, const policy::IpAddress& remote)> on_narrow_path;
    std::function<void(policy::ChildSaId sa, ErrorCode why)> on_refused;
  };
  struct Options {
    datapath::Settings settings;
    std::uint32_t count = 1;
    std::function<std::unique_ptr<crypto::PacketCipherFactory>()> make_ciphers;
    std::uint32_t own_mark = 0;
  };
  explicit Workers(Options options);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// `tasks` are those of the calling thread, `device` is the first queue of the TUN; both outlive the workers, as does
  /// all that the observer refers to. `udp`: for each worker the sockets of its share. Signals that somebody waits for
  /// are blocked by then.
  linux::SystemResult<void> start(linux::TaskQueue& tasks, linux::TunDevice& device,
                                  std::vector<std::vector<linux::PacketSocket>> udp, Observer observer);
  /// Ends the threads; packets stop. Nothing else is called thereafter.
  void stop();

  // ---- Done in order, at settle() or before the next packets; as datapath::Worker says

  /// `path_mtu`: octets of an outer IP packet, where the route says it.
  void install(policy::ChildSaSpec spec, datapath::Worker::OutboundUse use, std::optional<std::uint16_t> path_mtu);
  void offer(policy::Protocol protocol, std::uint32_t spi, const policy::IpAddress& peer);
  void withdraw(policy::Protocol protocol, std::uint32_t spi);
  void use(policy::ChildSaId id);
  void remove(policy::ChildSaId id);
  void update_endpoints(policy::ChildSaId id, const policy::Endpoint& local, const policy::Endpoint& remote,
                        bool udp_encap);
  void set_path_mtu(policy::ChildSaId id, std::uint16_t mtu);
  void on_path_error(Instant now, policy::Family family, ByteView icmp);
  void acquire_failed(policy::PolicyId policy);
  /// What came by IKE's socket.
  void take(const datapath::Datagram& esp);
  /// From now on; not before they are asked for.
  linux::SystemResult<void> listen_for_ah();

  /// Once for all that was asked for in a turn of the calling thread's loop.
  void settle();

  // ---- Done on return

  void set_policy(const policy::SpdPtr& spd);
  /// Nobody calls the one before any more.
  void set_tap(linux::PacketTap* tap);

  // ---- Asked

  std::optional<datapath::SaStatus> status(policy::ChildSaId id);
  /// Of those that there are. Each worker is asked once.
  std::unordered_map<policy::ChildSaId, datapath::SaStatus> statuses(std::span<const policy::ChildSaId> ids);
  std::optional<datapath::SaName> name(policy::ChildSaId id);
  struct Totals {
    datapath::Counters packets;
    std::uint64_t sas = 0;
    std::uint64_t path_errors_heeded = 0;
    std::uint64_t path_errors_ignored = 0;
    linux::PumpCounters pump;
    linux::BurstTimes times_out, times_in;
  };
  Totals totals();
  /// As of late, and without asking: octets of the largest clear packet that some SA takes in one piece; 0 without SAs.
  std::uint16_t widest_clear_packet() const;
  std::uint32_t count() const { return options_.count; }

 private:
  struct Thread;
  Thread& owner_of(policy::ChildSaId id);
  Thread& owner_of_spi(std::uint32_t spi);
  /// In each thread, as soon as it can; `task` takes a Thread&.
  template <class Task>
  void post_to_all(const Task& task);
  linux::PumpObserver observer_for(Thread& thread);

  Options options_;
  Observer observer_;
  linux::TaskQueue* tasks_ = nullptr;  // of the key exchange's thread
  std::unique_ptr<linux::HandOver> hand_over_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::unordered_map<policy::ChildSaId, std::uint32_t> owners_;
  bool hears_ah_ = false;
  std::uint64_t path_errors_ = 0;
  datapath::IcmpRate path_error_rate_;
  linux::PumpCounters strays_;  // ESP that came by IKE's socket
};

}  // namespace sallyport::daemon
