// PacketSocket: what IPsec puts on the wire of one family, either UDP of one port or IP protocol 50. It knows at which
// of our addresses a packet came in and says from which one it leaves, carries DSCP, ECN, hop limit and the DF flag,
// and moves trains of packets with one call where the kernel can (UDP_SEGMENT, UDP_GRO).
//
// All that it sends bears our mark, so that routing rules and packet filter let it pass (linux/footprint.h).
#pragma once

#include <memory>
#include <span>
#include <unordered_set>

#include "base/bytes.h"
#include "linux/file_descriptor.h"
#include "linux/system_error.h"
#include "policy/address.h"

namespace sallyport::linux {

/// One datagram, or a train of datagrams of one size. Lives until the socket's next receive().
struct ReceivedPacket {
  ByteSpan bytes;
  std::uint16_t segment_size = 0;  // octets of each but the last; 0: one datagram
  policy::Endpoint local, remote;  // ports 0 for IP protocol 50
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 64;
};

/// How a packet is to leave. A port of 0 in `local` is the socket's own.
struct SendOptions {
  policy::Endpoint local, remote;
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 64;
  bool dont_fragment = false;
  std::uint16_t segment_size = 0;  // cut into datagrams of so many octets; 0: one datagram
};

class PacketSocket {
 public:
  /// The most octets and datagrams that one send() may carry.
  static constexpr std::size_t kMostBytes = 65507;
  static constexpr std::size_t kMostSegments = 64;

  static SystemResult<PacketSocket> open_udp(policy::Family family, std::uint16_t port, std::uint32_t mark);
  /// Its being there also keeps the kernel from answering ESP with "protocol unreachable".
  static SystemResult<PacketSocket> open_esp(policy::Family family, std::uint32_t mark);

  int fd() const { return file_.get(); }
  policy::Family family() const { return family_; }
  std::uint16_t port() const { return port_; }

  /// What waits, up to a fixed number of messages; empty: nothing. The span lives until the next call.
  std::span<const ReceivedPacket> receive();
  /// EMSGSIZE: larger than the path allows, and not to be fragmented.
  Result<void> send(std::span<const ByteView> pieces, const SendOptions& options);

 private:
  struct Buffers;
  PacketSocket(FileDescriptor file, policy::Family family, std::uint16_t port, bool udp);
  Result<void> send_one(std::span<const ByteView> pieces, const SendOptions& options);
  Result<void> send_singly(std::span<const ByteView> pieces, const SendOptions& options);
  void set_dont_fragment(bool dont_fragment);

  FileDescriptor file_;
  policy::Family family_;
  std::uint16_t port_;
  bool udp_;
  bool dont_fragment_ = false;
  std::shared_ptr<Buffers> buffers_;                 // never shared: a pointer that an incomplete type allows
  std::unordered_set<policy::IpAddress> no_trains_;  // destinations whose route refused UDP_SEGMENT
};

}  // namespace sallyport::linux
