#include "linux/packet_ring.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "base/random.h"

namespace sallyport::linux {
namespace {

/// Of so many octets, all of which follow from the number.
Bytes packet(std::uint64_t number, std::size_t size) {
  Bytes bytes(size);
  std::iota(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(number));
  return bytes;
}

HandedPacket head(std::uint64_t number) {
  HandedPacket head{.clear = number % 2 == 0, .offload = {}, .datagram = {}};
  head.datagram.remote.port = static_cast<std::uint16_t>(number);
  return head;
}

void expect_next(PacketRing& ring, std::uint64_t number, std::size_t size) {
  const auto entry = ring.next();
  ASSERT_TRUE(entry) << number;
  ASSERT_EQ(entry->head.datagram.remote.port, static_cast<std::uint16_t>(number));
  ASSERT_EQ(entry->head.clear, number % 2 == 0);
  ASSERT_EQ(Bytes(entry->bytes.begin(), entry->bytes.end()), packet(number, size)) << number;
}

TEST(PacketRing, GivesPacketsInTheirOrder) {
  PacketRing ring(4096);
  EXPECT_FALSE(ring.next());
  EXPECT_TRUE(ring.push(head(1), packet(1, 100)));
  EXPECT_TRUE(ring.push(head(2), packet(2, 0)));
  expect_next(ring, 1, 100);
  expect_next(ring, 2, 0);
  EXPECT_FALSE(ring.next());
}

TEST(PacketRing, HasNoRoomUntilWhatWasLookedAtIsPopped) {
  PacketRing ring(4096);
  std::uint64_t pushed = 0;
  while (ring.push(head(pushed), packet(pushed, 500))) ++pushed;
  EXPECT_GE(pushed, 4u);
  for (std::uint64_t number = 0; number < pushed; ++number) expect_next(ring, number, 500);
  EXPECT_FALSE(ring.push(head(pushed), packet(pushed, 500)));
  ring.pop();
  EXPECT_TRUE(ring.push(head(pushed), packet(pushed, 500)));
  expect_next(ring, pushed, 500);
}

/// Whatever room() promises, in packets of whatever sizes, and wherever the end of the memory is.
TEST(PacketRing, HasTheRoomThatItSays) {
  PacketRing ring(1 << 18);
  SeededRandom random(3);
  for (std::uint64_t round = 0; round < 300; ++round) {
    const std::size_t most = round % 2 == 0 ? 65536 : 300;
    std::size_t room = ring.room();
    for (std::uint64_t number = 0;; ++number) {
      const std::size_t size = random.u32() % most;
      if (size + PacketRing::kOverhead > room) break;
      room -= size + PacketRing::kOverhead;
      ASSERT_TRUE(ring.push(head(number), Bytes(size))) << round;
    }
    for (std::uint32_t taken = random.u32() % 100; taken > 0 && ring.next(); --taken) {
    }
    ring.pop();
  }
}

TEST(PacketRing, TakesNoPacketLargerThanItself) {
  PacketRing ring(1024);
  EXPECT_FALSE(ring.push(head(1), packet(1, 1024)));
  EXPECT_FALSE(ring.next());
}

/// Each packet in one piece, wherever the end of the memory is.
TEST(PacketRing, GoesRound) {
  PacketRing ring(4096);
  SeededRandom random(7);
  for (std::uint64_t number = 0; number < 5000; ++number) {
    const std::size_t size = random.u32() % 1500;
    ASSERT_TRUE(ring.push(head(number), packet(number, size))) << number;
    expect_next(ring, number, size);
    ring.pop();
  }
}

TEST(PacketRing, JoinsTwoThreads) {
  constexpr std::uint64_t most = 200'000;
  const auto size_of = [](std::uint64_t number) { return static_cast<std::size_t>(number * 37 % 1400); };
  PacketRing ring(64 * 1024);
  std::thread writer([&] {
    for (std::uint64_t number = 0; number < most;)
      if (ring.push(head(number), packet(number, size_of(number))))
        ++number;
      else
        std::this_thread::yield();
  });
  std::uint64_t wrong = 0;
  for (std::uint64_t number = 0; number < most;) {
    const auto entry = ring.next();
    if (!entry) {
      ring.pop();
      std::this_thread::yield();
      continue;
    }
    const bool right = entry->head.datagram.remote.port == static_cast<std::uint16_t>(number) &&
                       entry->bytes.size() == size_of(number) &&
                       std::ranges::equal(entry->bytes, packet(number, size_of(number)));
    wrong += !right;
    ++number;
  }
  writer.join();
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace sallyport::linux
