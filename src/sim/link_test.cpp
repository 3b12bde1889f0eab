#include "sim/link.h"

#include <gtest/gtest.h>

#include "sim/udp_host.h"
#include "sim/world.h"

namespace sallyport::sim {
namespace {

using namespace std::chrono_literals;
using policy::IpAddress;

/// Two hosts and the link between them; alice is end a.
class LinkTest : public testing::Test {
 protected:
  World world{1};
  UdpHost& alice = world.add<UdpHost>("alice", IpAddress::v4(192, 0, 2, 1));
  UdpHost& bob = world.add<UdpHost>("bob", IpAddress::v4(192, 0, 2, 2));
  Link& link = world.connect(alice, bob);

  void send(int number, std::size_t size = 4) {
    Bytes payload(size);
    store_be32(payload.data(), static_cast<std::uint32_t>(number));
    alice.send_udp(1, {bob.address(), 2}, payload);
  }
  void send_many(int count, Duration pause = 1ms) {
    for (int i = 0; i < count; ++i) {
      send(i);
      world.run_for(pause);
    }
    world.run_for(10s);
  }
  std::vector<int> numbers() const {
    std::vector<int> numbers;
    for (const auto& received : bob.received()) numbers.push_back(static_cast<int>(load_be32(received.payload.data())));
    return numbers;
  }
};

TEST_F(LinkTest, DeliversAfterItsDelay) {
  link.quality(Direction::a_to_b).delay = 25ms;
  send(7);
  world.run_until_idle(1s);
  ASSERT_EQ(numbers(), std::vector{7});
  EXPECT_EQ(bob.received()[0].at, Schedule::start_of_time + 25ms);
}

TEST_F(LinkTest, KeepsOrderUnderJitter) {
  link.quality(Direction::a_to_b).jitter = 500ms;
  send_many(300);
  ASSERT_EQ(numbers().size(), 300U);
  EXPECT_TRUE(std::ranges::is_sorted(numbers()));
}

TEST_F(LinkTest, LosesItsShare) {
  link.quality(Direction::a_to_b).loss = Chance::percent(40);
  send_many(2000);
  EXPECT_NEAR(static_cast<double>(numbers().size()), 1200, 100);
}

TEST_F(LinkTest, LosesNothingInTheOtherDirection) {
  link.quality(Direction::a_to_b).loss = Chance::always();
  for (int i = 0; i < 20; ++i) bob.send_udp(2, {alice.address(), 1}, as_bytes("hi"));
  send_many(20);
  EXPECT_TRUE(bob.received().empty());
  EXPECT_EQ(alice.received().size(), 20U);
}

TEST_F(LinkTest, Duplicates) {
  link.quality(Direction::a_to_b).duplication = Chance::always();
  send_many(3);
  EXPECT_EQ(numbers(), (std::vector{0, 0, 1, 1, 2, 2}));
}

TEST_F(LinkTest, LetsOthersOvertakeWhatItHoldsBack) {
  link.quality(Direction::a_to_b).reordering = Chance::always();
  send(1);
  link.quality(Direction::a_to_b).reordering = Chance::never();
  send(2);
  world.run_until_idle(1s);
  EXPECT_EQ(numbers(), (std::vector{2, 1}));
}

TEST_F(LinkTest, CorruptsWhatASocketStillTakes) {
  link.quality(Direction::a_to_b).corruption = Chance::always();
  for (int i = 0; i < 100; ++i) send(0, 40);
  world.run_until_idle(1s);
  ASSERT_EQ(bob.received().size(), 100U);
  const Bytes zeros(40);
  EXPECT_TRUE(std::ranges::any_of(bob.received(), [&](const auto& received) { return received.payload != zeros; }));
}

TEST_F(LinkTest, RefusesWhatIsTooBigForIt) {
  link.quality(Direction::a_to_b).mtu = 576;
  send(1, 576 - 28);
  send(2, 576 - 27);
  world.run_until_idle(1s);
  EXPECT_EQ(numbers(), std::vector{1});
}

TEST_F(LinkTest, IsDeadWhileDown) {
  send(1);
  link.set_up(false);
  send(2);
  link.set_up(true);
  send(3);
  world.run_until_idle(1s);
  EXPECT_EQ(numbers(), (std::vector{1, 3}));
}

TEST_F(LinkTest, TakesTimeForEachOctet) {
  link.quality(Direction::a_to_b) = {.delay = 0ms, .bits_per_second = 8000};  // one octet a millisecond
  send(1, 72);                                                                // 100 with its headers
  send(2, 72);
  world.run_until_idle(1s);
  ASSERT_EQ(bob.received().size(), 2U);
  EXPECT_EQ(bob.received()[0].at, Schedule::start_of_time + 100ms);
  EXPECT_EQ(bob.received()[1].at, Schedule::start_of_time + 200ms);
}

TEST_F(LinkTest, DropsWhatItsQueueCannotHold) {
  link.quality(Direction::a_to_b) = {.bits_per_second = 8000, .queue_limit = 1000};
  for (int i = 0; i < 100; ++i) send(i, 72);
  world.run_until_idle(1min);
  EXPECT_EQ(numbers().size(), 11U);  // one on the wire, ten in the queue
}

TEST_F(LinkTest, ShowsPacketsToTapsBeforeAccidents) {
  struct Counting : Tap {
    int seen = 0;
    Verdict on_packet(Link&, Direction, Bytes&) override { return ++seen, Verdict::pass; }
  } tap;
  link.add_tap(tap);
  link.quality(Direction::a_to_b).loss = Chance::always();
  send_many(5);
  EXPECT_EQ(tap.seen, 5);
  link.remove_tap(tap);
  send_many(5);
  EXPECT_EQ(tap.seen, 5);
}

TEST_F(LinkTest, InjectsPastAllAccidents) {
  link.set_quality({.loss = Chance::always()});
  link.inject(Direction::a_to_b, build_udp({alice.address(), 1}, {bob.address(), 2}, Bytes{0, 0, 0, 9}));
  world.run_until_idle(1s);
  EXPECT_EQ(numbers(), std::vector{9});
}

TEST(Chance, NeverAndAlwaysThrowNoDice) {
  SeededRandom random(1), untouched(1);
  EXPECT_FALSE(Chance::never().strikes(random));
  EXPECT_TRUE(Chance::always().strikes(random));
  EXPECT_EQ(random.u64(), untouched.u64());
}

}  // namespace
}  // namespace sallyport::sim
