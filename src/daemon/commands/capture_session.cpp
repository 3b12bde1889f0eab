#include "daemon/commands/capture_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/commands/captured_packet.h"
#include "wire/esp.h"
#include "wire/ike_header.h"
#include "wire/udp_encap.h"

namespace sallyport::daemon {
namespace {

constexpr std::size_t kMostIkeSas = 1024;
constexpr std::uint16_t kPlainIkePort = 500;
constexpr std::size_t kAhSpiOffset = 4;

/// "office/lan, SPI c1a2b3c4"
std::string comment_of(const std::optional<datapath::SaName>& name, bool inbound) {
  if (!name) return "no SA";
  return fmt::format("{}/{}, SPI {:08x}", name->connection, name->child, inbound ? name->spi_in : name->spi_out);
}

void add_offload(std::string& comment, const datapath::Offload& offload) {
  if (offload.is_super_frame())
    comment += fmt::format("; stands for segments of {} octets each", offload.segment_size);
  else if (offload.needs_checksum)
    comment += "; its checksum is not finished";
}

std::optional<datapath::SaName> name_of_spi(const datapath::Worker& worker, const datapath::Datagram& datagram,
                                            ByteView packet) {
  std::optional<policy::ChildSaId> sa;
  if (!datagram.is_ah) {
    if (const auto header = wire::read_esp_header(packet)) sa = worker.find_inbound(policy::Protocol::esp, header->spi);
  } else if (const auto ip = wire::IpPacket::parse(packet); ip && ip->payload().size() >= 2 * kAhSpiOffset) {
    sa = worker.find_inbound(policy::Protocol::ah, load_be32(ip->payload().data() + kAhSpiOffset));
  }
  return sa ? worker.name(*sa) : std::nullopt;
}

}  // namespace

CaptureSession::CaptureSession(CaptureWish wish, Instant now, std::uint64_t epoch, std::function<void()> on_waiting)
    : wish_(std::move(wish)),
      began_(now),
      epoch_(epoch),
      end_(wish_.duration ? std::optional(now + *wish_.duration) : std::nullopt),
      on_waiting_(std::move(on_waiting)),
      refilled_(now),
      allowance_(wish_.packets_per_second) {
  Bytes head;
  wire::write_capture_section(head, "sallyport capture");
  wire::write_capture_interface(head, "clear", wish_.packet_octets);
  wire::write_capture_interface(head, "protected", wish_.packet_octets);
  push(std::move(head));
}

// ---- What passes

void CaptureSession::on_clear_out(Instant now, const datapath::Worker& worker,
                                  std::span<const datapath::Packet> packets) {
  if (!wish_.inner || is_over(now)) return;
  for (const datapath::Packet& packet : packets) {
    if (packet.handed_over) continue;  // the worker that has read it has shown it
    const auto sa = worker.find_outbound(packet.bytes);
    const Name name = sa ? worker.name(*sa) : std::nullopt;
    if (!wants(name, nullptr)) continue;
    std::string comment = comment_of(name, false);
    add_offload(comment, packet.offload);
    add(now, clear, Direction::outbound, packet.bytes, comment);
  }
}

void CaptureSession::on_protected_in(Instant now, const datapath::Worker& worker,
                                     std::span<const datapath::Datagram> datagrams) {
  if (!wish_.outer || is_over(now)) return;
  for (const datapath::Datagram& datagram : datagrams) {
    const std::size_t step = datagram.segment_size == 0 ? datagram.bytes.size() : datagram.segment_size;
    for (ByteView rest = datagram.bytes; !rest.empty();) {
      const ByteView packet = rest.first(std::min(step, rest.size()));
      rest = rest.subspan(packet.size());
      const Name name = name_of_spi(worker, datagram, packet);
      if (wants(name, &datagram.remote.address))
        add(now, sealed, Direction::inbound, to_ip_packet(datagram, packet), comment_of(name, true));
    }
  }
}

void CaptureSession::on_verdicts(Instant now, const datapath::Worker& worker, const datapath::Verdicts& verdicts) {
  if (is_over(now)) return;
  for (std::size_t i = 0; wish_.outer && i < verdicts.sends.size(); ++i) {
    const datapath::Send& send = verdicts.sends[i];
    const Name name = worker.name(send.sa);
    if (!wants(name, &send.remote.address)) continue;
    const std::string comment = comment_of(name, false);
    for (std::size_t k = 0; k < send.packet_count(); ++k)
      add(now, sealed, Direction::outbound, to_ip_packet(send, send.packet(k)), comment);
  }
  for (std::size_t i = 0; wish_.inner && i < verdicts.deliveries.size(); ++i) {
    const datapath::Deliver& deliver = verdicts.deliveries[i];
    const Name name = worker.name(deliver.sa);
    if (!wants(name, nullptr)) continue;
    std::string comment = comment_of(name, true);
    add_offload(comment, deliver.offload);
    add(now, clear, Direction::inbound, deliver.to_bytes(), comment);
  }
}

void CaptureSession::on_ike_out(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                                ByteView message) {
  on_ike(now, Direction::outbound, local, remote, message);
}

void CaptureSession::on_ike_in(Instant now, const policy::Endpoint& local, const policy::Endpoint& remote,
                               ByteView message) {
  on_ike(now, Direction::inbound, local, remote, message);
}

void CaptureSession::on_ike(Instant now, Direction direction, const policy::Endpoint& local,
                            const policy::Endpoint& remote, ByteView message) {
  if (!wish_.ike || is_over(now)) return;
  if (wish_.peer ? remote.address != *wish_.peer : !wish_.connection.empty()) return;
  if (message.size() >= sizeof(std::uint64_t)) {
    const std::lock_guard lock(mutex_);
    if (ike_spis_.size() < kMostIkeSas) ike_spis_.insert(load_be64(message.data()));
  }
  const bool out = direction == Direction::outbound;
  const ByteView marker = local.port == kPlainIkePort ? ByteView{} : ByteView(wire::non_esp_marker);
  add(now, sealed, direction,
      to_ip_packet({.from = out ? local : remote,
                    .to = out ? remote : local,
                    .extensions = {},
                    .marker = marker,
                    .payload = message}),
      "IKE");
}

// ---- Whether it is wanted

bool CaptureSession::wants(const Name& name, const policy::IpAddress* peer) const {
  if (!wish_.connection.empty() && (!name || name->connection != wish_.connection)) return false;
  if (!wish_.child.empty() && (!name || name->child != wish_.child)) return false;
  if (!wish_.peer) return true;
  if (peer == nullptr && name) peer = &name->remote.address;
  return peer != nullptr && *peer == *wish_.peer;
}

// ---- Into the file

void CaptureSession::add(Instant now, Interface interface, Direction direction, ByteView packet,
                         std::string_view comment) {
  const std::lock_guard lock(mutex_);
  if (full_) return;
  ++seen_[interface];
  if (!is_allowed(now)) {
    ++missing_[interface];
    return;
  }
  const std::size_t kept =
      wish_.packet_octets == 0 ? packet.size() : std::min<std::size_t>(packet.size(), wish_.packet_octets);
  Bytes block;
  wire::write_captured_packet(block, {.interface = interface,
                                      .time = epoch_ + static_cast<std::uint64_t>((now - began_).count()),
                                      .bytes = packet.first(kept),
                                      .size = packet.size(),
                                      .direction = direction,
                                      .comment = comment});
  if (octets_ + block.size() > wish_.octets) {
    ++missing_[interface];
    full_ = true;
    return;
  }
  push(std::move(block));
  ++packets_;
  full_ = wish_.packets != 0 && packets_ >= wish_.packets;
}

/// So many a second, and a second's worth at a stroke; and only what there is room for.
bool CaptureSession::is_allowed(Instant now) {
  const std::chrono::duration<double> passed = now - std::exchange(refilled_, now);
  const double most = wish_.packets_per_second;
  allowance_ = std::min(most, allowance_ + std::max(0.0, passed.count()) * most);
  if (allowance_ < 1 || waiting_octets_ >= kMostWaiting) return false;
  allowance_ -= 1;
  return true;
}

void CaptureSession::finish(Instant now) {
  const std::lock_guard lock(mutex_);
  full_ = true;
  for (const Interface interface : {clear, sealed}) {
    Bytes block;
    wire::write_capture_statistics(block, interface, epoch_ + static_cast<std::uint64_t>((now - began_).count()),
                                   seen_[interface], missing_[interface]);
    push(std::move(block));
  }
}

void CaptureSession::push(Bytes block) {
  const bool first = waiting_.empty();
  octets_ += block.size();
  waiting_octets_ += block.size();
  waiting_.push_back(std::move(block));
  if (first) on_waiting_();
}

Bytes CaptureSession::take() {
  const std::lock_guard lock(mutex_);
  Bytes block = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_octets_ -= block.size();
  return block;
}

// ---- What was done

bool CaptureSession::has_seen_ike_sa(std::uint64_t initiator_spi) const {
  const std::lock_guard lock(mutex_);
  return ike_spis_.contains(initiator_spi);
}

std::size_t CaptureSession::waiting_octets() const {
  const std::lock_guard lock(mutex_);
  return waiting_octets_;
}

std::uint64_t CaptureSession::packets() const {
  const std::lock_guard lock(mutex_);
  return packets_;
}

std::uint64_t CaptureSession::octets() const {
  const std::lock_guard lock(mutex_);
  return octets_;
}

std::uint64_t CaptureSession::missing() const {
  const std::lock_guard lock(mutex_);
  return missing_[0] + missing_[1];
}

}  // namespace sallyport::daemon
