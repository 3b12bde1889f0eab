#include <gtest/gtest.h>

#include "base/random.h"
#include "base/reader.h"
#include "base/secret.h"
#include "base/timer_set.h"
#include "base/writer.h"

namespace sallyport {
namespace {

TEST(Reader, NamesTheOffsetWhereTheInputEnds) {
  const Bytes input = {1, 2, 3};
  Reader reader(input, 28);
  EXPECT_EQ(reader.u16(), 0x0102);
  EXPECT_EQ(reader.u16(), fail(ErrorCode::truncated, 30));
}

TEST(Reader, KeepsASubReaderInsideItsElement) {
  const Bytes input = {1, 2, 3, 4};
  Reader reader(input);
  Reader element = *reader.sub(2);
  EXPECT_EQ(element.u32(), fail(ErrorCode::truncated, 0));
  EXPECT_EQ(element.finish(), fail(ErrorCode::trailing, 0));
  EXPECT_EQ(reader.u16(), 0x0304);
  EXPECT_TRUE(reader.finish());
}

TEST(Writer, FillsALengthSlotThatCountsWhatCameBefore) {
  Bytes output;
  Writer writer(output);
  writer.u8(33);
  writer.u8(0);
  const auto length = writer.open_length16(2);
  writer.u32(7);
  writer.close(length);
  EXPECT_EQ(to_hex(output), "2100000800000007");
}

TEST(Bytes, HexTakesOnlyPairsOfDigits) {
  EXPECT_EQ(from_hex("00fFa0"), (Bytes{0, 0xff, 0xa0}));
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("0x12"));
}

TEST(Bytes, Base64RoundTripsEveryLengthAndRefusesTheRest) {
  for (const std::string_view text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
    EXPECT_EQ(from_base64(to_base64(as_bytes(text))), to_bytes(as_bytes(text)));
  EXPECT_EQ(to_base64(as_bytes("fooba")), "Zm9vYmE=");
  for (const char* bad : {"Zg=", "Zg", "Z===", "Zm9v!A==", "Zg==Zg=="}) EXPECT_FALSE(from_base64(bad)) << bad;
}

TEST(Secret, MovesAndLeavesNothingBehind) {
  Secret first = Secret::copy_of(as_bytes("key"));
  Secret second = std::move(first);
  EXPECT_TRUE(first.empty());
  EXPECT_TRUE(second == Secret::copy_of(as_bytes("key")));
  EXPECT_FALSE(second == Secret::copy_of(as_bytes("kez")));
  EXPECT_FALSE(second == Secret::copy_of(as_bytes("ke")));
}

TEST(SeededRandom, RepeatsItselfForOneSeedOnly) {
  SeededRandom a(7), b(7), c(8);
  const auto first = a.u64();
  EXPECT_EQ(first, b.u64());
  EXPECT_NE(first, c.u64());
  for (int i = 0; i < 1000; ++i) EXPECT_LT(a.below(3), 3u);
}

enum class Alarm {
  wash,
  cook,
  count_
};

TEST(TimerSet, PopsWhatIsDueInOrderOfTime) {
  TimerSet<Alarm> timers;
  const Instant start{};
  timers.set(Alarm::wash, start + std::chrono::seconds(2));
  timers.set(Alarm::cook, start + std::chrono::seconds(1));
  EXPECT_EQ(timers.earliest(), start + std::chrono::seconds(1));
  EXPECT_EQ(timers.pop_due(start), std::nullopt);
  EXPECT_EQ(timers.pop_due(start + std::chrono::seconds(3)), Alarm::cook);
  EXPECT_EQ(timers.pop_due(start + std::chrono::seconds(3)), Alarm::wash);
  EXPECT_EQ(timers.pop_due(start + std::chrono::seconds(3)), std::nullopt);
}

}  // namespace
}  // namespace sallyport
