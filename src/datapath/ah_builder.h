// AhBuilder: the AH packets of a burst, whole, from the outer IP header on, because the ICV covers that: in tunnel mode
// a header of our own, in transport mode the packet's. One too large for its path leaves in fragments (RFC 4302
// §3.3.4).
#pragma once

#include "base/random.h"
#include "datapath/arena.h"
#include "datapath/sad.h"
#include "datapath/tunnel.h"
#include "datapath/verdicts.h"

namespace sallyport::datapath {

class AhBuilder {
 public:
  explicit AhBuilder(RandomSource& random) : next_id_(random.u32()) {}

  /// Forgets the last burst; `sends` is where this one's go.
  void begin_burst(std::vector<Send>& sends);

  struct Content {
    wire::IpProtocol next_header;
    std::size_t size;  // octets behind the AH header
    std::uint64_t sequence;
    std::uint16_t segment = 0;  // which of a super-frame's packets this is, from 0
  };
  /// The headers in front of `content`, whose octets the caller writes to the place that is returned before the next
  /// call. `ip` is the clear packet. nullptr: it has headers that cannot be covered, and is to be dropped. All in all
  /// at most AhLayout::largest_packet octets.
  std::uint8_t* add(Sa& sa, const wire::IpPacket& ip, const OuterFields& fields, const Content& content);

  /// ICVs for what was added of this SA, and Sends. Returns how many packets could not be cut into fragments, and were
  /// dropped.
  std::size_t seal(Sa& sa);

 private:
  struct Pending {
    std::uint8_t* packet;
    std::size_t size;
    std::uint8_t* headers;  // as they are to be sent
    std::size_t headers_size;
    OuterFields fields;
  };

  std::size_t write_headers(std::uint8_t* to, const Sa& sa, const wire::IpPacket& ip, const OuterFields& fields,
                            const Content& content);
  std::uint16_t ipv4_id();
  bool send(const Sa& sa, const Pending& pending);
  void send_one(const Sa& sa, ByteView packet, const OuterFields& fields);

  Arena arena_;
  std::vector<Send>* sends_ = nullptr;
  std::uint32_t next_id_;
  std::array<crypto::PacketJob, cipher_burst> jobs_;
  std::array<Pending, cipher_burst> pending_;
  std::size_t count_ = 0;
  std::size_t dropped_ = 0;  // since the last seal()
  std::vector<ByteView> fragments_;
};

}  // namespace sallyport::datapath
