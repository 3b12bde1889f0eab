// IkeSockets: IKE on UDP 500 and 4500, in the thread of the key exchange. On 4500 the kernel sends ESP to the workers'
// own sockets (spi_steering.h); what comes here all the same is passed on.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "linux/event_loop.h"
#include "linux/packet_socket.h"
#include "linux/packet_tap.h"
#include "linux/pump_counters.h"

namespace sallyport::linux {

class IkeSockets {
 public:
  struct Observer {
    /// Without the non-ESP marker.
    std::function<void(Instant, const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message)>
        on_ike;
    /// One packet, or a train of them.
    std::function<void(const datapath::Datagram&)> on_esp;
  };
  static SystemResult<std::unique_ptr<IkeSockets>> start(EventLoop& loop, std::vector<PacketSocket> sockets,
                                                         Observer observer);

  /// Puts the non-ESP marker in front where the local port is not 500 (RFC 3948 §2.2).
  void send(const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message);
  void send_keepalive(const policy::Endpoint& local, const policy::Endpoint& remote);
  /// A message that came by way of another thread.
  void take(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message);
  /// From now on it sees what passes; nullptr: nobody does. It outlives this, or is taken away before.
  void set_tap(PacketTap* tap) { tap_ = tap; }
  const PumpCounters& counters() const { return counters_; }

 private:
  explicit IkeSockets(Observer observer) : observer_(std::move(observer)) {}
  void on_readable(Instant now, PacketSocket& socket);
  void sort_out(Instant now, const ReceivedPacket& packet);
  void send_now(Instant now, const OutgoingPacket& packet);

  Observer observer_;
  PacketTap* tap_ = nullptr;
  PumpCounters counters_;
  std::deque<PacketSocket> sockets_;  // watches point to them
  ReceiveBuffers buffers_;
  std::vector<SendFailure> failures_;
  std::vector<EventLoop::Watch> watches_;  // ends before what it watches
};

}  // namespace sallyport::linux
