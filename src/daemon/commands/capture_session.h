// CaptureSession: one capture under way. It sees what the pump moves, takes what is asked for, within bounds of count,
// size and rate, and has it ready as blocks of a pcapng file. What it could not take is counted, and holds no packet
// up.
//
// Interface 0 has the clear packets, as they enter and leave IPsec, 1 the protected ones and IKE's messages, as they
// leave and enter the wire; each packet's comment says whose it is.
#pragma once

#include <deque>
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

  /// `epoch`: nanoseconds since 1970 at the time `now`. The worker outlives it.
  CaptureSession(const datapath::Worker& worker, CaptureWish wish, Instant now, std::uint64_t epoch);

  void on_clear_out(Instant now, std::span<const datapath::Packet> packets) override;
  void on_protected_in(Instant now, std::span<const datapath::Datagram> datagrams) override;
  void on_verdicts(Instant now, const datapath::Verdicts& verdicts) override;
  void on_ike_out(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                  ByteView message) override;
  void on_ike_in(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message) override;

  /// Whether a Child SA's packets are wanted.
  bool wants(policy::ChildSaId sa) const { return wants(worker_.name(sa), nullptr); }
  /// Whether a message of an IKE SA was captured: of the latest that were.
  bool has_seen_ike_sa(std::uint64_t initiator_spi) const { return ike_spis_.contains(initiator_spi); }

  /// Nothing more is taken.
  bool is_over(Instant now) const { return full_ || (end_ && now >= *end_); }
  std::optional<Instant> end() const { return end_; }
  /// The last blocks, which say how much is missing.
  void finish(Instant now);

  bool has_waiting() const { return !waiting_.empty(); }
  std::size_t waiting_octets() const { return waiting_octets_; }
  /// The next block, whole.
  Bytes take();

  std::uint64_t packets() const { return packets_; }
  std::uint64_t octets() const { return octets_; }
  std::uint64_t missing() const { return missing_[0] + missing_[1]; }

 private:
  using Direction = wire::CapturedPacket::Direction;
  using Name = std::optional<datapath::SaName>;
  enum Interface : std::uint8_t {
    clear,
    sealed
  };

  bool wants(const Name& name, const policy::IpAddress* peer) const;
  Name name_of_spi(const datapath::Datagram& datagram, ByteView packet) const;
  void on_ike(Instant now, Direction direction, const policy::Endpoint& local, const policy::Endpoint& remote,
              ByteView message);
  void add(Instant now, Interface interface, Direction direction, ByteView packet, std::string_view comment);
  bool is_allowed(Instant now);
  void push(Bytes block);

  const datapath::Worker& worker_;
  CaptureWish wish_;
  Instant began_;
  std::uint64_t epoch_;
  std::optional<Instant> end_;
  bool full_ = false;

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
