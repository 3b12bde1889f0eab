// The way in: ESP and AH from the wire become clear packets for the TUN. A packet's SA is found by its SPI; what was
// seen before goes no further; the burst is sorted by SA, and each SA's share is opened in place. Only what is
// authentic moves the replay window, and only what matches the SA's selectors is delivered (RFC 4301 §5.2, RFC 4303
// §3.4).
#pragma once

#include "datapath/arena.h"
#include "datapath/coalescing.h"
#include "datapath/flow_cache.h"
#include "datapath/sad.h"
#include "datapath/worker.h"

namespace sallyport::datapath {

class Inbound {
 public:
  Inbound(Sad& sad, const Settings& settings, RandomSource& random, Counters& counters);

  void process(Instant now, std::span<const Datagram> burst, Verdicts& out);
  /// After any change to SAs.
  void forget_flows() {
    cache_.forget_all();
    last_key_ = {};
  }
  /// Whether the last burst was the first to be heard of an SA whose outbound half waited for that.
  bool has_heard_new_sa() const { return heard_new_sa_; }

 private:
  struct Item {
    crypto::PacketJob job;
    const Datagram* from;
    std::uint32_t next;  // of the same SA
  };

  void begin_burst(std::span<const Datagram> burst, Verdicts& out);
  void accept(const Datagram& datagram, ByteSpan packet, Verdicts& out);
  void accept_esp(Sa& sa, const wire::EspHeader& header, const Datagram& datagram, ByteSpan packet, Verdicts& out);
  void accept_ah(const Datagram& datagram, Verdicts& out);
  bool is_fresh(Sa& sa, std::uint64_t sequence, Verdicts& out);
  void add_to_burst(Sa& sa, const crypto::PacketJob& job, const Datagram& datagram);
  void open_all(Instant now, Sa& sa, Verdicts& out);
  void on_opened(Instant now, Sa& sa, const Item& item, const crypto::PacketJob& job, Verdicts& out);
  void free_of_ah(Sa& sa, const Datagram& from, Verdicts& out);
  void accept_bundled(Sa& ah, wire::IpProtocol next_header, const Datagram& from, ByteSpan packet, Verdicts& out);
  bool has_volume_left(Sa& sa, Verdicts& out);
  void note_origin(Sa& sa, std::uint64_t sequence, const Datagram& from, Verdicts& out);

  void decapsulate(Sa& sa, ByteSpan payload, wire::IpProtocol next_header, const Datagram& from, Verdicts& out);
  void restore(Sa& sa, ByteSpan payload, wire::IpProtocol next_header, const Datagram& from, Verdicts& out);
  void match_and_deliver(Sa& sa, ByteSpan packet, Verdicts& out);
  bool matches_selectors(Sa& sa, const wire::IpPacket& ip, const FlowKey& key);
  void deliver(Sa& sa, ByteSpan packet, const wire::IpPacket& ip, const FlowKey& key);
  void drop(DropReason reason, Sa* sa, Verdicts& out);

  Sad& sad_;
  Counters& counters_;
  FlowCache<const Sa*> cache_;  // flows whose packets the SA is known to be for
  FlowKey last_key_;            // the last flow that was found right, and its SA: packets of a flow come in runs
  const Sa* last_sa_ = nullptr;
  bool heard_new_sa_ = false;

  // Of one burst
  std::vector<Item> items_;
  std::vector<Sa*> active_;
  std::array<crypto::PacketJob, cipher_burst> jobs_;
  Arena restored_;  // transport mode's packets, with headers
  Arena copies_;    // of AH's packets, to be verified
  Coalescer coalescer_;
};

}  // namespace sallyport::datapath
