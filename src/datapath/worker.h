// Worker: one core's share of the datapath. Bursts of packets go in, verdicts come out; it owns its SAs, its copy of
// the policies and the memory that its verdicts point to. No sockets, no clock, no threads: whoever drives it has
// those.
//
//      TUN ──▶ outbound ──▶ Send (ESP or AH for the wire) · HandOver · NeedSa · Deliver (ICMP: too big) · Drop
//     wire ──▶ inbound  ──▶ Deliver (clear packets for the TUN) · PeerMoved · Drop
//
// Clear packets are sealed on the way out into the memory that they are sent from, so that packets for one destination
// lie end to end as UDP_SEGMENT wants them; those that are cut, or whose cipher works in place, are copied there first.
// On the way in they are opened where they were received. In the steady state nothing is allocated.
//
// Packets of a flow come in runs. What was found out about one is known of the next if its headers are like it
// (flow_head.h), so that all of a run but its first costs few instructions beside the cipher's.
//
// It fails closed: a packet that a policy protects leaves by ESP or AH, or not at all.
#pragma once

#include <memory>

#include "base/random.h"
#include "crypto/packet_cipher.h"
#include "datapath/verdicts.h"

namespace sallyport::datapath {

struct Settings {
  /// Flows whose SA is remembered, in each direction; a power of two. 64 octets each.
  std::uint32_t flow_cache_size = 4096;
  /// Bounds of what waits for an SA: per policy, and octets over all policies together.
  std::uint32_t hold_packets = 64;
  std::uint32_t hold_bytes = 128 * 1024;
  std::uint32_t hold_bytes_total = 4 * 1024 * 1024;
  Duration hold_time = std::chrono::seconds(10);
  /// Bounds of what waits for the keys of an SPI that we have offered: per SPI, and octets over all of them together.
  std::uint32_t early_packets = 16;
  std::uint32_t early_bytes = 24 * 1024;
  std::uint32_t early_bytes_total = 1024 * 1024;
  /// Longer than a lost answer takes to come again.
  Duration early_time = std::chrono::seconds(6);
  /// Bounds of what waits for the rest of its datagram, where whole datagrams alone are decided on.
  std::uint32_t reassembly_datagrams = 64;
  std::uint32_t reassembly_fragments = 256;  // of each
  std::uint32_t reassembly_bytes = 1024 * 1024;
  Duration reassembly_time = std::chrono::seconds(30);
  /// How soon an SA is asked for again when nobody has answered.
  Duration acquire_interval = std::chrono::seconds(5);
  /// Octets of an outer IP packet until set_path_mtu says otherwise.
  std::uint16_t path_mtu = 1500;
  /// Bounds of a train, in packets and octets of ESP. 1 packet: no trains.
  std::uint16_t train_packets = 64;
  std::uint32_t train_bytes = 65000;
  /// Which runs of segments may be joined into super-frames: what the TUN was told to take (TUNSETOFFLOAD).
  struct Join {
    bool tcp = false;
    bool udp = false;
  } join;
  /// Whether TCP's ends are told to send segments that fit through the SA in one piece.
  bool clamp_mss = true;
  /// Whether the source of a packet that policy discards, or that has no SA and gets none, is told so by ICMP.
  bool answer_refused = false;
  /// Where an outbound SA begins to count. 1 but in tests of what happens at the end (RFC 4303 §3.3.3).
  std::uint64_t first_sequence_number = 1;
};

/// Of a bundle, what its AH counts for itself: octets are those behind the AH header.
struct BundledAhStatus {
  Counters counters;
  std::uint64_t sequence_in = 0;
  std::uint64_t sequence_out = 0;
};

/// One Child SA as `sallyport status` shows it.
struct SaStatus {
  Counters counters;
  std::optional<Instant> last_inbound;   // last authentic packet: the peer lives (RFC 7296 §2.4)
  std::optional<Instant> last_outbound;  // for NAT keepalives (RFC 3948 §4)
  std::uint64_t sequence_in = 0;         // highest authentic one
  std::uint64_t sequence_out = 0;        // last one used; 0: none yet
  std::uint16_t path_mtu = 0;
  std::optional<BundledAhStatus> bundled_ah = {};
};

/// What one Child SA is known by, to whoever looks at packets.
struct SaName {
  std::string connection;
  std::string child;
  policy::Protocol protocol = policy::Protocol::esp;
  std::uint32_t spi_in = 0;
  std::uint32_t spi_out = 0;
  policy::Endpoint local;
  policy::Endpoint remote;
};

/// What a worker knows of an SA that another one has.
struct SaElsewhere {
  policy::ChildSaId id;
  std::uint32_t worker = 0;
  SaName name;
  policy::TrafficSelectors local_ts;
  policy::TrafficSelectors remote_ts;

  static SaElsewhere of(const policy::ChildSaSpec& spec, std::uint32_t worker);
};

class Worker {
 public:
  Worker(crypto::PacketCipherFactory& ciphers, RandomSource& random, const Settings& settings = {});
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // ---- Control

  /// When the outbound half of a new SA comes into use.
  enum class OutboundUse : std::uint8_t {
    at_once,     // the newest SA wins: the peer is known to have it
    when_heard,  // only after the first authentic packet on it, or when no older SA fits (RFC 7296 §2.8)
  };
  /// Inbound packets are taken at once. Packets held for its policy are free, and those that came before it by an SPI
  /// which was offered: see release_held().
  /// ErrorCode::duplicate: the id or the inbound SPI is taken. ErrorCode::unsupported: a suite that the ciphers lack,
  /// or AH in UDP. ErrorCode::out_of_range: keys of the wrong size, SPI below 256 (RFC 4303 §2.1), mixed families
  /// outside.
  Result<void> install(const policy::ChildSaSpec& spec, OutboundUse use = OutboundUse::at_once);
  /// Another worker has this SA: clear packets for it are a HandOver to that one. All of one host's workers know all
  /// SAs, so that each finds the same one for a packet; what is said of an SA with use() and remove() is said to all.
  /// ErrorCode::duplicate: the id is taken.
  Result<void> install_elsewhere(const SaElsewhere& sa, OutboundUse use = OutboundUse::at_once);
  /// The key exchange has offered this inbound SPI to a peer, and has not heard the answer: what comes by it from there
  /// waits for install(), or for withdraw() if nothing comes of it.
  void offer(policy::Protocol protocol, std::uint32_t spi, const policy::IpAddress& peer);
  void withdraw(policy::Protocol protocol, std::uint32_t spi);
  /// From now on it goes before all that are there, older or newer, for the traffic that it fits. False: there was no
  /// such SA.
  bool use(policy::ChildSaId id);
  /// Both directions. False: there was no such SA.
  bool remove(policy::ChildSaId id);
  /// Where the peer is now, or where we are, in one family; the path MTU is that of the settings again. The addresses
  /// that transport mode puts into clear packets stay those of install(), as the selectors do (RFC 7296 §2.23.1).
  /// False: there was no such SA.
  bool update_endpoints(policy::ChildSaId id, const policy::Endpoint& local, const policy::Endpoint& remote,
                        bool udp_encap);
  /// The largest outer IP packet, in octets, that the route takes (at least 576, RFC 8900). False: no such SA.
  bool set_path_mtu(policy::ChildSaId id, std::uint16_t mtu);
  /// An ICMP error that came in clear, from its type on, which anybody may have made (RFC 4301 §8.2.1). It counts only
  /// when it says "too big" of a packet which an SA may have sent a moment ago, and only so far as every network takes:
  /// then packets of that SA are smaller, for ten minutes. True: it counted.
  bool on_path_error(Instant now, policy::Family family, ByteView icmp);
  /// Replaces all policies. SAs stay, and serve the policy of the same connection and child.
  void set_policy(const policy::SpdPtr& spd);
  /// The answer to NeedSa when nothing came of it: held packets are dropped, the next one asks again.
  void acquire_failed(policy::PolicyId policy);

  // ---- Packets. Each call clears `out` first.

  void outbound(Instant now, std::span<const Packet> from_tun, Verdicts& out);
  void inbound(Instant now, std::span<const Datagram> from_wire, Verdicts& out);
  /// Sends and delivers what waited for an SA that has come, and drops what waited too long.
  void release_held(Instant now, Verdicts& out);
  /// When release_held() is due at the latest; nullopt: nothing waits.
  std::optional<Instant> next_timeout() const;

  // ---- What was counted

  const Counters& counters() const;
  struct PathErrors {
    std::uint64_t heeded = 0;
    std::uint64_t ignored = 0;  // not about us, not believed, or too many at a time
  };
  const PathErrors& path_errors() const;
  /// Octets of the largest clear packet that some SA takes in one piece; 0 without SAs.
  std::uint16_t widest_clear_packet() const;
  /// Of SAs of its own.
  std::optional<SaStatus> status(policy::ChildSaId id) const;
  std::size_t sa_count() const;

  // ---- Whose packets are whose. For who looks on: nothing here changes what becomes of any packet.

  std::optional<SaName> name(policy::ChildSaId id) const;
  /// Whose inbound SPI that is; of a bundle, AH's is its, too.
  std::optional<policy::ChildSaId> find_inbound(policy::Protocol protocol, std::uint32_t spi) const;
  /// By which SA a clear packet would leave now; nullopt: by none.
  std::optional<policy::ChildSaId> find_outbound(ByteView packet) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sallyport::datapath
