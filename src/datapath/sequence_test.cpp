#include "datapath/sequence.h"

#include <gtest/gtest.h>

namespace sallyport::datapath {
namespace {

TEST(Sequence, BeginsWithOne) {
  Sequence sequence(false);
  EXPECT_EQ(sequence.last_taken(), 0u);
  std::uint64_t number = 0;
  ASSERT_TRUE(sequence.take(number));
  EXPECT_EQ(number, 1u);
  EXPECT_EQ(sequence.last_taken(), 1u);
}

TEST(Sequence, StopsBefore32BitsWrap) {
  Sequence sequence(false, 0xfffffffe);
  std::uint64_t number = 0;
  ASSERT_TRUE(sequence.take(number));
  ASSERT_TRUE(sequence.take(number));
  EXPECT_EQ(number, 0xffffffffu);
  EXPECT_TRUE(sequence.is_exhausted());
  EXPECT_FALSE(sequence.take(number));
  EXPECT_FALSE(sequence.take(number));
  EXPECT_EQ(sequence.last_taken(), 0xffffffffu);
}

TEST(Sequence, GoesOnBeyond32BitsWhenExtended) {
  Sequence sequence(true, 0xffffffff);
  std::uint64_t number = 0;
  ASSERT_TRUE(sequence.take(number));
  ASSERT_TRUE(sequence.take(number));
  EXPECT_EQ(number, 0x100000000u);
  EXPECT_FALSE(sequence.is_low());
}

TEST(Sequence, StopsBefore64BitsWrap) {
  Sequence sequence(true, 0xffffffffffffffff);
  std::uint64_t number = 0;
  ASSERT_TRUE(sequence.take(number));
  EXPECT_FALSE(sequence.take(number));
}

TEST(Sequence, IsLowWhenSevenEighthsAreUsed) {
  EXPECT_FALSE(Sequence(false, 0xdfffffff).is_low());
  EXPECT_TRUE(Sequence(false, 0xe0000001).is_low());
}

}  // namespace
}  // namespace sallyport::datapath
