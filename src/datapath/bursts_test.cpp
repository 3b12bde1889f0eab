// What a burst becomes must not depend on what came before or beside each packet. Runs of packets of a flow are worked
// on in fewer steps than others; so bursts of runs that break off at every kind of packet are compared with the very
// same packets given one at a time to a worker that has just forgotten what it knew of flows.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "datapath/test_support.h"

namespace sallyport::datapath {
namespace {

using namespace test;

constexpr policy::ChildSaId kFour{1}, kSix{2};

/// `v6`: of the inner packets. The wide one lets more pass than the narrow one.
ChildSa child(bool v6, bool wide) {
  ChildSa sa{.local_ts = wide ? "10.0.0.0/8" : "10.1.0.0/16", .remote_ts = "10.2.0.0/16", .number = 1, .child = "four"};
  if (v6) {
    sa.local_ts = wide ? "fd00::/8" : "fd01::/64";
    sa.remote_ts = "fd02::/64";
    sa.number = 2;
    sa.child = "six";
  }
  return sa;
}

/// A gateway with an SA for either family.
struct Gateway {
  using Change = void (*)(policy::ChildSaSpec&);

  Gateway(bool here, bool wide, Change change, const Settings& settings) : worker(*ciphers, random, settings) {
    policy::Spd spd;
    for (const bool v6 : {false, true}) {
      auto spec = here ? spec_here(child(v6, wide)) : spec_there(child(v6, wide));
      change(spec);
      if (!worker.install(spec)) throw std::invalid_argument("SA not installed");
      spd.entries.push_back(spd_for(spec)->entries[0]);
    }
    worker.set_policy(std::make_shared<policy::Spd>(spd));
  }
  /// Which SA is used for what does not change by this.
  void forget_flows() { worker.use(kFour); }

  std::unique_ptr<crypto::PacketCipherFactory> ciphers = best_packet_ciphers();
  SeededRandom random{3};
  Worker worker;
};

/// All that a worker said and did, in what order between packets of one SA.
struct Outcome {
  std::map<policy::ChildSaId, std::vector<std::tuple<std::uint8_t, bool, Bytes>>> sent;
  std::map<policy::ChildSaId, std::vector<Bytes>> delivered;
  std::vector<std::pair<policy::ChildSaId, bool>> ran_out;

  void add(const Verdicts& verdicts) {
    for (const Send& send : verdicts.sends)
      for (std::size_t i = 0; i < send.packet_count(); ++i)
        sent[send.sa].emplace_back(send.traffic_class, send.dont_fragment, to_bytes(send.packet(i)));
    for (const Deliver& deliver : verdicts.deliveries) delivered[deliver.sa].push_back(deliver.to_bytes());
    for (const auto& each : verdicts.sequence_runs_out) ran_out.emplace_back(each.sa, each.exhausted);
    std::ranges::sort(ran_out);
  }
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Packets of a few flows in runs, which break off at packets that are not like the one before.
class Packets {
 public:
  explicit Packets(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.u64() % bound); }
  bool one_in(std::size_t count) { return below(count) == 0; }

  Bytes next() {
    if (one_in(6)) choose_flow();
    const bool v6 = address(flow_.source).is_v6();
    ClearPacket packet = flow_;
    const std::size_t least = (v6 ? 40 : 20) + (packet.protocol == wire::IpProtocol::tcp ? 20u : 8u);
    packet.size = one_in(3) ? least + below(1500) : least + 4 * below(20);
    packet.fill = static_cast<std::uint8_t>(below(256));
    if (one_in(8)) packet.traffic_class = static_cast<std::uint8_t>(below(256));
    if (one_in(8)) packet.dont_fragment = true;
    if (one_in(12) && !v6) packet.more_fragments = true;
    if (one_in(12) && !v6) packet.fragment_offset = 8;
    Bytes bytes = build(packet);
    if (one_in(25)) spoil(bytes);
    if (one_in(10)) bytes.resize(bytes.size() + below(30), 0xee);  // what lies behind the packet
    return bytes;
  }

 private:
  void choose_flow() {
    static constexpr std::string_view four[] = {"10.1.0.1", "10.1.0.2", "10.9.0.1"}, six[] = {"fd01::1", "fd09::1"};
    static constexpr wire::IpProtocol protocols[] = {wire::IpProtocol::udp, wire::IpProtocol::tcp,
                                                     wire::IpProtocol::icmp, wire::IpProtocol{47}};
    const bool v6 = one_in(3);
    flow_ = {.source = v6 ? six[below(2)] : four[below(3)],
             .destination = v6 ? "fd02::1" : "10.2.0.1",
             .protocol = protocols[below(4)],
             .source_port = static_cast<std::uint16_t>(one_in(2) ? 0x800 : 0x301)};
    if (one_in(9)) flow_.destination = v6 ? "fd07::1" : "10.7.0.1";  // for which there is no policy
    if (v6 && flow_.protocol == wire::IpProtocol::icmp) flow_.protocol = wire::IpProtocol::icmpv6;
  }
  void spoil(Bytes& bytes) {
    if (one_in(2))
      bytes.resize(below(bytes.size()));
    else
      bytes[below(std::min<std::size_t>(bytes.size(), 44))] ^= static_cast<std::uint8_t>(1 << below(8));
  }

  SeededRandom random_;
  ClearPacket flow_;
};

constexpr Instant kNow{std::chrono::seconds(1000)};

struct Case {
  const char* name;
  Gateway::Change change = [](policy::ChildSaSpec&) {};
  Settings settings = {};
};
void PrintTo(const Case& which, std::ostream* out) { *out << which.name; }

class Bursts : public testing::TestWithParam<Case> {
 protected:
  Gateway gateway(bool here, bool wide) const { return {here, wide, GetParam().change, GetParam().settings}; }
};

TEST_P(Bursts, SealWhatPacketsAloneSeal) {
  Gateway together = gateway(true, true), alone = gateway(true, true);
  Outcome of_burst, of_each;
  Verdicts out;
  Packets source(11);
  for (int burst = 0; burst < 150; ++burst) {
    // The same octets for both, with room behind them for one.
    std::vector<Bytes> first, second;
    std::vector<Packet> packets;
    for (std::size_t i = source.below(40); i != 0; --i) {
      second.push_back(source.next());
      first.push_back(second.back());
      if (source.one_in(2)) first.back().resize(first.back().size() + Packet::trailer_room);
    }
    for (std::size_t i = 0; i < first.size(); ++i) {
      const std::size_t size = second[i].size();
      packets.push_back({.bytes = ByteSpan(first[i]).first(size), .offload = {}, .room = first[i].size() - size});
    }
    together.worker.outbound(kNow, packets, out);
    of_burst.add(out);
    for (Bytes& bytes : second) {
      alone.forget_flows();
      const Packet packet{.bytes = bytes, .offload = {}};
      alone.worker.outbound(kNow, {&packet, 1}, out);
      of_each.add(out);
    }
  }
  EXPECT_GT(of_burst.sent[kFour].size(), 50u);
  EXPECT_TRUE(of_burst == of_each);
  EXPECT_EQ(together.worker.counters(), alone.worker.counters());
  EXPECT_EQ(together.worker.status(kSix)->counters, alone.worker.status(kSix)->counters);
}

TEST_P(Bursts, OpenWhatPacketsAloneOpen) {
  Gateway sender(true, true, [](policy::ChildSaSpec&) {}, {});
  Gateway together = gateway(false, false), alone = gateway(false, false);
  Outcome of_burst, of_each;
  Verdicts out;
  Packets source(12);
  for (int burst = 0; burst < 150; ++burst) {
    std::vector<Bytes> clear;
    std::vector<Packet> packets;
    for (std::size_t i = source.below(40); i != 0; --i) clear.push_back(source.next());
    for (Bytes& bytes : clear) packets.push_back({.bytes = bytes, .offload = {}});
    sender.worker.outbound(kNow, packets, out);
    std::vector<Send> sends;
    std::set<std::size_t> replayed;
    for (const Send& send : out.sends) {
      sends.push_back(send);
      if (source.one_in(4)) sends.back().traffic_class = static_cast<std::uint8_t>(source.below(256));
      if (source.one_in(20)) sends.back().local.port = 4501;
      if (!source.one_in(20)) continue;
      replayed.insert(sends.size());
      sends.push_back(send);
    }
    Wire first(sends, Wire::Grouping::trains), second(sends);
    for (std::size_t i = 0; i < first.datagrams().size(); ++i) {
      if (!source.one_in(20)) continue;
      // The same octet of the same packet: trains of the one are single packets in the other.
      const ByteSpan octets = first.datagrams()[i].bytes;
      const std::size_t place = source.below(octets.size());
      // Of a packet that is a replay and false as well, a burst that holds both says the one, and a packet alone the
      // other.
      if (replayed.contains(i) || place % sends[i].segment_size / 4 == 1) continue;
      std::size_t at = 0;
      for (std::size_t j = 0; j < i; ++j) at += sends[j].packet_count();
      octets[place] ^= 0x10;
      second.datagrams()[at + place / sends[i].segment_size].bytes[place % sends[i].segment_size] ^= 0x10;
    }
    together.worker.inbound(kNow, first.datagrams(), out);
    of_burst.add(out);
    for (Datagram& datagram : second.datagrams()) {
      alone.forget_flows();
      alone.worker.inbound(kNow, {&datagram, 1}, out);
      of_each.add(out);
    }
  }
  EXPECT_GT(of_burst.delivered[kFour].size(), 50u);
  EXPECT_TRUE(of_burst == of_each);
  EXPECT_EQ(together.worker.counters(), alone.worker.counters());
  EXPECT_GT(together.worker.counters().drops[DropReason::selector], 20u);
  EXPECT_EQ(together.worker.status(kSix)->counters, alone.worker.status(kSix)->counters);
}

constexpr auto kLimited = [](policy::ChildSaSpec& spec) {
  spec.soft_limit = {.bytes = 40000, .packets = 0};
  spec.hard_limit = {.bytes = 0, .packets = 333};
};
constexpr auto kCompatible = [](policy::ChildSaSpec& spec) { spec.copy_ecn = spec.copy_df = false; };

INSTANTIATE_TEST_SUITE_P(
    Datapath, Bursts,
    testing::Values(Case{"plain"}, Case{"limited", kLimited}, Case{"compatible", kCompatible},
                    Case{"at_the_end", [](policy::ChildSaSpec&) {}, {.first_sequence_number = 0xffffff00}},
                    Case{"short_trains", [](policy::ChildSaSpec&) {}, {.train_packets = 3, .train_bytes = 2000}}),
    [](const auto& which) { return std::string(which.param.name); });

}  // namespace
}  // namespace sallyport::datapath
