#include "linux/train_refusals.h"

#include <gtest/gtest.h>

#include <array>

namespace sallyport::linux {
namespace {

const Instant beginning{std::chrono::seconds(1000)};

policy::IpAddress address(const char* text) { return *policy::IpAddress::parse(text); }

policy::IpAddress numbered(std::uint32_t number) {
  std::array<std::uint8_t, 4> octets;
  store_be32(octets.data(), number);
  return *policy::IpAddress::from_bytes(octets);
}

TEST(TrainRefusals, HoldForTheDestinationThatRefusedAlone) {
  TrainRefusals refusals;
  refusals.note(beginning, address("192.0.2.1"));
  refusals.note(beginning, address("2001:db8::1"));
  EXPECT_TRUE(refusals.holds(beginning, address("192.0.2.1")));
  EXPECT_TRUE(refusals.holds(beginning, address("2001:db8::1")));
  EXPECT_FALSE(refusals.holds(beginning, address("192.0.2.2")));
  EXPECT_FALSE(refusals.holds(beginning, address("2001:db8::2")));
}

TEST(TrainRefusals, HoldForNobodyAtFirst) { EXPECT_FALSE(TrainRefusals().holds(beginning, address("192.0.2.1"))); }

TEST(TrainRefusals, EndWhenItIsTimeToTryAgain) {
  TrainRefusals refusals;
  refusals.note(beginning, address("192.0.2.1"));
  EXPECT_TRUE(refusals.holds(beginning + TrainRefusals::kRetry - Duration(1), address("192.0.2.1")));
  EXPECT_FALSE(refusals.holds(beginning + TrainRefusals::kRetry, address("192.0.2.1")));
}

TEST(TrainRefusals, BeginAnewWhenTheNextTryIsRefusedToo) {
  TrainRefusals refusals;
  refusals.note(beginning, address("192.0.2.1"));
  const Instant later = beginning + TrainRefusals::kRetry;
  refusals.note(later, address("192.0.2.1"));
  EXPECT_TRUE(refusals.holds(later, address("192.0.2.1")));
  EXPECT_FALSE(refusals.holds(later + TrainRefusals::kRetry, address("192.0.2.1")));
}

TEST(TrainRefusals, AreBoundedHoweverManyDestinationsRefuse) {
  TrainRefusals refusals;
  std::uint32_t held = 0;
  for (std::uint32_t i = 0; i < 3 * TrainRefusals::kMost; ++i) refusals.note(beginning, numbered(i));
  for (std::uint32_t i = 0; i < 3 * TrainRefusals::kMost; ++i) held += refusals.holds(beginning, numbered(i)) ? 1 : 0;
  EXPECT_LE(held, TrainRefusals::kMost);
  EXPECT_TRUE(refusals.holds(beginning, numbered(3 * TrainRefusals::kMost - 1)));
}

TEST(TrainRefusals, AreNotForWhatIsWrongWithDatagramsOrSockets) {
  for (const int number : {EIO, EMSGSIZE, EINVAL}) EXPECT_TRUE(TrainRefusals::is_about_trains(number)) << number;
  for (const int number : {EAGAIN, ENOBUFS, EPERM, ENETUNREACH, EHOSTUNREACH, ECONNREFUSED, ENOMEM})
    EXPECT_FALSE(TrainRefusals::is_about_trains(number)) << number;
}

}  // namespace
}  // namespace sallyport::linux
