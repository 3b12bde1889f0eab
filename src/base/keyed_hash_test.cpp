#include "base/keyed_hash.h"

#include <gtest/gtest.h>

#include <numeric>

namespace sallyport {
namespace {

// Of the authors of SipHash: the key is 00 01 … 0f, the input 00 01 … as long as it is.
TEST(KeyedHash, GivesTheVectorsOfItsAuthors) {
  const KeyedHash hash(0x0706050403020100, 0x0f0e0d0c0b0a0908);
  Bytes input(63);
  std::iota(input.begin(), input.end(), std::uint8_t{0});
  EXPECT_EQ(hash(ByteView(input).first(0)), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(hash(ByteView(input).first(1)), 0x74f839c593dc67fdU);
  EXPECT_EQ(hash(ByteView(input).first(8)), 0x93f5f5799a932462U);
  EXPECT_EQ(hash(ByteView(input).first(15)), 0xa129ca6149be45e5U);
}

TEST(KeyedHash, IsAnotherUnderAnotherKey) {
  SeededRandom random(1);
  const KeyedHash one(random), other(random);
  EXPECT_NE(one(as_bytes("192.0.2.1")), other(as_bytes("192.0.2.1")));
}

}  // namespace
}  // namespace sallyport
