// The sending half of PacketSocket: packets become messages, a bunch of which leaves with one call; what the kernel
// refuses as a train leaves one datagram at a time.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "linux/control_messages.h"
#include "linux/packet_socket.h"
#include "linux/socket_address.h"

namespace sallyport::linux {
namespace {

constexpr int kUdpSegment = 103;  // <netinet/udp.h> of some releases lacks it
constexpr std::size_t kMessages = 64;
constexpr int kPatienceMilliseconds = 2;
// What UDP_SEGMENT takes at once (Linux below 6.9), and what one UDP datagram over IPv4 can hold.
constexpr std::size_t kMostSegments = 64;
constexpr std::size_t kMostTrainBytes = 65507;

}  // namespace

struct PacketSocket::SendRoom {
  struct Message {
    std::size_t index = 0;  // of its packet
    bool train = false;
    std::array<iovec, 2> pieces;
    SocketAddress to;
    ControlRoom control;
  };
  std::array<Message, kMessages> messages;
  std::array<mmsghdr, kMessages> headers;
};

PacketSocket::RoomPointer PacketSocket::make_room() {
  return {new SendRoom, [](SendRoom* room) { delete room; }};
}

/// One call of send().
class PacketSocket::Sender {
 public:
  Sender(PacketSocket& socket, Instant now, std::span<const OutgoingPacket> packets, std::vector<SendFailure>& failures)
      : socket_(socket), room_(*socket.room_), now_(now), packets_(packets), failures_(failures) {}

  void send_all() {
    for (std::size_t i = 0; i < packets_.size(); ++i) add(i, may_be_train(packets_[i]));
    flush();
  }

 private:
  bool may_be_train(const OutgoingPacket& packet) const {
    return socket_.is_udp() && packet.segment_size != 0 && packet.payload.size() > packet.segment_size &&
           packet.payload.size() <= kMostTrainBytes && packet.payload.size() <= kMostSegments * packet.segment_size &&
           !socket_.trains_refused(now_, packet.remote.address);
  }

  void add(std::size_t index, bool train) {
    const OutgoingPacket& packet = packets_[index];
    if (packet.dont_fragment != socket_.dont_fragment_ && !socket_.is_ah()) {
      flush();  // the flag is the socket's, not the message's
      socket_.set_dont_fragment(packet.dont_fragment);
    }
    ByteView rest = packet.payload;
    do {
      const bool whole = train || packet.segment_size == 0;
      const ByteView payload = whole ? rest : rest.first(std::min<std::size_t>(packet.segment_size, rest.size()));
      rest = rest.subspan(payload.size());
      if (count_ == kMessages) flush();
      write_message(index, train, payload);
    } while (!rest.empty());
  }

  void write_message(std::size_t index, bool train, ByteView payload) {
    const OutgoingPacket& packet = packets_[index];
    SendRoom::Message& ours = room_.messages[count_];
    ours.index = index;
    ours.train = train;
    ours.pieces[0] = {const_cast<std::uint8_t*>(packet.marker.data()), packet.marker.size()};
    ours.pieces[1] = {const_cast<std::uint8_t*>(payload.data()), payload.size()};
    ours.to = SocketAddress(socket_.is_udp() ? packet.remote : policy::Endpoint{packet.remote.address, 0});
    mmsghdr& message = room_.headers[count_++];
    message = {};
    message.msg_hdr.msg_name = const_cast<sockaddr*>(ours.to.get());
    message.msg_hdr.msg_namelen = ours.to.size();
    message.msg_hdr.msg_iov = ours.pieces.data();
    message.msg_hdr.msg_iovlen = ours.pieces.size();
    if (!socket_.is_ah()) write_control(packet, train, message.msg_hdr, ours.control);
  }

  void write_control(const OutgoingPacket& packet, bool train, msghdr& message, ControlRoom& room) const {
    ControlWriter control(message, room);
    const ByteView source = packet.local.address.bytes();
    const bool chosen = !packet.local.address.is_unspecified();
    if (socket_.family_ == policy::Family::ipv4) {
      in_pktinfo info{};
      std::memcpy(&info.ipi_spec_dst, source.data(), sizeof info.ipi_spec_dst);
      if (chosen) control.add(IPPROTO_IP, IP_PKTINFO, info);
      control.add(IPPROTO_IP, IP_TOS, static_cast<int>(packet.traffic_class));
      control.add(IPPROTO_IP, IP_TTL, static_cast<int>(packet.hop_limit));
      if (!packet.options.empty()) control.add(IPPROTO_IP, IP_RETOPTS, packet.options.data(), packet.options.size());
    } else {
      in6_pktinfo info{};
      std::memcpy(&info.ipi6_addr, source.data(), sizeof info.ipi6_addr);
      if (chosen) control.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
      control.add(IPPROTO_IPV6, IPV6_TCLASS, static_cast<int>(packet.traffic_class));
      control.add(IPPROTO_IPV6, IPV6_HOPLIMIT, static_cast<int>(packet.hop_limit));
      if (!packet.options.empty())
        control.add(IPPROTO_IPV6, IPV6_HOPOPTS, packet.options.data(), packet.options.size());
    }
    if (train) control.add(IPPROTO_UDP, kUdpSegment, packet.segment_size);
  }

  void flush() {
    const std::size_t count = std::exchange(count_, 0);
    refused_trains_.clear();
    bool patient = true;
    for (std::size_t at = 0; at < count;) {
      const int sent =
          sendmmsg(socket_.fd(), room_.headers.data() + at, static_cast<unsigned>(count - at), MSG_DONTWAIT);
      if (sent > 0) {
        at += static_cast<std::size_t>(sent);
      } else if (errno == EAGAIN && std::exchange(patient, false)) {
        pollfd room{.fd = socket_.fd(), .events = POLLOUT, .revents = 0};
        poll(&room, 1, kPatienceMilliseconds);
      } else if (errno != EINTR) {
        refused(room_.messages[at++], errno);
      }
    }
    send_refused_trains();
  }

  /// A route without checksum offload, or of a smaller MTU, refuses trains; single datagrams may still pass.
  void refused(const SendRoom::Message& message, int number) {
    const OutgoingPacket& packet = packets_[message.index];
    if (message.train && TrainRefusals::is_about_trains(number)) {
      refused_trains_.push_back(message.index);
    } else if (!failures_.empty() && failures_.back().index == message.index) {
      ++failures_.back().datagrams;
      failures_.back().number = number;
    } else {
      const std::size_t segments =
          message.train ? (packet.payload.size() + packet.segment_size - 1) / packet.segment_size : 1;
      failures_.push_back({message.index, segments, number});
    }
  }

  /// Where single datagrams pass, trains are at fault, and are left off for a while. (Late, and so out of order: once.)
  void send_refused_trains() {
    const auto trains = std::exchange(refused_trains_, {});
    for (const std::size_t index : trains) add(index, false);
    if (count_ > 0) flush();
    for (const std::size_t index : trains)
      if (std::ranges::find(failures_, index, &SendFailure::index) == failures_.end())
        socket_.refusals_.note(now_, packets_[index].remote.address);
  }

  PacketSocket& socket_;
  SendRoom& room_;
  Instant now_;
  std::span<const OutgoingPacket> packets_;
  std::vector<SendFailure>& failures_;
  std::size_t count_ = 0;
  std::vector<std::size_t> refused_trains_;
};

void PacketSocket::send(Instant now, std::span<const OutgoingPacket> packets, std::vector<SendFailure>& failures) {
  failures.clear();
  Sender(*this, now, packets, failures).send_all();
}

}  // namespace sallyport::linux
