#include "wire/checksum.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace sallyport::wire {
namespace {

/// RFC 1071's definition word by word.
std::uint16_t slow_checksum(ByteView octets) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    sum += static_cast<std::uint32_t>(octets[i] << 8 | (i + 1 < octets.size() ? octets[i + 1] : 0));
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

TEST(Checksum, AgreesWithTheExampleOfRfc1071) {
  EXPECT_EQ(internet_checksum(*from_hex("0001f203f4f5f6f7")), 0xffff - 0xddf2);
}

TEST(Checksum, AgreesWithTheDefinitionAtEverySizeAndAlignment) {
  SeededRandom random(1);
  Bytes octets(300);
  for (int round = 0; round < 20; ++round) {
    random.fill(octets);
    if (round == 0) std::ranges::fill(octets, std::uint8_t{0xff});
    for (std::size_t size = 0; size + 3 < octets.size(); ++size) {
      const ByteView part = ByteView(octets).subspan(static_cast<std::size_t>(round % 3), size);
      ASSERT_EQ(internet_checksum(part), slow_checksum(part)) << size;
    }
  }
}

TEST(Checksum, DoesNotOverflowOnLargePacketsOfOnes) {
  const Bytes octets(65534, 0xff);
  EXPECT_EQ(internet_checksum(octets), 0);
}

TEST(Checksum, AddsPartsAndWordsAsIfTheyWereOne) {
  const Bytes octets = *from_hex("45000073000040004011c0a80001c0a800c7");
  ChecksumSum sum;
  sum.add(ByteView(octets).first(6));
  sum.add_u16(load_be16(&octets[6]));
  sum.add(ByteView(octets).subspan(8));
  EXPECT_EQ(sum.checksum(), internet_checksum(octets));
}

TEST(Checksum, NoticesEachSwappedBitOfAValidSum) {
  Bytes octets = *from_hex("4500001d000040003f11b6b8c00102fec0010217");  // from a capture, checksum included
  const auto is_valid = [&] {
    ChecksumSum sum;
    sum.add(octets);
    return sum.is_valid();
  };
  EXPECT_TRUE(is_valid());
  for (std::size_t bit = 0; bit < octets.size() * 8; ++bit) {
    octets[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(is_valid()) << bit;
    octets[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
}

TEST(Checksum, UpdatesLikeTheExampleOfRfc1624) { EXPECT_EQ(updated_checksum(0xdd2f, 0x5555, 0x3285), 0x0000); }

TEST(Checksum, UpdatesToWhatANewSumWouldGive) {
  SeededRandom random(2);
  Bytes octets(40);
  for (int round = 0; round < 2000; ++round) {
    random.fill(octets);
    const std::uint16_t before = internet_checksum(octets);
    Bytes changed = octets;
    random.fill(ByteSpan(changed).subspan(8, 16));
    const auto after = updated_checksum(before, ByteView(octets).subspan(8, 16), ByteView(changed).subspan(8, 16));
    ASSERT_EQ(after, internet_checksum(changed));
  }
}

}  // namespace
}  // namespace sallyport::wire
