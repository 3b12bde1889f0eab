#include "linux/ike_sockets.h"

#include <cerrno>

#include "linux/clock.h"
#include "linux/datagram_sorting.h"

namespace sallyport::linux {

SystemResult<std::unique_ptr<IkeSockets>> IkeSockets::start(EventLoop& loop, std::vector<PacketSocket> sockets,
                                                            Observer observer) {
  std::unique_ptr<IkeSockets> all(new IkeSockets(std::move(observer)));
  IkeSockets* self = all.get();
  for (PacketSocket& each : sockets) {
    PacketSocket& socket = self->sockets_.emplace_back(std::move(each));
    self->watches_.push_back(TRY(loop.watch(
        socket.fd(), {.readable = true}, [self, &socket](Readiness) { self->on_readable(monotonic_now(), socket); })));
  }
  return all;
}

/// What more there is waits for the next turn.
void IkeSockets::on_readable(Instant now, PacketSocket& socket) {
  for (const ReceivedPacket& packet : socket.receive(buffers_))
    if (socket.port() == PacketSocket::kPlainIkePort)
      take(now, packet.local, packet.remote, packet.bytes);
    else
      sort_out(now, packet);
}

void IkeSockets::sort_out(Instant now, const ReceivedPacket& packet) {
  const SortedOut others = sort_datagrams(
      packet, [&](ByteSpan run) { observer_.on_esp(to_esp(packet, run)); },
      [&](ByteView message) { take(now, packet.local, packet.remote, message); });
  counters_.malformed += others.malformed;
  counters_.keepalives += others.keepalives;
}

void IkeSockets::take(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message) {
  if (tap_ != nullptr) tap_->on_ike_in(now, local, remote, message);
  observer_.on_ike(now, local, remote, message);
}

void IkeSockets::send(const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message) {
  const ByteView marker = local.port == PacketSocket::kPlainIkePort ? ByteView{} : ByteView(wire::non_esp_marker);
  const Instant now = monotonic_now();
  if (tap_ != nullptr) tap_->on_ike_out(now, local, remote, message);
  send_now(now, {.marker = marker, .payload = message, .local = local, .remote = remote});
}

void IkeSockets::send_keepalive(const policy::Endpoint& local, const policy::Endpoint& remote) {
  send_now(monotonic_now(), {.payload = wire::nat_keepalive, .local = local, .remote = remote});
}

void IkeSockets::send_now(Instant now, const OutgoingPacket& packet) {
  const auto socket = std::ranges::find_if(sockets_, [&](const PacketSocket& each) {
    return each.family() == packet.remote.address.family() && each.port() == packet.local.port;
  });
  if (socket == sockets_.end()) {
    ++counters_.no_socket;
    return;
  }
  socket->send(now, std::span(&packet, 1), failures_);
  if (!failures_.empty()) ++(failures_.front().number == EMSGSIZE ? counters_.too_big : counters_.send_failed);
}

}  // namespace sallyport::linux
