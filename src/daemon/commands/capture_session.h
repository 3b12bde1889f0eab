// CaptureSession: one capture under way. It sees what the pump moves, takes what is asked for, within bounds of count,
// size and rate, and has it ready as blocks of a pcapng file. What it could not take is counted, and holds no packet
// up. Any thread may show it packets; what is captured is taken out by one.
//
// Interface 0 has the clear packets, as they enter and leave IPsec, 1 the protected ones and IKE's messages, as they
// leave and enter the wire; each packet's comment says whose it is.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "datapath/worker.h"
#include "linux/packet_tap.h"
#include "wire/pcapng.h"

namespace sallyport::daemon {

/// What is to be captured, and how much. What is not named is not restricted.
struct CaptureWish {
  std::string connection;
  std::string child;
  std::optional<policy::IpAddress> peer;  // by its outer address
  bool inner = true;
  bool outer = true;
  bool ike = true;
  std::uint64_t packets = 0;                  // 0: any number
  std::uint64_t octets = 64 * 1024 * 1024;    // of the file
  std::uint32_t packets_per_second = 10'000;  // and once that many at a stroke
  std::uint32_t packet_octets = 0;            // kept of each packet; 0: all
  std::optional<Duration> duration;
};

class CaptureSession final : public linux::PacketTap {
 public:
  /// Octets that may wait to be taken.
  static constexpr std::size_t kMostWaiting = 4 * 1024 * 1024;

  using Name = std::optional<datapath::SaName>;

  /// `epoch`: nanoseconds since 1970 at the time `now`. `on_waiting` is called, by whichever thread, when something has
  /// come where nothing was waiting.
  CaptureSession(CaptureWish wish, Instant now, std::uint64_t epoch, std::function<void()> on_waiting = [] {});

  void on_clear_out(Instant now, const datapath::Worker& worker, std::span<const datapath::Packet> packets) override;
  void on_protected_in(Instant now, const datapath::Worker& worker,
                       std::span<const datapath::Datagram> datagrams) override;
  void on_verdicts(Instant now, const datapath::Worker& worker, const datapath::Verdicts& verdicts) override;
  void on_ike_out(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                  ByteView message) override;
  void on_ike_in(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message) override;

  /// Whether a Child SA's packets are wanted.
  bool wants(const Name& name) const { return wants(name, nullptr); }
  /// Whether a message of an IKE SA was captured: of the latest that were.
  bool has_seen_ike_sa(std::uint64_t initiator_spi) const;

  /// Nothing more is taken.
  bool is_over(Instant now) const { return full_.load() || (end_ && now >= *end_); }
  std::optional<Instant> end() const { return end_; }
  /// The last blocks, which say how much is missing.
  void finish(Instant now);

  bool has_waiting() const { return waiting_octets() != 0; }
  std::size_t waiting_octets() const;
  /// The next block, whole.
  Bytes take();

  std::uint64_t packets() const;
  std::uint64_t octets() const;
  std::uint64_t missing() const;

 private:
  using Direction = wire::CapturedPacket::Direction;
  enum Interface : std::uint8_t {
    clear,
    sealed
  };

  bool wants(const Name& name, const policy::IpAddress* peer) const;
  void on_ike(Instant now, Direction direction, const policy::Endpoint& local, const policy::Endpoint& remote,
              ByteView message);
  void add(Instant now, Interface interface, Direction direction, ByteView packet, std::string_view comment);
  bool is_allowed(Instant now);
  void push(Bytes block);

  const CaptureWish wish_;
  const Instant began_;
  const std::uint64_t epoch_;
  const std::optional<Instant> end_;
  const std::function<void()> on_waiting_;
  std::atomic<bool> full_ = false;

  mutable std::mutex mutex_;  // of all that follows
  Instant refilled_;
  double allowance_;  // packets

  std::deque<Bytes> waiting_;
  std::size_t waiting_octets_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t octets_ = 0;
  std::array<std::uint64_t, 2> seen_{};  // by interface
  std::array<std::uint64_t, 2> missing_{};
  std::set<std::uint64_t> ike_spis_;
};

}  // namespace sallyport::daemon
