#include "datapath/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/test_support.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

ChildSa transport_v4() {
  return {.local_ts = "192.0.2.1", .remote_ts = "192.0.2.2", .mode = policy::Mode::transport, .udp_encap = false};
}
ChildSa transport_v6() {
  ChildSa sa = transport_v4();
  sa.here = sa.local_ts = "2001:db8::1";
  sa.there = sa.remote_ts = "2001:db8::2";
  return sa;
}
constexpr ClearPacket host_to_host{.source = "192.0.2.1", .destination = "192.0.2.2", .dont_fragment = true};

TEST(Transport, PutsOnlyThePayloadIntoEsp) {
  Pair pair(transport_v4());
  const Send& send = pair.send({build(host_to_host)}).sends.at(0);
  EXPECT_EQ(send.bytes.size(), 8 + 8 + 84 + 16u) << "80 octets of UDP, 2 of padding, 2 of trailer";
}

TEST(Transport, TakesOnlyWholeDatagrams) {
  Pair pair(transport_v4());
  ClearPacket first = host_to_host, later = host_to_host;
  first.size = 20 + 80;
  first.more_fragments = true;
  later.fragment_offset = 80;
  EXPECT_THAT(pair.send({build(first)}).sends, IsEmpty());
  EXPECT_THAT(pair.send({build(later)}).sends, SizeIs(1)) << "of both";
  Wire wire(pair.sent.sends);
  const auto out = delivered(pair.receive(wire.datagrams()));
  ASSERT_THAT(out, SizeIs(1));
  EXPECT_EQ(out[0].size(), 20u + 80 + 80);
  EXPECT_FALSE(wire::IpPacket::parse(out[0])->is_fragment());
}

TEST(Transport, MendsChecksumsThatANatHasSpoiled) {
  // Here sits behind a NAT as 10.0.0.1; there sees it as 198.51.100.7.
  ChildSa inside = transport_v4();
  inside.here = inside.local_ts = "10.0.0.1";
  inside.udp_encap = true;
  Pair pair(inside);
  auto outside = spec_there(inside);
  outside.nat_remote = true;
  outside.remote = {test::address("198.51.100.7"), 61000};
  outside.remote_ts = selectors("198.51.100.7");
  pair.there().remove({1});
  ASSERT_TRUE(pair.there().install(outside));

  ClearPacket packet = host_to_host;
  packet.source = "10.0.0.1";
  std::vector<Bytes> clear;
  for (const auto protocol : {wire::IpProtocol::udp, wire::IpProtocol::tcp, wire::IpProtocol::icmp}) {
    packet.protocol = protocol;
    packet.source_port = protocol == wire::IpProtocol::icmp ? 0x0800 : 40000;
    clear.push_back(build(packet));
  }
  Bytes without_checksum = clear[0];
  store_be16(&without_checksum[26], 0);
  clear.push_back(without_checksum);

  Wire wire(pair.send(clear).sends);
  for (Datagram& datagram : wire.datagrams()) datagram.remote = outside.remote;
  const auto packets = delivered(pair.receive(wire.datagrams()));
  ASSERT_THAT(packets, SizeIs(4));
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const auto ip = wire::IpPacket::parse(packets[i]);
    EXPECT_THAT(ip->source(), ElementsAre(198, 51, 100, 7));
    EXPECT_TRUE(wire::has_valid_payload_checksum(*ip)) << i;
    EXPECT_TRUE(equal(ip->payload().subspan(20), ByteView(clear[i]).subspan(40)));
  }
  EXPECT_EQ(load_be16(&packets[3][26]), 0) << "no checksum stays none";

  // The NAT forgets its mapping and takes another address: connections inside do not notice.
  const policy::Endpoint rebound{test::address("198.51.100.99"), 7777};
  ASSERT_TRUE(pair.there().update_endpoints({1}, outside.local, rebound, true));
  Wire later(pair.send({clear[0]}).sends);
  later.datagrams()[0].remote = rebound;
  ASSERT_THAT(pair.receive(later.datagrams()).deliveries, SizeIs(1));
  EXPECT_EQ(pair.received.deliveries[0].to_bytes(), packets[0]);
}

TEST(Transport, KeepsHopByHopOptionsInFrontOfEspAndDestinationOptionsBehind) {
  Pair pair(transport_v6());
  const Bytes plain = build({.source = "2001:db8::1", .destination = "2001:db8::2", .size = 100});
  Bytes packet(plain.begin(), plain.begin() + 40);
  append(packet, from_hex("3c00010400000000").value());  // hop-by-hop: PadN; next: destination options
  append(packet, from_hex("1100010400000000").value());  // destination options: PadN; next: UDP
  append(packet, ByteView(plain).subspan(40));
  packet[6] = 0;
  store_be16(&packet[4], static_cast<std::uint16_t>(packet.size() - 40));

  const Send& send = pair.send({packet}).sends.at(0);
  EXPECT_EQ(send.first_extension_header, 0);
  EXPECT_EQ(to_hex(send.extension_headers), "3200010400000000");  // next: ESP
  Wire wire(pair.sent.sends);
  const auto packets = delivered(pair.receive(wire.datagrams()));
  ASSERT_THAT(packets, SizeIs(1));
  // The hop-by-hop header is the receiving host's own business; the rest arrives as it was.
  const auto ip = wire::IpPacket::parse(packets[0]);
  EXPECT_EQ(packets[0][6], 60);
  EXPECT_EQ(ip->protocol(), wire::IpProtocol::udp);
  EXPECT_EQ(to_hex(ByteView(packets[0]).subspan(40)), to_hex(ByteView(packet).subspan(48)));
  EXPECT_TRUE(wire::has_valid_payload_checksum(*ip));
}

TEST(Transport, KeepsIpv4OptionsInFrontOfEsp) {
  Pair pair(transport_v4());
  Bytes packet = build(host_to_host);
  packet.insert(packet.begin() + 20, {0x94, 0x04, 0x00, 0x00});  // router alert
  packet[0] = 0x46;
  store_be16(&packet[2], static_cast<std::uint16_t>(packet.size()));
  const Send& send = pair.send({packet}).sends.at(0);
  EXPECT_EQ(to_hex(send.extension_headers), "94040000");
  Wire wire(pair.sent.sends);
  EXPECT_THAT(pair.receive(wire.datagrams()).deliveries, SizeIs(1));
}

TEST(Transport, TakesTrafficClassAndHopLimitFromTheOuterHeader) {
  Pair pair(transport_v4());
  Wire wire(pair.send({build(host_to_host)}).sends);
  wire.datagrams()[0].traffic_class = 0x2f;
  wire.datagrams()[0].hop_limit = 17;
  ASSERT_THAT(pair.receive(wire.datagrams()).deliveries, SizeIs(1));
  const auto packet = pair.received.deliveries[0].to_bytes();
  EXPECT_EQ(packet[1], 0x2f);
  EXPECT_EQ(packet[8], 17);
  EXPECT_TRUE(wire::IpPacket::parse(packet)->has_valid_header_checksum());
}

}  // namespace
}  // namespace sallyport::datapath
