#include "datapath/coalescing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "datapath/checksum.h"
#include "datapath/segmentation.h"
#include "datapath/test_support.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::SizeIs;

constexpr std::uint8_t ack = 0x10, push = 0x08, fin = 0x01;
constexpr ClearPacket tcp4{
    .protocol = wire::IpProtocol::tcp, .size = 1040, .dont_fragment = true, .tcp_sequence = 0xfffffe00};
constexpr ClearPacket tcp6{
    .source = "fd01::1", .destination = "fd02::1", .protocol = wire::IpProtocol::tcp, .size = 1060};
constexpr ClearPacket udp4{.size = 1028, .dont_fragment = true};
constexpr ClearPacket udp6{.source = "fd01::1", .destination = "fd02::1", .size = 1048};

std::size_t headers_of(const ClearPacket& packet) {
  return (test::address(packet.source).is_v6() ? 40u : 20u) + (packet.protocol == wire::IpProtocol::tcp ? 20 : 8);
}

// `count` packets of a flow, one after the other.
std::vector<Bytes> flow(ClearPacket packet, std::size_t count) {
  std::vector<Bytes> packets;
  for (std::size_t i = 0; i < count; ++i) {
    packet.fill = static_cast<std::uint8_t>(i * 3);
    packets.push_back(build(packet));
    packet.tcp_sequence += static_cast<std::uint32_t>(packet.size - headers_of(packet));
  }
  return packets;
}

class Coalescing : public testing::Test {
 protected:
  /// The deliveries for these packets, each cut again as the kernel would.
  const std::vector<Deliver>& join(const std::vector<Bytes>& packets) {
    packets_ = packets;
    deliveries_.clear();
    coalescer_.begin_burst(packets_.size(), deliveries_);
    for (Bytes& bytes : packets_) {
      const auto ip = wire::IpPacket::parse(bytes);
      coalescer_.add({1}, bytes, *ip, FlowKey::of(*ip));
    }
    coalescer_.flush();
    return deliveries_;
  }
  std::vector<std::string> cut_again() const {
    std::vector<std::string> packets;
    for (const Deliver& deliver : deliveries_) {
      const Bytes frame = deliver.to_bytes();
      if (!deliver.offload.is_super_frame()) {
        packets.push_back(to_hex(frame));
        continue;
      }
      auto segmenter = Segmenter::of(*wire::IpPacket::parse(frame), deliver.offload);
      EXPECT_TRUE(segmenter);
      while (segmenter && !segmenter->is_done()) {
        Bytes packet(segmenter->next_size());
        segmenter->write_next(packet.data(), 0);
        packets.push_back(to_hex(packet));
      }
    }
    return packets;
  }
  static std::vector<std::string> hex(const std::vector<Bytes>& packets) {
    std::vector<std::string> texts;
    for (const Bytes& bytes : packets) texts.push_back(to_hex(bytes));
    return texts;
  }
  /// Joined, and as many deliveries as said; cut again it is what it was.
  void expect_deliveries(const std::vector<Bytes>& packets, std::size_t count) {
    EXPECT_THAT(join(packets), SizeIs(count));
    // A cut counts identifications up, which with DF mean nothing.
    if ((packets[0][0] >> 4) == 4 && (packets[0][6] & 0x40) != 0) return expect_same_payloads(packets);
    EXPECT_EQ(cut_again(), hex(packets));
  }
  void expect_same_payloads(const std::vector<Bytes>& packets) {
    auto strip = [](std::string text) { return text.substr(40); };
    std::vector<std::string> cut = cut_again(), expected = hex(packets);
    std::ranges::transform(cut, cut.begin(), strip);
    std::ranges::transform(expected, expected.begin(), strip);
    EXPECT_EQ(cut, expected);
  }

  Coalescer coalescer_{{.tcp = true, .udp = true}};
  std::vector<Bytes> packets_;
  std::vector<Deliver> deliveries_;
};

TEST_F(Coalescing, JoinsARunIntoOneSuperFrame) {
  for (const ClearPacket& packet : {tcp4, tcp6, udp4, udp6}) {
    expect_deliveries(flow(packet, 40), 1);
    EXPECT_EQ(deliveries_[0].offload.segment_size, 1000);
    EXPECT_TRUE(deliveries_[0].offload.needs_checksum);
    const Bytes frame = deliveries_[0].to_bytes();
    EXPECT_EQ(wire::IpPacket::parse(frame)->octets().size(), frame.size());
    EXPECT_TRUE(wire::IpPacket::parse(frame)->has_valid_header_checksum());
  }
}

TEST_F(Coalescing, LeavesASinglePacketAsItIs) {
  for (const ClearPacket& packet : {tcp4, tcp6, udp4, udp6}) {
    const auto packets = flow(packet, 1);
    join(packets);
    EXPECT_EQ(deliveries_[0].offload, Offload{});
    EXPECT_EQ(deliveries_[0].to_bytes(), packets[0]);
  }
}

TEST_F(Coalescing, KeepsWithinTheKernelsBounds) {
  expect_deliveries(flow(udp6, 130), 3);  // 64 segments at most
  EXPECT_EQ(deliveries_[0].offload.segment_size, 1000);
  ClearPacket large = tcp4;
  large.size = 1440;
  expect_deliveries(flow(large, 60), 2);  // 65535 octets at most
}

TEST_F(Coalescing, EndsARunWithAShorterSegment) {
  auto packets = flow(tcp4, 5);
  ClearPacket next = tcp4;
  next.tcp_sequence += 5000;
  next.size = 500;
  packets.push_back(build(next));
  next.tcp_sequence += 460;
  next.size = 1040;
  packets.push_back(build(next));
  expect_deliveries(packets, 2);
}

TEST_F(Coalescing, NeverLetsALongerSegmentFollow) {
  auto packets = flow(udp4, 2);
  ClearPacket longer = udp4;
  longer.size = 1100;
  packets.push_back(build(longer));
  expect_deliveries(packets, 2);
}

TEST_F(Coalescing, EndsARunWithPushAndKeepsTheFlag) {
  auto packets = flow(tcp4, 4);
  ClearPacket pushed = tcp4;
  pushed.tcp_sequence += 2000;
  pushed.fill = 6;
  pushed.tcp_flags = ack | push;
  packets[2] = build(pushed);
  expect_deliveries(packets, 2);
}

// Each of these may not be joined with what is before it, nor the one behind with it.
TEST_F(Coalescing, KeepsApartWhatDiffers) {
  const auto expect_apart = [&](const char* what, const ClearPacket& base, auto change) {
    ClearPacket second = base;
    second.tcp_sequence += static_cast<std::uint32_t>(base.size - headers_of(base));
    Bytes bytes = build(second);
    change(second, bytes);
    const std::vector<Bytes> packets = {build(base), bytes};
    EXPECT_THAT(join(packets), SizeIs(2)) << what;
    EXPECT_THAT(cut_again(), testing::UnorderedElementsAreArray(hex(packets))) << what;  // flows may pass each other
  };
  const auto rebuilt = [](auto field) {
    return [field](ClearPacket& packet, Bytes& bytes) {
      field(packet);
      bytes = build(packet);
    };
  };
  for (const ClearPacket& base : {tcp4, tcp6}) {
    expect_apart("traffic class", base, rebuilt([](ClearPacket& p) { p.traffic_class = 1; }));
    expect_apart("hop limit", base, rebuilt([](ClearPacket& p) { p.hop_limit = 5; }));
    expect_apart("sequence", base, rebuilt([](ClearPacket& p) { p.tcp_sequence += 1; }));
    expect_apart("sequence", base, rebuilt([](ClearPacket& p) { p.tcp_sequence -= 1000; }));
    expect_apart("fin", base, rebuilt([](ClearPacket& p) { p.tcp_flags |= fin; }));
    expect_apart("no ack", base, rebuilt([](ClearPacket& p) { p.tcp_flags = push; }));
    expect_apart("port", base, rebuilt([](ClearPacket& p) { p.destination_port = 1; }));
  }
  expect_apart("DF", tcp4, rebuilt([](ClearPacket& p) { p.dont_fragment = false; }));
  expect_apart("source", tcp4, rebuilt([](ClearPacket& p) { p.source = "10.1.0.2"; }));
  expect_apart("fragment", udp4, rebuilt([](ClearPacket& p) { p.more_fragments = true; }));
  // Fields of the TCP header that build() fills with a pattern: acknowledgement, window, urgent pointer.
  for (const std::size_t at : {28u, 34u, 38u}) {
    expect_apart("TCP field", tcp4, [at](ClearPacket&, Bytes& bytes) {
      const std::uint16_t old_word = load_be16(&bytes[at]);
      bytes[at] ^= 1;
      store_be16(&bytes[36], wire::updated_checksum(load_be16(&bytes[36]), old_word, load_be16(&bytes[at])));
    });
  }
  ClearPacket fragmentable = udp4;
  fragmentable.dont_fragment = false;
  expect_apart("identification", fragmentable, [](ClearPacket&, Bytes& bytes) { wire::set_ipv4_id(bytes.data(), 79); });
}

TEST_F(Coalescing, JoinsIdentificationsThatCountUp) {
  ClearPacket fragmentable = udp4;
  fragmentable.dont_fragment = false;
  auto packets = flow(fragmentable, 3);
  wire::set_ipv4_id(packets[1].data(), 78);
  wire::set_ipv4_id(packets[2].data(), 79);
  expect_deliveries(packets, 1);
  EXPECT_EQ(cut_again(), hex(packets));
}

// A super-frame's checksum is taken on trust, so nothing damaged may become part of one.
TEST_F(Coalescing, NeverJoinsADamagedPacket) {
  for (const ClearPacket& base : {tcp4, tcp6, udp4, udp6}) {
    const std::size_t headers = headers_of(base);
    for (const std::size_t damaged : {0u, 1u, 2u}) {
      auto packets = flow(base, 3);
      packets[damaged][headers + 77] ^= 0x10;
      join(packets);
      for (const Deliver& deliver : deliveries_)
        if (deliver.offload.is_super_frame()) {
          EXPECT_THAT(deliver.pieces, SizeIs(2));
        }
      EXPECT_THAT(hex(packets), testing::Contains(to_hex(packets_[damaged])));
      bool found = false;
      for (const Deliver& deliver : deliveries_)
        found = found || (!deliver.offload.is_super_frame() && deliver.to_bytes() == packets[damaged]);
      EXPECT_TRUE(found) << "delivered as it came, for the kernel to drop";
    }
  }
  auto packets = flow(tcp4, 2);
  packets[1][10] ^= 1;  // the IPv4 header's own checksum
  EXPECT_THAT(join(packets), SizeIs(2));
}

TEST_F(Coalescing, LeavesUdpWithoutAChecksumAlone) {
  auto packets = flow(udp4, 2);
  for (Bytes& bytes : packets) store_be16(&bytes[26], 0);
  EXPECT_THAT(join(packets), SizeIs(2));
}

TEST_F(Coalescing, LeavesHeadersWithOptionsAlone) {
  auto packets = flow(udp4, 2);
  for (Bytes& bytes : packets) {
    bytes.insert(bytes.begin() + 20, {1, 1, 1, 0});
    bytes[0] = 0x46;
    wire::set_packet_size(bytes.data(), bytes.size());
  }
  EXPECT_THAT(join(packets), SizeIs(2));
}

TEST_F(Coalescing, JoinsFlowsThatComeInterleaved) {
  std::vector<Bytes> packets;
  for (std::size_t i = 0; i < 10; ++i) {
    for (const ClearPacket& base : {tcp4, tcp6, udp4, udp6}) packets.push_back(flow(base, i + 1).back());
  }
  EXPECT_THAT(join(packets), SizeIs(4));
}

TEST_F(Coalescing, KeepsTheOrderOfAFlowWhenMoreComeThanItHasRunsFor) {
  std::vector<Bytes> packets;
  for (std::size_t i = 0; i < 6; ++i)
    for (std::uint16_t port = 0; port < 20; ++port) {
      ClearPacket packet = udp4;
      packet.source_port = port;
      packets.push_back(flow(packet, i + 1).back());
    }
  join(packets);
  std::map<std::string, std::vector<std::string>> by_port, expected;
  for (const std::string& text : cut_again()) by_port[text.substr(40, 4)].push_back(text.substr(40));
  for (const std::string& text : hex(packets)) expected[text.substr(40, 4)].push_back(text.substr(40));
  EXPECT_EQ(by_port, expected);
}

// Against a world of random flows: whatever is joined, each flow's packets come out again as they went in, in their
// order.
TEST_F(Coalescing, CutAgainAnyMixOfFlowsIsTheSameStreams) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SeededRandom random(seed);
    const auto one_in = [&](std::uint64_t n) { return random.u64() % n == 0; };
    std::vector<ClearPacket> flows;
    for (std::uint16_t i = 0; i <= random.u64() % 12; ++i) {
      flows.push_back(std::array{tcp4, tcp6, udp4, udp6}[random.u64() % 4]);
      flows.back().source_port = i;
      flows.back().dont_fragment = false;  // so that identifications count, and must be right
    }
    std::map<std::uint16_t, std::uint16_t> ids;
    std::vector<Bytes> packets;
    for (std::size_t i = 0; i < 150; ++i) {
      ClearPacket& flow = flows[random.u64() % flows.size()];
      ClearPacket packet = flow;
      if (one_in(10)) packet.size = headers_of(packet) + 1 + random.u64() % 1200;
      if (one_in(10)) packet.tcp_flags |= push;
      if (one_in(30)) packet.tcp_flags |= fin;
      if (one_in(20)) packet.hop_limit = 7;
      if (one_in(20)) packet.tcp_sequence += static_cast<std::uint32_t>(random.u64());
      packet.fill = static_cast<std::uint8_t>(random.u64());
      packets.push_back(build(packet));
      if (packets.back()[0] == 0x45) wire::set_ipv4_id(packets.back().data(), ids[flow.source_port]++);
      flow.tcp_sequence = packet.tcp_sequence + static_cast<std::uint32_t>(packet.size - headers_of(packet));
    }
    join(packets);
    const auto by_flow = [](const std::vector<std::string>& texts) {
      std::map<std::string, std::vector<std::string>> sorted;
      for (const std::string& text : texts) sorted[text.substr(text[0] == '4' ? 40 : 80, 4)].push_back(text);
      return sorted;
    };
    ASSERT_EQ(by_flow(cut_again()), by_flow(hex(packets))) << "seed " << seed;
  }
}

TEST_F(Coalescing, DeliversAnUnjoinablePacketBehindItsRun) {
  auto packets = flow(tcp4, 3);
  ClearPacket last = tcp4;
  last.tcp_sequence += 3000;
  last.tcp_flags = ack | fin;
  packets.push_back(build(last));
  EXPECT_THAT(join(packets), SizeIs(2));
  EXPECT_TRUE(deliveries_[0].offload.is_super_frame());
  EXPECT_FALSE(deliveries_[1].offload.is_super_frame());
}

TEST_F(Coalescing, JoinsOnlyWhatTheTunTakes) {
  coalescer_ = Coalescer({.tcp = false, .udp = true});
  EXPECT_THAT(join(flow(tcp4, 4)), SizeIs(4));
  EXPECT_THAT(join(flow(udp4, 4)), SizeIs(1));
  coalescer_ = Coalescer({.tcp = true, .udp = false});
  EXPECT_THAT(join(flow(tcp4, 4)), SizeIs(1));
  EXPECT_THAT(join(flow(udp4, 4)), SizeIs(4));
}

TEST(Coalescer, GivesBackTheSuperFrameThatEnteredTheTunnel) {
  for (const auto mode : {policy::Mode::tunnel, policy::Mode::transport}) {
    ChildSa sa{.mode = mode};
    ClearPacket packet = tcp4;
    if (mode == policy::Mode::transport) {
      packet.source = sa.local_ts = sa.here;
      packet.destination = sa.remote_ts = sa.there;
    }
    Pair pair(sa, Settings{.join = {.tcp = true, .udp = true}});
    packet.size = 40 + 30 * 1000;
    Bytes frame = build(packet);
    const Offload offload{Offload::Segments::tcp4, true, 40, 1000, 20, 16};
    const auto ip = wire::IpPacket::parse(frame);
    store_be16(&frame[36],
               wire::pseudo_header_sum(ip->source(), ip->destination(), ip->protocol(), ip->payload().size()).folded());
    const Bytes original = frame;
    const Packet super{.bytes = frame, .offload = offload};
    Wire wire(pair.send({&super, 1}).sends, Wire::Grouping::trains);
    ASSERT_THAT(pair.receive(wire.datagrams()).deliveries, SizeIs(1));
    EXPECT_EQ(pair.received.deliveries[0].offload, offload);
    EXPECT_THAT(pair.received.deliveries[0].pieces, SizeIs(30));
    EXPECT_EQ(to_hex(ByteView(pair.received.deliveries[0].to_bytes()).subspan(12)),
              to_hex(ByteView(original).subspan(12)));
    EXPECT_EQ(pair.there().counters().inbound.packets, 30u);
  }
}

TEST(Checksum, CopiesWhatItSums) {
  SeededRandom random(3);
  for (std::size_t size = 0; size < 300; ++size) {
    Bytes octets(size), copy(size + 1, 0x5a);
    random.fill(octets);
    wire::ChecksumSum fast, plain;
    copy_and_add_octets(fast, copy.data(), octets);
    plain.add(octets);
    EXPECT_EQ(fast.folded(), plain.folded()) << size;
    EXPECT_EQ(copy.back(), 0x5a) << size << ": nothing behind it is written";
    copy.pop_back();
    EXPECT_EQ(copy, octets) << size;
  }
}

TEST(Checksum, SumsManyOctetsAsFewAtATime) {
  SeededRandom random(2);
  for (std::size_t size = 0; size < 300; ++size) {
    Bytes octets(size);
    random.fill(octets);
    wire::ChecksumSum fast, plain;
    add_octets(fast, octets);
    plain.add(octets);
    EXPECT_EQ(fast.folded(), plain.folded()) << size;
  }
  const Bytes ones(65535, 0xff);
  wire::ChecksumSum fast;
  add_octets(fast, ones);
  EXPECT_EQ(fast.folded(), 0xff00) << "65534 octets of minus zero, and one more";
}

}  // namespace
}  // namespace sallyport::datapath
