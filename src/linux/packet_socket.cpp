#include "linux/packet_socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "linux/socket_address.h"

namespace sallyport::linux {
namespace {

// <netinet/udp.h> of some releases lacks these.
constexpr int kUdpSegment = 103;
constexpr int kUdpGro = 104;

constexpr std::size_t kMessages = 16;        // per receive()
constexpr std::size_t kMessageSize = 65536;  // UDP_GRO delivers trains of up to this
constexpr int kSocketBuffer = 8 << 20;

/// Room for all control messages that we send or receive.
struct Control {
  alignas(cmsghdr) std::array<std::uint8_t, 256> bytes;
};

bool set_option(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/// Appends control messages to one message header.
class ControlWriter {
 public:
  ControlWriter(msghdr& message, Control& control) : message_(message), control_(control) {
    message_.msg_control = control_.bytes.data();
    message_.msg_controllen = 0;
  }
  template <class T>
  void add(int level, int type, const T& value) {
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(sizeof value);
    std::uint8_t* at = control_.bytes.data() + message_.msg_controllen;
    std::memcpy(at, &header, sizeof header);
    std::memcpy(at + CMSG_LEN(0), &value, sizeof value);
    message_.msg_controllen += CMSG_SPACE(sizeof value);
  }

 private:
  msghdr& message_;
  Control& control_;
};

template <class T>
std::optional<T> value_of(const cmsghdr* header) {
  T value;
  if (header->cmsg_len < CMSG_LEN(sizeof value)) return std::nullopt;
  std::memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

policy::IpAddress address_of(const in_addr& address) {
  return *policy::IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&address), 4});
}
policy::IpAddress address_of(const in6_addr& address) {
  return *policy::IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&address), 16});
}

/// What the kernel says beside the packet.
void read_control(msghdr& message, ReceivedPacket& packet) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    const auto is = [&](int level, int type) { return header->cmsg_level == level && header->cmsg_type == type; };
    if (is(IPPROTO_IP, IP_PKTINFO)) {
      if (const auto info = value_of<in_pktinfo>(header)) packet.local.address = address_of(info->ipi_addr);
    } else if (is(IPPROTO_IPV6, IPV6_PKTINFO)) {
      if (const auto info = value_of<in6_pktinfo>(header)) packet.local.address = address_of(info->ipi6_addr);
    } else if (is(IPPROTO_IP, IP_TOS)) {
      packet.traffic_class = value_of<std::uint8_t>(header).value_or(0);
    } else if (is(IPPROTO_IPV6, IPV6_TCLASS)) {
      packet.traffic_class = static_cast<std::uint8_t>(value_of<int>(header).value_or(0));
    } else if (is(IPPROTO_IP, IP_TTL) || is(IPPROTO_IPV6, IPV6_HOPLIMIT)) {
      packet.hop_limit = static_cast<std::uint8_t>(value_of<int>(header).value_or(64));
    } else if (is(SOL_UDP, kUdpGro)) {
      packet.segment_size = static_cast<std::uint16_t>(value_of<int>(header).value_or(0));
    }
  }
}

/// A raw IPv4 socket delivers the IP header as well.
bool strip_ipv4_header(ByteSpan& bytes) {
  if (bytes.size() < 20) return false;
  const std::size_t header = (bytes[0] & 0x0fu) * 4;
  if (header < 20 || header > bytes.size()) return false;
  bytes = bytes.subspan(header);
  return true;
}

}  // namespace

struct PacketSocket::Buffers {
  Bytes memory = Bytes(kMessages * kMessageSize);
  std::array<mmsghdr, kMessages> messages;
  std::array<iovec, kMessages> pieces;
  std::array<sockaddr_storage, kMessages> sources;
  std::array<Control, kMessages> controls;
  std::array<ReceivedPacket, kMessages> packets;
};

PacketSocket::PacketSocket(FileDescriptor file, policy::Family family, std::uint16_t port, bool udp)
    : file_(std::move(file)), family_(family), port_(port), udp_(udp), buffers_(std::make_shared<Buffers>()) {
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
  if (udp) set_option(fd, SOL_UDP, kUdpGro, 1);
}

SystemResult<PacketSocket> PacketSocket::open_udp(policy::Family family, std::uint16_t port, std::uint32_t mark) {
  FileDescriptor file(::socket(address_family(family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const std::string attempt =
      fmt::format("cannot listen on UDP port {} ({})", port, family == policy::Family::ipv4 ? "IPv4" : "IPv6");
  if (!file) return refused(errno, attempt);
  if (family == policy::Family::ipv6) set_option(file.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (!set_option(file.get(), SOL_SOCKET, SO_MARK, static_cast<int>(mark)))
    return refused(errno, "cannot mark our own packets", "the daemon needs CAP_NET_ADMIN");
  const SocketAddress any({policy::IpAddress::unspecified(family), port});
  if (::bind(file.get(), any.get(), any.size()) != 0)
    return refused(errno, attempt, errno == EADDRINUSE ? "another IKE daemon runs here" : "");
  return PacketSocket(std::move(file), family, port, true);
}

SystemResult<PacketSocket> PacketSocket::open_esp(policy::Family family, std::uint32_t mark) {
  FileDescriptor file(::socket(address_family(family), SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ESP));
  if (!file) return refused(errno, "cannot open a socket for ESP (IP protocol 50)", "the daemon needs CAP_NET_RAW");
  if (!set_option(file.get(), SOL_SOCKET, SO_MARK, static_cast<int>(mark)))
    return refused(errno, "cannot mark our own packets", "the daemon needs CAP_NET_ADMIN");
  return PacketSocket(std::move(file), family, 0, false);
}

std::span<const ReceivedPacket> PacketSocket::receive() {
  Buffers& b = *buffers_;
  for (std::size_t i = 0; i < kMessages; ++i) {
    b.pieces[i] = {b.memory.data() + i * kMessageSize, kMessageSize};
    b.messages[i] = {};
    msghdr& message = b.messages[i].msg_hdr;
    message.msg_name = &b.sources[i];
    message.msg_namelen = sizeof b.sources[i];
    message.msg_iov = &b.pieces[i];
    message.msg_iovlen = 1;
    message.msg_control = b.controls[i].bytes.data();
    message.msg_controllen = b.controls[i].bytes.size();
  }
  const int count = ::recvmmsg(file_.get(), b.messages.data(), kMessages, 0, nullptr);
  std::size_t kept = 0;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    ReceivedPacket packet;
    packet.bytes = {b.memory.data() + at * kMessageSize, b.messages[at].msg_len};
    const auto remote = endpoint_of(b.sources[at]);
    if (!remote || (b.messages[at].msg_hdr.msg_flags & MSG_TRUNC) != 0) continue;
    packet.remote = *remote;
    packet.local.port = port_;
    read_control(b.messages[at].msg_hdr, packet);
    if (!udp_) {
      packet.remote.port = 0;  // raw IPv6 sockets put the protocol there
      if (family_ == policy::Family::ipv4 && !strip_ipv4_header(packet.bytes)) continue;
    }
    if (packet.segment_size >= packet.bytes.size()) packet.segment_size = 0;
    b.packets[kept++] = packet;
  }
  return {b.packets.data(), kept};
}

Result<void> PacketSocket::send(std::span<const ByteView> pieces, const SendOptions& options) {
  const bool train = options.segment_size != 0;
  if (train && (!udp_ || no_trains_.contains(options.remote.address))) return send_singly(pieces, options);
  set_dont_fragment(options.dont_fragment);
  auto sent = send_one(pieces, options);
  // A route without checksum offload, or of a smaller MTU, refuses trains; single datagrams may still pass.
  if (!sent && train && (sent.error().where == EIO || sent.error().where == EINVAL || sent.error().where == EMSGSIZE)) {
    if (sent.error().where == EIO) no_trains_.insert(options.remote.address);
    return send_singly(pieces, options);
  }
  return sent;
}

/// The train in `pieces`, which is one piece then, datagram by datagram.
Result<void> PacketSocket::send_singly(std::span<const ByteView> pieces, const SendOptions& options) {
  SendOptions single = options;
  single.segment_size = 0;
  set_dont_fragment(options.dont_fragment);
  Result<void> result;
  for (ByteView rest : pieces)
    while (!rest.empty()) {
      const ByteView segment[] = {rest.first(std::min<std::size_t>(options.segment_size, rest.size()))};
      rest = rest.subspan(segment[0].size());
      if (auto sent = send_one(segment, single); !sent) result = sent;
    }
  return result;
}

Result<void> PacketSocket::send_one(std::span<const ByteView> pieces, const SendOptions& options) {
  std::array<iovec, 8> parts;
  if (pieces.size() > parts.size()) return fail(ErrorCode::out_of_range);
  for (std::size_t i = 0; i < pieces.size(); ++i)
    parts[i] = {const_cast<std::uint8_t*>(pieces[i].data()), pieces[i].size()};
  SocketAddress to(udp_ ? options.remote : policy::Endpoint{options.remote.address, 0});
  msghdr message{};
  message.msg_name = const_cast<sockaddr*>(to.get());
  message.msg_namelen = to.size();
  message.msg_iov = parts.data();
  message.msg_iovlen = pieces.size();
  Control control;
  ControlWriter writer(message, control);
  const ByteView source = options.local.address.bytes();
  if (family_ == policy::Family::ipv4) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, source.data(), 4);
    if (!options.local.address.is_unspecified()) writer.add(IPPROTO_IP, IP_PKTINFO, info);
    writer.add(IPPROTO_IP, IP_TOS, static_cast<int>(options.traffic_class));
    writer.add(IPPROTO_IP, IP_TTL, static_cast<int>(options.hop_limit));
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, source.data(), 16);
    if (!options.local.address.is_unspecified()) writer.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    writer.add(IPPROTO_IPV6, IPV6_TCLASS, static_cast<int>(options.traffic_class));
    writer.add(IPPROTO_IPV6, IPV6_HOPLIMIT, static_cast<int>(options.hop_limit));
  }
  if (options.segment_size != 0) writer.add(SOL_UDP, kUdpSegment, options.segment_size);
  for (int tries = 0;; ++tries) {
    if (::sendmsg(file_.get(), &message, 0) >= 0) return {};
    const bool passing = errno == EINTR || errno == ECONNREFUSED;  // the latter is about an earlier datagram
    if (!passing || tries == 3) return system_failure(errno);
  }
}

/// IPv4 alone has the flag; over IPv6 it is the sender who fragments, or does not.
void PacketSocket::set_dont_fragment(bool dont_fragment) {
  if (std::exchange(dont_fragment_, dont_fragment) == dont_fragment) return;
  if (family_ == policy::Family::ipv4)
    set_option(file_.get(), IPPROTO_IP, IP_MTU_DISCOVER, dont_fragment ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT);
  else
    set_option(file_.get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, dont_fragment ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT);
}

}  // namespace sallyport::linux
