// What goes into a Worker and what comes out. Nothing here owns packet memory: see each type for how long its views
// live.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "datapath/counters.h"
#include "datapath/offload.h"
#include "policy/child_sa.h"
#include "policy/spd.h"

namespace sallyport::datapath {

// ---- In

/// A clear IP packet on its way out, or a super-frame that stands for many. The worker may write to it.
struct Packet {
  ByteSpan bytes;   // from the IP header on
  Offload offload;  // left as it is when the TUN has no virtio header
  /// By another worker, because the SA is here: it goes no further if it is not.
  bool handed_over = false;
  /// Put together of fragments, by whoever has read them: it may be cut again, even over IPv6.
  bool joined = false;
  /// Octets behind `bytes` that are nobody's, and that the worker may write to as well. With trailer_room of them a
  /// packet may be sealed from where it is, without a copy.
  std::size_t room = 0;
  static constexpr std::size_t trailer_room = 8;
};

/// ESP or AH as it came from the wire, already told apart from IKE and keepalives (wire/udp_encap.h). ESP is opened in
/// place.
struct Datagram {
  ByteSpan bytes;                  // from the SPI on: one ESP packet, or a train of them as UDP_GRO delivers it
                                   // AH: one whole IP packet
  std::uint16_t segment_size = 0;  // octets of each packet of the train but the last; 0: one packet
  policy::Endpoint local;          // where it arrived; ports 0 for IP protocol 50
  policy::Endpoint remote;         // where it came from
  bool udp_encap = false;
  bool is_ah = false;              // IP protocol 51
  std::uint8_t traffic_class = 0;  // of the outer header: DSCP and ECN
  std::uint8_t hop_limit = 64;     // of the outer header; reaches the inner packet in transport mode alone
};

// ---- Out

/// ESP or AH to be sent: of ESP one packet, or a train of packets of one size for one destination (UDP_SEGMENT), the
/// last of which may be shorter. Views live until the worker's next call that takes Verdicts.
struct Send {
  policy::ChildSaId sa;
  policy::Endpoint local;
  policy::Endpoint remote;
  bool udp_encap = false;          // over UDP between those ports; else IP protocol 50, or
  bool is_ah = false;              // 51: then `bytes` is a whole IP packet, or a fragment, to be sent as it is
  std::uint8_t traffic_class = 0;  // DSCP and ECN of the outer header
  std::uint8_t hop_limit = 64;
  bool dont_fragment = false;  // the IPv4 flag; over IPv6: whether the sender may fragment
  /// Transport mode keeps the packet's own headers (RFC 4303 §3.1.1): what goes between the fixed IP header and ESP or
  /// UDP. Over IPv6 hop-by-hop and routing headers, whose last names protocol() as its next; over IPv4 options. Mostly
  /// empty.
  ByteView extension_headers;
  std::uint8_t first_extension_header =
      0;                           // over IPv6: what the fixed header's next header field says, if there are any
  ByteView bytes;                  // from the SPI on; AH: from the IP header on
  std::uint16_t segment_size = 0;  // octets of each packet but the last; bytes.size() when there is one

  std::uint8_t protocol() const { return udp_encap ? 17 : is_ah ? 51 : 50; }
  std::size_t packet_count() const { return segment_size == 0 ? 0 : (bytes.size() + segment_size - 1) / segment_size; }
  ByteView packet(std::size_t index) const {
    const std::size_t at = index * segment_size;
    return bytes.subspan(at, std::min<std::size_t>(segment_size, bytes.size() - at));
  }
};

/// A clear packet (or super-frame) for the TUN, in pieces to be written with one writev, behind `offload` when the TUN
/// has a virtio header. Views live until the worker's next call that takes Verdicts, or as long as the Datagrams,
/// whichever ends first.
struct Deliver {
  policy::ChildSaId sa;  // 0: of our own making (an ICMP error for the inner source)
  Offload offload;       // never more than Settings::join allows
  std::span<const ByteView> pieces;

  std::size_t size() const;
  Bytes to_bytes() const;
};

/// A packet must be protected and no SA fits: bring one up. Asked once per policy until install() or acquire_failed(),
/// or until Settings::acquire_interval has passed.
struct NeedSa {
  policy::PolicyId policy;
  std::string connection;
  std::string child;
  policy::TrafficSelector source;  // of the packet: address, protocol, port (RFC 7296 §2.9)
  policy::TrafficSelector destination;
};

/// A clear packet whose SA another worker has. Views live as long as the Packet that it was.
struct HandOver {
  std::uint32_t worker = 0;
  ByteView bytes;
  Offload offload;
  bool joined = false;  // as Packet's
};

struct Drop {
  DropReason reason;
  policy::ChildSaId sa;  // 0: none was found
};

/// An authentic packet, newer than all before it, came from elsewhere than the SA's peer was known to be: a NAT has
/// forgotten its mapping, or the peer has moved (RFC 7296 §2.23). Whether to follow is the key exchange's decision; it
/// answers with Worker::update_endpoints. Said once for each change.
struct PeerMoved {
  policy::ChildSaId sa;
  policy::Endpoint local;   // where the packet arrived
  policy::Endpoint known;   // the remote end we knew
  policy::Endpoint remote;  // where the packet came from
};

/// The SA's sequence numbers run out (RFC 4303 §3.3.3), or the volume that it may carry: low says rekey soon, exhausted
/// that nothing more passes. Each is said once.
struct SequenceRunsOut {
  policy::ChildSaId sa;
  bool exhausted = false;
};

/// ESP or AH came with an SPI of no SA: perhaps of one that was, before a restart. Whether the peer is to know is the
/// key exchange's decision.
struct UnknownSpi {
  std::uint32_t spi = 0;
  policy::Endpoint local, remote;  // of the packet; ports 0 where it was not in UDP
};

/// The outputs of one call. Cleared by the call itself; keep it, so that its memory is reused.
struct Verdicts {
  std::vector<Send> sends;
  std::vector<Deliver> deliveries;
  std::vector<HandOver> hand_overs;
  std::vector<NeedSa> need_sa;
  std::vector<Drop> drops;
  std::vector<PeerMoved> peers_moved;
  std::vector<SequenceRunsOut> sequence_runs_out;
  std::optional<UnknownSpi> unknown_spi;  // the first of a burst

  void clear();
  bool empty() const;
};

}  // namespace sallyport::datapath
