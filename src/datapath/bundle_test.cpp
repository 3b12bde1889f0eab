// Bundles: AH around ESP, in one Child SA.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl/packet_cipher_openssl.h"
#include "crypto/test_vectors.h"
#include "datapath/esp.h"
#include "datapath/flow.h"
#include "datapath/test_support.h"
#include "wire/ah.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using testing::IsEmpty;
using testing::SizeIs;

/// ESP, and AH of another Child SA's numbers around it.
policy::ChildSaSpec bundle(ChildSa esp, std::string_view ah = "sha256-noesn") {
  esp.udp_encap = false;
  auto spec = spec_here(esp);
  esp.protocol = policy::Protocol::ah;
  esp.proposal = ah;
  esp.number += 100;
  auto other = spec_here(esp);
  spec.bundled_ah = policy::BundledAh{other.suite, std::move(other.inbound), std::move(other.outbound)};
  return spec;
}
ChildSa between(Ends outer, Ends inner, policy::Mode mode, const char* esp = "aes128gcm16-noesn") {
  return {.here = outer.here,
          .there = outer.there,
          .local_ts = inner.here,
          .remote_ts = inner.there,
          .proposal = esp,
          .mode = mode};
}

/// Why the packet, from the IP header on, was dropped; nullopt: it was delivered.
std::optional<DropReason> drop_of(Pair& pair, Bytes packet) {
  const Datagram datagram{.bytes = packet, .is_ah = true};
  const Verdicts& out = pair.receive({&datagram, 1});
  return out.drops.empty() ? std::nullopt : std::optional(out.drops[0].reason);
}

TEST(Bundle, DeliversWhatAnotherImplementationMade) {
  auto ciphers = crypto::make_openssl_factory();
  SeededRandom random(1);
  Worker worker(*ciphers, random);
  Verdicts out;
  std::uint32_t number = 0;
  for (const auto& vector : crypto::load_test_vectors("datapath/bundle_packets.txt")) {
    Bytes packet = vector.bytes("packet");
    const Bytes clear = vector.bytes("clear");
    const auto outer = wire::IpPacket::parse(packet), ip = wire::IpPacket::parse(clear);
    const auto mode = vector.word("mode") == "tunnel" ? policy::Mode::tunnel : policy::Mode::transport;
    const std::string esp(vector.word("esp"));
    auto sa = between(vector.word("outer") == "v6" ? v6 : v4, inner4, mode, esp.c_str());
    std::swap(sa.here, sa.there);
    sa.number = ++number;
    auto spec = bundle(sa, vector.word("ah"));
    spec.remote_ts = {FlowKey::of(*ip).source_selector()};
    spec.local_ts = {FlowKey::of(*ip).destination_selector()};
    const auto key = [&](const char* field) {
      return vector.has(field) ? Secret::copy_of(vector.bytes(field)) : Secret();
    };
    const auto ah = wire::read_ah_header(outer->payload());
    spec.inbound = {load_be32(outer->payload().data() + ah->size), key("encryption_key"), key("integrity_key")};
    spec.bundled_ah->inbound = {ah->spi, Secret(), key("ah_key")};
    ASSERT_TRUE(worker.install(spec)) << vector.place();
    const Datagram datagram{
        .bytes = packet, .local = spec.local, .remote = spec.remote, .is_ah = true, .hop_limit = ip->hop_limit()};
    worker.inbound(Instant{}, {&datagram, 1}, out);
    ASSERT_THAT(out.deliveries, SizeIs(1)) << vector.place() << " " << to_string(out.drops.at(0).reason);
    EXPECT_EQ(to_hex(out.deliveries[0].to_bytes()), to_hex(clear)) << vector.place();
  }
  EXPECT_EQ(number, 20u);
}

TEST(Bundle, RoundTripsEveryModeAndFamily) {
  for (const char* esp : {"aes128gcm16-noesn", "aes256-sha512-esn", "null-sha1-noesn"})
    for (const char* ah : {"md5-noesn", "sha256-esn", "sha384-noesn"}) {
      struct {
        policy::Mode mode;
        Ends outer, inner;
      } const cases[] = {{policy::Mode::tunnel, v4, inner4}, {policy::Mode::tunnel, v6, inner6},
                         {policy::Mode::tunnel, v4, inner6}, {policy::Mode::tunnel, v6, inner4},
                         {policy::Mode::transport, v4, v4},  {policy::Mode::transport, v6, v6}};
      for (const auto& [mode, outer, inner] : cases) {
        Pair pair(bundle(between(outer, inner, mode, esp), ah), {});
        const Bytes clear = build({.source = inner.here, .destination = inner.there, .size = 777});
        const auto arrived = pair.pass({clear});
        ASSERT_THAT(arrived, SizeIs(1)) << esp << " " << ah << " " << outer.here << " " << inner.here;
        EXPECT_EQ(to_hex(wire::IpPacket::parse(arrived[0])->payload()),
                  to_hex(wire::IpPacket::parse(clear)->payload()));
        const auto ip = wire::IpPacket::parse(pair.sent.sends[0].bytes);
        ASSERT_TRUE(ip);
        EXPECT_EQ(ip->protocol(), wire::IpProtocol::ah);
        EXPECT_TRUE(ip->has_valid_header_checksum());
        EXPECT_EQ(wire::read_ah_header(ip->payload())->next_header, wire::IpProtocol::esp);
      }
    }
}

TEST(Bundle, FillsMoreThanOneBurstOfTheCiphers) {
  Pair pair(bundle({}), {});
  std::vector<Bytes> clear;
  for (std::size_t i = 0; i < 3 * cipher_burst + 5; ++i) clear.push_back(build({.size = 60 + i}));
  EXPECT_EQ(pair.pass(clear), clear);
  EXPECT_THAT(pair.received.drops, IsEmpty());
}

TEST(Bundle, CutsSuperFrames) {
  Pair pair(bundle({}), {});
  Bytes clear = build({.protocol = wire::IpProtocol::tcp, .size = 40 + 50 * 1000});
  const Packet packet{.bytes = clear,
                      .offload = {.segments = Offload::Segments::tcp4,
                                  .needs_checksum = true,
                                  .segment_size = 1000,
                                  .checksum_start = 20,
                                  .checksum_offset = 16}};
  ASSERT_THAT(pair.send({&packet, 1}).sends, SizeIs(50));
  Wire wire(pair.sent.sends);
  EXPECT_THAT(pair.receive(wire.datagrams()).drops, IsEmpty());
  EXPECT_EQ(pair.there().counters().inbound, (Traffic{50, 50 * 1040}));
}

TEST(Bundle, LeavesRoomForBothHeaders) {
  Pair pair(bundle({}), {});
  const std::size_t largest = 1500 - 20 - 28 - 8 - 8 - 16 - 2;  // IP, AH, ESP's header, IV, ICV and trailer
  EXPECT_LE(sent_by(pair, {.size = largest, .dont_fragment = true}).size(), 1500u);
  EXPECT_THAT(pair.sent.sends, SizeIs(1));
  const Verdicts& out = pair.send({build({.size = largest + 4, .dont_fragment = true})});
  EXPECT_THAT(out.sends, IsEmpty());
  ASSERT_THAT(out.deliveries, SizeIs(1));
  EXPECT_LE(load_be16(&out.deliveries[0].to_bytes()[26]), largest);
}

TEST(Bundle, FragmentsBehindAh) {
  Pair pair(bundle({}), {});
  const Verdicts& out = pair.send({build({.size = 4000})});
  ASSERT_THAT(out.sends, SizeIs(3));
  for (const Send& send : out.sends) EXPECT_TRUE(wire::IpPacket::parse(send.bytes)->is_fragment());
}

// ---- Not by halves

TEST(Bundle, DropsEspWithoutAh) {
  Pair pair(bundle({}), {});
  Bytes packet = sent_by(pair);
  const auto ip = wire::IpPacket::parse(packet);
  const std::size_t at = ip->payload_offset() + wire::read_ah_header(ip->payload())->size;
  const Datagram bare{.bytes = ByteSpan(packet).subspan(at)};
  const Verdicts& out = pair.receive({&bare, 1});
  EXPECT_THAT(out.deliveries, IsEmpty());
  ASSERT_THAT(out.drops, SizeIs(1));
  EXPECT_EQ(out.drops[0].reason, DropReason::incomplete_bundle);
  EXPECT_EQ(drop_of(pair, packet), std::nullopt);  // whole, it comes through
}

// The peer itself, with the right key, and with something else than the bundle's ESP in AH.
TEST(Bundle, DropsAhAroundAnythingElse) {
  const auto whole = bundle({});
  Pair pair(whole, {});
  ChildSa alone{.proposal = "sha256-noesn", .protocol = policy::Protocol::ah, .udp_encap = false};
  auto ah = spec_here(alone);
  ah.inbound = whole.bundled_ah->inbound.clone();
  ah.outbound = whole.bundled_ah->outbound.clone();
  Pair without_esp(ah, {});
  EXPECT_EQ(drop_of(pair, sent_by(without_esp)), DropReason::incomplete_bundle);

  auto other_esp = bundle({});
  other_esp.outbound.spi ^= 1;
  Pair stranger(other_esp, {});
  sent_by(stranger);  // so that AH's number is fresh
  EXPECT_EQ(drop_of(pair, sent_by(stranger)), DropReason::incomplete_bundle);
  EXPECT_EQ(pair.there().status({1})->bundled_ah->counters.drops[DropReason::incomplete_bundle], 2u);
}

TEST(Bundle, DropsEachPacketWithOneBitFlipped) {
  Pair pair(bundle({}), {});
  const Bytes original = sent_by(pair, {.size = 60});
  const std::size_t headers = wire::ipv4_header_size;
  for (std::size_t bit = headers * 8; bit < original.size() * 8; ++bit) {
    Bytes damaged = original;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_NE(drop_of(pair, damaged), std::nullopt) << bit;
  }
  EXPECT_EQ(drop_of(pair, original), std::nullopt);
}

TEST(Bundle, ChecksReplaysInBothProtocols) {
  const auto spec = bundle({});
  Pair pair(spec, {});
  const Bytes packet = sent_by(pair);
  EXPECT_EQ(drop_of(pair, packet), std::nullopt);
  EXPECT_EQ(drop_of(pair, packet), DropReason::replay);
  EXPECT_EQ(pair.there().status({1})->bundled_ah->counters.drops[DropReason::replay], 1u);
  // Fresh AH around ESP that was there before.
  Pair again(spec, {});
  sent_by(again), sent_by(again);
  Settings behind;
  behind.first_sequence_number = 1;
  Pair copied(spec, behind);
  EXPECT_EQ(drop_of(pair, sent_by(copied)), DropReason::replay);
}

TEST(Bundle, CountsForEachProtocol) {
  Pair pair(bundle({}), {});
  pair.pass({build({.size = 100}), build({.size = 100})});
  const auto here = pair.here().status({1}), there = pair.there().status({1});
  EXPECT_EQ(here->counters.outbound, (Traffic{2, 200}));
  EXPECT_EQ(there->counters.inbound, (Traffic{2, 200}));
  EXPECT_EQ(here->bundled_ah->counters.outbound.packets, 2u);
  EXPECT_EQ(there->bundled_ah->counters.inbound, here->bundled_ah->counters.outbound);
  EXPECT_EQ(here->sequence_out, 2u);
  EXPECT_EQ(here->bundled_ah->sequence_out, 2u);
  EXPECT_EQ(there->bundled_ah->sequence_in, 2u);
}

TEST(Bundle, GoesAsAWhole) {
  Pair pair(bundle({}), {});
  const Bytes packet = sent_by(pair);
  EXPECT_TRUE(pair.there().remove({1}));
  EXPECT_EQ(drop_of(pair, packet), DropReason::unknown_spi);
}

TEST(Bundle, IsRefusedInUdpAndWhereItIsNone) {
  auto ciphers = crypto::make_openssl_factory();
  SeededRandom random(1);
  Worker worker(*ciphers, random);
  auto in_udp = bundle({});
  in_udp.udp_encap = true;
  EXPECT_FALSE(worker.install(in_udp));
  auto twice_esp = bundle({});
  twice_esp.bundled_ah->suite = twice_esp.suite;
  EXPECT_FALSE(worker.install(twice_esp));
  auto reserved = bundle({});
  reserved.bundled_ah->outbound.spi = 7;
  EXPECT_FALSE(worker.install(reserved));
  ASSERT_TRUE(worker.install(bundle({})));
  auto same_ah = bundle({.number = 2});
  same_ah.bundled_ah->inbound.spi = bundle({}).bundled_ah->inbound.spi;
  const auto taken = worker.install(same_ah);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::duplicate);
}

}  // namespace
}  // namespace sallyport::datapath
