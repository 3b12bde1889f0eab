#include "base/histogram.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Histogram, PutsEachDurationIntoTheOneBucketThatHoldsIt) {
  for (std::uint64_t value = 0; value < 70000; value += value < 100 ? 1 : 37) {
    Histogram histogram;
    histogram.add(Duration(value));
    for (std::size_t bucket = 0; bucket < Histogram::bucket_count; ++bucket) {
      const bool holds = Histogram::from(bucket) <= Duration(value) && Duration(value) < Histogram::below(bucket);
      ASSERT_EQ(histogram[bucket], holds ? 1U : 0U) << value << " in " << bucket;
    }
  }
}

TEST(Histogram, HasBucketsWithoutGapsNoWiderThanAQuarterOfWhereTheyBegin) {
  for (std::size_t bucket = 0; bucket < Histogram::bucket_count; ++bucket) {
    EXPECT_LT(Histogram::from(bucket), Histogram::below(bucket));
    if (bucket < 4) continue;
    EXPECT_LE((Histogram::below(bucket) - Histogram::from(bucket)) * 4, Histogram::from(bucket)) << bucket;
  }
}

TEST(Histogram, CountsWhatIsLongerThanAllInTheLastBucketAndKnowsHowLongItWas) {
  Histogram histogram;
  histogram.add(std::chrono::hours(3));
  EXPECT_EQ(histogram[Histogram::bucket_count - 1], 1U);
  EXPECT_EQ(histogram.longest(), std::chrono::hours(3));
  EXPECT_EQ(histogram.quantile(0.5), std::chrono::hours(3));
}

TEST(Histogram, CountsAClockThatRanBackwardsAsNoTime) {
  Histogram histogram;
  histogram.add(Duration(-5));
  EXPECT_EQ(histogram[0], 1U);
  EXPECT_EQ(histogram.longest(), Duration(0));
}

TEST(Histogram, TellsQuantilesToTheEndOfABucket) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.99), Duration(0));
  histogram.add(Duration(1000), 98);
  histogram.add(Duration(50000), 2);
  const Duration median = histogram.quantile(0.5);
  EXPECT_GE(median, Duration(1000));
  EXPECT_LE(median, Duration(1250));
  EXPECT_LE(histogram.quantile(0.98), Duration(1250));
  EXPECT_EQ(histogram.quantile(0.99), Duration(50000));  // never more than the longest
  EXPECT_EQ(histogram.total(), 100U);
}

}  // namespace
}  // namespace sallyport
