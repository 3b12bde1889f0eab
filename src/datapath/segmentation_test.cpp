#include "datapath/segmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/test_support.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint8_t ack = 0x10, push = 0x08, fin = 0x01, cwr = 0x80;

// The packets that a super-frame stands for, each built by itself; and the super-frame.
struct Super {
  std::vector<Bytes> packets;
  Bytes frame;
  Offload offload;
};

std::size_t headers_of(const ClearPacket& packet) {
  return (test::address(packet.source).is_v6() ? 40u : 20u) + (packet.protocol == wire::IpProtocol::tcp ? 20 : 8);
}

Super make_super(ClearPacket packet, std::size_t payload, std::uint16_t segment_size) {
  const bool tcp = packet.protocol == wire::IpProtocol::tcp;
  const bool v6 = test::address(packet.source).is_v6();
  const std::size_t headers = headers_of(packet);
  const std::uint8_t flags = packet.tcp_flags;
  const std::uint32_t sequence = packet.tcp_sequence;
  Super super;
  packet.size = headers + payload;
  super.frame = build(packet);
  for (std::size_t at = 0; at < payload; at += segment_size) {
    const std::size_t size = std::min<std::size_t>(segment_size, payload - at);
    packet.size = headers + size;
    packet.tcp_sequence = sequence + static_cast<std::uint32_t>(at);
    packet.tcp_flags = flags;
    if (at + size < payload) packet.tcp_flags &= static_cast<std::uint8_t>(~(push | fin));
    if (at != 0) packet.tcp_flags &= static_cast<std::uint8_t>(~cwr);
    packet.fill = static_cast<std::uint8_t>(at);  // goes on with the super-frame's pattern
    Bytes bytes = build(packet);
    if (!v6) wire::set_ipv4_id(bytes.data(), static_cast<std::uint16_t>(77 + at / segment_size));
    super.packets.push_back(std::move(bytes));
  }
  const std::size_t transport = v6 ? 40 : 20;
  super.offload = {.segments = !tcp ? Offload::Segments::udp
                               : v6 ? Offload::Segments::tcp6
                                    : Offload::Segments::tcp4,
                   .needs_checksum = true,
                   .header_size = static_cast<std::uint16_t>(headers),
                   .segment_size = segment_size,
                   .checksum_start = static_cast<std::uint16_t>(transport),
                   .checksum_offset = static_cast<std::uint16_t>(tcp ? 16 : 6)};
  // As the kernel leaves it: the pseudo-header's sum alone.
  const auto ip = wire::IpPacket::parse(super.frame);
  store_be16(&super.frame[transport + super.offload.checksum_offset],
             wire::pseudo_header_sum(ip->source(), ip->destination(), ip->protocol(), ip->payload().size()).folded());
  return super;
}

std::vector<Bytes> cut(const Super& super) {
  auto segmenter = Segmenter::of(*wire::IpPacket::parse(super.frame), super.offload);
  if (!segmenter) return {};
  std::vector<Bytes> packets;
  while (!segmenter->is_done()) {
    packets.emplace_back(segmenter->next_size());
    segmenter->write_next(packets.back().data(), 0);
  }
  return packets;
}

constexpr ClearPacket tcp4{.protocol = wire::IpProtocol::tcp, .tcp_flags = ack | push, .tcp_sequence = 0xfffffc00};
constexpr ClearPacket tcp6{.source = "fd01::1", .destination = "fd02::1", .protocol = wire::IpProtocol::tcp};
constexpr ClearPacket udp4{};
constexpr ClearPacket udp6{.source = "fd01::1", .destination = "fd02::1"};

TEST(Segmentation, CutsIntoThePacketsThatTheSourceWouldHaveSent) {
  for (const ClearPacket& packet : {tcp4, tcp6, udp4, udp6}) {
    for (const std::size_t payload : {1u, 999u, 1000u, 1001u, 5500u, 10000u, 60000u}) {
      const Super super = make_super(packet, payload, 1000);
      const auto packets = cut(super);
      ASSERT_EQ(packets.size(), super.packets.size());
      for (std::size_t i = 0; i < packets.size(); ++i)
        ASSERT_EQ(to_hex(packets[i]), to_hex(super.packets[i])) << "segment " << i << " of " << payload;
    }
  }
}

TEST(Segmentation, LeavesFinToTheLastAndCwrToTheFirst) {
  ClearPacket packet = tcp4;
  packet.tcp_flags = ack | push | fin | cwr;
  const Super super = make_super(packet, 3000, 1000);
  const auto packets = cut(super);
  ASSERT_THAT(packets, SizeIs(3));
  EXPECT_EQ(packets[0][33], ack | cwr);
  EXPECT_EQ(packets[1][33], ack);
  EXPECT_EQ(packets[2][33], ack | push | fin);
  EXPECT_EQ(packets, super.packets);
}

TEST(Segmentation, NumbersPacketsWithOptionsBeyondTheLastIdentification) {
  Super super = make_super(tcp4, 3000, 1000);
  const Bytes options = {0x94, 4, 0, 0};  // router alert (RFC 2113)
  super.frame.insert(super.frame.begin() + 20, options.begin(), options.end());
  super.frame[0] = 0x46;
  store_be16(&super.frame[2], static_cast<std::uint16_t>(super.frame.size()));
  store_be16(&super.frame[10], 0xdead);  // not filled in
  wire::set_ipv4_id(super.frame.data(), 0xfffe);
  const auto packets = cut(super);
  ASSERT_THAT(packets, SizeIs(3));
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const auto ip = wire::IpPacket::parse(packets[i]);
    ASSERT_TRUE(ip);
    EXPECT_TRUE(ip->has_valid_header_checksum());
    EXPECT_TRUE(wire::has_valid_payload_checksum(*ip));
    EXPECT_EQ(load_be16(&packets[i][4]), (0xfffe + i) & 0xffff);
    EXPECT_EQ(Bytes(packets[i].begin() + 20, packets[i].begin() + 24), options);
  }
}

TEST(Segmentation, LeavesTheIpHeaderOutWhenToldTo) {
  const Super super = make_super(tcp4, 2500, 1000);
  auto segmenter = Segmenter::of(*wire::IpPacket::parse(super.frame), super.offload);
  for (const Bytes& packet : super.packets) {
    Bytes written(segmenter->next_size() - 20);
    segmenter->write_next(written.data(), 20);
    EXPECT_EQ(written, Bytes(packet.begin() + 20, packet.end()));
  }
  EXPECT_TRUE(segmenter->is_done());
}

TEST(Segmentation, RefusesContradictions) {
  const auto refuses = [](auto change) {
    Super super = make_super(tcp4, 3000, 1000);
    change(super);
    const auto ip = wire::IpPacket::parse(super.frame);
    return !ip || !Segmenter::of(*ip, super.offload);
  };
  EXPECT_FALSE(refuses([](Super&) {}));
  EXPECT_TRUE(refuses([](Super& s) { s.offload.segment_size = 0; }));
  EXPECT_TRUE(refuses([](Super& s) { s.offload.segments = Offload::Segments::udp; }));
  EXPECT_TRUE(refuses([](Super& s) { s.offload.segments = Offload::Segments::tcp6; }));
  EXPECT_TRUE(refuses([](Super& s) { s.frame[9] = 17; }));
  EXPECT_TRUE(refuses([](Super& s) { s.frame[32] = 4 << 4; }));
  EXPECT_TRUE(refuses([](Super& s) { store_be16(&s.frame[6], 0x2000); }));
  EXPECT_TRUE(refuses([](Super& s) { store_be16(&s.frame[2], 40); })) << "no payload";
  EXPECT_TRUE(refuses([](Super& s) { store_be16(&s.frame[2], 30); }));
  EXPECT_TRUE(refuses([](Super& s) {
    s.frame[32] = 15 << 4;
    store_be16(&s.frame[2], 60);
  }));
}

TEST(Segmentation, FinishesTheChecksumOfASinglePacket) {
  for (const ClearPacket& packet : {tcp4, tcp6, udp4, udp6}) {
    Super super = make_super(packet, 777, 1000);
    super.offload.segments = Offload::Segments::none;
    ASSERT_TRUE(finish_checksum(super.frame, super.offload));
    EXPECT_TRUE(wire::has_valid_payload_checksum(*wire::IpPacket::parse(super.frame)));
  }
}

TEST(Segmentation, RefusesAChecksumOutsideOfThePacket) {
  Bytes packet = build({});
  for (const auto& [start, offset] : {std::pair<int, int>{99, 0}, {0, 99}, {65535, 65535}, {101, 0}, {0, 65535}}) {
    const Offload offload{.needs_checksum = true,
                          .checksum_start = static_cast<std::uint16_t>(start),
                          .checksum_offset = static_cast<std::uint16_t>(offset)};
    EXPECT_FALSE(finish_checksum(packet, offload));
  }
}

TEST(Offload, KeepsItsFormThroughTheVirtioHeader) {
  for (const auto segments :
       {Offload::Segments::none, Offload::Segments::tcp4, Offload::Segments::tcp6, Offload::Segments::udp}) {
    const Offload offload{segments, true, 1, 2, 3, 4};
    std::array<std::uint8_t, offload_size> header{};
    serialize_offload(offload, header);
    EXPECT_EQ(parse_offload(header), offload);
  }
}

TEST(Offload, RefusesKindsThatWereNotAskedFor) {
  std::array<std::uint8_t, offload_size> header{};
  EXPECT_FALSE(parse_offload(ByteView(header).first(9)));
  header[1] = 3;  // UDP fragmentation offload
  EXPECT_FALSE(parse_offload(header));
  header[1] = 0x81;  // TCP over IPv4 with ECN
  EXPECT_TRUE(parse_offload(header));
}

// ---- Through a worker

TEST(Segmentation, LeavesAsTrainsOfEqualPackets) {
  for (const auto mode : {policy::Mode::tunnel, policy::Mode::transport}) {
    ChildSa sa{.mode = mode};
    ClearPacket packet = tcp4;
    if (mode == policy::Mode::transport) {
      packet.source = sa.local_ts = sa.here;
      packet.destination = sa.remote_ts = sa.there;
    }
    Pair pair(sa);
    Super super = make_super(packet, 60000, 1300);
    const Packet frame{.bytes = super.frame, .offload = super.offload};
    pair.send(std::vector<Packet>{frame, frame});
    for (const Send& send : pair.sent.sends) EXPECT_LE(send.packet_count(), 64u);
    EXPECT_LE(pair.sent.sends.size(), 4u);
    Wire wire(pair.sent.sends, Wire::Grouping::trains);
    const auto packets = delivered(pair.receive(wire.datagrams()));
    ASSERT_THAT(packets, SizeIs(2 * super.packets.size()));
    for (std::size_t i = 0; i < packets.size(); ++i) {
      const Bytes& expected = super.packets[i % super.packets.size()];
      EXPECT_TRUE(equal(ByteView(packets[i]).subspan(20), ByteView(expected).subspan(20))) << i;
    }
    EXPECT_EQ(pair.here().counters().outbound.packets, packets.size());
  }
}

TEST(Segmentation, DropsAFrameThatContradictsItself) {
  Pair pair;
  Super super = make_super(tcp4, 3000, 1000);
  super.offload.segment_size = 0;
  const Packet frame{.bytes = super.frame, .offload = super.offload};
  EXPECT_THAT(pair.send({&frame, 1}).sends, IsEmpty());
  EXPECT_EQ(pair.here().counters().drops[DropReason::malformed_packet], 1u);
}

TEST(Segmentation, TellsTheSourceWhenSegmentsAreTooBig) {
  Pair pair;
  ClearPacket packet = tcp4;
  packet.dont_fragment = true;
  Super super = make_super(packet, 30000, 1460);
  const Packet frame{.bytes = super.frame, .offload = super.offload};
  EXPECT_THAT(pair.send({&frame, 1}).sends, IsEmpty());
  EXPECT_THAT(pair.sent.deliveries, SizeIs(1));
}

}  // namespace
}  // namespace sallyport::datapath
