// The way in: ESP and AH from the wire become clear packets for the TUN. A packet's SA is found by its SPI; what was
// seen before goes no further; the burst is sorted by SA, and each SA's share is opened in place. Only what is
// authentic moves the replay window, and only what matches the SA's selectors is delivered (RFC 4301 §5.2, RFC 4303
// §3.4).
#pragma once

#include "datapath/arena.h"
#include "datapath/coalescing.h"
#include "datapath/early_packets.h"
#include "datapath/flow_cache.h"
#include "datapath/flow_head.h"
#include "datapath/ipcomp.h"
#include "datapath/sad.h"
#include "datapath/spd_view.h"
#include "datapath/worker.h"

namespace sallyport::datapath {

class Inbound {
 public:
  Inbound(Sad& sad, const SpdView& spd, EarlyPackets& early, const Settings& settings, RandomSource& random,
          Counters& counters);

  void process(Instant now, std::span<const Datagram> burst, Verdicts& out);
  /// After any change to policies or SAs.
  void forget_flows() {
    cache_.forget_all();
    last_key_ = {};
    last_head_ = {};
  }
  /// Whether the last burst was the first to be heard of an SA whose outbound half waited for that.
  bool has_heard_new_sa() const { return heard_new_sa_; }

 private:
  static constexpr std::uint64_t no_spi = UINT64_MAX;
  struct Run {  // packets of one SA that follow each other in arrived_
    std::uint32_t first, count;
    std::uint32_t next;  // of the same SA
  };

  void begin_burst(std::span<const Datagram> burst, Verdicts& out);
  void accept(Instant now, const Datagram& datagram, ByteSpan packet, Verdicts& out);
  void accept_esp(Sa& sa, const wire::EspHeader& header, const Datagram& datagram, ByteSpan packet, Verdicts& out);
  void accept_ah(Instant now, const Datagram& datagram, Verdicts& out);
  void on_unknown_spi(Instant now, policy::Protocol protocol, std::uint32_t spi, const Datagram& from, ByteView packet,
                      Verdicts& out);
  bool is_fresh(Sa& sa, std::uint64_t sequence, Verdicts& out);
  crypto::PacketJob& next_job();
  void add_to_burst(Sa& sa, const Datagram& datagram);
  void begin_run(Sa& sa);
  void end_run() {
    run_sa_ = nullptr;
    run_spi_ = no_spi;
  }
  void open_all(Instant now, Sa& sa, Verdicts& out);
  Run gather(std::uint32_t run);
  void on_opened(Instant now, Sa& sa, const crypto::PacketJob& job, const Datagram& from, Verdicts& out);
  void free_of_ah(Sa& sa, const Datagram& from, Verdicts& out);
  void accept_bundled(Sa& ah, wire::IpProtocol next_header, const Datagram& from, ByteSpan packet, Verdicts& out);
  bool has_volume_left(Sa& sa, Verdicts& out);
  void note_origin(Sa& sa, const Datagram& from, Verdicts& out);

  std::uint32_t deliver_like_last(Instant now, Sa& sa, std::uint32_t first, std::uint32_t end);
  void take_out(Sa& sa, ByteSpan payload, wire::IpProtocol next_header, const Datagram& from, Verdicts& out);
  void expand(Sa& sa, ByteView payload, const Datagram& from, Verdicts& out);
  void decapsulate(Sa& sa, ByteSpan payload, wire::IpProtocol next_header, const Datagram& from, Verdicts& out);
  void restore(Sa& sa, ByteSpan payload, wire::IpProtocol next_header, const Datagram& from, Verdicts& out);
  void match_and_deliver(Sa& sa, ByteSpan packet, Verdicts& out);
  bool is_allowed(Sa& sa, const wire::IpPacket& ip, const FlowKey& key, Verdicts& out);
  void lower_mss_of(const Sa& sa, ByteSpan packet, const wire::IpPacket& ip) const;
  void deliver(Sa& sa, ByteSpan packet, const wire::IpPacket& ip, const FlowKey& key);
  void count_delivered(Sa& sa, std::size_t packets, std::size_t octets);
  void drop(DropReason reason, Sa* sa, Verdicts& out);

  Sad& sad_;
  const SpdView& spd_;
  EarlyPackets& early_;
  Counters& counters_;
  bool clamp_mss_;
  FlowCache<const Sa*> cache_;  // flows whose packets the SA is known to be for
  FlowKey last_key_;            // the last flow that was found right, and its SA: packets of a flow come in runs
  const Sa* last_sa_ = nullptr;
  FlowHead last_head_;  // of the same, once its second packet has come
  bool heard_new_sa_ = false;
  Expander expander_;

  // Of one burst
  std::vector<crypto::PacketJob> arrived_;  // as many as arrived_count_ says; not cleared
  std::vector<const Datagram*> from_;       // of each of them
  std::uint32_t arrived_count_ = 0;
  const Datagram* newest_from_ = nullptr;  // the newest packet of those that were opened together came in
  std::vector<Run> runs_;
  Sa* run_sa_ = nullptr;            // whose the last of them is, while it may go on
  std::uint64_t run_spi_ = no_spi;  // and ESP's SPI that it has
  std::vector<Sa*> active_;
  Arena restored_;  // transport mode's packets, with headers, and what was compressed
  Arena copies_;    // of AH's packets, to be verified
  Coalescer coalescer_;
};

// ---- What is done to each packet before its authenticity is known, by ESP's half and AH's: a few instructions each

[[gnu::always_inline]] inline bool Inbound::is_fresh(Sa& sa, std::uint64_t sequence, Verdicts& out) {
  const auto verdict = sa.inbound.window.check(sequence);
  if (verdict == ReplayWindow::Verdict::fresh) return true;
  drop(verdict == ReplayWindow::Verdict::seen ? DropReason::replay : DropReason::replay_stale, &sa, out);
  return false;
}

[[gnu::always_inline]] inline void Inbound::accept_esp(Sa& sa, const wire::EspHeader& header, const Datagram& datagram,
                                                       ByteSpan packet, Verdicts& out) {
  const std::uint64_t sequence = sa.inbound.window.extend(header.sequence);
  if (!is_fresh(sa, sequence, out)) return;
  if (!sa.inbound.layout.prepare_open(packet, sequence, next_job())) return drop(DropReason::malformed_esp, &sa, out);
  add_to_burst(sa, datagram);
}

/// Where add_to_burst() takes the next packet's job from.
[[gnu::always_inline]] inline crypto::PacketJob& Inbound::next_job() {
  if (arrived_count_ == arrived_.size()) {
    arrived_.emplace_back();
    from_.emplace_back();
  }
  return arrived_.data()[arrived_count_];
}

[[gnu::always_inline]] inline void Inbound::add_to_burst(Sa& sa, const Datagram& datagram) {
  from_.data()[arrived_count_] = &datagram;
  if (&sa == run_sa_)
    ++runs_.back().count;
  else
    begin_run(sa);
  ++arrived_count_;
}

}  // namespace sallyport::datapath
