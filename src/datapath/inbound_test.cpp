#include "datapath/inbound.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl/packet_cipher_openssl.h"
#include "crypto/test_vectors.h"
#include "datapath/test_support.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// ---- Packets of other implementations

TEST(Inbound, DeliversWhatARealPeerSent) {
  auto ciphers = crypto::make_openssl_factory();
  SeededRandom random(1);
  Worker worker(*ciphers, random);
  Verdicts out;
  std::uint32_t number = 0;
  std::size_t delivered_packets = 0;
  for (const auto& vector : crypto::load_test_vectors("crypto/esp.txt")) {
    Bytes packet = vector.bytes("packet");
    const Bytes text = vector.bytes("text");
    const std::uint32_t spi = load_be32(packet.data());
    const bool from_gateway = spi == 0x070883c2;
    auto spec = spec_here({.here = from_gateway ? "192.168.0.100" : "192.168.0.1",
                           .there = from_gateway ? "192.168.0.1" : "192.168.0.100",
                           .local_ts = from_gateway ? "10.1.1.1" : "10.1.0.10",
                           .remote_ts = from_gateway ? "10.1.0.10" : "10.1.1.1",
                           .proposal = "aes128-sha1-noesn",
                           .udp_encap = false,
                           .number = ++number});
    spec.inbound = {spi, Secret::copy_of(vector.bytes("encryption_key")),
                    Secret::copy_of(vector.bytes("integrity_key"))};
    // The same two SAs carry all six packets: those already there refuse to be installed again.
    const auto installed = worker.install(spec);
    ASSERT_TRUE(installed || installed.error().code == ErrorCode::duplicate);
    const Datagram datagram{.bytes = packet, .local = spec.local, .remote = spec.remote};
    worker.inbound(Instant{}, {&datagram, 1}, out);
    ASSERT_THAT(out.deliveries, SizeIs(1)) << vector.place();
    const std::size_t padding = text[text.size() - 2];
    EXPECT_EQ(to_hex(out.deliveries[0].to_bytes()), to_hex(ByteView(text).first(text.size() - 2 - padding)));
    EXPECT_THAT(out.peers_moved, IsEmpty());
    ++delivered_packets;
  }
  EXPECT_EQ(delivered_packets, 6u);
  EXPECT_EQ(worker.sa_count(), 2u);
  EXPECT_EQ(worker.counters().inbound, (Traffic{6, 6 * 84}));
  EXPECT_EQ(worker.counters().drops.total(), 0u);
}

// Of every suite, in both modes and families, with and without extended sequence numbers.
TEST(Inbound, DeliversWhatAnotherImplementationSealed) {
  auto ciphers = crypto::make_openssl_factory();
  SeededRandom random(1);
  Worker worker(*ciphers, random);
  Verdicts out;
  std::uint32_t number = 0;
  for (const auto& vector : crypto::load_test_vectors("datapath/esp_packets.txt")) {
    Bytes packet = vector.bytes("packet");
    const Bytes clear = vector.bytes("clear");
    const auto ip = wire::IpPacket::parse(clear);
    const bool v6 = vector.word("outer") == "v6";
    auto spec = spec_here({.here = v6 ? "2001:db8::2" : "192.0.2.2",
                           .there = v6 ? "2001:db8::1" : "192.0.2.1",
                           .proposal = vector.word("proposal"),
                           .mode = vector.word("mode") == "tunnel" ? policy::Mode::tunnel : policy::Mode::transport,
                           .udp_encap = false,
                           .number = ++number});
    spec.remote_ts = {FlowKey::of(*ip).source_selector()};
    spec.local_ts = {FlowKey::of(*ip).destination_selector()};
    const auto key = [&](const char* field) {
      return vector.has(field) ? Secret::copy_of(vector.bytes(field)) : Secret();
    };
    spec.inbound = {load_be32(packet.data()), key("encryption_key"), key("integrity_key")};
    const auto installed = worker.install(spec);  // the first packet of each SA
    ASSERT_TRUE(installed || installed.error().code == ErrorCode::duplicate) << vector.place();
    const Datagram datagram{
        .bytes = packet, .local = spec.local, .remote = spec.remote, .traffic_class = 0, .hop_limit = ip->hop_limit()};
    worker.inbound(Instant{}, {&datagram, 1}, out);
    ASSERT_THAT(out.deliveries, SizeIs(1)) << vector.place() << " " << to_string(out.drops.at(0).reason);
    EXPECT_EQ(to_hex(out.deliveries[0].to_bytes()), to_hex(clear)) << vector.place();
  }
  EXPECT_EQ(number, 127u);
}

// ---- What comes in from the wire

TEST(Inbound, DropsEachPacketWithOneBitFlipped) {
  for (const char* proposal : {"aes128gcm16-esn", "aes128gcm8-noesn", "chacha20poly1305-noesn", "aes128-sha256-esn",
                               "aes128ctr-sha1-noesn", "null-sha1-noesn", "3des-md5-noesn", "aes128ccm8-noesn",
                               "aes256ccm16-esn", "aes128gmac-noesn", "aes192gmac-esn", "aes128-aesxcbc-esn",
                               "null-aescmac-noesn", "aes128gcm16iiv-esn", "chacha20poly1305iiv-noesn"}) {
    Pair pair(ChildSa{.proposal = proposal});
    Wire wire(pair.send({build({.size = 60})}).sends);
    const Bytes original = to_bytes(wire.datagrams()[0].bytes);
    std::uint64_t integrity = 0, elsewhere = 0;
    for (std::size_t bit = 0; bit < original.size() * 8; ++bit) {
      Datagram datagram = wire.datagrams()[0];
      Bytes damaged = original;
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      datagram.bytes = damaged;
      const Verdicts& out = pair.receive({&datagram, 1});
      ASSERT_THAT(out.deliveries, IsEmpty()) << proposal << " bit " << bit;
      ASSERT_THAT(out.drops, SizeIs(1));
      ASSERT_THAT(out.peers_moved, IsEmpty());
      const DropReason reason = out.drops[0].reason;
      if (bit < 32)
        EXPECT_EQ(reason, DropReason::unknown_spi);
      else if (reason == DropReason::integrity)
        ++integrity;
      else
        ++elsewhere;
    }
    // Of a sequence number's bits one makes zero of 1, which no packet has; and far ahead is far behind with ESN.
    EXPECT_LE(elsewhere, 32u) << proposal;
    EXPECT_EQ(pair.there().counters().drops[DropReason::integrity], integrity);
    // The packet itself is still welcome.
    Datagram datagram = wire.datagrams()[0];
    Bytes intact = original;
    datagram.bytes = intact;
    EXPECT_THAT(pair.receive({&datagram, 1}).deliveries, SizeIs(1)) << proposal;
  }
}

TEST(Inbound, DropsEveryTruncationAndExtension) {
  Pair pair(ChildSa{.proposal = "aes128-sha256-noesn"});
  Wire wire(pair.send({build({.size = 61})}).sends);
  const Bytes original = to_bytes(wire.datagrams()[0].bytes);
  for (std::size_t size = 0; size < original.size() + 40; ++size) {
    if (size == original.size()) continue;
    Bytes changed = original;
    changed.resize(size);
    Datagram datagram = wire.datagrams()[0];
    datagram.bytes = changed;
    const Verdicts& out = pair.receive({&datagram, 1});
    ASSERT_THAT(out.deliveries, IsEmpty()) << size;
    ASSERT_THAT(out.drops, SizeIs(1));
    const DropReason reason = out.drops[0].reason;
    EXPECT_TRUE(reason == DropReason::malformed_esp || reason == DropReason::integrity) << size;
  }
}

TEST(Inbound, DropsAReplayInTheSameBurstAndInALaterOne) {
  Pair pair;
  Wire wire(pair.send({build({})}).sends);
  Bytes copy = to_bytes(wire.datagrams()[0].bytes), later = copy;
  std::vector<Datagram> burst = {wire.datagrams()[0], wire.datagrams()[0]};
  burst[1].bytes = copy;
  EXPECT_THAT(pair.receive(burst).deliveries, SizeIs(1));
  EXPECT_THAT(pair.received.drops, ElementsAre(testing::Field(&Drop::reason, DropReason::replay)));
  burst.resize(1);
  burst[0].bytes = later;
  EXPECT_THAT(pair.receive(burst).deliveries, IsEmpty());
  EXPECT_THAT(pair.received.drops, ElementsAre(testing::Field(&Drop::reason, DropReason::replay)));
}

TEST(Inbound, DropsWhatIsBehindTheWindow) {
  auto spec = spec_here({});
  spec.replay_window = 64;
  Pair pair(spec, {});
  std::vector<Bytes> many(66, build({}));
  Wire wire(pair.send(many).sends);
  ASSERT_THAT(wire.datagrams(), SizeIs(66));
  pair.receive(wire.datagrams().subspan(65));
  pair.receive(wire.datagrams().first(2));
  EXPECT_THAT(pair.received.drops, SizeIs(2));
  EXPECT_EQ(pair.there().counters().drops[DropReason::replay_stale], 2u);
  EXPECT_THAT(pair.receive(wire.datagrams().subspan(2, 1)).deliveries, SizeIs(1));
}

TEST(Inbound, TakesTheSamePacketTwiceOnlyWithoutAWindow) {
  auto spec = spec_here({});
  spec.replay_window = 0;
  Pair pair(spec, {});
  Wire wire(pair.send({build({})}).sends);
  Bytes copy = to_bytes(wire.datagrams()[0].bytes);
  EXPECT_THAT(pair.receive(wire.datagrams()).deliveries, SizeIs(1));
  Datagram again = wire.datagrams()[0];
  again.bytes = copy;
  EXPECT_THAT(pair.receive({&again, 1}).deliveries, SizeIs(1));
}

TEST(Inbound, CountsExtendedSequenceNumbersAcrossTheirLowHalf) {
  constexpr std::uint64_t first = 0xffffe000;  // just less than a window before the end would look like the past
  Pair pair(ChildSa{.proposal = "aes128gcm16-esn"}, Settings{.first_sequence_number = first});
  for (int burst = 0; burst < 90; ++burst) ASSERT_THAT(pair.pass(std::vector<Bytes>(100, build({}))), SizeIs(100));
  EXPECT_EQ(pair.there().status({1})->sequence_in, first + 8999);
  EXPECT_GT(first + 8999, 0xffffffffu);
}

TEST(Inbound, DropsUnknownSpisAndNoise) {
  Pair pair;
  SeededRandom random(5);
  for (int i = 0; i < 1000; ++i) {
    Bytes noise(random.below(200));
    random.fill(noise);
    const Datagram datagram{.bytes = noise, .local = {}, .remote = {}};
    EXPECT_THAT(pair.receive({&datagram, 1}).deliveries, IsEmpty());
  }
  EXPECT_EQ(
      pair.there().counters().drops[DropReason::unknown_spi] + pair.there().counters().drops[DropReason::malformed_esp],
      1000u);
}

TEST(Inbound, TakesTrainsApart) {
  Pair pair;
  std::vector<Bytes> clear;
  for (std::uint8_t i = 0; i < 100; ++i) clear.push_back(build({.size = 300, .fill = i}));
  clear.push_back(build({.size = 120}));
  Wire wire(pair.send(clear).sends, Wire::Grouping::trains);
  EXPECT_THAT(wire.datagrams(), SizeIs(2));  // 64 and 37
  EXPECT_EQ(delivered(pair.receive(wire.datagrams())), clear);
}

TEST(Inbound, NotesAPeerThatMovedOnceForEachChange) {
  Pair pair;
  Wire wire(pair.send(std::vector<Bytes>(4, build({}))).sends);
  const policy::Endpoint known = wire.datagrams()[0].remote;
  const policy::Endpoint moved{test::address("198.51.100.9"), 61000};
  for (Datagram& datagram : wire.datagrams()) datagram.remote = moved;

  EXPECT_THAT(pair.receive(wire.datagrams().first(2)).peers_moved, SizeIs(1));
  EXPECT_EQ(pair.received.peers_moved[0].known, known);
  EXPECT_EQ(pair.received.peers_moved[0].remote, moved);
  EXPECT_EQ(pair.received.peers_moved[0].local, wire.datagrams()[0].local);
  EXPECT_THAT(pair.receive(wire.datagrams().subspan(2, 1)).peers_moved, IsEmpty());

  ASSERT_TRUE(pair.there().update_endpoints({1}, wire.datagrams()[0].local, moved, true));
  wire.datagrams()[3].remote = known;
  EXPECT_THAT(pair.receive(wire.datagrams().subspan(3)).peers_moved, SizeIs(1)) << "back again is a change too";
}

TEST(Inbound, IgnoresTheOriginOfOldAndForgedPackets) {
  Pair pair;
  Wire wire(pair.send(std::vector<Bytes>(3, build({}))).sends);
  pair.receive(wire.datagrams().subspan(2));
  wire.datagrams()[0].remote.port = 1;  // delayed by somebody
  wire.datagrams()[1].remote.port = 2;
  wire.datagrams()[1].bytes[20] ^= 1;
  pair.receive(wire.datagrams().first(2));
  EXPECT_THAT(pair.received.peers_moved, IsEmpty());
  EXPECT_THAT(pair.received.deliveries, SizeIs(1));
}

TEST(Inbound, TakesRawPacketsOfAnEncapsulatedSaAndTheOtherWayRound) {
  for (const bool udp_encap : {true, false}) {
    Pair pair(ChildSa{.udp_encap = udp_encap});
    Wire wire(pair.send({build({})}).sends);
    wire.datagrams()[0].udp_encap = !udp_encap;
    wire.datagrams()[0].remote.port = udp_encap ? 0 : 4500;
    EXPECT_THAT(pair.receive(wire.datagrams()).deliveries, SizeIs(1));
    EXPECT_THAT(pair.received.peers_moved, IsEmpty());
  }
}

// ---- Dummy packets and padding against traffic analysis (RFC 4303 §2.6, §2.7)

/// An ESP packet that "here" never sends: `payload` behind a next header of our choice.
Bytes sealed_by_hand(const ChildSa& sa, std::uint64_t sequence, ByteView payload, wire::IpProtocol next) {
  const auto spec = spec_here(sa);
  const auto cipher =
      *crypto::make_openssl_factory()->make({spec.suite.encryption, spec.suite.integrity, false,
                                             spec.outbound.encryption_key.view(), spec.outbound.integrity_key.view()});
  const EspLayout layout = EspLayout::of(*cipher);
  Bytes packet(layout.packet_size(payload.size()));
  std::ranges::copy(payload, packet.begin() + layout.head);
  auto job = layout.prepare_seal(packet.data(), spec.outbound.spi, sequence, payload.size(), next);
  cipher->seal({&job, 1});
  return packet;
}

class HandMade : public testing::TestWithParam<const char*> {
 protected:
  const Verdicts& arrives(std::uint64_t sequence, ByteView payload, wire::IpProtocol next) {
    packet_ = sealed_by_hand(sa_, sequence, payload, next);
    const Datagram datagram{.bytes = packet_, .local = {}, .remote = spec_there(sa_).remote, .udp_encap = true};
    return pair_.receive({&datagram, 1});
  }
  ChildSa sa_{.proposal = GetParam()};
  Pair pair_{sa_};
  Bytes packet_;
};
INSTANTIATE_TEST_SUITE_P(Suites, HandMade,
                         testing::Values("aes128gcm16-noesn", "aes128gmac-noesn", "null-sha256-noesn",
                                         "aes256ccm8iiv-noesn"),
                         [](const auto& each) {
                           std::string name(each.param);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST_P(HandMade, DummyPacketsAreCountedAndGoNoFurther) {
  for (const std::size_t size : {0u, 1u, 500u}) {
    arrives(size + 1, Bytes(size, 0xa5), wire::IpProtocol::no_next_header);
    EXPECT_THAT(pair_.received.deliveries, IsEmpty());
    EXPECT_THAT(pair_.received.drops, IsEmpty());
  }
  EXPECT_EQ(pair_.there().counters().dummies, 3u);
  EXPECT_EQ(pair_.there().status({1})->counters.dummies, 3u);
  arrives(501, {}, wire::IpProtocol::no_next_header);
  EXPECT_EQ(pair_.there().counters().drops[DropReason::replay], 1u) << "they count in the window";
}

TEST_P(HandMade, TfcPaddingIsTakenOffWhereTheInnerPacketEnds) {
  const Bytes clear = build({.size = 77});
  Bytes padded = clear;
  padded.resize(1200, 0x5a);
  EXPECT_THAT(delivered(arrives(1, padded, wire::IpProtocol::ipv4)), ElementsAre(clear));
  EXPECT_EQ(pair_.there().counters().inbound.bytes, 77u);
  EXPECT_THAT(arrives(2, ByteView(clear).first(76), wire::IpProtocol::ipv4).deliveries, IsEmpty());
  EXPECT_EQ(pair_.there().counters().drops[DropReason::malformed_inner], 1u);
}

// ---- Selectors (RFC 4301 §5.2 step 4): a peer with the right keys that sends what it may not

class Misbehaving : public testing::Test {
 protected:
  // Here believes in wide selectors, there does not.
  Misbehaving() : pair_(wide(), {}) {
    pair_.there().remove({1});
    EXPECT_TRUE(pair_.there().install(spec_there({.local_ts = "10.1.0.0/24[udp/1000-2000]", .remote_ts = "10.2.0.9"})));
  }
  static policy::ChildSaSpec wide() { return spec_here({.local_ts = "0.0.0.0/0", .remote_ts = "0.0.0.0/0"}); }

  Pair pair_;
};

TEST_F(Misbehaving, DropsWhatTheSelectorsDoNotAllow) {
  const ClearPacket right{.source = "10.1.0.1", .destination = "10.2.0.9", .source_port = 1500};
  EXPECT_THAT(pair_.pass({build(right)}), SizeIs(1));
  auto wrong = [&](auto change) {
    ClearPacket packet = right;
    change(packet);
    EXPECT_THAT(pair_.pass({build(packet)}), IsEmpty());
    EXPECT_THAT(pair_.received.drops, ElementsAre(testing::Field(&Drop::reason, DropReason::selector)));
    EXPECT_EQ(pair_.received.drops[0].sa, policy::ChildSaId{1});
  };
  wrong([](ClearPacket& p) { p.source = "10.1.1.1"; });
  wrong([](ClearPacket& p) { p.source = "10.2.0.9"; });
  wrong([](ClearPacket& p) { p.destination = "10.2.0.8"; });
  wrong([](ClearPacket& p) { p.source_port = 999; });
  wrong([](ClearPacket& p) { p.source_port = 2001; });
  wrong([](ClearPacket& p) { p.protocol = wire::IpProtocol::tcp; });
  wrong([](ClearPacket& p) { p.fragment_offset = 64; });
  EXPECT_EQ(pair_.there().status({1})->counters.drops[DropReason::selector], 7u);
  EXPECT_THAT(pair_.pass({build(right)}), SizeIs(1));
}

TEST_F(Misbehaving, TakesAnIcmpErrorAboutAPacketOfTheSaAlone) {
  // From a router that the selectors do not name, about a packet from there's 10.2.0.9 to here's 10.1.0.1.
  const auto error_about = [](const ClearPacket& quoted) {
    Bytes error = build({.source = "10.1.77.1",
                         .destination = "10.2.0.9",
                         .protocol = wire::IpProtocol::icmp,
                         .source_port = 0x0301,
                         .size = 28 + 28});
    Bytes inner = build(quoted);
    inner.resize(28);
    std::ranges::copy(inner, error.begin() + 28);
    return error;
  };
  const ClearPacket ours{.source = "10.2.0.9", .destination = "10.1.0.1", .source_port = 5, .destination_port = 1500};
  EXPECT_THAT(pair_.pass({error_about(ours)}), SizeIs(1));
  ClearPacket foreign = ours;
  foreign.destination_port = 80;
  EXPECT_THAT(pair_.pass({error_about(foreign)}), IsEmpty());
  EXPECT_THAT(pair_.received.drops, ElementsAre(testing::Field(&Drop::reason, DropReason::selector)));
}

}  // namespace
}  // namespace sallyport::datapath
