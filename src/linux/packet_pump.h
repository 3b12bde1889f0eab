// PacketPump: moves packets between the TUN device, the sockets and the datapath's worker, in one thread. It tells ESP
// from IKE on the way in, and knows nothing of either beyond that.
//
//       TUN ──▶ worker.outbound ──▶ UDP 4500 · IP protocol 50
//       TUN ◀── worker.inbound ◀── UDP 4500 · IP protocol 50
//                  IKE  ◀──▶  UDP 500 · UDP 4500
//
// Each wake-up does a bounded amount of work, so that IKE is not starved by traffic, nor one direction by the other.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "datapath/worker.h"
#include "linux/event_loop.h"
#include "linux/packet_socket.h"
#include "linux/tun_device.h"

namespace sallyport::linux {

/// What packets give rise to, beyond packets.
struct PumpObserver {
  /// Without the non-ESP marker.
  std::function<void(Instant, const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message)> on_ike;
  std::function<void(Instant, const datapath::NeedSa&)> on_need_sa;
  std::function<void(Instant, const datapath::PeerMoved&)> on_peer_moved;
  std::function<void(Instant, const datapath::SequenceRunsOut&)> on_sequence_runs_out;
};

/// What the pump itself dropped, or the system did not take.
struct PumpCounters {
  std::uint64_t malformed = 0;          // neither IKE nor ESP nor a keepalive
  std::uint64_t keepalives = 0;         // received
  std::uint64_t send_failed = 0;        // packets that the system refused to send
  std::uint64_t no_socket = 0;          // packets from an address or port that we have no socket for
  std::uint64_t tun_refused = 0;        // packets that the TUN device did not take
  std::uint64_t extension_headers = 0;  // transport mode with options or extension headers, which we cannot send yet
};

class PacketPump {
 public:
  /// All references outlive the pump.
  static SystemResult<std::unique_ptr<PacketPump>> start(EventLoop& loop, TunDevice& tun,
                                                         std::vector<PacketSocket> sockets, datapath::Worker& worker,
                                                         PumpObserver observer);

  /// Puts the non-ESP marker in front where the local port is not 500 (RFC 3948 §2.2).
  void send_ike(const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message);
  void send_keepalive(const policy::Endpoint& local, const policy::Endpoint& remote);
  /// After an SA was installed: what waited for it leaves.
  void release_held(Instant now);
  const PumpCounters& counters() const { return counters_; }

 private:
  PacketPump(TunDevice& tun, std::vector<PacketSocket> sockets, datapath::Worker& worker, PumpObserver observer);
  void on_tun_readable(Instant now);
  void on_socket_readable(Instant now, PacketSocket& socket);
  void take_udp_encap(Instant now, const ReceivedPacket& packet);
  void queue_esp(const ReceivedPacket& packet, ByteSpan bytes);
  void carry_out(Instant now);
  void send(const datapath::Send& send);
  void deliver(const datapath::Deliver& deliver);
  PacketSocket* socket_for(policy::Family family, std::uint16_t port);

  TunDevice& tun_;
  std::vector<PacketSocket> sockets_;
  datapath::Worker& worker_;
  PumpObserver observer_;
  PumpCounters counters_;

  Bytes frames_;                               // what was read from the TUN, one after the other
  std::vector<datapath::Packet> packets_;      // of frames_
  std::vector<datapath::Datagram> datagrams_;  // of a socket's buffers
  datapath::Verdicts verdicts_;
  std::vector<EventLoop::Watch> watches_;  // ends before what it watches
};

}  // namespace sallyport::linux
