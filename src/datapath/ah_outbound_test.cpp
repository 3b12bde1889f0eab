#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl/packet_cipher_openssl.h"
#include "datapath/test_support.h"
#include "wire/ah.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using testing::IsEmpty;
using testing::SizeIs;

ChildSa ah(const char* proposal, policy::Mode mode, Ends outer, Ends inner) {
  return {.here = outer.here,
          .there = outer.there,
          .local_ts = inner.here,
          .remote_ts = inner.there,
          .proposal = proposal,
          .protocol = policy::Protocol::ah,
          .mode = mode,
          .udp_encap = false};
}

TEST(AhOutbound, RoundTripsEveryAlgorithmModeAndFamily) {
  for (const char* proposal : {"md5-noesn", "sha1-esn", "sha256-noesn", "sha384-esn", "sha512-esn", "aesxcbc-esn",
                               "aescmac-noesn", "aes128gmac-noesn", "aes192gmac-esn", "aes256gmac-noesn"}) {
    struct {
      policy::Mode mode;
      Ends outer, inner;
    } const cases[] = {{policy::Mode::tunnel, v4, inner4}, {policy::Mode::tunnel, v6, inner6},
                       {policy::Mode::tunnel, v4, inner6}, {policy::Mode::tunnel, v6, inner4},
                       {policy::Mode::transport, v4, v4},  {policy::Mode::transport, v6, v6}};
    for (const auto& [mode, outer, inner] : cases) {
      Pair pair(ah(proposal, mode, outer, inner));
      for (const std::size_t size : {std::size_t{60}, std::size_t{777}, std::size_t{1300}}) {
        const Bytes clear = build({.source = inner.here, .destination = inner.there, .size = size});
        const auto arrived = pair.pass({clear});
        ASSERT_THAT(arrived, SizeIs(1)) << proposal << " " << outer.here << " " << inner.here;
        EXPECT_EQ(to_hex(arrived[0]), to_hex(clear));
        const auto ip = wire::IpPacket::parse(pair.sent.sends[0].bytes);
        ASSERT_TRUE(ip);
        EXPECT_EQ(ip->protocol(), wire::IpProtocol::ah);
        EXPECT_TRUE(ip->has_valid_header_checksum());
        EXPECT_EQ((ip->payload()[1] + 2u) * 4 % (ip->is_v6() ? 8 : 4), 0u);
        EXPECT_EQ(pair.sent.sends[0].protocol(), 51);
      }
    }
  }
}

TEST(AhOutbound, TransportModeKeepsOptionsAndExtensionHeaders) {
  Pair pair(ah("sha256-noesn", policy::Mode::transport, v6, v6));
  Bytes clear = build({.source = v6.here, .destination = v6.there, .size = 80});
  const Bytes hop_by_hop = {clear[6], 0, 5, 2, 0, 0, 1, 0};  // router alert
  clear.insert(clear.begin() + wire::ipv6_header_size, hop_by_hop.begin(), hop_by_hop.end());
  clear[6] = 0;
  wire::set_packet_size(clear.data(), clear.size());
  const auto arrived = pair.pass({clear});
  ASSERT_THAT(arrived, SizeIs(1));
  EXPECT_EQ(to_hex(arrived[0]), to_hex(clear));
}

TEST(AhOutbound, DropsWhatASourceRouteWillChange) {
  Pair pair(ah("sha256-noesn", policy::Mode::transport, v4, v4));
  Bytes clear = build({.source = v4.here, .destination = v4.there});
  const Bytes route = {131, 7, 4, 10, 0, 0, 1, 0};
  clear.insert(clear.begin() + wire::ipv4_header_size, route.begin(), route.end());
  clear[0] = 0x47;
  store_be16(&clear[2], static_cast<std::uint16_t>(clear.size()));
  const Verdicts& out = pair.send({clear});
  EXPECT_THAT(out.sends, IsEmpty());
  ASSERT_THAT(out.drops, SizeIs(1));
  EXPECT_EQ(out.drops[0].reason, DropReason::uncoverable_header);
}

TEST(AhOutbound, NeverLeavesTheIdentificationToTheKernel) {
  Pair pair(ah("sha1-noesn", policy::Mode::transport, v4, v4));
  Bytes clear = build({.source = v4.here, .destination = v4.there});
  wire::set_ipv4_id(clear.data(), 0);
  const Verdicts& out = pair.send({clear});
  ASSERT_THAT(out.sends, SizeIs(1));
  EXPECT_NE(load_be16(&out.sends[0].bytes[4]), 0);
}

TEST(AhOutbound, CutsSuperFrames) {
  for (const auto& [mode, outer, inner] :
       {std::tuple(policy::Mode::tunnel, v6, inner4), std::tuple(policy::Mode::transport, v4, v4)}) {
    Pair pair(ah("sha256-esn", mode, outer, inner));
    Bytes clear = build(
        {.source = inner.here, .destination = inner.there, .protocol = wire::IpProtocol::tcp, .size = 40 + 50 * 1000});
    const Packet packet{.bytes = clear,
                        .offload = {.segments = Offload::Segments::tcp4,
                                    .needs_checksum = true,
                                    .segment_size = 1000,
                                    .checksum_start = 20,
                                    .checksum_offset = 16}};
    const Verdicts& out = pair.send({&packet, 1});
    ASSERT_THAT(out.sends, SizeIs(50));
    Wire wire(out.sends);
    EXPECT_THAT(pair.receive(wire.datagrams()).drops, IsEmpty());
    EXPECT_EQ(pair.there().counters().inbound, (Traffic{50, 50 * 1040}));
  }
}

TEST(AhOutbound, TellsTheSourceOfWhatIsTooLarge) {
  Pair pair(ah("sha256-noesn", policy::Mode::tunnel, v4, inner4));
  const std::size_t largest = 1500 - 20 - 28;
  EXPECT_THAT(pair.send({build({.size = largest, .dont_fragment = true})}).sends, SizeIs(1));
  EXPECT_EQ(pair.sent.sends[0].bytes.size(), 1500u);
  const Verdicts& out = pair.send({build({.size = largest + 1, .dont_fragment = true})});
  EXPECT_THAT(out.sends, IsEmpty());
  ASSERT_THAT(out.deliveries, SizeIs(1));
  EXPECT_EQ(load_be16(&out.deliveries[0].to_bytes()[26]), largest);
}

TEST(AhOutbound, FragmentsWhatMayBeFragmented) {
  for (const Ends& outer : {v4, v6}) {
    Pair pair(ah("sha256-noesn", policy::Mode::tunnel, outer, inner4));
    const Verdicts& out = pair.send({build({.size = 4000})});
    ASSERT_THAT(out.sends, SizeIs(3));
    std::size_t offset = 0;
    for (const Send& send : out.sends) {
      EXPECT_LE(send.bytes.size(), 1500u);
      const auto ip = wire::IpPacket::parse(send.bytes);
      ASSERT_TRUE(ip && ip->is_fragment());
      EXPECT_EQ(ip->fragment_offset(), offset);
      offset += ip->payload().size();
    }
    EXPECT_EQ(offset, 4000u + (outer.here == v4.here ? 28 : 32));
  }
}

TEST(AhOutbound, SendsNoFragmentsInTransportMode) {
  Pair pair(ah("sha256-noesn", policy::Mode::transport, v4, v4));
  EXPECT_THAT(pair.send({build({.source = v4.here, .destination = v4.there, .more_fragments = true})}).sends,
              IsEmpty());
  EXPECT_TRUE(pair.here().next_timeout()) << "it waits for the rest";
}

TEST(AhOutbound, StopsAtTheLastSequenceNumber) {
  Settings settings;
  settings.first_sequence_number = 0xffffffff;
  Pair pair(ah("sha256-noesn", policy::Mode::tunnel, v4, inner4), settings);
  const Verdicts& out = pair.send({build({}), build({})});
  EXPECT_THAT(out.sends, SizeIs(1));
  ASSERT_THAT(out.drops, SizeIs(1));
  EXPECT_EQ(out.drops[0].reason, DropReason::sequence_exhausted);
}

TEST(AhOutbound, IsRefusedInUdpAndWithACipher) {
  auto ciphers = crypto::make_openssl_factory();
  SeededRandom random(1);
  Worker worker(*ciphers, random);
  auto sa = ah("sha256-noesn", policy::Mode::tunnel, v4, inner4);
  sa.udp_encap = true;
  const auto in_udp = worker.install(spec_here(sa));
  ASSERT_FALSE(in_udp);
  EXPECT_EQ(in_udp.error().code, ErrorCode::unsupported);
  sa.udp_encap = false;
  auto spec = spec_here(sa);
  spec.suite.encryption = {crypto::Cipher::aes_gcm_16, 128};
  EXPECT_FALSE(worker.install(spec));
}

}  // namespace
}  // namespace sallyport::datapath
