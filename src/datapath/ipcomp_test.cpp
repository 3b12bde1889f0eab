#include "datapath/ipcomp.h"

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

policy::ChildSaSpec compressing(const ChildSa& sa = {}) {
  auto spec = spec_here(sa);
  spec.ipcomp = {0x1234, 0x5678};
  return spec;
}

/// Payload that nothing makes smaller; build()'s is a pattern, which shrinks well.
Bytes noisy(const ClearPacket& clear) {
  Bytes packet = build(clear);
  SeededRandom random(packet.size());
  random.fill(ByteSpan(packet).subspan(28));
  return packet;
}

TEST(Ipcomp, MakesPacketsSmallerAndThePeerGetsThemAsTheyWere) {
  const ChildSa transport{.local_ts = "192.0.2.1", .remote_ts = "192.0.2.2", .mode = policy::Mode::transport};
  for (const ChildSa& sa : {ChildSa{}, transport}) {
    Pair pair(compressing(sa), {});
    const bool tunnel = sa.mode == policy::Mode::tunnel;
    const Bytes packet = build({.source = tunnel ? "10.1.0.1" : "192.0.2.1",
                                .destination = tunnel ? "10.2.0.1" : "192.0.2.2",
                                .size = 1300,
                                .hop_limit = 64,
                                .dont_fragment = true});
    Wire wire(pair.send({packet}).sends);
    ASSERT_THAT(wire.datagrams(), SizeIs(1));
    EXPECT_LT(wire.datagrams()[0].bytes.size(), 700u);
    const auto out = delivered(pair.receive(wire.datagrams()));
    ASSERT_THAT(out, SizeIs(1));
    EXPECT_TRUE(equal(ByteView(out[0]).subspan(20), ByteView(packet).subspan(20)));
    EXPECT_EQ(pair.here().counters().compressed_out, 1u);
    EXPECT_EQ(pair.there().counters().compressed_in, 1u);
    EXPECT_EQ(pair.there().counters().inbound.bytes, 1300u) << "of the clear packet";
  }
}

TEST(Ipcomp, LeavesSmallAndNoisyPacketsAsTheyAre) {
  Pair pair(compressing(), {});
  Pair plain;
  for (const Bytes& packet : {build({.size = 80}), noisy({.size = 1300})}) {
    const std::size_t size = pair.send({packet}).sends.at(0).bytes.size();
    EXPECT_EQ(size, plain.send({packet}).sends.at(0).bytes.size()) << "never larger than without";
    Wire wire(pair.sent.sends);
    EXPECT_THAT(delivered(pair.receive(wire.datagrams())), ElementsAre(packet));
  }
  EXPECT_EQ(pair.here().counters().compressed_out, 0u);
}

TEST(Ipcomp, TriesLessOftenWhereNothingBecomesSmaller) {
  IpcompSa sa{.cpi_in = 300, .cpi_out = 301};
  Compressor compressor;
  Bytes noise(1000);
  SeededRandom(1).fill(noise);
  const Bytes words(1000, 'a');
  for (int i = 0; i < 1000; ++i) EXPECT_THAT(compressor.compress(sa, noise, wire::IpProtocol::udp), IsEmpty());
  int passed_over = 0;
  while (compressor.compress(sa, words, wire::IpProtocol::udp).empty()) ++passed_over;
  EXPECT_LE(passed_over, 256) << "but for ever";
  EXPECT_FALSE(compressor.compress(sa, words, wire::IpProtocol::udp).empty());
}

TEST(Ipcomp, TakesSuperFramesApart) {
  Pair pair(compressing(), {});
  Bytes frame = build({.size = 28 + 3000});
  const Packet packet{.bytes = frame,
                      .offload = {.segments = Offload::Segments::udp,
                                  .needs_checksum = true,
                                  .header_size = 28,
                                  .segment_size = 1000,
                                  .checksum_start = 20,
                                  .checksum_offset = 6}};
  Wire wire(pair.send(std::span(&packet, 1)).sends);
  const auto out = delivered(pair.receive(wire.datagrams()));
  ASSERT_THAT(out, SizeIs(3));
  for (const Bytes& each : out) {
    EXPECT_EQ(each.size(), 1028u);
    EXPECT_TRUE(wire::has_valid_payload_checksum(*wire::IpPacket::parse(each)));
  }
  EXPECT_EQ(pair.there().counters().compressed_in, 3u);
}

// ---- What a peer may send

/// What comes out there when the peer puts `content` into ESP under next header 108.
class Expanding : public testing::Test {
 protected:
  std::size_t receive(ByteView content, bool with_ipcomp = true) {
    auto spec = spec_here({.mode = policy::Mode::transport});
    spec.local_ts = selectors("192.0.2.1");
    spec.remote_ts = selectors("192.0.2.2");
    // Transport mode puts whatever protocol a packet has into ESP; the other end takes it for a tunnel's.
    Pair sender(spec, {});
    auto there = mirrored(spec);
    there.mode = policy::Mode::tunnel;
    there.local_ts = selectors("10.2.0.0/16");
    there.remote_ts = selectors("10.1.0.0/16");
    if (with_ipcomp) there.ipcomp = {300, 301};
    receiver = std::make_unique<Worker>(*ciphers, random);
    receiver->set_policy(spd_for(there));
    EXPECT_TRUE(receiver->install(there));
    Bytes packet = build({.source = "192.0.2.1", .destination = "192.0.2.2"});
    packet.resize(20);
    packet[9] = 108;
    append(packet, content);
    wire::set_packet_size(packet.data(), packet.size());
    wire = std::make_unique<Wire>(sender.send({packet}).sends);
    EXPECT_THAT(wire->datagrams(), SizeIs(1));
    receiver->inbound(now, wire->datagrams(), out);
    return out.deliveries.size();
  }
  static Bytes compressed(ByteView clear, std::uint16_t cpi = 300, std::uint8_t next = 4) {
    compression::Deflater deflater;
    Bytes content(4 + clear.size() + 100);
    wire::write_ipcomp_header(content.data(), {wire::IpProtocol{next}, cpi});
    content.resize(4 + deflater.deflate(clear, ByteSpan(content).subspan(4)).value_or(0));
    return content;
  }
  std::uint64_t dropped(DropReason reason) const { return receiver->counters().drops[reason]; }

  std::unique_ptr<crypto::PacketCipherFactory> ciphers = best_packet_ciphers();
  SeededRandom random{5};
  std::unique_ptr<Worker> receiver;
  std::unique_ptr<Wire> wire;
  Verdicts out;
  Instant now{std::chrono::seconds(1000)};
};

TEST_F(Expanding, TakesWhatIsRight) { EXPECT_EQ(receive(compressed(build({.size = 1300}))), 1u); }

TEST_F(Expanding, TakesNothingCompressedThatWasNotAgreedOn) {
  EXPECT_EQ(receive(compressed(build({.size = 1300})), false), 0u);
  EXPECT_EQ(dropped(DropReason::bad_next_header), 1u);
  EXPECT_EQ(receive(compressed(build({.size = 1300}), 301)), 0u) << "another CPI";
  EXPECT_EQ(dropped(DropReason::bad_compression), 1u);
}

TEST_F(Expanding, DropsWhatIsDamaged) {
  const Bytes whole = compressed(build({.size = 1300}));
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{4}, std::size_t{20}, whole.size() - 1}) {
    EXPECT_EQ(receive(ByteView(whole).first(size)), 0u) << size;
    EXPECT_EQ(dropped(DropReason::bad_compression), 1u) << size;
  }
  EXPECT_EQ(receive(compressed(Bytes(700, 1))), 0u) << "what comes out is no packet";
  EXPECT_EQ(dropped(DropReason::malformed_inner), 1u);
  EXPECT_EQ(receive(compressed(build({.source = "10.3.0.1", .size = 700}))), 0u) << "nor one that the SA is for";
  EXPECT_EQ(dropped(DropReason::selector), 1u);
  EXPECT_EQ(receive(compressed(compressed(build({.size = 700})), 300, 108)), 0u) << "once is enough";
  EXPECT_EQ(dropped(DropReason::bad_compression), 1u);
}

TEST_F(Expanding, IsBoundedInWhatItMakesOfAPacket) {
  EXPECT_EQ(receive(compressed(Bytes(8 * 1024 * 1024))), 0u);
  EXPECT_EQ(dropped(DropReason::bad_compression), 1u);
}

TEST(ExpandingBursts, IsBoundedInWhatItMakesOfABurst) {
  compression::Deflater deflater;
  Bytes content(1000);
  wire::write_ipcomp_header(content.data(), {wire::IpProtocol::ipv4, 300});
  content.resize(4 + *deflater.deflate(Bytes(65000), ByteSpan(content).subspan(4)));
  Expander expander;
  const IpcompSa sa{.cpi_in = 300, .cpi_out = 301};
  int expanded = 0;
  for (int i = 0; i < 1000; ++i) expanded += expander.expand(sa, content) ? 1 : 0;
  EXPECT_LE(expanded, 130) << "8 MiB";
  EXPECT_GE(expanded, 100);
  expander.begin_burst();
  EXPECT_TRUE(expander.expand(sa, content));
}

}  // namespace
}  // namespace sallyport::datapath
