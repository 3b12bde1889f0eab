#include "sim/packet.h"

#include <gtest/gtest.h>

#include "sim/damage.h"

namespace sallyport::sim {
namespace {

using policy::Endpoint;
using policy::IpAddress;

const Endpoint alice{IpAddress::v4(192, 0, 2, 1), 500};
const Endpoint bob{IpAddress::v4(198, 51, 100, 2), 4500};
const Endpoint alice6{*IpAddress::parse("2001:db8::1"), 500};
const Endpoint bob6{*IpAddress::parse("2001:db8::2"), 500};
const Bytes hello = {'h', 'e', 'l', 'l', 'o'};

TEST(Packet, ReadsTheUdpThatItBuilt) {
  for (const auto& [from, to] : {std::pair{alice, bob}, std::pair{alice6, bob6}}) {
    const Bytes packet = build_udp(from, to, hello, {.traffic_class = 0x2e, .hop_limit = 9});
    const auto udp = parse_udp(packet);
    ASSERT_TRUE(udp);
    EXPECT_EQ(udp->source, from);
    EXPECT_EQ(udp->destination, to);
    EXPECT_TRUE(equal(udp->payload, hello));
    EXPECT_EQ(udp->fields.traffic_class, 0x2e);
    EXPECT_EQ(udp->fields.hop_limit, 9);
  }
}

// Computed by hand from RFC 768: pseudo-header, header and "hello" padded with a zero octet.
TEST(Packet, WritesTheUdpChecksumOfTheRfc) {
  const Bytes packet = build_udp({IpAddress::v4(10, 0, 0, 1), 1}, {IpAddress::v4(10, 0, 0, 2), 2}, hello);
  std::uint32_t sum = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17 + 13;  // pseudo-header
  sum += 1 + 2 + 13;                                                // ports, length
  sum += 0x6865 + 0x6c6c + 0x6f00;                                  // "hello"
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  EXPECT_EQ(load_be16(&packet[26]), 0xffff - sum);
}

TEST(Packet, RefusesUdpWithAWrongChecksum) {
  Bytes packet = build_udp(alice, bob, hello);
  packet.back() ^= 1;
  EXPECT_FALSE(parse_udp(packet));
  EXPECT_TRUE(parse_ip(packet));
}

TEST(Packet, TakesUdpWithoutAChecksumOverIpv4Alone) {
  Bytes packet = build_udp(alice, bob, hello);
  store_be16(&packet[26], 0);
  EXPECT_TRUE(parse_udp(packet));
  Bytes packet6 = build_udp(alice6, bob6, hello);
  store_be16(&packet6[46], 0);
  EXPECT_FALSE(parse_udp(packet6));
}

TEST(Packet, RefusesAWrongHeaderChecksum) {
  Bytes packet = build_udp(alice, bob, hello);
  packet[8] ^= 1;  // time to live
  EXPECT_FALSE(parse_ip(packet));
}

TEST(Packet, RefusesUdpWhoseLengthIsNotThatOfThePacket) {
  for (const std::uint16_t length : std::array<std::uint16_t, 5>{0, 7, 12, 14, 65535}) {
    Bytes packet = build_udp(alice, bob, hello);
    store_be16(&packet[24], length);
    store_be16(&packet[26], 0);
    EXPECT_FALSE(parse_udp(packet)) << length;
  }
}

TEST(Packet, RefusesWhatIsShorterOrLongerThanItSays) {
  Bytes packet = build_udp(alice, bob, hello);
  packet.push_back(0);
  EXPECT_FALSE(parse_ip(packet));
  packet.resize(packet.size() - 2);
  EXPECT_FALSE(parse_ip(packet));
  EXPECT_FALSE(parse_ip({}));
}

TEST(Packet, RefusesFragments) {
  Bytes packet = build_ip({.source = alice.address, .destination = bob.address}, hello);
  packet[6] = 0x20;  // more fragments
  packet[10] = packet[11] = 0;
  store_be16(&packet[10], wire::internet_checksum(ByteView(packet).first(20)));
  EXPECT_FALSE(parse_ip(packet));
}

TEST(Packet, IsMendedAfterItsContentChanged) {
  for (const auto& [from, to] : {std::pair{alice, bob}, std::pair{alice6, bob6}}) {
    Bytes packet = build_udp(from, to, hello);
    packet.push_back('!');
    packet[*content_offset(build_udp(from, to, hello))] = 'H';
    mend(packet);
    const auto udp = parse_udp(packet);
    ASSERT_TRUE(udp);
    EXPECT_EQ(as_text(udp->payload), "Hello!");
  }
}

TEST(Packet, LosesOneHopAtARouterAndStaysValid) {
  Bytes packet = build_udp(alice, bob, hello);
  count_hop(packet);
  ASSERT_TRUE(parse_udp(packet));
  EXPECT_EQ(parse_ip(packet)->fields.hop_limit, 63);
}

TEST(Damage, FlipsBitsOfTheContentAlone) {
  SeededRandom random(1);
  const Bytes packet = build_udp(alice, bob, Bytes(64, 0));
  for (int i = 0; i < 200; ++i) {
    Bytes flipped = packet;
    flip_bits(flipped, random);
    const auto udp = parse_udp(flipped);
    ASSERT_TRUE(udp);
    EXPECT_EQ(udp->source, alice);
    EXPECT_EQ(udp->payload.size(), 64U);
  }
}

TEST(Damage, LeavesAPacketWithoutContentAsItIs) {
  SeededRandom random(1);
  const Bytes packet = build_udp(alice, bob, {});
  Bytes flipped = packet;
  flip_bits(flipped, random);
  EXPECT_EQ(flipped, packet);
  EXPECT_EQ(mutate(packet, random), packet);
}

TEST(Damage, MutatesIntoWhatASocketWouldStillDeliver) {
  SeededRandom random(2);
  const Bytes packet = build_udp(alice, bob, Bytes(40, 0xaa));
  std::size_t changed = 0;
  for (int i = 0; i < 500; ++i) {
    const Bytes mutant = mutate(packet, random);
    ASSERT_TRUE(parse_udp(mutant));
    changed += mutant != packet;
  }
  EXPECT_GT(changed, 450U);
}

TEST(Damage, TakesWhatIsNoPacketAtAll) {
  SeededRandom random(3);
  const Bytes garbage = {1, 2, 3};
  EXPECT_EQ(mutate(garbage, random), garbage);
  Bytes same = garbage;
  flip_bits(same, random);
  EXPECT_EQ(same, garbage);
}

}  // namespace
}  // namespace sallyport::sim
