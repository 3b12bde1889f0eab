#include "cli/latency_text.h"

#include <gmock/gmock.h>

namespace sallyport::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

control::Message direction() {
  control::Message message;
  auto& whole = message.section("whole");
  whole.set("bursts", 1001);
  whole.set("median_ns", 5000);
  whole.set("p99_ns", 6000);
  whole.set("p999_ns", 6100);
  whole.set("longest_ns", 3200000);
  whole.list("buckets").add("4096 5120 400");
  whole.list("buckets").add("5120 6144 600");
  whole.list("buckets").add("3145728 3670016 1");
  message.section("work").set("median_ns", 850);
  return message;
}

TEST(LatencyText, JoinsBucketsOfOnePowerOfTwoToOneBar) {
  const std::string text = latency_text("bursts out", direction());
  EXPECT_THAT(text,
              HasSubstr("bursts out\n  1001 bursts: median 5.0 us, 99 % 6.0 us, 99.9 % 6.1 us, longest 3.2 ms\n"));
  EXPECT_THAT(text, HasSubstr("  below   8.2 us         1000  ████"));
  EXPECT_THAT(text, HasSubstr("work 850 ns\n"));
}

TEST(LatencyText, ShowsTheOneInAThousandAndTheGapBeforeIt) {
  const std::string text = latency_text("bursts out", direction());
  EXPECT_THAT(text, HasSubstr("  below   4.2 ms            1  █\n"));
  EXPECT_THAT(text, HasSubstr("  below  16.4 us            0\n"));
}

TEST(LatencyText, SaysNothingWhereNothingWas) {
  EXPECT_EQ(latency_text("bursts out", control::Message{}), "");
  control::Message message;
  message.section("whole").set("bursts", 0);
  message.section("whole").list("buckets");
  EXPECT_EQ(latency_text("bursts out", message), "");
}

TEST(LatencyText, TakesNoBucketForMoreThanItSays) {
  control::Message message;
  for (const char* wrong : {"", "1", "1 2", "1 2 x", "-1 2 3", "1  2 3", "99999999999999999999 1 1"})
    message.section("whole").list("buckets").add(wrong);
  EXPECT_EQ(latency_text("bursts out", message), "");
}

TEST(LatencyText, TakesTheLongestTimesThatThereAre) {
  control::Message message;
  message.section("whole").list("buckets").add("18446744073709551615 18446744073709551615 18446744073709551615");
  EXPECT_THAT(latency_text("bursts out", message), HasSubstr("18446744073709551615"));
}

TEST(ShortTime, HasThreeDigitsOrFour) {
  EXPECT_EQ(short_time(0), "0 ns");
  EXPECT_EQ(short_time(999), "999 ns");
  EXPECT_EQ(short_time(1000), "1.0 us");
  EXPECT_EQ(short_time(999'960), "1.0 ms");
  EXPECT_EQ(short_time(1'500'000'000), "1.5 s");
}

}  // namespace
}  // namespace sallyport::cli
