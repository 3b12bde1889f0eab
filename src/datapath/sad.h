// The SAD (RFC 4301 §4.4.2): one Sa per Child SA, both directions, with all that the packet path needs of it and
// nothing of how it came to be. Found by id, and inbound packets' by protocol and SPI: we choose those, so they need no
// address to be unique (§4.1).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "datapath/ah.h"
#include "datapath/counters.h"
#include "datapath/esp.h"
#include "datapath/replay_window.h"
#include "datapath/selectors.h"
#include "datapath/sequence.h"
#include "datapath/spi_table.h"
#include "policy/child_sa.h"

namespace sallyport::datapath {

/// A list of the packets of one burst that belong to one SA, in the order they came; indices into the burst.
struct BurstList {
  static constexpr std::uint32_t nothing = 0xffffffff;
  std::uint32_t first = nothing;
  std::uint32_t last = nothing;
};

struct InboundSa {
  std::uint32_t spi = 0;
  EspLayout layout;
  std::unique_ptr<crypto::PacketCipher> cipher;
  ReplayWindow window;
  std::optional<Instant> last_heard;
  policy::Endpoint last_origin;  // where PeerMoved was last said of, or the known peer
  BurstList burst;
};

/// Has one direction of an SA carried so much?
inline bool reaches(const Traffic& carried, const policy::Volume& limit) {
  return (limit.bytes != 0 && carried.bytes >= limit.bytes) || (limit.packets != 0 && carried.packets >= limit.packets);
}

/// How many packets of any size will surely not make it reach so much, counted before each.
inline std::uint64_t packets_within(const Traffic& carried, const policy::Volume& limit) {
  std::uint64_t packets = UINT64_MAX;
  if (limit.packets != 0) packets = limit.packets - std::min(limit.packets, carried.packets);
  if (limit.bytes != 0) packets = std::min(packets, (limit.bytes - std::min(limit.bytes, carried.bytes)) / 65536);
  return packets;
}

struct OutboundSa {
  std::uint32_t spi = 0;
  EspLayout layout;
  std::unique_ptr<crypto::PacketCipher> cipher;
  Sequence sequence;
  bool in_use = true;     // false: the peer may not have it yet
  bool said_low = false;  // SequenceRunsOut, of either direction
  bool said_exhausted = false;
  std::uint16_t path_mtu = 0;           // octets of the outer packet
  std::uint16_t route_mtu = 0;          // the same, of the route alone: without what ICMP errors said
  std::optional<Instant> narrow_until;  // how long what they said counts

  /// How many packets may be sent without asking whether this is the last, or whether it is time to say something.
  std::uint64_t unquestioned(const Traffic& carried, const policy::Volume& soft, const policy::Volume& hard) const {
    const std::uint64_t packets = std::min(sequence.left(), packets_within(carried, hard));
    return said_low ? packets : std::min({packets, sequence.left_until_low(), packets_within(carried, soft)});
  }
  std::optional<Instant> last_sent;
  BurstList burst;
};

/// What an SA knows of its IPComp (RFC 3173).
struct IpcompSa {
  std::uint16_t cpi_in = 0, cpi_out = 0;
  std::uint8_t failures = 0;    // packets in a row that did not become smaller
  std::uint16_t pass_over = 0;  // so many are not tried
};

struct Sa {
  policy::ChildSaId id;
  policy::Protocol protocol = policy::Protocol::esp;  // or AH
  policy::Mode mode = policy::Mode::tunnel;
  bool udp_encap = false;
  bool behind_nat = false;  // either end: transport mode mends checksums
  bool copy_df = true;
  bool copy_ecn = true;
  bool fragment_before = false;  // what is larger than its path takes is cut in front of ESP
  policy::Endpoint local;        // where the ends are
  policy::Endpoint remote;
  policy::IpAddress transport_local;  // what transport mode puts into clear packets: the ends at the beginning
  policy::IpAddress transport_remote;
  SelectorPair selectors;
  AhLayout ah;                // of AH alone, instead of both directions' EspLayout
  std::int64_t age_rank = 0;  // lower is newer
  policy::TfcPadding tfc_padding;
  policy::Volume soft_limit, hard_limit;
  bool is_limited() const { return soft_limit != policy::Volume{} || hard_limit != policy::Volume{}; }
  std::optional<IpcompSa> ipcomp;
  /// A bundle is two of these: ESP's, which is the one that is known, owns AH's around it, which only verifies and
  /// protects, and finds back to it.
  std::unique_ptr<Sa> outer_ah;
  Sa* inner_esp = nullptr;
  InboundSa inbound;
  OutboundSa outbound;
  Counters counters;
  /// The worker that has it. Of such an SA only what chooses SAs for packets is here, and nothing that seals or opens.
  std::optional<std::uint32_t> elsewhere;
  std::uint16_t largest_clear = 0;  // octets of a clear packet, of the kind that it is for
  std::string connection;
  std::string child;
};

struct SaElsewhere;

class Sad {
 public:
  /// See Worker::install for the errors.
  Result<Sa*> install(const policy::ChildSaSpec& spec, crypto::PacketCipherFactory& ciphers,
                      std::uint64_t first_sequence_number, std::uint16_t path_mtu);
  Result<Sa*> install_elsewhere(const SaElsewhere& known);
  /// Before all others by age_rank. Not while it is in a SpdView.
  void make_newest(Sa& sa) { sa.age_rank = --newest_rank_; }
  /// False: there was none. Who still holds a pointer to it must have let go.
  bool remove(policy::ChildSaId id);

  Sa* find(policy::ChildSaId id) const;
  Sa* find_inbound(std::uint32_t spi) const { return by_spi_.find(spi); }
  /// Whose outbound SPI this is, of all peers: they choose it.
  template <class Visit>
  void for_each_outbound(std::uint32_t spi, Visit visit) const {
    const auto [first, last] = by_outbound_spi_.equal_range(spi);
    for (auto each = first; each != last; ++each) visit(*each->second);
  }
  Sa* find_inbound_ah(std::uint32_t spi) const { return ah_by_spi_.find(spi); }
  std::size_t size() const { return by_id_.size(); }
  std::size_t size_elsewhere() const { return elsewhere_; }

 private:
  SpiTable& table_of(policy::Protocol protocol) { return protocol == policy::Protocol::ah ? ah_by_spi_ : by_spi_; }

  std::unordered_map<policy::ChildSaId, std::unique_ptr<Sa>> by_id_;
  SpiTable by_spi_;  // ESP's
  SpiTable ah_by_spi_;
  std::unordered_multimap<std::uint32_t, Sa*> by_outbound_spi_;  // of both
  std::int64_t newest_rank_ = 0;
  std::size_t elsewhere_ = 0;
};

}  // namespace sallyport::datapath
