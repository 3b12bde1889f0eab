#include "wire/ip.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/vectors/wire/spaced_hex.h"
#include "tests/vectors/wire/vector_file.h"
#include "wire/ip_header.h"

namespace sallyport::wire {
namespace {

const std::string vector_folder = SALLYPORT_SOURCE_DIR "/tests/vectors/wire/";

/// An IPv6 packet whose first next header is `next`, with `behind` after the fixed header.
Bytes ipv6_packet(IpProtocol next, std::string_view behind_hex) {
  const Bytes behind = vectors::spaced_hex(behind_hex);
  Bytes packet(ipv6_header_size);
  Ipv6Header header{.payload_length = static_cast<std::uint16_t>(behind.size()), .next_header = next};
  header.source.fill(0x11);
  header.destination.fill(0x22);
  write_ipv6_header(packet.data(), header);
  append(packet, behind);
  return packet;
}

/// An IPv4 packet from 10.0.0.1 to 10.0.0.2 with `behind` after a header without options.
Bytes ipv4_packet(IpProtocol protocol, std::string_view behind_hex) {
  const Bytes behind = vectors::spaced_hex(behind_hex);
  Bytes packet(ipv4_header_size);
  write_ipv4_header(packet.data(), {.total_length = static_cast<std::uint16_t>(ipv4_header_size + behind.size()),
                                    .protocol = protocol,
                                    .source = {10, 0, 0, 1},
                                    .destination = {10, 0, 0, 2}});
  append(packet, behind);
  return packet;
}

TEST(IpPacket, AgreesWithWiresharkOnCaptures) {
  for (const auto& block : vectors::read_blocks(vector_folder + "ip_packets.txt")) {
    SCOPED_TRACE(block.name());
    const Bytes octets = block.hex("hex");
    const auto packet = IpPacket::parse(octets);
    ASSERT_TRUE(packet);
    EXPECT_EQ(to_hex(packet->source()), block.at("source"));
    EXPECT_EQ(to_hex(packet->destination()), block.at("destination"));
    EXPECT_EQ(packet->octets().size(), std::stoul(block.at("size")));
    EXPECT_EQ(packet->hop_limit(), std::stoul(block.at("hop_limit")));
    EXPECT_EQ(static_cast<unsigned long>(packet->protocol()), std::stoul(block.at("protocol")));
    EXPECT_EQ(packet->payload_offset(), std::stoul(block.at("payload_offset")));
    EXPECT_FALSE(packet->is_fragment());
    EXPECT_EQ(packet->has_valid_header_checksum(), packet->is_v6() || block.at("header_checksum") == "good");
    if (block.all("ports").empty()) continue;
    const auto found = ports(*packet);
    ASSERT_TRUE(found);
    EXPECT_EQ(std::to_string(found->source) + " " + std::to_string(found->destination), block.at("ports"));
    EXPECT_EQ(has_valid_payload_checksum(*packet), block.at("payload_checksum") != "bad");
  }
}

TEST(IpPacket, ComputesThePayloadChecksumsThatWiresharkDoes) {
  int checked = 0;
  for (const auto& block : vectors::read_blocks(vector_folder + "ip_packets.txt")) {
    if (block.all("calculated").empty()) continue;
    SCOPED_TRACE(block.name());
    Bytes octets = block.hex("hex");
    const IpPacket packet = *IpPacket::parse(octets);
    std::uint8_t* field = octets.data() + packet.payload_offset() + *checksum_offset(packet.protocol());
    store_be16(field, 0);
    auto sum = pseudo_header_sum(packet.source(), packet.destination(), packet.protocol(), packet.payload().size());
    sum.add(packet.payload());
    EXPECT_EQ(sum.checksum(), load_be16(block.hex("calculated").data()));
    ++checked;
  }
  EXPECT_GT(checked, 3);
}

TEST(IpPacket, ReadsIcmpInsideDecryptedEsp) {
  for (const auto& block : vectors::read_blocks(vector_folder + "esp_texts.txt")) {
    SCOPED_TRACE(block.name());
    const Bytes text = block.hex("hex");
    const auto packet = IpPacket::parse(text);  // the ESP trailer lies behind the packet's end
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->octets().size(), std::stoul(block.at("payload_size")));
    const auto icmp = icmp_type_code(*packet);
    ASSERT_TRUE(icmp);
    EXPECT_EQ(std::to_string(icmp->type) + " " + std::to_string(icmp->code), block.at("icmp"));
    EXPECT_TRUE(packet->has_valid_header_checksum());
    EXPECT_TRUE(has_valid_payload_checksum(*packet));
    EXPECT_FALSE(ports(*packet));
  }
}

TEST(IpPacket, NoticesAWrongChecksumInThePayload) {
  for (const auto& block : vectors::read_blocks(vector_folder + "esp_texts.txt")) {
    Bytes text = block.hex("hex");
    text[60] ^= 1;
    EXPECT_FALSE(has_valid_payload_checksum(*IpPacket::parse(text)));
    EXPECT_TRUE(IpPacket::parse(text)->has_valid_header_checksum());
  }
}

TEST(IpPacket, RefusesVersionsOtherThanFourAndSix) {
  EXPECT_EQ(IpPacket::parse({}).error(), (Error{ErrorCode::truncated, 0}));
  for (int version = 0; version < 16; ++version) {
    if (version == 4 || version == 6) continue;
    Bytes octets(64);
    octets[0] = static_cast<std::uint8_t>(version << 4 | 5);
    EXPECT_EQ(IpPacket::parse(octets).error(), (Error{ErrorCode::malformed, 0}));
  }
}

TEST(IpPacket, RefusesEveryTruncation) {
  for (const Bytes& whole :
       {ipv4_packet(IpProtocol::udp, "0001000200080000"),
        ipv6_packet(IpProtocol::hop_by_hop, "3c00000000000000 1100000000000000 0001000200080000")}) {
    ASSERT_TRUE(IpPacket::parse(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto packet = IpPacket::parse(ByteView(whole).first(size));
      ASSERT_FALSE(packet) << size;
      EXPECT_EQ(packet.error().code, ErrorCode::truncated) << size;
    }
  }
}

TEST(IpPacket, RefusesAnIpv4HeaderShorterThanItMustBe) {
  Bytes octets = ipv4_packet(IpProtocol::udp, "0001000200080000");
  octets[0] = 0x44;
  EXPECT_EQ(IpPacket::parse(octets).error(), (Error{ErrorCode::malformed, 0}));
}

TEST(IpPacket, RefusesATotalLengthWithinTheHeader) {
  Bytes octets = ipv4_packet(IpProtocol::udp, "0001000200080000");
  octets[0] = 0x47;  // options of 8 octets: 28 in all
  EXPECT_TRUE(IpPacket::parse(octets));
  store_be16(&octets[2], 27);
  EXPECT_EQ(IpPacket::parse(octets).error(), (Error{ErrorCode::malformed, 2}));
}

TEST(IpPacket, LeavesOutWhatLiesBehindItsLength) {
  for (Bytes octets :
       {ipv4_packet(IpProtocol::udp, "0001000200080000"), ipv6_packet(IpProtocol::udp, "0001000200080000")}) {
    octets.resize(octets.size() + 6);
    EXPECT_EQ(IpPacket::parse(octets)->octets().size(), octets.size() - 6);
  }
}

TEST(IpPacket, PassesOverIpv4Options) {
  Bytes octets = ipv4_packet(IpProtocol::udp, "01010101 0035003600080000");
  octets[0] = 0x46;
  const auto packet = IpPacket::parse(octets);
  EXPECT_EQ(ports(*packet), (Ports{0x35, 0x36}));
  EXPECT_EQ(packet->header_size(), 24u);
  EXPECT_EQ(packet->transport_offset(), 24u);
  EXPECT_FALSE(packet->has_valid_header_checksum());
}

TEST(IpPacket, DoesNotReadPortsOfALaterFragment) {
  Bytes octets = ipv4_packet(IpProtocol::udp, "0035003600080000");
  store_be16(&octets[4], 0xbeef);
  store_be16(&octets[6], 0x2000);
  const auto first = IpPacket::parse(octets);
  EXPECT_TRUE(first->is_first_fragment());
  EXPECT_TRUE(ports(*first));
  store_be16(&octets[6], 0x20b9);
  const auto middle = IpPacket::parse(octets);
  EXPECT_TRUE(middle->is_later_fragment());
  EXPECT_TRUE(middle->more_fragments());
  EXPECT_EQ(middle->fragment_offset(), 0xb9 * 8);
  EXPECT_EQ(middle->fragment_id(), 0xbeefu);
  EXPECT_FALSE(middle->dont_fragment());
  EXPECT_FALSE(ports(*middle));
}

TEST(IpPacket, DoesNotReadPortsThatAreNotThere) {
  EXPECT_FALSE(ports(*IpPacket::parse(ipv4_packet(IpProtocol::tcp, "003500"))));
  EXPECT_TRUE(ports(*IpPacket::parse(ipv4_packet(IpProtocol::tcp, "00350036"))));
  EXPECT_FALSE(ports(*IpPacket::parse(ipv4_packet(IpProtocol::esp, "0035003600000000"))));
  EXPECT_FALSE(icmp_type_code(*IpPacket::parse(ipv4_packet(IpProtocol::icmp, "08"))));
  EXPECT_FALSE(icmp_type_code(*IpPacket::parse(ipv4_packet(IpProtocol::icmpv6, "0800"))));
  EXPECT_FALSE(has_valid_payload_checksum(*IpPacket::parse(ipv4_packet(IpProtocol::tcp, "00350036"))));
}

TEST(IpPacket, WalksIpv6ExtensionHeadersToTheNextLayer) {
  // hop-by-hop, destination options, routing, fragment, destination options, UDP
  const Bytes octets = ipv6_packet(IpProtocol::hop_by_hop,
                                   "3c00000000000000 2b01000000000000 0000000000000000 2c00000000000000 "
                                   "3c0000001234abcd 1100000000000000 0035003600080000");
  const auto packet = IpPacket::parse(octets);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->protocol(), IpProtocol::udp);
  EXPECT_EQ(packet->payload_offset(), 88u);
  EXPECT_EQ(ports(*packet), (Ports{0x35, 0x36}));
  EXPECT_EQ(packet->fragment_header_offset(), 72u);
  EXPECT_EQ(packet->fragment_id(), 0x1234abcdu);
  EXPECT_FALSE(packet->is_fragment());  // RFC 6946: an atomic one
  // ESP goes behind the fragment header, and in front of the last destination options.
  EXPECT_EQ(packet->transport_offset(), 80u);
  EXPECT_EQ(packet->transport_protocol_offset(), 72u);
  EXPECT_EQ(packet->transport_protocol(), IpProtocol::destination_options);
}

TEST(IpPacket, EndsTheWalkAtALaterIpv6Fragment) {
  const Bytes octets = ipv6_packet(IpProtocol::fragment, "3c0005a900000001 ffffffffffffffff");
  const auto packet = IpPacket::parse(octets);
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->is_later_fragment());
  EXPECT_EQ(packet->fragment_offset(), 0x5a8);
  EXPECT_TRUE(packet->more_fragments());
  EXPECT_EQ(packet->protocol(), IpProtocol::destination_options);
  EXPECT_EQ(packet->payload_offset(), 48u);
}

TEST(IpPacket, StopsAtSecurityProtocolsAndAtNoNextHeader) {
  for (const auto protocol : {IpProtocol::esp, IpProtocol::ah, IpProtocol::no_next_header, IpProtocol::mobility})
    EXPECT_EQ(IpPacket::parse(ipv6_packet(protocol, "2b00000000000000"))->protocol(), protocol);
  EXPECT_EQ(mobility_type(*IpPacket::parse(ipv6_packet(IpProtocol::mobility, "3b00050000000000"))), 5);
  EXPECT_FALSE(mobility_type(*IpPacket::parse(ipv6_packet(IpProtocol::mobility, "3b00"))));
}

TEST(IpPacket, RefusesAnExtensionHeaderBeyondThePacket) {
  EXPECT_EQ(IpPacket::parse(ipv6_packet(IpProtocol::hop_by_hop, "3b01000000000000")).error().code,
            ErrorCode::truncated);
  EXPECT_EQ(IpPacket::parse(ipv6_packet(IpProtocol::routing, "3b000000")).error().code, ErrorCode::truncated);
  EXPECT_EQ(IpPacket::parse(ipv6_packet(IpProtocol::hop_by_hop, "")).error().code, ErrorCode::truncated);
}

TEST(IpPacket, RefusesEndlessExtensionHeaders) {
  std::string headers;
  for (int i = 0; i < max_extension_headers; ++i) headers += "3c00000000000000";
  EXPECT_EQ(IpPacket::parse(ipv6_packet(IpProtocol::hop_by_hop, headers)).error().code, ErrorCode::exhausted);
}

TEST(IpPacket, RefusesASecondFragmentHeader) {
  const auto packet = IpPacket::parse(ipv6_packet(IpProtocol::fragment, "2c00000000000001 1100000000000002"));
  EXPECT_EQ(packet.error(), (Error{ErrorCode::malformed, 48}));
}

TEST(IpPacket, StaysInsideRandomOctets) {
  SeededRandom random(3);
  for (int round = 0; round < 20000; ++round) {
    Bytes octets(random.below(120));
    random.fill(octets);
    if (octets.size() > 8) {
      octets[0] = round % 2 == 0 ? 0x45 : 0x60;
      octets[2] = octets[4] = 0;
      octets[5] &= 0x3f;
      if (round % 4 == 1) octets[6] = 44;
    }
    const auto packet = IpPacket::parse(octets);
    if (!packet) continue;
    ASSERT_LE(packet->octets().size(), octets.size());
    ASSERT_LE(packet->payload_offset(), packet->octets().size());
    ASSERT_LE(packet->transport_offset(), packet->payload_offset());
    ASSERT_LT(packet->transport_protocol_offset(), packet->transport_offset());
    (void)ports(*packet);
    (void)icmp_type_code(*packet);
    (void)has_valid_payload_checksum(*packet);
  }
}

TEST(IpHeader, WritesAnIpv4HeaderThatReadsBack) {
  Bytes octets(28);
  write_ipv4_header(octets.data(), {.traffic_class = 0xb8,
                                    .total_length = 28,
                                    .id = 0x1234,
                                    .dont_fragment = false,
                                    .more_fragments = true,
                                    .fragment_offset = 1480,
                                    .ttl = 7,
                                    .protocol = IpProtocol::esp,
                                    .source = {192, 0, 2, 1},
                                    .destination = {192, 0, 2, 2}});
  const auto packet = IpPacket::parse(octets);
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->has_valid_header_checksum());
  EXPECT_EQ(packet->traffic_class(), 0xb8);
  EXPECT_EQ(packet->hop_limit(), 7);
  EXPECT_EQ(packet->fragment_offset(), 1480);
  EXPECT_TRUE(packet->more_fragments());
  EXPECT_EQ(packet->protocol(), IpProtocol::esp);
  EXPECT_EQ(to_hex(packet->source()), "c0000201");
}

TEST(IpHeader, WritesAnIpv6HeaderThatReadsBack) {
  Bytes octets(48);
  write_ipv6_header(octets.data(), {.traffic_class = 0xb9,
                                    .flow_label = 0xabcde,
                                    .payload_length = 8,
                                    .next_header = IpProtocol::udp,
                                    .hop_limit = 9,
                                    .source = {0x20, 1},
                                    .destination = {0x20, 2}});
  const auto packet = IpPacket::parse(octets);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->traffic_class(), 0xb9);
  EXPECT_EQ(packet->flow_label(), 0xabcdeu);
  EXPECT_EQ(packet->hop_limit(), 9);
  EXPECT_EQ(packet->payload().size(), 8u);
  EXPECT_TRUE(packet->dont_fragment());
}

TEST(IpHeader, KeepsTheChecksumRightWhateverIsSet) {
  SeededRandom random(4);
  for (int round = 0; round < 500; ++round) {
    Bytes octets = ipv4_packet(IpProtocol::udp, "0035003600080000");
    std::uint8_t* header = octets.data();
    set_traffic_class(header, static_cast<std::uint8_t>(random.u32()));
    set_hop_limit(header, static_cast<std::uint8_t>(random.u32()));
    set_ipv4_id(header, static_cast<std::uint16_t>(random.u32()));
    set_ipv4_dont_fragment(header, random.below(2) == 0);
    set_packet_size(header, 20 + random.below(9));
    set_protocol(header, 9, IpProtocol{static_cast<std::uint8_t>(random.u32())});
    ASSERT_TRUE(IpPacket::parse(octets)->has_valid_header_checksum());
  }
}

TEST(IpHeader, SetsOnlyTheFieldThatIsMeant) {
  Bytes octets = ipv6_packet(IpProtocol::udp, "0035003600080000");
  write_ipv6_header(octets.data(), {.traffic_class = 0, .flow_label = 0xfffff, .payload_length = 8, .hop_limit = 1});
  set_traffic_class(octets.data(), 0x2e);
  set_hop_limit(octets.data(), 3);
  set_packet_size(octets.data(), 44);
  set_protocol(octets.data(), 6, IpProtocol::esp);
  const auto packet = IpPacket::parse(octets);
  EXPECT_EQ(packet->traffic_class(), 0x2e);
  EXPECT_EQ(packet->flow_label(), 0xfffffu);
  EXPECT_EQ(packet->hop_limit(), 3);
  EXPECT_EQ(packet->octets().size(), 44u);
  EXPECT_EQ(packet->protocol(), IpProtocol::esp);
}

}  // namespace
}  // namespace sallyport::wire
