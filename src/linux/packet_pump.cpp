#include "linux/packet_pump.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "linux/clock.h"
#include "wire/udp_encap.h"

namespace sallyport::linux {
namespace {

/// What the worker is given at once: a few super-frames, or many small packets. Few, so that what was read is still in
/// the second-level cache when it is sealed, opened and written, and the far end begins while we go on; but not one
/// alone, which is a little longer than one train: the next fills the rest of the second.
constexpr std::size_t kBurstOctets = 256 * 1024;
constexpr std::size_t kBurstFrames = 128;
/// How many bursts one wake-up may bring, of the TUN or of a socket.
constexpr int kMostBursts = 4;
/// How soon a path that was found to be narrow is looked at again (RFC 1191 §6.3).
constexpr Duration kPathCheck = std::chrono::minutes(10);

constexpr std::uint8_t kHopByHop = 0;  // IPv6 next header

/// The clock is asked once for each stage of a burst: a few dozen nanoseconds beside system calls of microseconds.
class Stopwatch {
 public:
  explicit Stopwatch(Instant began) : began_(began), read_(monotonic_now()) {}
  void worked() { worked_ = monotonic_now(); }
  /// Returns when that was.
  Instant wrote(BurstTimes& times) const {
    const Instant now = monotonic_now();
    times.read.add(read_ - began_);
    times.work.add(worked_ - read_);
    times.written.add(now - worked_);
    times.whole.add(now - began_);
    return now;
  }

 private:
  Instant began_, read_, worked_;
};

}  // namespace

SystemResult<std::unique_ptr<PacketPump>> PacketPump::start(EventLoop& loop, TunDevice& tun,
                                                            std::vector<PacketSocket> sockets, datapath::Worker& worker,
                                                            PumpObserver observer) {
  std::unique_ptr<PacketPump> pump(new PacketPump(loop, tun, worker, std::move(observer)));
  PacketPump* self = pump.get();
  self->watches_.push_back(
      TRY(loop.watch(tun.fd(), {.readable = true}, [self](Readiness) { self->on_tun_readable(monotonic_now()); })));
  for (PacketSocket& socket : sockets) TRY(self->add_socket(std::move(socket)));
  loop.add_timers([self] { return self->worker_.next_timeout(); }, [self](Instant now) { self->release_held(now); });
  loop.add_timers([self] { return self->next_path_check(); }, [self](Instant now) { self->check_paths(now); });
  return pump;
}

PacketPump::PacketPump(EventLoop& loop, TunDevice& tun, datapath::Worker& worker, PumpObserver observer)
    : loop_(loop),
      tun_(tun),
      worker_(worker),
      observer_(std::move(observer)),
      frames_(kBurstOctets + TunDevice::kMaxFrame + datapath::Packet::trailer_room) {}

SystemResult<void> PacketPump::add_socket(PacketSocket socket) {
  PacketSocket& added = sockets_.emplace_back(std::move(socket));
  watches_.push_back(TRY(loop_.watch(added.fd(), {.readable = true},
                                     [this, &added](Readiness) { on_socket_readable(monotonic_now(), added); })));
  return {};
}

bool PacketPump::has_socket(policy::Family family, std::uint8_t protocol) const {
  return std::ranges::any_of(
      sockets_, [&](const PacketSocket& each) { return each.family() == family && each.protocol() == protocol; });
}

// ---- Out ----

void PacketPump::on_tun_readable(Instant now) {
  bool more = true;
  Instant began = now;
  for (int i = 0; more && i < kMostBursts; ++i) {
    more = read_frames();
    if (packets_.empty()) continue;
    Stopwatch watch(began);
    if (tap_ != nullptr) tap_->on_clear_out(now, packets_);
    worker_.outbound(now, packets_, verdicts_);
    watch.worked();
    write_all(now);
    began = watch.wrote(times_out_);
    tell_observer(now);
  }
}

/// One burst. False: nothing is left to read.
bool PacketPump::read_frames() {
  packets_.clear();
  std::size_t used = 0;
  for (std::size_t i = 0; i < kBurstFrames && used < kBurstOctets; ++i) {
    const ByteSpan room = ByteSpan(frames_).subspan(used);
    const auto size = tun_.read(room);
    if (!size || !*size) return false;
    add_frame(room.first(**size));
    used += **size + datapath::Packet::trailer_room;
  }
  return true;
}

void PacketPump::add_frame(ByteSpan frame) {
  if (!tun_.has_header()) {
    packets_.push_back({frame, {}, datapath::Packet::trailer_room});
  } else if (const auto offload = datapath::parse_offload(frame)) {
    packets_.push_back({frame.subspan(datapath::offload_size), *offload, datapath::Packet::trailer_room});
  } else {
    ++counters_.malformed;
  }
}

void PacketPump::send_ike(const policy::Endpoint& local, const policy::Endpoint& remote, ByteView message) {
  const ByteView marker = local.port == PacketSocket::kPlainIkePort ? ByteView{} : ByteView(wire::non_esp_marker);
  const Instant now = monotonic_now();
  if (tap_ != nullptr) tap_->on_ike_out(now, local, remote, message);
  send_now(now, {.marker = marker, .payload = message, .local = local, .remote = remote});
}

void PacketPump::send_keepalive(const policy::Endpoint& local, const policy::Endpoint& remote) {
  send_now(monotonic_now(), {.payload = wire::nat_keepalive, .local = local, .remote = remote});
}

void PacketPump::send_now(Instant now, const OutgoingPacket& packet) {
  PacketSocket* socket = socket_for(packet.remote.address.family(), IPPROTO_UDP, packet.local.port);
  if (!socket) {
    ++counters_.no_socket;
    return;
  }
  socket->send(now, std::span(&packet, 1), failures_);
  if (!failures_.empty()) ++counters_.send_failed;
}

void PacketPump::release_held(Instant now) {
  worker_.release_held(now, verdicts_);
  carry_out(now);
}

// ---- In ----

void PacketPump::on_socket_readable(Instant now, PacketSocket& socket) {
  bool more = true;
  Instant began = now;
  for (int i = 0; more && i < kMostBursts; ++i) {
    const auto packets = socket.receive(buffers_);
    more = buffers_.were_full();
    std::size_t octets = 0;
    for (const ReceivedPacket& packet : packets) {
      take_in(now, socket, packet);
      octets += packet.bytes.size();
      if (octets < kBurstOctets) continue;
      pass_in(now, began);
      octets = 0;
    }
    pass_in(now, began);
  }
}

void PacketPump::take_in(Instant now, const PacketSocket& socket, const ReceivedPacket& packet) {
  if (socket.protocol() == IPPROTO_AH)
    queue_ah(packet);
  else if (socket.port() == 0)
    queue_esp(packet, packet.bytes);
  else if (socket.port() == PacketSocket::kPlainIkePort)
    take_ike(now, packet, packet.bytes);
  else
    sort_out(now, packet);
}

void PacketPump::take_ike(Instant now, const ReceivedPacket& packet, ByteView message) {
  if (tap_ != nullptr) tap_->on_ike_in(now, packet.local, packet.remote, message);
  observer_.on_ike(now, packet.local, packet.remote, message);
}

void PacketPump::pass_in(Instant now, Instant& began) {
  if (datagrams_.empty()) return;
  Stopwatch watch(began);
  if (tap_ != nullptr) tap_->on_protected_in(now, datagrams_);
  worker_.inbound(now, datagrams_, verdicts_);
  datagrams_.clear();
  watch.worked();
  write_all(now);
  began = watch.wrote(times_in_);
  tell_observer(now);
}

/// A train holds datagrams of one sender, but not of one kind: each is looked at.
void PacketPump::sort_out(Instant now, const ReceivedPacket& packet) {
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
      take_ike(now, packet, encap.content);
    else if (encap.kind == wire::UdpEncapKind::keepalive)
      ++counters_.keepalives;
    else
      ++counters_.malformed;
  }
  queue_esp(packet, packet.bytes.subspan(esp_from));
}

void PacketPump::queue_ah(const ReceivedPacket& packet) {
  datagrams_.push_back({.bytes = packet.bytes,
                        .local = packet.local,
                        .remote = packet.remote,
                        .is_ah = true,
                        .traffic_class = packet.traffic_class,
                        .hop_limit = packet.hop_limit});
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
  write_all(now);
  tell_observer(now);
}

void PacketPump::write_all(Instant now) {
  if (tap_ != nullptr) tap_->on_verdicts(now, verdicts_);
  send_all(now);
  for (const auto& each : verdicts_.deliveries) deliver(each);
}

void PacketPump::tell_observer(Instant now) {
  // What these lead to may call the worker, and so end the verdicts' life: by value.
  const auto needs = std::exchange(verdicts_.need_sa, {});
  const auto moved = std::exchange(verdicts_.peers_moved, {});
  const auto run_out = std::exchange(verdicts_.sequence_runs_out, {});
  for (const auto& need : needs) observer_.on_need_sa(now, need);
  for (const auto& peer : moved) observer_.on_peer_moved(now, peer);
  for (const auto& sa : run_out) observer_.on_sequence_runs_out(now, sa);
}

/// What follows each other through one socket leaves with one call.
void PacketPump::send_all(Instant now) {
  PacketSocket* socket = nullptr;
  for (const datapath::Send& send : verdicts_.sends) {
    PacketSocket* next =
        socket_for(send.remote.address.family(), send.protocol(), send.udp_encap ? send.local.port : std::uint16_t{0});
    if (!next) {
      counters_.no_socket += send.packet_count();
      continue;
    }
    if (socket && socket != next) send_queued(now, *socket);
    socket = next;
    if (!queue(send, *socket)) counters_.extension_headers += send.packet_count();
  }
  if (socket) send_queued(now, *socket);
}

/// False: it bears headers that sockets do not send as they are.
bool PacketPump::queue(const datapath::Send& send, const PacketSocket& socket) {
  const ByteView headers = send.extension_headers;
  if (!headers.empty() && socket.family() == policy::Family::ipv6) {
    const bool hop_by_hop_alone = send.first_extension_header == kHopByHop && headers.size() >= 2 &&
                                  headers.size() == (headers[1] + 1u) * std::size_t{8};
    if (!hop_by_hop_alone) return false;
  }
  const bool train = send.segment_size < send.bytes.size();
  outgoing_.push_back({.payload = send.bytes,
                       .segment_size = train ? send.segment_size : std::uint16_t{0},
                       .local = send.local,
                       .remote = send.remote,
                       .traffic_class = send.traffic_class,
                       .hop_limit = send.hop_limit,
                       .dont_fragment = send.dont_fragment,
                       .options = headers});
  outgoing_of_.push_back(&send);
  return true;
}

void PacketPump::send_queued(Instant now, PacketSocket& socket) {
  socket.send(now, outgoing_, failures_);
  for (const SendFailure& failure : failures_) {
    if (failure.number == EMSGSIZE) {
      counters_.too_big += failure.datagrams;
      adapt_path_mtu(now, *outgoing_of_[failure.index]);
    } else {
      counters_.send_failed += failure.datagrams;
    }
  }
  outgoing_.clear();
  outgoing_of_.clear();
}

void PacketPump::deliver(const datapath::Deliver& deliver) {
  std::array<std::uint8_t, datapath::offload_size> header;
  if (tun_.has_header()) datapath::serialize_offload(deliver.offload, header);
  if (!tun_.write(tun_.has_header() ? ByteView(header) : ByteView{}, deliver.pieces)) ++counters_.tun_refused;
}

PacketSocket* PacketPump::socket_for(policy::Family family, std::uint8_t protocol, std::uint16_t port) {
  for (PacketSocket& socket : sockets_)
    if (socket.family() == family && socket.protocol() == protocol && socket.port() == port) return &socket;
  return nullptr;
}

// ---- Path MTU (RFC 4301 §8.2) ----

/// The kernel has learned that the path is narrower, and told us by not sending. The next packets' sources will be told
/// by the worker, in terms of their clear packets.
void PacketPump::adapt_path_mtu(Instant now, const datapath::Send& send) {
  if (!observer_.path_mtu) return;
  const auto known = narrow_paths_.find(send.sa);
  // A burst that was too large as a whole says so many times.
  if (known != narrow_paths_.end() && known->second.check_at == now + kPathCheck) return;
  const auto mtu = observer_.path_mtu(send.remote.address);
  if (mtu && worker_.set_path_mtu(send.sa, *mtu)) narrow_paths_[send.sa] = {send.remote.address, now + kPathCheck};
}

std::optional<Instant> PacketPump::next_path_check() const {
  std::optional<Instant> first;
  for (const auto& [sa, path] : narrow_paths_) first = std::min(first.value_or(path.check_at), path.check_at);
  return first;
}

/// What the kernel has learned expires; a path that is wide again is used so.
void PacketPump::check_paths(Instant now) {
  for (auto path = narrow_paths_.begin(); path != narrow_paths_.end();) {
    const auto mtu = now < path->second.check_at ? std::nullopt : observer_.path_mtu(path->second.remote);
    const bool gone = mtu && !worker_.set_path_mtu(path->first, *mtu);
    if (now >= path->second.check_at) path->second.check_at = now + kPathCheck;
    path = gone ? narrow_paths_.erase(path) : std::next(path);
  }
}

}  // namespace sallyport::linux
