// What the datapath counts: packets, octets, and why packets were dropped. Each drop has exactly one reason, and each
// reason one counter.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sallyport::datapath {

enum class DropReason : std::uint8_t {
  // outbound, before protection
  malformed_packet,    // clear text that is no IP packet, or whose lengths contradict each other
  no_policy,           // no SPD entry matches (RFC 4301 §4.4.1: then it is discarded)
  policy_discard,      // either way: an SPD entry says so
  policy_bypass,       // either way: an SPD entry says clear: such a packet has no business in the TUN, nor in an SA
  no_sa,               // must be protected, there is no SA, and the policy is not on demand
  hold_overflow,       // held for an SA to come, and pushed out by later packets
  hold_expired,        // held, and no SA came in time
  too_big,             // beyond the path MTU and not to be fragmented: its source was told
  sequence_exhausted,  // the SA has used up its sequence numbers (RFC 4303 §3.3.3)
  volume_exhausted,    // either way: the SA has carried all that it may (RFC 4301 §4.4.2.1)
  fragment,            // a fragment where only whole datagrams go (RFC 4302 §3.4.1: AH inbound)
  reassembly_failed,   // fragments that overlap or come twice, are too many, or waited too long for the rest
  uncoverable_header,  // either way: IP options or extension headers of which AH cannot tell what may change
  // inbound, before authentication: what anybody can cause
  malformed_esp,  // too short, or not a multiple of the cipher's block
  malformed_ah,   // no AH where it should be, or its length is not the SA's
  unknown_spi,
  incomplete_bundle,  // ESP or AH alone, where the SA is a bundle of both (or AH, which is authentic, around another)
  replay,             // seen before
  replay_stale,       // behind the window
  integrity,          // the ICV is wrong
  early_overflow,     // came before the keys of an SPI that we had offered, and pushed out by later ones
  early_expired,      // likewise; the keys did not come in time, or not at all
  // inbound, after authentication: what only the peer can cause
  bad_padding,      // pad length or pad octets (RFC 4303 §2.4)
  bad_next_header,  // in tunnel mode something that is not IP
  bad_compression,  // another CPI than was agreed on, or what does not expand to a packet (RFC 3173)
  malformed_inner,  // an inner packet whose header contradicts itself
  selector,         // does not match what was negotiated for the SA (RFC 4301 §5.2 step 4)
  ecn_congestion,   // congestion marked outside, and the inner transport cannot be told (RFC 6040 §4.2)
  count_
};
inline constexpr std::size_t drop_reasons = static_cast<std::size_t>(DropReason::count_);

/// In the words of `sallyport counters`: "no_policy", "replay_stale".
std::string_view to_string(DropReason reason);

class DropCounters {
 public:
  void add(DropReason reason, std::uint64_t packets = 1) { counts_[static_cast<std::size_t>(reason)] += packets; }
  std::uint64_t operator[](DropReason reason) const { return counts_[static_cast<std::size_t>(reason)]; }
  std::uint64_t total() const;
  DropCounters& operator+=(const DropCounters& other);

  friend bool operator==(const DropCounters&, const DropCounters&) = default;

 private:
  std::array<std::uint64_t, drop_reasons> counts_{};
};

/// Packets and octets of one direction. Octets are those of the clear IP packets, as they enter or leave the TUN.
struct Traffic {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;

  Traffic& operator+=(const Traffic& other) {
    packets += other.packets;
    bytes += other.bytes;
    return *this;
  }
  friend bool operator==(const Traffic&, const Traffic&) = default;
};

struct Counters {
  Traffic inbound;
  Traffic outbound;
  std::uint64_t dummies = 0;  // inbound packets with next header 59 (RFC 4303 §2.6): authentic, and nothing to deliver
  std::uint64_t compressed_in = 0, compressed_out = 0;  // packets that came, or went, compressed (RFC 3173)
  DropCounters drops;

  Counters& operator+=(const Counters& other) {
    inbound += other.inbound;
    outbound += other.outbound;
    dummies += other.dummies;
    drops += other.drops;
    return *this;
  }
  friend bool operator==(const Counters&, const Counters&) = default;
};

}  // namespace sallyport::datapath
