#include "policy/address.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace sallyport::policy {
namespace {

IpAddress address(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(IpAddress());
}

AddressRange range(std::string_view text) {
  const auto parsed = AddressRange::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(AddressRange());
}

std::string prefixes_of(std::string_view text) {
  std::string all;
  for (const Prefix& prefix : range(text).prefixes()) all += (all.empty() ? "" : " ") + to_string(prefix);
  return all;
}

TEST(IpAddress, PrintsIpv6InItsCanonicalForm) {
  // RFC 5952 §2 and §4.
  EXPECT_EQ(to_string(address("2001:DB8:0:0:0:0:0:1")), "2001:db8::1");
  EXPECT_EQ(to_string(address("2001:db8:0:0:1:0:0:1")), "2001:db8::1:0:0:1");
  EXPECT_EQ(to_string(address("2001:db8:0:1:1:1:1:1")), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(to_string(address("2001:0db8::0001")), "2001:db8::1");
  EXPECT_EQ(to_string(address("::")), "::");
  EXPECT_EQ(to_string(address("192.0.2.1")), "192.0.2.1");
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const std::string_view text : {"",
                                      "1",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.256",
                                      "01.2.3.4",
                                      "1.2.3.4 ",
                                      " 1.2.3.4",
                                      "1.2.3.-4",
                                      "0x1.2.3.4",
                                      ":",
                                      ":::",
                                      "1::2::3",
                                      "12345::",
                                      "g::",
                                      "::1%eth0",
                                      "::1/128",
                                      "[::1]",
                                      "localhost",
                                      "1:2:3:4:5:6:7:8:9",
                                      "::256.1.1.1",
                                      "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0.5", 10)));
}

TEST(IpAddress, TakesOnlyFourOrSixteenOctets) {
  const Bytes octets(17, 1);
  for (std::size_t size = 0; size <= octets.size(); ++size)
    EXPECT_EQ(IpAddress::from_bytes({octets.data(), size}).has_value(), size == 4 || size == 16) << size;
}

TEST(IpAddress, SortsIpv4BeforeIpv6) {
  EXPECT_LT(address("255.255.255.255"), address("::"));
  EXPECT_LT(address("9.255.255.255"), address("10.0.0.0"));
  EXPECT_NE(address("0.0.0.0"), address("::"));
}

TEST(Endpoint, PrintsIpv6InBrackets) {
  EXPECT_EQ(to_string(Endpoint{address("192.0.2.1"), 500}), "192.0.2.1:500");
  EXPECT_EQ(to_string(Endpoint{address("2001:db8::1"), 4500}), "[2001:db8::1]:4500");
}

TEST(AddressRange, CutsOffHostBitsOfANetwork) {
  EXPECT_EQ(range("192.0.2.77/24"), (AddressRange{address("192.0.2.0"), address("192.0.2.255")}));
  EXPECT_EQ(range("2001:db8::7/64"), (AddressRange{address("2001:db8::"), address("2001:db8::ffff:ffff:ffff:ffff")}));
  EXPECT_EQ(range("198.51.100.7/32"), AddressRange::host(address("198.51.100.7")));
  EXPECT_EQ(range("10.9.8.7/0"), AddressRange::all(Family::ipv4));
  EXPECT_EQ(range("::/0"), AddressRange::all(Family::ipv6));
}

TEST(AddressRange, RefusesWhatIsNoRange) {
  for (const char* text :
       {"", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/8 ", "192.0.2.0/08x",
        "::/129", "::/256", "192.0.2.9-192.0.2.1", "192.0.2.1-", "-192.0.2.1", "192.0.2.1-2001:db8::1",
        "192.0.2.1-192.0.2.2-192.0.2.3", "192.0.2.0/24-192.0.3.0/24", "%any"})
    EXPECT_FALSE(AddressRange::parse(text)) << text;
}

TEST(AddressRange, PrintsTheShortestExactForm) {
  for (const char* text : {"192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "::/0", "2001:db8::/32", "192.0.2.1-192.0.2.9",
                           "10.0.0.0/31", "10.0.0.1-10.0.0.2", "128.0.0.0/1", "ff00::/8", "10.0.0.0-10.0.0.2"})
    EXPECT_EQ(to_string(range(text)), text);
  EXPECT_EQ(to_string(range("192.0.2.0-192.0.2.255")), "192.0.2.0/24");
  EXPECT_EQ(to_string(range("192.0.2.5-192.0.2.5")), "192.0.2.5");
}

TEST(AddressRange, NeverMixesFamilies) {
  EXPECT_FALSE(AddressRange::all(Family::ipv6).contains(address("192.0.2.1")));
  EXPECT_FALSE(AddressRange::all(Family::ipv4).contains(address("::1")));
  EXPECT_FALSE(AddressRange::all(Family::ipv4).intersection(AddressRange::all(Family::ipv6)));
  EXPECT_FALSE(AddressRange::all(Family::ipv4).contains(AddressRange::all(Family::ipv6)));
}

TEST(AddressRange, IntersectsWhereBothAre) {
  EXPECT_EQ(range("10.0.0.0/8").intersection(range("10.1.0.0/16")), range("10.1.0.0/16"));
  EXPECT_EQ(range("10.0.0.1-10.0.0.9").intersection(range("10.0.0.5-10.0.0.20")), range("10.0.0.5-10.0.0.9"));
  EXPECT_EQ(range("10.0.0.1-10.0.0.5").intersection(range("10.0.0.5")), range("10.0.0.5"));
  EXPECT_FALSE(range("10.0.0.0/25").intersection(range("10.0.0.128/25")));
}

// What Python's ipaddress.summarize_address_range says.
TEST(Prefixes, AreTheFewestThatCoverARange) {
  EXPECT_EQ(prefixes_of("10.0.0.1-10.0.0.9"), "10.0.0.1/32 10.0.0.2/31 10.0.0.4/30 10.0.0.8/31");
  EXPECT_EQ(prefixes_of("0.0.0.0-255.255.255.255"), "0.0.0.0/0");
  EXPECT_EQ(prefixes_of("192.0.2.255-192.0.3.0"), "192.0.2.255/32 192.0.3.0/32");
  EXPECT_EQ(prefixes_of("2001:db8::1-2001:db8::6"), "2001:db8::1/128 2001:db8::2/127 2001:db8::4/127 2001:db8::6/128");
  EXPECT_EQ(prefixes_of("2001:db8::ffff:ffff:ffff:ffff-2001:db8:0:1::1"),
            "2001:db8::ffff:ffff:ffff:ffff/128 2001:db8:0:1::/127");
  EXPECT_EQ(prefixes_of("fe00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "fe00::/7");
  EXPECT_EQ(prefixes_of("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "::/0");
  EXPECT_EQ(range("0.0.0.1-255.255.255.254").prefixes().size(), 62u);
  EXPECT_EQ(range("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe").prefixes().size(), 254u);
}

/// The address after `address`, or the same if there is none.
IpAddress next(const IpAddress& address) {
  Bytes octets = to_bytes(address.bytes());
  for (std::size_t i = octets.size(); i-- > 0;)
    if (++octets[i] != 0) return *IpAddress::from_bytes(octets);
  return address;
}

TEST(Prefixes, CoverEveryRangeWithoutGapOrOverlap) {
  SeededRandom random(1);
  for (int round = 0; round < 5000; ++round) {
    Bytes a(random.below(2) == 0 ? 4 : 16), b(a.size());
    random.fill(a);
    random.fill(b);
    // Near neighbours as well as far ones: a common beginning of random length.
    const std::size_t common = random.below(a.size() + 1);
    std::copy_n(a.begin(), common, b.begin());
    const IpAddress one = *IpAddress::from_bytes(a), other = *IpAddress::from_bytes(b);
    const AddressRange whole{std::min(one, other), std::max(one, other)};
    IpAddress expected = whole.first;
    for (const Prefix& prefix : whole.prefixes()) {
      const AddressRange block = AddressRange::of(prefix);
      ASSERT_EQ(block.first, expected) << to_string(whole);
      ASSERT_EQ(block.first, prefix.address) << "host bits are set";
      ASSERT_TRUE(whole.contains(block));
      expected = next(block.last);
      if (block.last == whole.last) break;
    }
    ASSERT_EQ(expected, next(whole.last));
    ASSERT_EQ(AddressRange::parse(to_string(whole)), whole);
  }
}

TEST(Hash, TellsPortsAndFamiliesApart) {
  const std::hash<Endpoint> hash;
  EXPECT_EQ(hash({address("192.0.2.1"), 500}), hash({address("192.0.2.1"), 500}));
  EXPECT_NE(hash({address("192.0.2.1"), 500}), hash({address("192.0.2.1"), 4500}));
  EXPECT_NE(hash({address("0.0.0.0"), 0}), hash({address("::"), 0}));
}

}  // namespace
}  // namespace sallyport::policy
