#include "datapath/tunnel.h"

#include <gtest/gtest.h>

#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

wire::IpPacket parsed(ByteView bytes) { return wire::IpPacket::parse(bytes).value(); }

Bytes v4_packet(std::uint8_t traffic_class, bool dont_fragment) {
  Bytes bytes(wire::ipv4_header_size);
  wire::write_ipv4_header(bytes.data(),
                          {.traffic_class = traffic_class, .total_length = 20, .dont_fragment = dont_fragment});
  return bytes;
}

Bytes v6_packet(std::uint8_t traffic_class) {
  Bytes bytes(wire::ipv6_header_size);
  wire::write_ipv6_header(bytes.data(),
                          {.traffic_class = traffic_class, .next_header = wire::IpProtocol::no_next_header});
  return bytes;
}

TEST(Tunnel, CopiesDscpAndEcnOutward) {
  for (unsigned traffic_class = 0; traffic_class < 256; ++traffic_class) {
    const auto octet = static_cast<std::uint8_t>(traffic_class);
    EXPECT_EQ(tunnel_fields(parsed(v4_packet(octet, false)), true, true).traffic_class, octet);
    EXPECT_EQ(tunnel_fields(parsed(v6_packet(octet)), true, true).traffic_class, octet);
    EXPECT_EQ(tunnel_fields(parsed(v6_packet(octet)), true, false).traffic_class, octet & 0xfc);
  }
}

TEST(Tunnel, OwnsItsHopLimit) { EXPECT_EQ(tunnel_fields(parsed(v6_packet(0)), true, true).hop_limit, 64); }

TEST(Tunnel, CopiesDfOnlyWhenAsked) {
  EXPECT_TRUE(tunnel_fields(parsed(v4_packet(0, true)), true, true).dont_fragment);
  EXPECT_FALSE(tunnel_fields(parsed(v4_packet(0, false)), true, true).dont_fragment);
  EXPECT_FALSE(tunnel_fields(parsed(v4_packet(0, true)), false, true).dont_fragment);
  EXPECT_TRUE(tunnel_fields(parsed(v6_packet(0)), true, true).dont_fragment);
  EXPECT_FALSE(tunnel_fields(parsed(v6_packet(0)), false, true).dont_fragment);
}

// RFC 6040 §4.2, figure 4. Codepoints: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE.
TEST(Tunnel, DecapsulatesEcnAsTheTableSays) {
  constexpr int drop = -1;
  constexpr int table[4][4] = {
      // outer: Not-ECT  ECT(1)  ECT(0)  CE
      {0, 0, 0, drop},  // inner Not-ECT
      {1, 1, 1, 3},     // inner ECT(1)
      {2, 1, 2, 3},     // inner ECT(0)
      {3, 3, 3, 3},     // inner CE
  };
  for (unsigned inner = 0; inner < 4; ++inner) {
    for (unsigned outer = 0; outer < 4; ++outer) {
      constexpr std::uint8_t inner_dscp = 0xb8, outer_dscp = 0x28;
      const auto result = decapsulated_traffic_class(static_cast<std::uint8_t>(inner_dscp | inner),
                                                     static_cast<std::uint8_t>(outer_dscp | outer));
      const int expected = table[inner][outer];
      EXPECT_EQ(result ? *result : drop, expected == drop ? drop : (inner_dscp | expected))
          << "inner " << inner << " outer " << outer;
    }
  }
}

}  // namespace
}  // namespace sallyport::datapath
