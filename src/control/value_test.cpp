#include "control/value.h"

#include <gmock/gmock.h>

#include "base/time.h"

namespace sallyport::control {
namespace {

using std::chrono::seconds;

TEST(Value, ReadsTruthInEitherCase) {
  for (const char* word : {"yes", "true", "enabled", "1", "YES", "True"}) EXPECT_EQ(parse_boolean(word), true) << word;
  for (const char* word : {"no", "false", "disabled", "0", "NO", "fALSE"})
    EXPECT_EQ(parse_boolean(word), false) << word;
}

TEST(Value, RejectsOtherWordsForTruth) {
  for (const char* word : {"", "y", "on", "off", "2", "yes ", " no", "yesyes", "01"})
    EXPECT_EQ(parse_boolean(word).error().code, ErrorCode::malformed) << word;
  EXPECT_FALSE(parse_boolean(std::string_view("yes\0", 4)));
}

TEST(Value, ReadsNumbersInThreeBases) {
  EXPECT_EQ(parse_u64("0"), 0u);
  EXPECT_EQ(parse_u64("18446744073709551615"), 18446744073709551615u);
  EXPECT_EQ(parse_u64("0xfFfFfFfFfFfFfFfF"), 18446744073709551615u);
  EXPECT_EQ(parse_u64("0X1d"), 29u);
  EXPECT_EQ(parse_u64("0755"), 493u);
  EXPECT_EQ(parse_u32("4294967295"), 4294967295u);
  EXPECT_EQ(parse_i64("-1"), -1);
  EXPECT_EQ(parse_i64("-1000"), -1000);  // what swanctl makes of --timeout -1
  EXPECT_EQ(parse_i64("9223372036854775807"), 9223372036854775807);
}

TEST(Value, RejectsWhatIsNotWhollyANumber) {
  EXPECT_EQ(parse_u64("").error(), (Error{ErrorCode::malformed, 0}));
  EXPECT_EQ(parse_u64("12a").error(), (Error{ErrorCode::malformed, 2}));
  EXPECT_EQ(parse_u64("08").error(), (Error{ErrorCode::malformed, 1}));
  EXPECT_EQ(parse_u64("0x").error(), (Error{ErrorCode::malformed, 1}));
  EXPECT_EQ(parse_u64("0xg").error(), (Error{ErrorCode::malformed, 2}));
  EXPECT_EQ(parse_u64("1 ").error(), (Error{ErrorCode::malformed, 1}));
  EXPECT_EQ(parse_i64("-").error(), (Error{ErrorCode::malformed, 1}));
  EXPECT_EQ(parse_i64("--1").error(), (Error{ErrorCode::malformed, 1}));
  for (const char* text : {" 1", "+1", "-1", "one", "1.5"}) EXPECT_FALSE(parse_u64(text)) << text;
}

TEST(Value, RejectsNumbersTooLargeForTheirType) {
  EXPECT_EQ(parse_u64("18446744073709551616").error().code, ErrorCode::out_of_range);
  EXPECT_EQ(parse_u64("0x10000000000000000").error().code, ErrorCode::out_of_range);
  EXPECT_EQ(parse_u32("4294967296").error().code, ErrorCode::out_of_range);
  EXPECT_EQ(parse_i64("9223372036854775808").error().code, ErrorCode::out_of_range);
}

TEST(Value, ReadsTimes) {
  EXPECT_EQ(parse_time("30"), seconds(30));
  EXPECT_EQ(parse_time("30s"), seconds(30));
  EXPECT_EQ(parse_time("5 m"), seconds(300));
  EXPECT_EQ(parse_time("4h"), seconds(14400));
  EXPECT_EQ(parse_time("1 \t D"), seconds(86400));
  EXPECT_EQ(parse_time("0x10s"), seconds(16));
  EXPECT_EQ(parse_time("0x1d"), seconds(29));  // the d is a digit here
  EXPECT_EQ(parse_time("010m"), seconds(480));
}

TEST(Value, RejectsOtherTimes) {
  EXPECT_EQ(parse_time("").error(), (Error{ErrorCode::malformed, 0}));
  EXPECT_EQ(parse_time("h").error(), (Error{ErrorCode::malformed, 0}));
  EXPECT_EQ(parse_time("4w").error(), (Error{ErrorCode::malformed, 1}));
  EXPECT_EQ(parse_time("4 ").error(), (Error{ErrorCode::malformed, 1}));
  EXPECT_EQ(parse_time("4hh").error(), (Error{ErrorCode::malformed, 2}));
  EXPECT_EQ(parse_time("4h ").error(), (Error{ErrorCode::malformed, 2}));
  EXPECT_EQ(parse_time("1h30m").error(), (Error{ErrorCode::malformed, 2}));
  EXPECT_FALSE(parse_time("-1s"));
}

TEST(Value, KeepsTimesWithinADuration) {
  EXPECT_EQ(parse_time("4294967295"), seconds(4294967295));
  EXPECT_GT(Duration(*parse_time("4294967295")).count(), 0);
  EXPECT_EQ(parse_time("4294967296").error().code, ErrorCode::out_of_range);
  EXPECT_EQ(parse_time("49711d").error().code, ErrorCode::out_of_range);
  EXPECT_EQ(parse_time("18446744073709551615d").error().code, ErrorCode::out_of_range);
}

TEST(Value, ReadsVolumes) {
  EXPECT_EQ(parse_volume("500"), 500u);
  EXPECT_EQ(parse_volume("1k"), 1024u);
  EXPECT_EQ(parse_volume("2 M"), 2097152u);
  EXPECT_EQ(parse_volume("17179869183g"), 17179869183u << 30);
}

TEST(Value, RejectsOtherVolumes) {
  EXPECT_EQ(parse_volume("1t").error(), (Error{ErrorCode::malformed, 1}));
  EXPECT_EQ(parse_volume("1kb").error(), (Error{ErrorCode::malformed, 2}));
  EXPECT_EQ(parse_volume("17179869184g").error().code, ErrorCode::out_of_range);
}

}  // namespace
}  // namespace sallyport::control
