// Coalescer: joins runs of inbound TCP or UDP packets of one flow into super-frames, which the kernel takes with one
// write and carries through its stack as one (what a network card's receive offload does). A packet joins only if the
// kernel, cutting the super-frame again, would make the very same packet; and only if its checksums were verified,
// because the kernel will take a super-frame's on trust. The order within a flow is kept.
#pragma once

#include "base/check.h"
#include "datapath/flow.h"
#include "datapath/sad.h"
#include "datapath/verdicts.h"
#include "datapath/worker.h"

namespace sallyport::datapath {

class Coalescer {
 public:
  explicit Coalescer(Settings::Join join);

  /// `packets` bounds the calls of add() until the next begin_burst().
  void begin_burst(std::size_t packets, std::vector<Deliver>& deliveries);
  /// `octets` is the clear packet `ip` and stays where it is; its headers may be changed. May be delivered at once, or
  /// wait for others until flush() at the latest.
  void add(policy::ChildSaId sa, ByteSpan octets, const wire::IpPacket& ip, const FlowKey& key);
  /// Whether packets of this protocol are ever joined. Others may as well be passed on at once.
  bool joins(std::uint8_t protocol) const {
    return protocol == static_cast<std::uint8_t>(wire::IpProtocol::tcp)   ? join_.tcp
           : protocol == static_cast<std::uint8_t>(wire::IpProtocol::udp) ? join_.udp
                                                                          : false;
  }
  [[gnu::always_inline]] void pass_on(policy::ChildSaId sa, ByteView octets) {
    ASSERT(pieces_.size() < pieces_.capacity());
    const ByteView& piece = pieces_.emplace_back(octets);
    Deliver& deliver =
        deliveries_->emplace_back();  // where it stays: made elsewhere and moved, it would take twice the time
    deliver.sa = sa;
    deliver.pieces = {&piece, 1};
  }
  void flush();

 private:
  static constexpr std::size_t most_segments = 64;
  static constexpr std::size_t most_runs = 8;  // flows that come interleaved

  struct Run {
    FlowKey key;
    policy::ChildSaId sa;
    std::uint8_t* first = nullptr;  // the first packet
    std::uint16_t transport = 0;    // offset of the TCP or UDP header
    std::uint16_t headers = 0;      // octets in front of the payload
    std::uint16_t segment_size = 0;
    bool is_tcp = false;
    bool is_closed = false;   // nothing may follow: a short segment, or PSH
    std::size_t payload = 0;  // octets of all segments
    std::size_t count = 0;
    std::array<ByteView, most_segments> pieces;
  };

  /// The packet's offset of its payload if it can be part of a run.
  std::optional<std::size_t> joinable(const wire::IpPacket& ip) const;
  static bool continues(const Run& run, ByteView octets, std::size_t headers);
  static void append(Run& run, ByteView octets, std::size_t headers);
  void start(Run& run, policy::ChildSaId sa, ByteSpan octets, const wire::IpPacket& ip, const FlowKey& key,
             std::size_t headers);
  void deliver(policy::ChildSaId sa, const Offload& offload, std::span<const ByteView> pieces);
  Run& run_at(std::size_t place) { return runs_[order_[place]]; }
  void to_front(std::size_t place);
  void finish(std::size_t place);
  void deliver(Run& run);

  Settings::Join join_;
  std::array<Run, most_runs> runs_;
  /// Places in runs_: of the open ones first, and of these the one that grew last before all others.
  std::array<std::uint8_t, most_runs> order_;
  std::size_t open_ = 0;
  std::vector<ByteView> pieces_;  // what deliveries point to
  std::vector<Deliver>* deliveries_ = nullptr;
};

}  // namespace sallyport::datapath
