#include "wire/ah.h"

#include <gtest/gtest.h>

#include "tests/vectors/wire/spaced_hex.h"

namespace sallyport::wire {
namespace {

Bytes hex(std::string_view text) { return vectors::spaced_hex(text); }

std::optional<ErrorCode> refusal(std::string_view headers) {
  Bytes octets = hex(headers);
  const auto zeroed = zero_mutable_fields(octets);
  return zeroed ? std::nullopt : std::optional(zeroed.error().code);
}
Bytes zeroed(std::string_view headers) {
  Bytes octets = hex(headers);
  EXPECT_TRUE(zero_mutable_fields(octets));
  return octets;
}

// 192.0.2.1 to 192.0.2.2, with options as long as the first nibble says.
std::string ipv4(std::string_view first_octet, std::string_view options) {
  return std::string(first_octet) + " b9 0123 4567 e3ff 3f 33 abcd c0000201 c0000202 " + std::string(options);
}
std::string ipv4_zeroed(std::string_view first_octet, std::string_view options) {
  return std::string(first_octet) + " 00 0123 4567 0000 00 33 0000 c0000201 c0000202 " + std::string(options);
}
const std::string kAddresses6 = "20010db8000000000000000000000001 20010db8000000000000000000000002 ";

TEST(AhHeader, ReadsWhatOspfSpeakersSend) {
  // The first of OSPFv3_with_AH.pcap, among tcpdump's tests, and the beginning of its hello.
  const Bytes octets = hex("59040000 00000100 00000013 21d3a95c5ffd4d184622b9f8 0301");
  const auto header = read_ah_header(octets);
  ASSERT_TRUE(header);
  EXPECT_EQ(*header, (AhHeader{IpProtocol{89}, 24, 0x100, 0x13}));
}

TEST(AhHeader, IsRefusedWhereItEndsEarly) {
  const Bytes octets = hex("32040000 c1a2b3c4 00000001 000000000000000000000000");
  ASSERT_EQ(octets.size(), 24u);
  EXPECT_TRUE(read_ah_header(octets));
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_FALSE(read_ah_header(ByteView(octets).first(size))) << size;
  EXPECT_FALSE(read_ah_header(hex("32000000 c1a2b3c4 00000001")));  // says 8 octets
  EXPECT_TRUE(read_ah_header(hex("32010000 c1a2b3c4 00000001")));
}

TEST(AhHeader, IsWrittenWithZeroIcv) {
  Bytes octets(28, 0xff);
  write_ah_header(octets.data(), {IpProtocol::tcp, 28, 0xc1a2b3c4, 7});
  EXPECT_EQ(octets, hex("06050000 c1a2b3c4 00000007 00000000000000000000000000000000"));
  EXPECT_EQ(read_ah_header(octets), (AhHeader{IpProtocol::tcp, 28, 0xc1a2b3c4, 7}));
}

TEST(AhHeader, IsAlignedAsItsFamilyWants) {
  struct {
    std::size_t icv, v4, v6;
  } constexpr cases[] = {{12, 24, 24}, {16, 28, 32}, {24, 36, 40}, {32, 44, 48}};
  for (const auto& [icv, v4, v6] : cases) {
    EXPECT_EQ(ah_header_size(icv, false), v4);
    EXPECT_EQ(ah_header_size(icv, true), v6);
  }
}

TEST(MutableFields, AreZeroInAnIpv4Header) { EXPECT_EQ(zeroed(ipv4("45", "")), hex(ipv4_zeroed("45", ""))); }

TEST(MutableFields, AreZeroInAnIpv6Header) {
  EXPECT_EQ(zeroed("6b9abcde 0123 33 3f " + kAddresses6), hex("60000000 0123 33 00 " + kAddresses6));
}

TEST(MutableFields, OptionsThatNobodyChangesStay) {
  for (const char* option : {"94040000", "820b0000000000000000000000", "850301", "8602", "950300"}) {
    std::string padded = option;
    while (padded.size() % 8 != 0) padded += "01";
    const std::size_t words = 5 + padded.size() / 8;
    const std::string first = "4" + std::string(1, "0123456789abcdef"[words]);
    EXPECT_EQ(zeroed(ipv4(first, padded)), hex(ipv4_zeroed(first, padded))) << option;
  }
}

TEST(MutableFields, OptionsThatRoutersWriteToAreZeroAsAWhole) {
  EXPECT_EQ(zeroed(ipv4("47", "07070c01020304 00")), hex(ipv4_zeroed("47", "00000000000000 00")));  // record route
  EXPECT_EQ(zeroed(ipv4("47", "01 44060d0001ab 00")), hex(ipv4_zeroed("47", "01 000000000000 00")));
  EXPECT_EQ(zeroed(ipv4("47", "830708 01020304 00")), hex(ipv4_zeroed("47", "00000000000000 00")));  // at its end
  EXPECT_EQ(zeroed(ipv4("48", "94040000 52040000 94040000")), hex(ipv4_zeroed("48", "94040000 00000000 94040000")));
}

TEST(MutableFields, SourceRouteWithHopsLeftIsRefused) {
  EXPECT_EQ(refusal(ipv4("47", "830704 01020304 00")), ErrorCode::unsupported);
  EXPECT_EQ(refusal(ipv4("47", "890704 01020304 00")), ErrorCode::unsupported);
  EXPECT_EQ(refusal(ipv4("46", "8302 0000")), ErrorCode::unsupported);  // no room for a pointer
}

TEST(MutableFields, UnknownOptionIsRefused) {
  EXPECT_EQ(refusal(ipv4("46", "88040001")), ErrorCode::unsupported);
  EXPECT_EQ(refusal(ipv4("46", "de040001")), ErrorCode::unsupported);
}

TEST(MutableFields, OptionBeyondTheHeaderIsRefused) {
  EXPECT_EQ(refusal(ipv4("46", "94050000")), ErrorCode::malformed);
  EXPECT_EQ(refusal(ipv4("46", "94010000")), ErrorCode::malformed);
  EXPECT_EQ(refusal(ipv4("46", "01010194")), ErrorCode::malformed);
  EXPECT_EQ(refusal("45"), ErrorCode::malformed);
  EXPECT_EQ(refusal(""), ErrorCode::malformed);
}

TEST(MutableFields, Ipv6OptionsChangeAsTheirTypeSays) {
  // Hop-by-hop: router alert stays, an option whose bit says so loses its data; then destination options.
  EXPECT_EQ(zeroed("60000000 0028 00 40 " + kAddresses6 + "3c01 05020000 3e03aabbcc 01030000 00 3300 3d02ffff 0000"),
            hex("60000000 0028 00 00 " + kAddresses6 + "3c01 05020000 3e03000000 01030000 00 3300 3d020000 0000"));
}

TEST(MutableFields, Ipv6OptionBeyondItsHeaderIsRefused) {
  EXPECT_EQ(refusal("60000000 0028 00 40 " + kAddresses6 + "3300 3e0500000000"), ErrorCode::malformed);
  EXPECT_EQ(refusal("60000000 0028 00 40 " + kAddresses6 + "3300 01020000 003e"), ErrorCode::malformed);
  EXPECT_EQ(refusal("60000000 0028 00 40 " + kAddresses6 + "3301 010400000000"), ErrorCode::malformed);
  EXPECT_EQ(refusal("60000000 0028 00 40 " + kAddresses6 + "3300 0102"), ErrorCode::malformed);
}

TEST(MutableFields, RoutingHeaderCountsAsTheReceiverSeesIt) {
  const std::string used_up =
      "60000000 0028 2b 00 " + kAddresses6 + "3302 0000 00000000 20010db8" + std::string(24, '0');
  EXPECT_EQ(zeroed(used_up), hex(used_up));
  EXPECT_EQ(refusal("60000000 0028 2b 00 " + kAddresses6 + "3302 0001 00000000 20010db8" + std::string(24, '0')),
            ErrorCode::unsupported);
}

TEST(MutableFields, UnknownExtensionHeaderIsRefused) {
  EXPECT_EQ(refusal("60000000 0028 2c 00 " + kAddresses6 + "3300 0000 00000001"), ErrorCode::unsupported);
  EXPECT_EQ(refusal("60000000 0028 87 00 " + kAddresses6 + "3300 0000 00000001"), ErrorCode::unsupported);
}

}  // namespace
}  // namespace sallyport::wire
