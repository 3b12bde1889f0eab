// The way out: clear packets from the TUN become ESP, or AH. Each is given its SA by the SPD (once per flow; then by
// the cache), the burst is sorted by SA, and each SA's share is laid out as trains, cut where the kernel left
// super-frames, and sealed in place.
#pragma once

#include <deque>

#include "datapath/ah_builder.h"
#include "datapath/flow_cache.h"
#include "datapath/flow_head.h"
#include "datapath/icmp_error.h"
#include "datapath/ipcomp.h"
#include "datapath/pmtu.h"
#include "datapath/reassembly.h"
#include "datapath/segmentation.h"
#include "datapath/spd_view.h"
#include "datapath/trains.h"
#include "datapath/worker.h"

namespace sallyport::datapath {

class Outbound {
 public:
  Outbound(SpdView& spd, const Settings& settings, RandomSource& random, Counters& counters);

  void process(Instant now, std::span<const Packet> burst, Verdicts& out);
  /// The same for packets that have waited. They must live until the next call.
  void process_held(Instant now, std::span<HoldQueue::Held> burst, Verdicts& out);
  /// To the sources of packets that have waited in vain.
  void answer_held(Instant now, std::span<const HoldQueue::Held> dropped, Verdicts& out);
  /// Gives up what has waited for the rest of its datagram since `latest`.
  void expire_fragments(Instant latest, Verdicts& out);
  std::optional<Instant> fragments_since() const { return reassembler_.since(); }
  /// By which SA it would leave, if by any. Remembers nothing.
  std::optional<policy::ChildSaId> find(const wire::IpPacket& ip);
  /// After any change to policies or SAs: what was remembered of flows is void.
  void forget_flows() {
    cache_.forget_all();
    last_key_ = {};
    last_head_ = {};
  }

 private:
  struct Item {
    wire::IpPacket ip;
    const Packet* packet;
    std::uint32_t count;  // and as many behind it in the burst as make this: with the same FlowHead, and no Offload
    std::uint32_t next;   // of the same SA
  };

  void begin_burst(Verdicts& out);
  bool follows_last(const Packet& packet) const;
  void classify(Instant now, Instant since, const Packet& packet, Verdicts& out);
  Decision decide(const FlowKey& key);
  Decision decide_by_quoted(const wire::IpPacket& ip);
  void join(Instant now, Instant since, const wire::IpPacket& fragment, Verdicts& out);
  void without_sa(Instant now, Instant since, const Packet& packet, const FlowKey& key, SpdRule* rule, Verdicts& out);
  void hand_over(Sa& sa, const Packet& packet, Verdicts& out);
  void refuse(Instant now, DropReason reason, ByteView packet, Verdicts& out);
  void ask_for_sa(Instant now, const FlowKey& key, const SpdRule& rule, Verdicts& out);
  void assign(Sa& sa, const wire::IpPacket& ip, const Packet& packet);

  void send_all(Instant now, Sa& sa, Verdicts& out);
  void send_run(Instant now, Sa& sa, const Item& item, Verdicts& out);
  void seal_run(Sa& sa, const Item& item, std::span<const Packet> packets);
  void seal_row(Sa& sa, std::uint8_t* packet, std::span<const Packet> row, std::size_t size, wire::IpProtocol next);
  void send(Instant now, Sa& sa, const wire::IpPacket& ip, const Packet& packet, Verdicts& out);
  bool fits(Instant now, Sa& sa, const wire::IpPacket& ip, const Packet& packet, std::size_t size, OuterFields& fields,
            Verdicts& out);
  void send_one(Sa& sa, const wire::IpPacket& ip, const OuterFields& fields, Verdicts& out);
  void send_apart(Sa& sa, Segmenter segmenter, const OuterFields& fields, Verdicts& out);
  bool send_cut(Sa& sa, const wire::IpPacket& ip, Verdicts& out);
  void send_whole(Sa& sa, const wire::IpPacket& ip, const OuterFields& fields, Verdicts& out);
  void send_segments(Sa& sa, const wire::IpPacket& ip, Segmenter segmenter, const OuterFields& fields, Verdicts& out);
  void send_ah(Sa& sa, const wire::IpPacket& ip, std::optional<Segmenter> segmenter, const OuterFields& fields,
               Verdicts& out);
  void send_bundle(Sa& sa, const wire::IpPacket& ip, std::optional<Segmenter> segmenter, const OuterFields& fields,
                   Verdicts& out);
  bool take_sequence(Sa& sa, std::uint64_t& sequence, Verdicts& out);
  ByteView compressed(Sa& sa, ByteView payload, wire::IpProtocol next);
  void seal_later(Sa& sa, std::uint8_t* packet, std::uint64_t sequence, std::size_t payload, wire::IpProtocol next);
  void seal_now(Sa& sa);
  void seal_ah(Sa& sa, Verdicts& out);

  void count_sent(Sa& sa, std::size_t packets, std::size_t octets);
  void drop(DropReason reason, Sa* sa, Verdicts& out);
  void reply(Instant now, std::optional<Bytes> icmp, Verdicts& out);

  SpdView& spd_;
  Settings settings_;
  Counters& counters_;
  FlowCache<Decision> cache_;
  FlowKey last_key_;  // and what was decided for it: packets of a flow come in runs
  Decision last_decision_;
  FlowHead last_head_;  // of the same, once its second packet has come; none unless the decision was an SA
  TrainBuilder trains_;
  AhBuilder ah_;
  IcmpRate icmp_rate_;
  Reassembler reassembler_;
  Compressor compressor_;

  // Of one burst
  std::vector<Item> items_;
  std::uint32_t run_ = BurstList::nothing;  // the item of the packet before, if its SA came of last_decision_
  std::vector<Sa*> active_;
  std::vector<Packet> held_packets_;
  struct Joined {
    Bytes bytes;
    Packet packet;
  };
  std::deque<Joined> joined_;  // of fragments
  Arena pieces_;               // segments and fragments that are sent as packets of their own
  std::vector<ByteView> cut_;
  std::array<crypto::PacketJob, cipher_burst> jobs_;
  std::size_t job_count_ = 0;
  std::size_t job_octets_ = 0;  // of text
  struct Reply {
    Bytes bytes;
    ByteView piece;
  };
  std::deque<Reply> replies_;
};

}  // namespace sallyport::datapath
