#include "datapath/reassembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/test_fragments.h"
#include "datapath/test_support.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using namespace std::chrono_literals;

constexpr Instant start{std::chrono::seconds(1000)};

Bytes pattern(std::size_t size, std::uint8_t from = 0) {
  Bytes octets(size);
  for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(from + i + i / 256);
  return octets;
}
/// Of a datagram of `pattern(SIZE)`.
Fragment piece(std::size_t offset, std::size_t size, bool more, bool v6 = false) {
  const Bytes all = pattern(offset + size);
  return {
      .v6 = v6, .offset = offset, .more = more, .content = {all.end() - static_cast<std::ptrdiff_t>(size), all.end()}};
}
Reassembler::Taken add(Reassembler& reassembler, const Fragment& fragment, Instant now = start) {
  const Bytes packet = build_fragment(fragment);
  return reassembler.add(now, *wire::IpPacket::parse(packet));
}

TEST(Reassembly, GivesBackWhatWasCutInWhateverOrderItComes) {
  for (const bool v6 : {false, true}) {
    const Fragment a = piece(0, 800, true, v6), b = piece(800, 800, true, v6), c = piece(1600, 33, false, v6);
    for (const auto& order : {std::vector{a, b, c}, std::vector{c, b, a}, std::vector{b, c, a}}) {
      Reassembler reassembler({});
      EXPECT_FALSE(add(reassembler, order[0]).whole);
      EXPECT_FALSE(add(reassembler, order[1]).whole);
      const auto taken = add(reassembler, order[2]);
      ASSERT_TRUE(taken.whole);
      EXPECT_EQ(*taken.whole, build_whole(v6, 1, pattern(1633)));
      EXPECT_EQ(taken.lost, 0u);
      EXPECT_EQ(reassembler.octets(), 0u);
      EXPECT_FALSE(reassembler.since());
    }
  }
}

TEST(Reassembly, EndsADatagramWhoseFragmentsOverlap) {
  for (const Fragment& other : {piece(792, 800, true), piece(8, 8, true), piece(0, 808, true), piece(800, 8, false)}) {
    Reassembler reassembler({});
    add(reassembler, piece(0, 800, true));
    add(reassembler, piece(808, 800, true));
    if (!other.more) {
      EXPECT_EQ(add(reassembler, other).lost, 3u) << "its end lies before what has come";
      continue;
    }
    EXPECT_EQ(add(reassembler, other).lost, 3u);
    EXPECT_EQ(add(reassembler, piece(1608, 8, false)).lost, 1u) << "and what comes later is dropped with it";
    EXPECT_FALSE(add(reassembler, piece(0, 800, true)).whole);
  }
}

TEST(Reassembly, TakesAFragmentThatComesTwiceOnce) {
  Reassembler reassembler({});
  add(reassembler, piece(0, 800, true));
  EXPECT_EQ(add(reassembler, piece(0, 800, true)).lost, 1u);
  EXPECT_TRUE(add(reassembler, piece(800, 10, false)).whole);
}

TEST(Reassembly, RefusesWhatCannotBe) {
  Reassembler reassembler({});
  EXPECT_EQ(add(reassembler, piece(0, 801, true)).lost, 1u) << "not the last, and no multiple of eight";
  Fragment beyond = piece(65528, 100, false);
  beyond.id = 2;
  EXPECT_EQ(add(reassembler, beyond).lost, 1u) << "beyond what an IP packet can be";
  Fragment nothing{.id = 3, .offset = 8, .more = false, .content = {}};
  EXPECT_EQ(add(reassembler, nothing).lost, 1u);
  Fragment most = piece(0, 65512, true);
  most.id = 4;
  EXPECT_EQ(add(reassembler, most).lost, 0u);
  most = piece(65512, 16, false);
  most.id = 4;
  EXPECT_EQ(add(reassembler, most).lost, 2u) << "with its header larger than an IP packet can be";
}

TEST(Reassembly, GivesUpWhatHasWaitedTooLong) {
  Reassembler reassembler({});
  add(reassembler, piece(0, 800, true));
  Fragment other = piece(0, 800, true);
  other.id = 2;
  add(reassembler, other, start + 5s);
  EXPECT_EQ(reassembler.since(), start);
  EXPECT_EQ(reassembler.expire(start + 1s), 1u);
  EXPECT_EQ(reassembler.since(), start + 5s);
  EXPECT_FALSE(add(reassembler, piece(800, 8, false), start + 6s).whole) << "its beginning is gone";
  EXPECT_EQ(reassembler.expire(start + 60s), 2u);
  EXPECT_EQ(reassembler.octets(), 0u);
}

TEST(Reassembly, IsBoundedInAllThatFragmentsCanMakeGrow) {
  const Reassembler::Limits limits{.datagrams = 8, .fragments = 4, .bytes_total = 20000};
  Reassembler reassembler(limits);
  std::size_t lost = 0, added = 0;
  for (std::uint16_t id = 1; id <= 1000; ++id) {
    Fragment fragment = piece(0, 1200, true);
    fragment.id = id;
    lost += add(reassembler, fragment, start + id * 1ms).lost;
    ++added;
    ASSERT_LE(reassembler.octets(), limits.bytes_total);
  }
  EXPECT_EQ(added - lost, limits.datagrams) << "the oldest have gone";
  EXPECT_GE(reassembler.since(), start + 990ms);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(add(reassembler, piece(i * 8, 8, true), start + 2s).whole, std::nullopt);
  EXPECT_EQ(add(reassembler, piece(32, 8, false), start + 2s).lost, 5u) << "one fragment more than are allowed";
  Fragment large = piece(0, 24000, true);
  large.id = 2000;
  EXPECT_EQ(add(reassembler, large, start + 3s).lost, 1u + limits.datagrams - 1) << "more than all that may wait";
  EXPECT_LE(reassembler.octets(), limits.bytes_total);
}

TEST(Reassembly, AgreesWithLookingAtEachOctet) {
  SeededRandom random(23);
  for (int round = 0; round < 300; ++round) {
    Reassembler reassembler({.bytes_total = 16 * 1024 * 1024});
    NaiveReassembler naive;
    for (int i = 0; i < 30; ++i) {
      const std::size_t offset = random.below(6) * 8 * (random.below(4) == 0 ? random.below(4) : 3);
      Fragment fragment = piece(offset, 8 * (random.below(4) + (random.below(9) == 0 ? 0 : 1)), random.below(5) != 0);
      fragment.v6 = random.below(2) == 0;
      fragment.id = static_cast<std::uint16_t>(random.below(3));
      if (!fragment.more && random.below(2) == 0) fragment.content.push_back(1);
      if (random.below(20) == 0 && !fragment.content.empty()) fragment.content[0] ^= 1;
      if (!fragment.more && fragment.offset == 0) continue;  // no fragment
      const auto taken = add(reassembler, fragment);
      const auto expected = naive.add(fragment);
      ASSERT_EQ(taken.whole, expected.whole) << round << " " << i;
      ASSERT_EQ(taken.lost, expected.lost) << round << " " << i;
    }
  }
}

// ---- On the way out

auto is_drop(DropReason reason) { return testing::Field(&Drop::reason, reason); }

std::vector<Bytes> cut(const ClearPacket& packet, std::size_t mtu) {
  Bytes whole = build(packet);
  Bytes content = to_bytes(ByteView(whole).subspan(20));
  std::vector<Bytes> fragments;
  const std::size_t room = (mtu - 20) / 8 * 8;
  for (std::size_t at = 0; at < content.size(); at += room) {
    const std::size_t size = std::min(room, content.size() - at);
    Bytes fragment = to_bytes(ByteView(whole).first(20));
    append(fragment, ByteView(content).subspan(at, size));
    store_be16(&fragment[6], static_cast<std::uint16_t>(at / 8 | (at + size < content.size() ? 0x2000 : 0)));
    wire::set_packet_size(fragment.data(), fragment.size());
    fragments.push_back(std::move(fragment));
  }
  return fragments;
}

constexpr ChildSa to_one_port{.local_ts = "10.1.0.0/16[udp]", .remote_ts = "10.2.0.0/16[udp/5001]"};

TEST(FragmentsWithPorts, ArePutTogetherAndSentByTheSaOfTheWhole) {
  Pair pair(to_one_port);
  const ClearPacket packet{.size = 3000};
  auto fragments = cut(packet, 1400);
  ASSERT_EQ(fragments.size(), 3u);
  std::swap(fragments[0], fragments[2]);
  const auto out = pair.pass(fragments);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0], build(packet));
  EXPECT_EQ(pair.here().counters().outbound.packets, 1u);
  EXPECT_FALSE(pair.here().next_timeout());
}

TEST(FragmentsWithPorts, OfAnotherPortAreDroppedAsAWhole) {
  Pair pair(to_one_port);
  const Verdicts& out = pair.send(cut({.destination_port = 5002, .size = 3000}, 1400));
  EXPECT_THAT(out.sends, testing::IsEmpty());
  EXPECT_THAT(out.drops, testing::ElementsAre(is_drop(DropReason::no_policy)));
}

TEST(FragmentsWithPorts, AreNotWaitedForLongerThanIsAllowed) {
  Pair pair(to_one_port);
  auto fragments = cut({.size = 3000}, 1400);
  EXPECT_THAT(pair.send({fragments[1], fragments[2]}).sends, testing::IsEmpty());
  const auto due = pair.here().next_timeout();
  ASSERT_TRUE(due);
  EXPECT_EQ(*due, pair.now + Settings().reassembly_time);
  pair.here().release_held(*due, pair.sent);
  EXPECT_THAT(pair.sent.drops, testing::Each(is_drop(DropReason::reassembly_failed)));
  EXPECT_EQ(pair.here().counters().drops[DropReason::reassembly_failed], 2u);
  EXPECT_THAT(pair.send({fragments[0]}).sends, testing::IsEmpty());
}

TEST(FragmentsWithPorts, AreTakenFromThePeerOnlyWherePortsDoNotMatter) {
  Pair open;
  EXPECT_EQ(open.pass(cut({.size = 3000}, 1400)).size(), 3u) << "without ports nothing waits";
  EXPECT_FALSE(open.here().next_timeout());

  // The peer may not send them by an SA for one port (RFC 4301 §7.3): such a peer's are dropped.
  Pair strict(to_one_port);
  auto wide = spec_here({});
  wide.inbound = spec_here(to_one_port).inbound.clone();
  wide.outbound = spec_here(to_one_port).outbound.clone();
  strict.here().remove({1});
  ASSERT_TRUE(strict.here().install(wide));
  strict.here().set_policy(spd_for(wide));
  Wire wire(strict.send(cut({.size = 3000}, 1400)).sends);
  EXPECT_EQ(delivered(strict.receive(wire.datagrams())).size(), 1u) << "the first shows its ports";
  EXPECT_EQ(strict.there().counters().drops[DropReason::selector], 2u);
}

/// What its fragments may be cut into again, it may be cut into wherever it goes.
TEST(FragmentsWithPorts, AreHandedOverAsAWholeThatMayBeCut) {
  auto ciphers = best_packet_ciphers();
  SeededRandom random(9);
  Worker worker(*ciphers, random);
  const auto spec = spec_here(to_one_port);
  worker.set_policy(spd_for(spec));
  ASSERT_TRUE(worker.install_elsewhere(SaElsewhere::of(spec, 1)));
  auto fragments = cut({.size = 3000}, 1400);
  std::vector<Packet> burst;
  for (Bytes& each : fragments) burst.push_back({.bytes = each, .offload = {}});
  Verdicts out;
  worker.outbound(Instant(std::chrono::seconds(1000)), burst, out);
  ASSERT_EQ(out.hand_overs.size(), 1u);
  EXPECT_TRUE(out.hand_overs[0].joined);
  EXPECT_EQ(to_bytes(out.hand_overs[0].bytes), build({.size = 3000}));
  Bytes whole = build({.size = 1000});
  const Packet other{.bytes = whole, .offload = {}};
  worker.outbound(Instant(std::chrono::seconds(1000)), {&other, 1}, out);
  ASSERT_EQ(out.hand_overs.size(), 1u);
  EXPECT_FALSE(out.hand_overs[0].joined);
}

TEST(FragmentsWithPorts, AreNotJoinedWhereAPolicyIsForFragments) {
  const auto spec = spec_here({});
  policy::Spd spd = *spd_for(spec);
  spd.entries[0].local_ts = selectors("10.1.0.0/16[udp/opaque]");
  spd.entries[0].remote_ts = selectors("10.2.0.0/16[udp/opaque]");
  spd.entries.push_back(spd_for(spec)->entries[0]);
  spd.entries[1].id = {2};
  spd.entries[1].remote_ts = selectors("10.2.0.0/16[udp/5001]");
  Pair pair(spec, {});
  pair.here().set_policy(std::make_shared<policy::Spd>(spd));
  EXPECT_EQ(pair.pass(cut({.size = 3000}, 1400)).size(), 3u);
}

TEST(FragmentsWithPorts, WaitForTheirSaAsAWhole) {
  const auto spec = spec_here({});
  auto ciphers = best_packet_ciphers();
  SeededRandom random(9);
  Worker worker(*ciphers, random);
  worker.set_policy(spd_for(spec, true));
  auto fragments = cut({.size = 3000}, 1400);
  std::vector<Packet> packets;
  for (Bytes& each : fragments) packets.push_back({.bytes = each, .offload = {}});
  Verdicts out;
  worker.outbound(start, packets, out);
  ASSERT_EQ(out.need_sa.size(), 1u);
  EXPECT_EQ(out.need_sa[0].destination.ports, policy::PortRange::one(5001));
  ASSERT_TRUE(worker.install(spec));
  worker.release_held(start + 1ms, out);
  EXPECT_EQ(out.sends.size(), 1u);
}

// ---- Before ESP

ClearPacket large(bool dont_fragment = false) { return {.size = 4000, .dont_fragment = dont_fragment}; }

TEST(FragmentBefore, LetsEachEspPacketFitThePath) {
  for (const auto protocol : {policy::Protocol::esp, policy::Protocol::ah}) {
    ChildSa sa;
    if (protocol == policy::Protocol::ah) sa = {.proposal = "sha256-noesn", .protocol = protocol, .udp_encap = false};
    auto spec = spec_here(sa);
    spec.fragment_before = true;
    Pair pair(spec, {});
    ASSERT_TRUE(pair.here().set_path_mtu({1}, 1300));
    const Bytes packet = build(large());
    Wire wire(pair.send({packet}).sends);
    ASSERT_EQ(wire.datagrams().size(), 4u);
    for (const Datagram& each : wire.datagrams()) EXPECT_LE(each.bytes.size() + (each.is_ah ? 0 : 28), 1300u);
    Reassembler reassembler({});
    std::optional<Bytes> whole;
    for (const Bytes& each : delivered(pair.receive(wire.datagrams()))) {
      const auto ip = wire::IpPacket::parse(each);
      ASSERT_TRUE(ip && ip->is_fragment());
      whole = reassembler.add(start, *ip).whole;
    }
    EXPECT_EQ(whole, packet);
  }
}

TEST(FragmentBefore, CutsTheSegmentsOfSuperFramesToo) {
  auto spec = spec_here({});
  spec.fragment_before = true;
  Pair pair(spec, {});
  ASSERT_TRUE(pair.here().set_path_mtu({1}, 1000));
  Bytes frame = build({.size = 28 + 3000});
  const Packet packet{.bytes = frame,
                      .offload = {.segments = Offload::Segments::udp,
                                  .needs_checksum = true,
                                  .header_size = 28,
                                  .segment_size = 1500,
                                  .checksum_start = 20,
                                  .checksum_offset = 6}};
  Wire wire(pair.send(std::span(&packet, 1)).sends);
  EXPECT_EQ(wire.datagrams().size(), 4u);
  for (const Datagram& each : wire.datagrams()) EXPECT_LE(each.bytes.size() + 28, 1000u);
}

TEST(FragmentBefore, IsNotWhatMayNotBeFragmented) {
  auto spec = spec_here({});
  spec.fragment_before = true;
  Pair pair(spec, {});
  EXPECT_THAT(pair.send({build(large(true))}).sends, testing::IsEmpty());
  EXPECT_EQ(pair.sent.deliveries.size(), 1u) << "its source is told";
}

TEST(FragmentBefore, IsBehindEspWhereThePeerWouldHaveToDropThem) {
  auto spec = spec_here(to_one_port);
  spec.fragment_before = true;
  Pair pair(spec, {});
  EXPECT_EQ(pair.pass({build(large())}).size(), 1u);
}

}  // namespace
}  // namespace sallyport::datapath
