// PacketSocket: what IPsec puts on the wire of one family: UDP of one port, or IP protocol 50 or 51. It knows at which
// of our addresses a packet came in and says from which one it leaves, carries DSCP, ECN, hop limit and the DF flag,
// and moves trains of datagrams with one call where the kernel and the route can (UDP_SEGMENT, UDP_GRO).
//
// AH's ICV covers the IP header: of protocol 51, packets come and go whole.
//
// All that it sends bears our mark, so that routing rules and packet filter let it pass (linux/footprint.h).
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "linux/file_descriptor.h"
#include "linux/system_error.h"
#include "linux/train_refusals.h"
#include "policy/address.h"
#include "policy/spi_share.h"

namespace sallyport::linux {

/// One datagram, or a train of datagrams of one size.
struct ReceivedPacket {
  ByteSpan bytes;
  std::uint16_t segment_size = 0;  // octets of each but the last; 0: one datagram
  policy::Endpoint local, remote;  // ports 0 for IP protocols 50 and 51
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 64;
};

/// Where sockets put what they receive: 64 messages of 64 KiB. One for all sockets of a thread. It remembers how large
/// messages are of late, and makes room for few long trains or many small packets.
class ReceiveBuffers {
 public:
  ReceiveBuffers();
  ~ReceiveBuffers();

  /// The last receive() had no room for more than it returned.
  bool were_full() const;

 private:
  friend class PacketSocket;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// A packet on its way out, or a train. Views live until send() returns.
struct OutgoingPacket {
  ByteView marker;   // in front of the payload: the non-ESP marker; not of a train
  ByteView payload;  // AH: with its IP header, as it is to be sent, which then holds all that is said below
  std::uint16_t segment_size = 0;  // to be cut into datagrams of so many octets; 0: one datagram
  policy::Endpoint local, remote;  // the local port is the socket's own; without an address the route decides
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 64;
  bool dont_fragment = false;
  /// Between the fixed IP header and the payload: IPv4 options, or one IPv6 hop-by-hop options header.
  ByteView options;
};

/// What did not leave: of the packet with this index so many datagrams, the last because of this errno. EMSGSIZE:
/// larger than the device allows, and not to be fragmented.
struct SendFailure {
  std::size_t index = 0;
  std::size_t datagrams = 0;
  int number = 0;
};

class PacketSocket {
 public:
  /// Here IKE has the port to itself; on every other it shares it with ESP (RFC 3948 §2).
  static constexpr std::uint16_t kPlainIkePort = 500;

  static SystemResult<PacketSocket> open_udp(policy::Family family, std::uint16_t port, std::uint32_t mark);
  /// One port for several threads: the first socket gets IKE and keepalives, each of the `workers` behind it the ESP of
  /// its share of SPIs. (Of a train that holds both, all goes where its first datagram does.)
  static SystemResult<std::vector<PacketSocket>> open_shared_udp(policy::Family family, std::uint16_t port,
                                                                 std::uint32_t mark, std::uint32_t workers);
  /// Its being there also keeps the kernel from answering ESP with "protocol unreachable".
  static SystemResult<PacketSocket> open_esp(policy::Family family, std::uint32_t mark,
                                             const policy::Share& share = {});

  /// Its packets go out as they are given, which over IPv4 but for total length and checksum, and an identification of
  /// zero, the kernel leaves alone; none is fragmented. Over IPv6 it puts together what came in from what the kernel
  /// says beside it; the mutable fields that it does not say are zero.
  static SystemResult<PacketSocket> open_ah(policy::Family family, std::uint32_t mark, const policy::Share& share = {});

  int fd() const { return file_.get(); }
  policy::Family family() const { return family_; }
  /// 0: IP protocol 50 or 51.
  std::uint16_t port() const { return port_; }
  /// 17, 50 or 51.
  std::uint8_t protocol() const { return protocol_; }

  /// What waits, at most 64 messages, or about 256 KiB when they are large; empty: nothing. The span lives until the
  /// buffers' next use.
  std::span<const ReceivedPacket> receive(ReceiveBuffers& buffers) const;
  /// Sends all, in order; `failures` is cleared first. When the socket's buffer is full it waits a little, no more than
  /// two milliseconds, before it gives up on the rest.
  void send(Instant now, std::span<const OutgoingPacket> packets, std::vector<SendFailure>& failures);

  /// Whether trains to this address leave one datagram at a time, because its route has refused them.
  bool trains_refused(Instant now, const policy::IpAddress& remote) const { return refusals_.holds(now, remote); }

 private:
  class Sender;
  struct SendRoom;
  using RoomPointer = std::unique_ptr<SendRoom, void (*)(SendRoom*)>;
  static RoomPointer make_room();
  PacketSocket(FileDescriptor file, policy::Family family, std::uint16_t port, std::uint8_t protocol);
  static SystemResult<FileDescriptor> make_udp(policy::Family family, std::uint32_t mark);
  static SystemResult<PacketSocket> open_raw(policy::Family family, std::uint8_t protocol, std::uint32_t mark,
                                             const policy::Share& share);
  bool is_udp() const { return port_ != 0; }
  bool is_ah() const;
  void set_dont_fragment(bool dont_fragment);

  FileDescriptor file_;
  policy::Family family_;
  std::uint16_t port_;
  std::uint8_t protocol_;
  bool dont_fragment_ = false;
  RoomPointer room_ = make_room();
  TrainRefusals refusals_;
};

}  // namespace sallyport::linux
