#include "linux/packet_pump.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "linux/clock.h"
#include "linux/datagram_sorting.h"

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
/// How long the answer may take to a question that is not asked again meanwhile.
constexpr Duration kAskedAlready = std::chrono::milliseconds(10);

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
                                                            PumpObserver observer, const Team& team) {
  std::unique_ptr<PacketPump> pump(new PacketPump(loop, tun, worker, std::move(observer), team));
  PacketPump* self = pump.get();
  self->watches_.push_back(
      TRY(loop.watch(tun.fd(), {.readable = true}, [self](Readiness) { self->on_tun_readable(monotonic_now()); })));
  for (PacketSocket& socket : sockets) TRY(self->add_socket(std::move(socket)));
  if (team.hand_over != nullptr)
    self->watches_.push_back(TRY(team.hand_over->watch(loop, team.share.index, [self] { self->take_over(); })));
  loop.add_timers([self] { return self->worker_.next_timeout(); }, [self](Instant now) { self->release_held(now); });
  loop.add_timers([self] { return self->next_path_check(); }, [self](Instant now) { self->check_paths(now); });
  return pump;
}

PacketPump::PacketPump(EventLoop& loop, TunDevice& tun, datapath::Worker& worker, PumpObserver observer,
                       const Team& team)
    : loop_(loop),
      tun_(tun),
      worker_(worker),
      observer_(std::move(observer)),
      team_(team),
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
    // What cannot be handed over stays in the device's queue, until the other worker has caught up.
    if (!may_read()) return std::this_thread::yield();
    more = read_frames();
    if (!packets_.empty()) work_outbound(now, began);
  }
}

bool PacketPump::may_read() const {
  return team_.share.count == 1 ||
         team_.hand_over->has_room(team_.share.index, kBurstFrames, kBurstOctets + TunDevice::kMaxFrame);
}

void PacketPump::work_outbound(Instant now, Instant& began) {
  Stopwatch watch(began);
  before_packets();
  if (tap_ != nullptr) tap_->on_clear_out(now, worker_, packets_);
  worker_.outbound(now, packets_, verdicts_);
  watch.worked();
  write_all(now);
  began = watch.wrote(times_out_);
  tell_observer(now);
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
    packets_.push_back({.bytes = frame, .offload = {}, .room = datapath::Packet::trailer_room});
  } else if (const auto offload = datapath::parse_offload(frame)) {
    packets_.push_back(
        {.bytes = frame.subspan(datapath::offload_size), .offload = *offload, .room = datapath::Packet::trailer_room});
  } else {
    ++counters_.malformed;
  }
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
    queue_esp(to_esp(packet, packet.bytes));
  else if (socket.port() == PacketSocket::kPlainIkePort)
    observer_.on_ike(now, packet.local, packet.remote, packet.bytes);
  else
    sort_out(now, packet);
}

void PacketPump::pass_in(Instant now, Instant& began) {
  if (datagrams_.empty()) return;
  Stopwatch watch(began);
  before_packets();
  if (tap_ != nullptr) tap_->on_protected_in(now, worker_, datagrams_);
  worker_.inbound(now, datagrams_, verdicts_);
  datagrams_.clear();
  watch.worked();
  write_all(now);
  began = watch.wrote(times_in_);
  tell_observer(now);
}

void PacketPump::sort_out(Instant now, const ReceivedPacket& packet) {
  const SortedOut others = sort_datagrams(
      packet, [&](ByteSpan run) { queue_esp(to_esp(packet, run)); },
      [&](ByteView message) { observer_.on_ike(now, packet.local, packet.remote, message); });
  counters_.malformed += others.malformed;
  counters_.keepalives += others.keepalives;
}

void PacketPump::queue_ah(const ReceivedPacket& packet) {
  datagrams_.push_back({.bytes = packet.bytes,
                        .local = packet.local,
                        .remote = packet.remote,
                        .is_ah = true,
                        .traffic_class = packet.traffic_class,
                        .hop_limit = packet.hop_limit});
}

/// A train may hold packets of several SAs of one peer: what is another worker's goes there.
void PacketPump::queue_esp(const datapath::Datagram& run) {
  if (run.bytes.empty()) return;
  if (team_.share.count == 1) {
    datagrams_.push_back(run);
    return;
  }
  for_each_share(run, team_.share.count, [&](std::uint32_t share, const datapath::Datagram& part) {
    if (share == team_.share.index) {
      datagrams_.push_back(part);
    } else {
      give_away(share, {.offload = {}, .datagram = part}, part.bytes);
    }
  });
}

// ---- From worker to worker ----

void PacketPump::give_away(std::uint32_t to, const HandedPacket& head, ByteView bytes) {
  const bool pushed = team_.hand_over->push(team_.share.index, to, head, bytes);
  ++(pushed ? counters_.handed_over : counters_.handover_full);
  team_.hand_over->wake(to);
}

void PacketPump::hand_over_clear() {
  for (const datapath::HandOver& each : verdicts_.hand_overs) {
    give_away(each.worker, {.clear = true, .joined = each.joined, .offload = each.offload, .datagram = {}}, each.bytes);
  }
}

/// They lie in the rings until both have been worked on.
void PacketPump::take_over() {
  const Instant now = monotonic_now();
  Instant began = now;
  packets_.clear();
  team_.hand_over->for_each(team_.share.index, [&](const PacketRing::Entry& entry) {
    if (entry.head.clear) {
      packets_.push_back({.bytes = entry.bytes,
                          .offload = entry.head.offload,
                          .handed_over = true,
                          .joined = entry.head.joined,
                          .room = datapath::Packet::trailer_room});
    } else {
      datagrams_.push_back(entry.head.datagram);
      datagrams_.back().bytes = entry.bytes;
    }
  });
  if (!packets_.empty()) work_outbound(now, began);
  pass_in(now, began);
  team_.hand_over->pop(team_.share.index);
}

// ---- Verdicts ----

void PacketPump::carry_out(Instant now) {
  write_all(now);
  tell_observer(now);
}

void PacketPump::write_all(Instant now) {
  if (tap_ != nullptr) tap_->on_verdicts(now, worker_, verdicts_);
  if (!verdicts_.hand_overs.empty()) hand_over_clear();
  send_all(now);
  for (const auto& each : verdicts_.deliveries) deliver(each);
}

void PacketPump::tell_observer(Instant now) {
  // What these lead to may call the worker, and so end the verdicts' life: by value.
  const auto needs = std::exchange(verdicts_.need_sa, {});
  const auto moved = std::exchange(verdicts_.peers_moved, {});
  const auto run_out = std::exchange(verdicts_.sequence_runs_out, {});
  const auto stray = std::exchange(verdicts_.unknown_spi, std::nullopt);
  for (const auto& need : needs) observer_.on_need_sa(now, need);
  for (const auto& peer : moved) observer_.on_peer_moved(now, peer);
  for (const auto& sa : run_out) observer_.on_sequence_runs_out(now, sa);
  if (stray && observer_.on_unknown_spi) observer_.on_unknown_spi(now, *stray);
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
      note_narrow_path(now, *outgoing_of_[failure.index]);
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
void PacketPump::note_narrow_path(Instant now, const datapath::Send& send) {
  if (!observer_.on_narrow_path) return;
  const auto [known, is_new] = narrow_paths_.try_emplace(send.sa, Path{send.remote.address, now});
  // A burst that was too large as a whole says so many times, and so do those that come before the answer.
  if (!is_new && now < known->second.asked_at + kAskedAlready) return;
  known->second = {send.remote.address, now};
  observer_.on_narrow_path(send.sa, send.remote.address);
}

std::optional<Instant> PacketPump::next_path_check() const {
  std::optional<Instant> first;
  for (const auto& [sa, path] : narrow_paths_) {
    const Instant check_at = path.asked_at + kPathCheck;
    first = std::min(first.value_or(check_at), check_at);
  }
  return first;
}

/// What the kernel has learned expires; a path that is wide again is used so.
void PacketPump::check_paths(Instant now) {
  std::erase_if(narrow_paths_, [&](const auto& each) { return !worker_.status(each.first); });
  for (auto& [sa, path] : narrow_paths_) {
    if (now < path.asked_at + kPathCheck) continue;
    path.asked_at = now;
    observer_.on_narrow_path(sa, path.remote);
  }
}

}  // namespace sallyport::linux
