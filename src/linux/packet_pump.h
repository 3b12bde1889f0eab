// PacketPump: moves packets between the TUN device, the sockets and the datapath's worker, in one thread. It tells ESP
// and AH from IKE on the way in, and knows nothing of either beyond that.
//
//       TUN ──▶ worker.outbound ──▶ UDP 4500 · IP protocols 50, 51
//       TUN ◀── worker.inbound ◀── UDP 4500 · IP protocols 50, 51
//                  IKE  ◀──▶  UDP 500 · UDP 4500
//
// Each wake-up does a bounded amount of work, so that IKE is not starved by traffic, nor one direction by the other.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/histogram.h"
#include "datapath/worker.h"
#include "linux/event_loop.h"
#include "linux/packet_socket.h"
#include "linux/packet_tap.h"
#include "linux/tun_device.h"

namespace sallyport::linux {

/// What packets give rise to, beyond packets. All but path_mtu may be called for one packet after the other.
struct PumpObserver {
  /// Without the non-ESP marker.
  std::function<void(Instant, const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message)> on_ike;
  std::function<void(Instant, const datapath::NeedSa&)> on_need_sa;
  std::function<void(Instant, const datapath::PeerMoved&)> on_peer_moved;
  std::function<void(Instant, const datapath::SequenceRunsOut&)> on_sequence_runs_out;
  /// Octets of the largest IP packet that now passes to an address; nullopt: not known. Asked when the kernel says that
  /// one was too large, and from time to time thereafter. Without it path MTUs stay what they are.
  std::function<std::optional<std::uint16_t>(const policy::IpAddress& remote)> path_mtu;
};

/// What the pump itself dropped, or the system did not take. In packets.
struct PumpCounters {
  std::uint64_t malformed = 0;    // neither IKE nor ESP nor a keepalive; or a frame of the TUN that is none
  std::uint64_t keepalives = 0;   // received
  std::uint64_t too_big = 0;      // larger than the path allows, and not to be fragmented
  std::uint64_t send_failed = 0;  // refused by the system for any other reason
  std::uint64_t no_socket = 0;    // from an address or port that we have no socket for
  std::uint64_t tun_refused = 0;  // which the TUN device did not take
  std::uint64_t extension_headers =
      0;  // transport mode with IPv6 routing headers, which sockets do not send as they are
};

/// How long bursts of one direction took, each from the first system call that read of it to the last that wrote.
/// Packets of one wake-up that were read in one go are a burst. Of a packet that comes alone it is the time it spent
/// here, but for what it waited in the kernel.
struct BurstTimes {
  Histogram read;     // from the device, or the sockets; what IKE made of its messages meanwhile included
  Histogram work;     // sealing, or opening
  Histogram written;  // to the sockets, or the device
  Histogram whole;
};

class PacketPump {
 public:
  /// All references outlive the pump; the loop outlives it by no turn.
  static SystemResult<std::unique_ptr<PacketPump>> start(EventLoop& loop, TunDevice& tun,
                                                         std::vector<PacketSocket> sockets, datapath::Worker& worker,
                                                         PumpObserver observer);

  /// One more, for as long as the pump lives.
  SystemResult<void> add_socket(PacketSocket socket);
  bool has_socket(policy::Family family, std::uint8_t protocol) const;

  /// Puts the non-ESP marker in front where the local port is not 500 (RFC 3948 §2.2).
  void send_ike(const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message);
  void send_keepalive(const policy::Endpoint& local, const policy::Endpoint& remote);
  /// After an SA was installed: what waited for it leaves.
  void release_held(Instant now);
  /// From now on it sees what passes; nullptr: nobody does. It outlives the pump, or is taken away before.
  void set_tap(PacketTap* tap) { tap_ = tap; }
  const PumpCounters& counters() const { return counters_; }
  const BurstTimes& times_out() const { return times_out_; }
  const BurstTimes& times_in() const { return times_in_; }

 private:
  PacketPump(EventLoop& loop, TunDevice& tun, datapath::Worker& worker, PumpObserver observer);
  void on_tun_readable(Instant now);
  bool read_frames();
  void add_frame(ByteSpan frame);
  void on_socket_readable(Instant now, PacketSocket& socket);
  void take_in(Instant now, const PacketSocket& socket, const ReceivedPacket& packet);
  void pass_in(Instant now, Instant& began);
  void sort_out(Instant now, const ReceivedPacket& packet);
  void take_ike(Instant now, const ReceivedPacket& packet, ByteView message);
  void queue_ah(const ReceivedPacket& packet);
  void queue_esp(const ReceivedPacket& packet, ByteSpan bytes);
  void carry_out(Instant now);
  void write_all(Instant now);
  void tell_observer(Instant now);
  void send_all(Instant now);
  bool queue(const datapath::Send& send, const PacketSocket& socket);
  void send_queued(Instant now, PacketSocket& socket);
  void send_now(Instant now, const OutgoingPacket& packet);
  void deliver(const datapath::Deliver& deliver);
  void adapt_path_mtu(Instant now, const datapath::Send& send);
  std::optional<Instant> next_path_check() const;
  void check_paths(Instant now);
  PacketSocket* socket_for(policy::Family family, std::uint8_t protocol, std::uint16_t port);

  EventLoop& loop_;
  TunDevice& tun_;
  std::deque<PacketSocket> sockets_;  // watches point to them
  datapath::Worker& worker_;
  PumpObserver observer_;
  PacketTap* tap_ = nullptr;
  PumpCounters counters_;
  BurstTimes times_out_, times_in_;

  Bytes frames_;                           // what was read from the TUN, one after the other
  std::vector<datapath::Packet> packets_;  // of frames_
  ReceiveBuffers buffers_;
  std::vector<datapath::Datagram> datagrams_;  // of buffers_
  datapath::Verdicts verdicts_;
  std::vector<OutgoingPacket> outgoing_;            // of verdicts_.sends, for one socket
  std::vector<const datapath::Send*> outgoing_of_;  // where each comes from
  std::vector<SendFailure> failures_;

  struct Path {
    policy::IpAddress remote;
    Instant check_at;
  };
  std::map<policy::ChildSaId, Path> narrow_paths_;  // of SAs whose path MTU was found to be smaller
  std::vector<EventLoop::Watch> watches_;           // ends before what it watches
};

}  // namespace sallyport::linux
