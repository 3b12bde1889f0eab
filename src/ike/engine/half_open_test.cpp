#include "ike/engine/half_open.h"

#include <gtest/gtest.h>

namespace sallyport::ike {
namespace {

using policy::IpAddress;
using std::chrono::seconds;

class HalfOpenSessions : public testing::Test {
 protected:
  void add(const IpAddress& address, std::size_t count = 1) {
    for (; count > 0; --count) {
      half_open_.add(++last_spi_);
      half_open_.place(now_, last_spi_, address);
    }
  }
  Unfinished seen_from(const IpAddress& address) { return half_open_.seen_from(now_, address); }
  static IpAddress v6(const char* text) { return *IpAddress::parse(text); }

  const IpAddress one_ = IpAddress::v4(192, 0, 2, 1), other_ = IpAddress::v4(192, 0, 2, 2);
  Settings settings_{.cookie_threshold_ip = 3, .block_threshold = 5, .half_open_limit = 40};
  SeededRandom random_{1};
  HalfOpen half_open_{settings_, KeyedHash(random_)};
  Instant now_{};
  std::uint64_t last_spi_ = 0;
};

TEST_F(HalfOpenSessions, AreCountedForTheirSourceAlone) {
  add(one_, 2);
  add(other_);
  EXPECT_EQ(seen_from(one_).of_source, 2u);
  EXPECT_EQ(seen_from(other_).of_source, 1u);
  EXPECT_EQ(seen_from(IpAddress::v4(192, 0, 2, 3)).of_source, 0u);
  EXPECT_EQ(seen_from(one_).all, 3u);
}

TEST_F(HalfOpenSessions, OfOneNetworkOfIpv6HaveOneSource) {
  add(v6("2001:db8:1:2::1"));
  add(v6("2001:db8:1:2:ffff::1"));
  EXPECT_EQ(seen_from(v6("2001:db8:1:2::9")).of_source, 2u);
  EXPECT_EQ(seen_from(v6("2001:db8:1:3::1")).of_source, 0u);
}

TEST_F(HalfOpenSessions, OfOneSourceWeighNoMoreThanItsShareForOthers) {
  add(one_, 20);
  add(other_);
  EXPECT_EQ(seen_from(other_).weighed, 4u);
  for (std::uint64_t spi = 1; spi <= 18; ++spi) half_open_.remove(spi);
  EXPECT_EQ(seen_from(other_).weighed, 3u);
  EXPECT_EQ(seen_from(other_).all, 3u);
}

TEST_F(HalfOpenSessions, OfNoKnownSourceWeighFully) {
  half_open_.add(1);
  half_open_.add(2);
  EXPECT_EQ(seen_from(one_).weighed, 2u);
  EXPECT_EQ(seen_from(one_).of_source, 0u);
  half_open_.remove(2);
  half_open_.remove(7);  // which never was
  EXPECT_EQ(half_open_.size(), 1u);
}

TEST_F(HalfOpenSessions, AreOverdueAfterTwoSeconds) {
  add(one_, 2);
  now_ += seconds(1);
  add(one_);
  EXPECT_EQ(seen_from(one_).overdue, 0u);
  now_ += seconds(1);
  EXPECT_EQ(seen_from(one_).overdue, 2u);
  half_open_.remove(1);
  EXPECT_EQ(seen_from(one_).overdue, 1u);
  half_open_.remove(3);  // which was not overdue yet
  now_ += seconds(5);
  EXPECT_EQ(seen_from(one_).overdue, 1u);
}

TEST_F(HalfOpenSessions, AreOfTheSourceThatTheyBeganAt) {
  add(one_);
  half_open_.place(now_, 1, other_);
  EXPECT_EQ(seen_from(one_).of_source, 1u);
  EXPECT_EQ(seen_from(other_).of_source, 0u);
}

TEST_F(HalfOpenSessions, ThatAreOverdueBlockTheirSource) {
  add(one_, 5);
  EXPECT_FALSE(crowds_others(seen_from(one_), settings_));
  now_ += seconds(2);
  EXPECT_TRUE(crowds_others(seen_from(one_), settings_));
  EXPECT_FALSE(crowds_others(seen_from(other_), settings_));
}

TEST_F(HalfOpenSessions, OfOneSourceLeaveAQuarterToOthers) {
  while (!crowds_others(seen_from(one_), settings_)) add(one_);
  EXPECT_EQ(half_open_.size(), 30u);
  EXPECT_FALSE(crowds_others(seen_from(other_), settings_));
  // And of what is left, another takes no more than three quarters.
  while (!crowds_others(seen_from(other_), settings_)) add(other_);
  EXPECT_LT(half_open_.size(), 40u);
  EXPECT_FALSE(crowds_others(seen_from(IpAddress::v4(192, 0, 2, 3)), settings_));
}

}  // namespace
}  // namespace sallyport::ike
