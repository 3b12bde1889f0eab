#include "sim/world.h"

#include <gtest/gtest.h>

#include "sim/router.h"
#include "sim/udp_host.h"

namespace sallyport::sim {
namespace {

using namespace std::chrono_literals;
using policy::IpAddress;

TEST(Schedule, DoesThingsInTheOrderOfTheirTimes) {
  Schedule schedule;
  std::string done;
  schedule.after(3s, [&] { done += "c"; });
  schedule.after(1s, [&] { done += "a"; });
  schedule.after(2s, [&] { done += "b"; });
  while (schedule.step()) {
  }
  EXPECT_EQ(done, "abc");
  EXPECT_EQ(schedule.now(), Schedule::start_of_time + 3s);
}

TEST(Schedule, KeepsTheOrderOfAskingAtOneMoment) {
  Schedule schedule;
  std::string done;
  for (char c = 'a'; c <= 'z'; ++c) schedule.after(1s, [&done, c] { done += c; });
  while (schedule.step()) {
  }
  EXPECT_EQ(done, "abcdefghijklmnopqrstuvwxyz");
}

TEST(Schedule, TakesThePastForNow) {
  Schedule schedule;
  schedule.after(5s, [] {});
  schedule.step();
  schedule.at(Schedule::start_of_time, [] {});
  EXPECT_EQ(schedule.next(), Schedule::start_of_time + 5s);
}

TEST(World, StopsTheClockWhereItWasTold) {
  World world(1);
  bool early = false, late = false;
  world.after(1s, [&] { early = true; });
  world.after(3s, [&] { late = true; });
  EXPECT_EQ(world.run_for(2s), World::Ended::time_reached);
  EXPECT_TRUE(early);
  EXPECT_FALSE(late);
  EXPECT_EQ(world.now(), Schedule::start_of_time + 2s);
}

TEST(World, StopsWhenTheConditionHolds) {
  World world(1);
  int count = 0;
  for (int i = 1; i <= 10; ++i) world.after(i * 1s, [&] { ++count; });
  EXPECT_EQ(world.run_until([&] { return count == 4; }, 1h), World::Ended::condition_met);
  EXPECT_EQ(world.now(), Schedule::start_of_time + 4s);
  EXPECT_EQ(world.run_until([&] { return count == 40; }, 1min), World::Ended::time_reached);
  EXPECT_EQ(world.now(), Schedule::start_of_time + 64s);
}

TEST(World, NoticesThatNothingIsLeftToHappen) {
  World world(1);
  world.after(1s, [] {});
  EXPECT_EQ(world.run_until_idle(1h), World::Ended::idle);
  EXPECT_EQ(world.now(), Schedule::start_of_time + 1s);
}

TEST(World, StopsWhatGoesRoundInCircles) {
  World world(1);
  world.limit_steps(1000);
  std::function<void()> again = [&] { world.after(0s, [&] { again(); }); };
  again();
  EXPECT_EQ(world.run_for(1s), World::Ended::out_of_steps);
  EXPECT_EQ(world.run_until_idle(1s), World::Ended::out_of_steps);
  EXPECT_EQ(world.run_until([] { return false; }, 1s), World::Ended::out_of_steps);
}

TEST(World, GivesEachPurposeItsOwnStream) {
  const World world(7), same(7), other(8);
  EXPECT_EQ(world.random_for("a").u64(), same.random_for("a").u64());
  EXPECT_NE(world.random_for("a").u64(), world.random_for("b").u64());
  EXPECT_NE(world.random_for("a").u64(), other.random_for("a").u64());
}

// A router with four hosts that chatter over bad links; the digest of what they did.
std::uint64_t chatter(std::uint64_t seed) {
  World world(seed);
  auto& router = world.add<Router>("router");
  std::vector<UdpHost*> hosts;
  for (std::uint8_t i = 1; i <= 4; ++i) {
    const auto address = IpAddress::v4(192, 0, 2, i);
    hosts.push_back(&world.add<UdpHost>("host", address));
    router.attach(*hosts.back(), address,
                  {.jitter = 5ms,
                   .loss = Chance::percent(10),
                   .duplication = Chance::percent(10),
                   .reordering = Chance::percent(10),
                   .corruption = Chance::percent(10)});
  }
  for (int i = 0; i < 200; ++i) {
    UdpHost& from = *hosts[world.random().below(4)];
    const UdpHost& to = *hosts[world.random().below(4)];
    Bytes payload(world.random().below(100));
    world.random().fill(payload);
    from.send_udp(1000, {to.address(), 1000}, payload);
    world.run_for(1ms);
  }
  EXPECT_EQ(world.run_until_idle(1min), World::Ended::idle);
  return world.trace().digest();
}

TEST(World, RepeatsItselfFromTheSameSeed) {
  EXPECT_EQ(chatter(42), chatter(42));
  EXPECT_NE(chatter(42), chatter(43));
}

}  // namespace
}  // namespace sallyport::sim
