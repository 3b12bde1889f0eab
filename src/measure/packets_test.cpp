#include "measure/packets.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "measure/tunnel.h"

namespace sallyport::measure {
namespace {

constexpr Duration kShortly = std::chrono::milliseconds(5);

/// How long is the machine's business; that each packet was authentic and delivered, the measurement asserts itself.
TEST(Measured, AreCiphersAndTheDatapath) {
  for (const std::string_view suite : {"aes128gcm16", "chacha20poly1305", "aes128-sha256", "3des-md5"})
    for (const std::size_t octets : {std::size_t{64}, std::size_t{1420}}) {
      const auto cipher = measure_cipher(suite, octets, kShortly);
      const auto datapath = measure_datapath(suite, octets, kShortly);
      ASSERT_TRUE(cipher && datapath) << suite;
      EXPECT_GT(cipher->seal, 0);
      EXPECT_GT(cipher->open, 0);
      EXPECT_GT(datapath->seal, 0);
      EXPECT_GT(datapath->open, 0);
    }
}

TEST(Measured, IsATunnelThroughTheKernel) {
  if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) GTEST_SKIP() << "needs root and /dev/net/tun";
  for (const bool udp_encap : {true, false}) {
    const auto speed = measure_tunnel("aes128gcm16", udp_encap, std::chrono::milliseconds(100));
    ASSERT_TRUE(speed) << speed.error();
    EXPECT_GT(speed->gigabits_per_second, 0);
    EXPECT_GT(speed->round_trip, Duration::zero());
    EXPECT_GE(speed->round_trip_p99, speed->round_trip);
  }
}

}  // namespace
}  // namespace sallyport::measure
