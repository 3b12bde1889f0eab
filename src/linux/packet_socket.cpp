#include "linux/packet_socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "linux/ah_packet.h"
#include "linux/control_messages.h"
#include "linux/socket_address.h"
#include "linux/spi_steering.h"

namespace sallyport::linux {
namespace {

constexpr int kUdpGro = 104;  // <netinet/udp.h> of some releases lacks it
constexpr int kSocketBuffer = 8 << 20;

bool set_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

policy::IpAddress address_of(const auto& octets) {
  return *policy::IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&octets), sizeof octets});
}

/// What the kernel says beside the packet.
void read_control(msghdr& message, ReceivedPacket& packet) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    const auto is = [&](int level, int type) { return header->cmsg_level == level && header->cmsg_type == type; };
    if (is(IPPROTO_IP, IP_PKTINFO)) {
      if (const auto info = control_value<in_pktinfo>(*header)) packet.local.address = address_of(info->ipi_addr);
    } else if (is(IPPROTO_IPV6, IPV6_PKTINFO)) {
      if (const auto info = control_value<in6_pktinfo>(*header)) packet.local.address = address_of(info->ipi6_addr);
    } else if (is(IPPROTO_IP, IP_TOS)) {
      packet.traffic_class = control_value<std::uint8_t>(*header).value_or(0);
    } else if (is(IPPROTO_IPV6, IPV6_TCLASS)) {
      packet.traffic_class = static_cast<std::uint8_t>(control_value<int>(*header).value_or(0));
    } else if (is(IPPROTO_IP, IP_TTL) || is(IPPROTO_IPV6, IPV6_HOPLIMIT)) {
      packet.hop_limit = static_cast<std::uint8_t>(control_value<int>(*header).value_or(64));
    } else if (is(IPPROTO_UDP, kUdpGro)) {
      packet.segment_size = static_cast<std::uint16_t>(control_value<int>(*header).value_or(0));
    }
  }
}

/// A raw IPv4 socket delivers the IP header as well.
bool strip_ipv4_header(ByteSpan& bytes) {
  if (bytes.size() < 20) return false;
  const std::size_t header = (bytes[0] & 0x0fu) * std::size_t{4};
  if (header < 20 || header > bytes.size()) return false;
  bytes = bytes.subspan(header);
  return true;
}

SystemResult<void> listen_on(int fd, policy::Family family, std::uint16_t port) {
  const SocketAddress any({policy::IpAddress::unspecified(family), port});
  if (bind(fd, any.get(), any.size()) == 0) return {};
  return refused(
      errno, fmt::format("cannot listen on UDP port {} ({})", port, family == policy::Family::ipv4 ? "IPv4" : "IPv6"),
      errno == EADDRINUSE ? "another IKE daemon runs here" : "");
}

}  // namespace

struct ReceiveBuffers::Parts {
  static constexpr std::size_t kMessages = 64;
  static constexpr std::size_t kFewestTrains = 2, kFewestPackets = 8;
  static constexpr std::size_t kWantedOctets = 256 * 1024;  // of all messages: so that caches hold them
  static constexpr std::size_t kMessageSize = 65536;        // the longest train that UDP_GRO makes
  /// From one message to the next: no power of two, or the small packets of a burst push each other out of the caches.
  static constexpr std::size_t kStride = kMessageSize + 2048 + 64;

  // Not cleared: only what was received is ever touched.
  std::unique_ptr<std::uint8_t[]> memory = std::make_unique_for_overwrite<std::uint8_t[]>(kMessages * kStride);
  std::size_t at_once = kFewestPackets;  // messages of the next call
  bool full = false;
  std::array<mmsghdr, kMessages> messages;
  std::array<iovec, kMessages> pieces;
  std::array<sockaddr_storage, kMessages> sources;
  std::array<ControlRoom, kMessages> controls;
  std::array<ReceivedPacket, kMessages> packets;

  /// `headroom`: octets left free in front of each.
  void prepare(std::size_t headroom) {
    for (std::size_t i = 0; i < at_once; ++i) {
      pieces[i] = {memory.get() + i * kStride + headroom, kMessageSize - headroom};
      messages[i] = {};
      msghdr& message = messages[i].msg_hdr;
      message.msg_name = &sources[i];
      message.msg_namelen = sizeof sources[i];
      message.msg_iov = &pieces[i];
      message.msg_iovlen = 1;
      message.msg_control = controls[i].bytes.data();
      message.msg_controllen = controls[i].bytes.size();
    }
  }

  ByteSpan message(std::size_t index, std::size_t size) { return {memory.get() + index * kStride, size}; }

  /// Room for twice as many after a call that filled all there was, for fewer after one that found little: what is made
  /// ready in vain costs a lone packet time.
  void learn(std::size_t received, std::size_t octets) {
    if (received == 0) return;
    const std::size_t bound = std::clamp(kWantedOctets / (octets / received + 1), kFewestTrains, kMessages);
    const std::size_t wanted = full ? 2 * at_once : received < at_once / 2 ? at_once / 2 : at_once;
    at_once = std::min(bound, std::max(wanted, kFewestPackets));
  }
};

ReceiveBuffers::ReceiveBuffers() : parts_(std::make_unique<Parts>()) {}
ReceiveBuffers::~ReceiveBuffers() = default;
bool ReceiveBuffers::were_full() const { return parts_->full; }

PacketSocket::PacketSocket(FileDescriptor file, policy::Family family, std::uint16_t port, std::uint8_t protocol)
    : file_(std::move(file)), family_(family), port_(port), protocol_(protocol) {
  const int fd = file_.get();
  // Nice to have, each of them: without, a default holds.
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, kSocketBuffer)) set_option(fd, SOL_SOCKET, SO_RCVBUF, kSocketBuffer);
  if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, kSocketBuffer)) set_option(fd, SOL_SOCKET, SO_SNDBUF, kSocketBuffer);
  if (family == policy::Family::ipv4) {
    set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
    set_option(fd, IPPROTO_IP, IP_RECVTTL, 1);
    set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
  } else {
    set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
  }
  if (is_udp() && port != kPlainIkePort) set_option(fd, IPPROTO_UDP, kUdpGro, 1);
}

SystemResult<FileDescriptor> PacketSocket::make_udp(policy::Family family, std::uint32_t mark) {
  FileDescriptor file(socket(address_family(family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!file) return refused(errno, family == policy::Family::ipv4 ? "cannot use UDP" : "cannot use UDP over IPv6");
  if (family == policy::Family::ipv6) set_option(file.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (!set_option(file.get(), SOL_SOCKET, SO_MARK, static_cast<int>(mark)))
    return refused(errno, "cannot mark our own packets", "the daemon needs CAP_NET_ADMIN");
  return file;
}

SystemResult<PacketSocket> PacketSocket::open_udp(policy::Family family, std::uint16_t port, std::uint32_t mark) {
  FileDescriptor file = TRY(make_udp(family, mark));
  TRY(listen_on(file.get(), family, port));
  return PacketSocket(std::move(file), family, port, IPPROTO_UDP);
}

/// The first is alone with its port when it takes it: who else had it, another daemon of ours included, is found out.
SystemResult<std::vector<PacketSocket>> PacketSocket::open_shared_udp(policy::Family family, std::uint16_t port,
                                                                      std::uint32_t mark, std::uint32_t workers) {
  std::vector<PacketSocket> sockets;
  for (std::uint32_t i = 0; i < workers + 1; ++i) {
    FileDescriptor file = TRY(make_udp(family, mark));
    if (i == 0) TRY(listen_on(file.get(), family, port));
    if (workers != 0 && !set_option(file.get(), SOL_SOCKET, SO_REUSEPORT, 1))
      return refused(errno, "cannot share a UDP port among threads");
    if (i != 0) TRY(listen_on(file.get(), family, port));
    sockets.push_back(PacketSocket(std::move(file), family, port, IPPROTO_UDP));
  }
  if (workers != 0) TRY(steer_by_spi(sockets.front().fd(), workers));
  return sockets;
}

SystemResult<PacketSocket> PacketSocket::open_raw(policy::Family family, std::uint8_t protocol, std::uint32_t mark,
                                                  const policy::Share& share) {
  FileDescriptor file(socket(address_family(family), SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!file)
    return refused(errno, fmt::format("cannot open a socket for IP protocol {}", protocol),
                   "the daemon needs CAP_NET_RAW");
  if (!set_option(file.get(), SOL_SOCKET, SO_MARK, static_cast<int>(mark)))
    return refused(errno, "cannot mark our own packets", "the daemon needs CAP_NET_ADMIN");
  if (share.count > 1) TRY(take_share(file.get(), family, protocol, share));
  return PacketSocket(std::move(file), family, 0, protocol);
}

SystemResult<PacketSocket> PacketSocket::open_esp(policy::Family family, std::uint32_t mark,
                                                  const policy::Share& share) {
  return open_raw(family, IPPROTO_ESP, mark, share);
}

SystemResult<PacketSocket> PacketSocket::open_ah(policy::Family family, std::uint32_t mark,
                                                 const policy::Share& share) {
  PacketSocket opened = TRY(open_raw(family, IPPROTO_AH, mark, share));
  if (!prepare_for_ah(opened.fd(), family)) return refused(errno, "cannot send AH with IP headers of our own");
  return opened;
}

bool PacketSocket::is_ah() const { return protocol_ == IPPROTO_AH; }

std::span<const ReceivedPacket> PacketSocket::receive(ReceiveBuffers& buffers) const {
  ReceiveBuffers::Parts& parts = *buffers.parts_;
  const bool without_header = is_ah() && family_ == policy::Family::ipv6;
  const std::size_t headroom = without_header ? kAhHeadroom : 0;
  parts.prepare(headroom);
  const int got =
      recvmmsg(file_.get(), parts.messages.data(), static_cast<unsigned>(parts.at_once), MSG_DONTWAIT, nullptr);
  const std::size_t count = got > 0 ? static_cast<std::size_t>(got) : 0;
  parts.full = count == parts.at_once;
  std::size_t kept = 0, octets = 0;
  for (std::size_t at = 0; at < count; ++at) {
    msghdr& message = parts.messages[at].msg_hdr;
    octets += parts.messages[at].msg_len;
    const auto remote = endpoint_of(parts.sources[at]);
    if (!remote || (message.msg_flags & MSG_TRUNC) != 0) continue;
    ReceivedPacket packet;
    packet.bytes = parts.message(at, headroom + parts.messages[at].msg_len);
    packet.remote = *remote;
    packet.local.port = port_;
    read_control(message, packet);
    if (!is_udp()) {
      packet.remote.port = 0;  // raw IPv6 sockets put the protocol there
      if (family_ == policy::Family::ipv4 && !is_ah() && !strip_ipv4_header(packet.bytes)) continue;
      if (without_header && !restore_ipv6_header(message, packet)) continue;
    }
    if (packet.segment_size >= packet.bytes.size()) packet.segment_size = 0;
    parts.packets[kept++] = packet;
  }
  parts.learn(count, octets);
  return {parts.packets.data(), kept};
}

/// IPv4 alone has the flag; over IPv6 it is the sender who fragments, or does not. With it the kernel tells us
/// (EMSGSIZE) what the device does not take. What ICMP errors have told the kernel of the path it leaves to us: it
/// believes them without a look at the SPI (datapath::Worker::on_path_error).
void PacketSocket::set_dont_fragment(bool dont_fragment) {
  if (std::exchange(dont_fragment_, dont_fragment) == dont_fragment) return;
  if (family_ == policy::Family::ipv4)
    set_option(file_.get(), IPPROTO_IP, IP_MTU_DISCOVER, dont_fragment ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT);
  else
    set_option(file_.get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, dont_fragment ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT);
}

}  // namespace sallyport::linux
