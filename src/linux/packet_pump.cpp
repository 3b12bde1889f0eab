#include "linux/packet_pump.h"

#include <array>

#include "linux/clock.h"
#include "wire/udp_encap.h"

namespace sallyport::linux {
namespace {

/// Frames of the TUN per wake-up; each may be a super-frame of 64 KiB.
constexpr std::size_t kMostFrames = 16;
/// Here IKE has the port to itself; on every other it shares it with ESP.
constexpr std::uint16_t kPlainIkePort = 500;

}  // namespace

SystemResult<std::unique_ptr<PacketPump>> PacketPump::start(EventLoop& loop, TunDevice& tun,
                                                            std::vector<PacketSocket> sockets, datapath::Worker& worker,
                                                            PumpObserver observer) {
  std::unique_ptr<PacketPump> pump(new PacketPump(tun, std::move(sockets), worker, std::move(observer)));
  PacketPump* self = pump.get();
  auto tun_watch =
      loop.watch(tun.fd(), {.readable = true}, [self](Readiness) { self->on_tun_readable(monotonic_now()); });
  if (!tun_watch) return std::unexpected(tun_watch.error());
  self->watches_.push_back(std::move(*tun_watch));
  for (PacketSocket& socket : self->sockets_) {
    auto watch = loop.watch(socket.fd(), {.readable = true},
                            [self, &socket](Readiness) { self->on_socket_readable(monotonic_now(), socket); });
    if (!watch) return std::unexpected(watch.error());
    self->watches_.push_back(std::move(*watch));
  }
  loop.add_timers([self] { return self->worker_.next_timeout(); }, [self](Instant now) { self->release_held(now); });
  return pump;
}

PacketPump::PacketPump(TunDevice& tun, std::vector<PacketSocket> sockets, datapath::Worker& worker,
                       PumpObserver observer)
    : tun_(tun),
      sockets_(std::move(sockets)),
      worker_(worker),
      observer_(std::move(observer)),
      frames_(kMostFrames * TunDevice::kMaxFrame) {}

// ---- Out ----

void PacketPump::on_tun_readable(Instant now) {
  packets_.clear();
  std::size_t used = 0;
  for (std::size_t i = 0; i < kMostFrames; ++i) {
    const ByteSpan room = ByteSpan(frames_).subspan(used, TunDevice::kMaxFrame);
    const auto size = tun_.read(room);
    if (!size || !*size) break;
    ByteSpan frame = room.first(**size);
    used += frame.size();
    datapath::Packet packet{frame, {}};
    if (tun_.has_header()) {
      const auto offload = datapath::parse_offload(frame);
      if (!offload) {
        ++counters_.malformed;
        continue;
      }
      packet = {frame.subspan(datapath::offload_size), *offload};
    }
    packets_.push_back(packet);
  }
  worker_.outbound(now, packets_, verdicts_);
  carry_out(now);
}

void PacketPump::send_ike(const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message) {
  PacketSocket* socket = socket_for(remote.address.family(), local.port);
  if (!socket) {
    ++counters_.no_socket;
    return;
  }
  const std::array<ByteView, 2> pieces = {ByteView(wire::non_esp_marker), message};
  const bool marker = local.port != kPlainIkePort;
  if (!socket->send(std::span(pieces).subspan(marker ? 0 : 1), {.local = local, .remote = remote}))
    ++counters_.send_failed;
}

void PacketPump::send_keepalive(const policy::Endpoint& local, const policy::Endpoint& remote) {
  const ByteView piece[] = {wire::nat_keepalive};
  PacketSocket* socket = socket_for(remote.address.family(), local.port);
  if (!socket)
    ++counters_.no_socket;
  else if (!socket->send(piece, {.local = local, .remote = remote}))
    ++counters_.send_failed;
}

void PacketPump::release_held(Instant now) {
  worker_.release_held(now, verdicts_);
  carry_out(now);
}

// ---- In ----

void PacketPump::on_socket_readable(Instant now, PacketSocket& socket) {
  datagrams_.clear();
  for (const ReceivedPacket& packet : socket.receive()) {
    if (socket.port() == 0)
      queue_esp(packet, packet.bytes);
    else if (socket.port() == kPlainIkePort)
      observer_.on_ike(now, packet.local, packet.remote, packet.bytes);
    else
      take_udp_encap(now, packet);
  }
  if (datagrams_.empty()) return;
  worker_.inbound(now, datagrams_, verdicts_);
  carry_out(now);
}

/// A train holds datagrams of one sender, but not of one kind: each is looked at.
void PacketPump::take_udp_encap(Instant now, const ReceivedPacket& packet) {
  const std::size_t step =
      packet.segment_size != 0 ? packet.segment_size : std::max<std::size_t>(packet.bytes.size(), 1);
  std::size_t esp_from = 0;
  for (std::size_t at = 0; at < packet.bytes.size(); at += step) {
    const ByteSpan datagram = packet.bytes.subspan(at, std::min(step, packet.bytes.size() - at));
    const auto encap = wire::classify_udp_encap(datagram);
    if (encap.kind == wire::UdpEncapKind::esp) continue;
    queue_esp(packet, packet.bytes.subspan(esp_from, at - esp_from));
    esp_from = at + datagram.size();
    if (encap.kind == wire::UdpEncapKind::ike)
      observer_.on_ike(now, packet.local, packet.remote, encap.content);
    else if (encap.kind == wire::UdpEncapKind::keepalive)
      ++counters_.keepalives;
    else
      ++counters_.malformed;
  }
  queue_esp(packet, packet.bytes.subspan(esp_from));
}

void PacketPump::queue_esp(const ReceivedPacket& packet, ByteSpan bytes) {
  if (bytes.empty()) return;
  datagrams_.push_back({.bytes = bytes,
                        .segment_size = packet.segment_size >= bytes.size() ? std::uint16_t{0} : packet.segment_size,
                        .local = packet.local,
                        .remote = packet.remote,
                        .udp_encap = packet.local.port != 0,
                        .traffic_class = packet.traffic_class,
                        .hop_limit = packet.hop_limit});
}

// ---- Verdicts ----

void PacketPump::carry_out(Instant now) {
  for (const auto& each : verdicts_.sends) send(each);
  for (const auto& each : verdicts_.deliveries) deliver(each);
  // What these lead to may call the worker, and so end the verdicts' life: by value.
  const auto needs = std::exchange(verdicts_.need_sa, {});
  const auto moved = std::exchange(verdicts_.peers_moved, {});
  const auto run_out = std::exchange(verdicts_.sequence_runs_out, {});
  for (const auto& need : needs) observer_.on_need_sa(now, need);
  for (const auto& peer : moved) observer_.on_peer_moved(now, peer);
  for (const auto& sa : run_out) observer_.on_sequence_runs_out(now, sa);
}

void PacketPump::send(const datapath::Send& send) {
  PacketSocket* socket = socket_for(send.remote.address.family(), send.udp_encap ? send.local.port : std::uint16_t{0});
  if (!socket || !send.extension_headers.empty()) {
    ++(socket ? counters_.extension_headers : counters_.no_socket);
    return;
  }
  const ByteView piece[] = {send.bytes};
  const bool train = send.segment_size < send.bytes.size();
  const auto sent = socket->send(piece, {.local = send.local,
                                         .remote = send.remote,
                                         .traffic_class = send.traffic_class,
                                         .hop_limit = send.hop_limit,
                                         .dont_fragment = send.dont_fragment,
                                         .segment_size = train ? send.segment_size : std::uint16_t{0}});
  if (!sent) counters_.send_failed += send.packet_count();
}

void PacketPump::deliver(const datapath::Deliver& deliver) {
  std::array<ByteView, TunDevice::kMaxPieces> pieces;
  std::array<std::uint8_t, datapath::offload_size> header;
  std::size_t count = 0;
  if (tun_.has_header()) {
    datapath::serialize_offload(deliver.offload, header);
    pieces[count++] = header;
  }
  if (deliver.pieces.size() > pieces.size() - count) {
    ++counters_.tun_refused;
    return;
  }
  for (const ByteView piece : deliver.pieces) pieces[count++] = piece;
  if (!tun_.write({pieces.data(), count})) ++counters_.tun_refused;
}

PacketSocket* PacketPump::socket_for(policy::Family family, std::uint16_t port) {
  for (PacketSocket& socket : sockets_)
    if (socket.family() == family && socket.port() == port) return &socket;
  return nullptr;
}

}  // namespace sallyport::linux
