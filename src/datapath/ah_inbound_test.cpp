#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl/packet_cipher_openssl.h"
#include "crypto/test_vectors.h"
#include "datapath/flow.h"
#include "datapath/test_support.h"
#include "wire/ah.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using testing::IsEmpty;
using testing::SizeIs;

ChildSa ah(std::string_view proposal = "sha256-noesn", policy::Mode mode = policy::Mode::tunnel) {
  ChildSa sa{.proposal = proposal, .protocol = policy::Protocol::ah, .mode = mode, .udp_encap = false};
  if (mode == policy::Mode::transport) sa.local_ts = sa.here, sa.remote_ts = sa.there;
  return sa;
}

/// What is delivered of one AH packet, or why it is not.
struct Outcome {
  std::optional<Bytes> clear;
  std::optional<DropReason> dropped;
};
Outcome receive(Pair& pair, Bytes packet) {
  const Datagram datagram{
      .bytes = packet, .local = {address("192.0.2.2"), 0}, .remote = {address("192.0.2.1"), 0}, .is_ah = true};
  const Verdicts& out = pair.receive({&datagram, 1});
  Outcome outcome;
  if (!out.deliveries.empty()) outcome.clear = out.deliveries[0].to_bytes();
  if (!out.drops.empty()) outcome.dropped = out.drops[0].reason;
  return outcome;
}

TEST(AhInbound, DeliversWhatAnotherImplementationMade) {
  auto ciphers = crypto::make_openssl_factory();
  SeededRandom random(1);
  Worker worker(*ciphers, random);
  Verdicts out;
  std::uint32_t number = 0;
  for (const auto& vector : crypto::load_test_vectors("datapath/ah_packets.txt")) {
    Bytes packet = vector.bytes("packet");
    const Bytes clear = vector.bytes("clear");
    const auto outer = wire::IpPacket::parse(packet), ip = wire::IpPacket::parse(clear);
    const bool v6 = vector.word("outer") == "v6";
    auto spec = spec_here({.here = v6 ? "2001:db8::2" : "192.0.2.2",
                           .there = v6 ? "2001:db8::1" : "192.0.2.1",
                           .proposal = vector.word("proposal"),
                           .protocol = policy::Protocol::ah,
                           .mode = vector.word("mode") == "tunnel" ? policy::Mode::tunnel : policy::Mode::transport,
                           .udp_encap = false,
                           .number = ++number});
    spec.remote_ts = {FlowKey::of(*ip).source_selector()};
    spec.local_ts = {FlowKey::of(*ip).destination_selector()};
    spec.inbound.spi = wire::read_ah_header(outer->payload())->spi;
    spec.inbound.integrity_key = Secret::copy_of(vector.bytes("integrity_key"));
    const auto installed = worker.install(spec);  // the first packet of each SA
    ASSERT_TRUE(installed || installed.error().code == ErrorCode::duplicate) << vector.place();
    const Datagram datagram{.bytes = packet, .local = spec.local, .remote = spec.remote, .is_ah = true};
    worker.inbound(Instant{}, {&datagram, 1}, out);
    ASSERT_THAT(out.deliveries, SizeIs(1)) << vector.place() << " " << to_string(out.drops.at(0).reason);
    EXPECT_EQ(to_hex(out.deliveries[0].to_bytes()), to_hex(clear)) << vector.place();
  }
  EXPECT_EQ(number, 128u);
}

// Octets that routers may write are let through; every other bit counts.
TEST(AhInbound, DropsEachPacketWithOneImmutableBitFlipped) {
  for (const char* proposal : {"sha256-noesn", "sha512-esn", "md5-noesn"}) {
    Pair pair(ah(proposal));
    const Bytes original = sent_by(pair, {.size = 60});
    ASSERT_FALSE(original.empty());
    std::size_t passed = 0;
    for (std::size_t bit = 0; bit < original.size() * 8; ++bit) {
      const std::size_t octet = bit / 8;
      Bytes damaged = original;
      damaged[octet] ^= static_cast<std::uint8_t>(1 << bit % 8);
      const bool is_mutable = octet == 1 || octet == 8 || octet == 10 || octet == 11 || (octet == 6 && bit % 8 >= 6);
      if (is_mutable) continue;
      if (receive(pair, damaged).clear) ++passed;
    }
    EXPECT_EQ(passed, 0u) << proposal;
    EXPECT_GT(pair.there().counters().drops[DropReason::integrity], original.size()) << proposal;
    EXPECT_TRUE(receive(pair, original).clear) << proposal;
  }
}

TEST(AhInbound, TakesWhatRoutersMayChange) {
  Pair pair(ah());
  for (int change = 0; change < 4; ++change) {
    Bytes packet = sent_by(pair);
    switch (change) {
      case 0: wire::set_hop_limit(packet.data(), 3); break;
      case 1: wire::set_traffic_class(packet.data(), 0xb8); break;
      case 2: packet[6] ^= 0x40; break;  // don't fragment
      case 3: packet[10] ^= 0xff; break;
    }
    EXPECT_TRUE(receive(pair, packet).clear) << change;
  }
}

TEST(AhInbound, DropsEveryTruncation) {
  Pair pair(ah());
  const Bytes original = sent_by(pair);
  for (std::size_t size = 0; size < original.size(); ++size) {
    Bytes cut(original.begin(), original.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(receive(pair, cut).dropped, DropReason::malformed_ah) << size;
    if (size < wire::ipv4_header_size) continue;
    wire::set_packet_size(cut.data(), size);  // shorter by its own account, too
    EXPECT_FALSE(receive(pair, cut).clear) << size;
  }
}

TEST(AhInbound, DropsReplays) {
  Pair pair(ah());
  const Bytes packet = sent_by(pair);
  EXPECT_TRUE(receive(pair, packet).clear);
  EXPECT_EQ(receive(pair, packet).dropped, DropReason::replay);
  Bytes other_ttl = packet;
  wire::set_hop_limit(other_ttl.data(), 9);
  EXPECT_EQ(receive(pair, other_ttl).dropped, DropReason::replay);
}

TEST(AhInbound, DropsTheSamePacketTwiceInOneBurst) {
  Pair pair(ah());
  Bytes packet = sent_by(pair), again = packet;
  const Datagram twice[] = {{.bytes = packet, .is_ah = true}, {.bytes = again, .is_ah = true}};
  const Verdicts& out = pair.receive(twice);
  EXPECT_THAT(out.deliveries, SizeIs(1));
  ASSERT_THAT(out.drops, SizeIs(1));
  EXPECT_EQ(out.drops[0].reason, DropReason::replay);
}

TEST(AhInbound, DropsFragmentsUnseen) {
  Pair pair(ah());
  Bytes packet = sent_by(pair);
  packet[6] |= 0x20;
  EXPECT_EQ(receive(pair, packet).dropped, DropReason::fragment);
}

TEST(AhInbound, DropsUnknownSpis) {
  Pair pair(ah());
  Bytes packet = sent_by(pair);
  store_be32(&packet[24], 0x12345678);
  EXPECT_EQ(receive(pair, packet).dropped, DropReason::unknown_spi);
}

TEST(AhInbound, EspIsNotTakenByAnAhSaNorTheReverse) {
  Pair ah_pair(ah()), esp_pair(ChildSa{.udp_encap = false});
  Bytes esp(64, 1);
  store_be32(esp.data(), load_be32(&sent_by(ah_pair)[24]));
  const Datagram as_esp{.bytes = esp};
  EXPECT_THAT(ah_pair.receive({&as_esp, 1}).deliveries, IsEmpty());
  EXPECT_EQ(ah_pair.there().counters().drops[DropReason::unknown_spi], 1u);
  EXPECT_EQ(receive(esp_pair, sent_by(ah_pair)).dropped, DropReason::unknown_spi);
}

TEST(AhInbound, DropsHeaderLengthsThatAreNotTheSas) {
  Pair pair(ah());
  for (const std::uint8_t words : std::to_array<std::uint8_t>({0, 1, 4, 7, 8, 255})) {
    Bytes packet = sent_by(pair, {.size = 1400});
    packet[21] = words;
    EXPECT_EQ(receive(pair, packet).dropped, DropReason::malformed_ah) << static_cast<int>(words);
  }
}

TEST(AhInbound, DropsUnknownOptions) {
  Pair pair(ah("sha256-noesn", policy::Mode::transport));
  Bytes packet = sent_by(pair, {.source = "192.0.2.1", .destination = "192.0.2.2"});
  const Bytes option = {0xde, 4, 0, 0};
  packet.insert(packet.begin() + wire::ipv4_header_size, option.begin(), option.end());
  packet[0] = 0x46;
  store_be16(&packet[2], static_cast<std::uint16_t>(packet.size()));
  EXPECT_EQ(receive(pair, packet).dropped, DropReason::uncoverable_header);
}

TEST(AhInbound, DropsWhatTheSelectorsDoNotName) {
  auto wide = ah(), narrow = ah();
  wide.local_ts = "10.0.0.0/8";
  Pair pair(wide);
  SeededRandom random(1);
  auto ciphers = crypto::make_openssl_factory();
  Worker strict(*ciphers, random);
  ASSERT_TRUE(strict.install(spec_there(narrow)));
  Bytes packet = sent_by(pair, {.source = "10.9.0.1"});
  const Datagram datagram{.bytes = packet, .is_ah = true};
  Verdicts out;
  strict.inbound(pair.now, {&datagram, 1}, out);
  ASSERT_THAT(out.drops, SizeIs(1));
  EXPECT_EQ(out.drops[0].reason, DropReason::selector);
  EXPECT_THAT(out.deliveries, IsEmpty());
}

TEST(AhInbound, TellsCongestionToTheInnerPacket) {
  Pair pair(ah());
  Bytes packet = sent_by(pair, {.traffic_class = 2});
  const Datagram datagram{.bytes = packet, .is_ah = true, .traffic_class = 3};
  EXPECT_EQ(wire::IpPacket::parse(pair.receive({&datagram, 1}).deliveries.at(0).to_bytes())->traffic_class(), 3);
}

}  // namespace
}  // namespace sallyport::datapath
