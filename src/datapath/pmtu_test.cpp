#include "datapath/pmtu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/test_support.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// The largest inner packet that passes whole, and its outer size, found by trying.
std::size_t largest_that_passes(Pair& pair, ClearPacket packet) {
  std::size_t largest = 0;
  for (packet.size = 1000; packet.size <= 1500; ++packet.size)
    if (!pair.send({build(packet)}).sends.empty()) largest = packet.size;
  return largest;
}

TEST(PathMtu, LetsThroughExactlyWhatFits) {
  struct Case {
    ChildSa sa;
    ClearPacket packet;
    std::size_t outer_overhead;  // IP and UDP
  };
  const ClearPacket v4{.dont_fragment = true};
  const ClearPacket v6{.source = "fd01::1", .destination = "fd02::1"};
  const std::vector<Case> cases = {
      {{}, v4, 28},
      {{.udp_encap = false}, v4, 20},
      {{.here = "2001:db8::1", .there = "2001:db8::2"}, v4, 48},
      {{.here = "2001:db8::1",
        .there = "2001:db8::2",
        .local_ts = "fd01::/64",
        .remote_ts = "fd02::/64",
        .udp_encap = false},
       v6,
       40},
      {{.proposal = "aes128-sha256-noesn"}, v4, 28},
  };
  for (const Case& c : cases) {
    Pair pair(c.sa);
    const std::size_t largest = largest_that_passes(pair, c.packet);
    ClearPacket packet = c.packet;
    packet.size = largest;
    EXPECT_LE(pair.send({build(packet)}).sends[0].bytes.size() + c.outer_overhead, 1500u) << c.sa.proposal;
    // One octet more inside, and padding would take it beyond.
    packet.dont_fragment = false;
    packet.size = largest + 1;
    if (c.packet.source == v4.source) {
      EXPECT_GT(pair.send({build(packet)}).sends[0].bytes.size() + c.outer_overhead, 1500u);
    }
  }
}

TEST(PathMtu, TellsTheSourceOfAPacketThatMayNotBeFragmented) {
  Pair pair;
  ASSERT_TRUE(pair.here().set_path_mtu({1}, 1400));
  const Bytes big = build({.size = 1400, .dont_fragment = true});
  pair.send({big});
  EXPECT_THAT(pair.sent.sends, IsEmpty());
  EXPECT_THAT(pair.sent.drops, ElementsAre(testing::Field(&Drop::reason, DropReason::too_big)));
  ASSERT_THAT(pair.sent.deliveries, SizeIs(1));
  const Bytes reply = pair.sent.deliveries[0].to_bytes();
  const auto ip = wire::IpPacket::parse(reply);
  ASSERT_TRUE(ip);
  EXPECT_TRUE(ip->has_valid_header_checksum());
  EXPECT_TRUE(wire::has_valid_payload_checksum(*ip));
  EXPECT_THAT(ip->destination(), ElementsAre(10, 1, 0, 1));
  EXPECT_EQ(wire::icmp_type_code(*ip), (wire::IcmpTypeCode{3, 4}));
  EXPECT_LE(reply.size(), 576u);
  EXPECT_TRUE(equal(ip->payload().subspan(8), ByteView(big).first(reply.size() - 28)));
  // What it says is just what fits: 1400 - 28 - 16 (ESP, IV) - 16 (ICV) leaves 1340 of text, with two of trailer.
  const std::size_t largest = load_be16(&ip->payload()[6]);
  EXPECT_EQ(largest, 1338u);
  EXPECT_THAT(pair.send({build({.size = largest, .dont_fragment = true})}).sends, SizeIs(1));
  EXPECT_THAT(pair.send({build({.size = largest + 1, .dont_fragment = true})}).sends, IsEmpty());
}

TEST(PathMtu, TellsTheSourceOfAnIpv6Packet) {
  Pair pair(ChildSa{.local_ts = "fd01::/64", .remote_ts = "fd02::/64"});
  pair.here().set_path_mtu({1}, 1400);
  pair.send({build({.source = "fd01::1", .destination = "fd02::1", .size = 1400})});
  ASSERT_THAT(pair.sent.deliveries, SizeIs(1));
  const Bytes reply = pair.sent.deliveries[0].to_bytes();
  const auto ip = wire::IpPacket::parse(reply);
  ASSERT_TRUE(ip);
  EXPECT_TRUE(wire::has_valid_payload_checksum(*ip));
  EXPECT_EQ(wire::icmp_type_code(*ip), (wire::IcmpTypeCode{2, 0}));
  EXPECT_EQ(load_be32(&ip->payload()[4]), 1338u);
  EXPECT_LE(reply.size(), 1280u);
}

TEST(PathMtu, NeverAsksIpv6ForLessThan1280) {
  Pair pair(ChildSa{.local_ts = "fd01::/64", .remote_ts = "fd02::/64"});
  pair.here().set_path_mtu({1}, 1280);
  ClearPacket packet{.source = "fd01::1", .destination = "fd02::1", .size = 1281};
  pair.send({build(packet)});
  ASSERT_THAT(pair.sent.deliveries, SizeIs(1));
  EXPECT_EQ(load_be32(&pair.sent.deliveries[0].to_bytes()[44]), 1280u);
  packet.size = 1280;
  ASSERT_THAT(pair.send({build(packet)}).sends, SizeIs(1));
  EXPECT_FALSE(pair.sent.sends[0].dont_fragment) << "fragmented behind ESP";
}

TEST(PathMtu, FragmentsBehindEspWhatMayBeFragmented) {
  Pair pair;
  pair.here().set_path_mtu({1}, 1000);
  EXPECT_THAT(pair.send({build({.size = 4000})}).sends, SizeIs(1));
  EXPECT_FALSE(pair.sent.sends[0].dont_fragment);
  EXPECT_THAT(pair.sent.deliveries, IsEmpty());
}

TEST(PathMtu, DropsWhatNoDatagramCanCarry) {
  Pair pair;
  EXPECT_THAT(pair.send({build({.size = 65530})}).sends, IsEmpty());
  EXPECT_THAT(pair.sent.drops, ElementsAre(testing::Field(&Drop::reason, DropReason::too_big)));
}

TEST(PathMtu, AnswersNeitherErrorsNorFragmentsNorMulticast) {
  auto spec = spec_here({.local_ts = "0.0.0.0/0", .remote_ts = "0.0.0.0/0"});
  Pair pair(spec, {});
  const ClearPacket base{.size = 1490, .dont_fragment = true};
  const auto expect_silence = [&](ClearPacket packet) {
    EXPECT_THAT(pair.send({build(packet)}).deliveries, IsEmpty());
    EXPECT_THAT(pair.sent.drops, SizeIs(1));
  };
  ClearPacket packet = base;
  packet.protocol = wire::IpProtocol::icmp;
  packet.source_port = 0x0301;
  expect_silence(packet);
  packet = base;
  packet.fragment_offset = 1480;
  expect_silence(packet);
  packet = base;
  packet.destination = "224.0.0.5";
  expect_silence(packet);
  packet = base;
  packet.source = "0.0.0.0";
  expect_silence(packet);
  EXPECT_THAT(pair.send({build(base)}).deliveries, SizeIs(1));
}

TEST(PathMtu, AnswersAtABoundedRate) {
  Pair pair;
  const std::vector<Bytes> burst(200, build({.size = 1490, .dont_fragment = true}));
  EXPECT_THAT(pair.send(burst).deliveries, SizeIs(50));
  EXPECT_THAT(pair.send(burst).deliveries, IsEmpty());
  pair.now += std::chrono::milliseconds(105);
  EXPECT_THAT(pair.send(burst).deliveries, SizeIs(10));
  pair.now += std::chrono::hours(1);
  EXPECT_THAT(pair.send(burst).deliveries, SizeIs(50));
}

TEST(PathMtu, BelievesNothingBelowWhatEveryHostTakes) {
  Pair pair;
  pair.here().set_path_mtu({1}, 0);
  EXPECT_EQ(pair.here().status({1})->path_mtu, 576);
}

}  // namespace
}  // namespace sallyport::datapath
