// PacketPump: moves packets between the TUN device, the sockets and the datapath's worker, in one thread, which is its
// own. What belongs to another worker it gives away, and what of IKE strays into its sockets, too.
//
//       TUN ──▶ worker.outbound ──▶ UDP 4500 · IP protocols 50, 51
//       TUN ◀── worker.inbound ◀── UDP 4500 · IP protocols 50, 51
//                    ▲
//          other pumps, by HandOver
//
// Each wake-up does a bounded amount of work, so that neither direction is starved by the other, nor control by both.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "datapath/worker.h"
#include "linux/event_loop.h"
#include "linux/hand_over.h"
#include "linux/packet_socket.h"
#include "linux/packet_tap.h"
#include "linux/pump_counters.h"
#include "linux/tun_device.h"

namespace sallyport::linux {

/// What packets give rise to, beyond packets; all of it in the pump's thread.
struct PumpObserver {
  /// Called when packets were received or read, before they are looked at. May be empty.
  std::function<void()> before_packets;
  /// Of what came by one of our sockets, though the kernel should have given it to another. Without the non-ESP marker.
  std::function<void(Instant, const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message)> on_ike;
  std::function<void(Instant, const datapath::NeedSa&)> on_need_sa;
  std::function<void(Instant, const datapath::PeerMoved&)> on_peer_moved;
  std::function<void(Instant, const datapath::SequenceRunsOut&)> on_sequence_runs_out;
  std::function<void(Instant, const datapath::UnknownSpi&)> on_unknown_spi = {};  // may be empty
  /// The kernel says that a packet of this SA was larger than what passes to there; asked again from time to time, as
  /// what it knows of that expires. The answer is Worker::set_path_mtu, now or later. May be empty.
  std::function<void(policy::ChildSaId sa, const policy::IpAddress& remote)> on_narrow_path;
};

class PacketPump {
 public:
  /// Which of several it is, and how to reach the others.
  struct Team {
    policy::Share share;
    HandOver* hand_over = nullptr;  // nullptr: there are no others
  };
  /// All references outlive the pump; the loop outlives it by no turn.
  static SystemResult<std::unique_ptr<PacketPump>> start(EventLoop& loop, TunDevice& tun,
                                                         std::vector<PacketSocket> sockets, datapath::Worker& worker,
                                                         PumpObserver observer, const Team& team);
  static SystemResult<std::unique_ptr<PacketPump>> start(EventLoop& loop, TunDevice& tun,
                                                         std::vector<PacketSocket> sockets, datapath::Worker& worker,
                                                         PumpObserver observer) {
    return start(loop, tun, std::move(sockets), worker, std::move(observer), Team());
  }

  /// One more, for as long as the pump lives.
  SystemResult<void> add_socket(PacketSocket socket);
  bool has_socket(policy::Family family, std::uint8_t protocol) const;

  /// After an SA was installed: what waited for it leaves.
  void release_held(Instant now);
  /// From now on it sees what passes; nullptr: nobody does. It outlives the pump, or is taken away before.
  void set_tap(PacketTap* tap) { tap_ = tap; }
  const PumpCounters& counters() const { return counters_; }
  const BurstTimes& times_out() const { return times_out_; }
  const BurstTimes& times_in() const { return times_in_; }

 private:
  PacketPump(EventLoop& loop, TunDevice& tun, datapath::Worker& worker, PumpObserver observer, const Team& team);
  void on_tun_readable(Instant now);
  bool may_read() const;
  bool read_frames();
  void add_frame(ByteSpan frame);
  void on_socket_readable(Instant now, PacketSocket& socket);
  void take_in(Instant now, const PacketSocket& socket, const ReceivedPacket& packet);
  void pass_in(Instant now, Instant& began);
  void sort_out(Instant now, const ReceivedPacket& packet);
  void queue_ah(const ReceivedPacket& packet);
  void queue_esp(const datapath::Datagram& run);
  void take_over();
  void work_outbound(Instant now, Instant& began);
  void hand_over_clear();
  void give_away(std::uint32_t to, const HandedPacket& head, ByteView bytes);
  void carry_out(Instant now);
  void write_all(Instant now);
  void tell_observer(Instant now);
  void send_all(Instant now);
  bool queue(const datapath::Send& send, const PacketSocket& socket);
  void send_queued(Instant now, PacketSocket& socket);
  void deliver(const datapath::Deliver& deliver);
  void note_narrow_path(Instant now, const datapath::Send& send);
  std::optional<Instant> next_path_check() const;
  void before_packets() {
    if (observer_.before_packets) observer_.before_packets();
  }
  void check_paths(Instant now);
  PacketSocket* socket_for(policy::Family family, std::uint8_t protocol, std::uint16_t port);

  EventLoop& loop_;
  TunDevice& tun_;
  std::deque<PacketSocket> sockets_;  // watches point to them
  datapath::Worker& worker_;
  PumpObserver observer_;
  Team team_;
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
    Instant asked_at;
  };
  std::map<policy::ChildSaId, Path> narrow_paths_;  // of SAs whose path MTU was found to be smaller
  std::vector<EventLoop::Watch> watches_;           // ends before what it watches
};

}  // namespace sallyport::linux
