#include "sim/router.h"

#include <gtest/gtest.h>

#include "sim/udp_host.h"
#include "sim/world.h"

namespace sallyport::sim {
namespace {

using namespace std::chrono_literals;
using policy::IpAddress;

class RouterTest : public testing::Test {
 protected:
  World world{1};
  Router& router = world.add<Router>("router");
  UdpHost& alice = world.add<UdpHost>("alice", IpAddress::v4(192, 0, 2, 1));
  UdpHost& bob = world.add<UdpHost>("bob", IpAddress::v4(192, 0, 2, 2));
  Link& to_alice = world.connect(router, alice);
  Link& to_bob = world.connect(router, bob);

  bool bob_hears(Bytes packet) {
    const std::size_t before = bob.received().size();
    alice.send_raw(std::move(packet));
    world.run_until_idle(1s);
    return bob.received().size() > before;
  }
  Bytes hello(std::uint8_t hop_limit = 64) const {
    return build_udp({alice.address(), 1}, {bob.address(), 2}, as_bytes("hello"), {.hop_limit = hop_limit});
  }
};

TEST_F(RouterTest, DropsWhatItHasNoRouteFor) {
  EXPECT_FALSE(bob_hears(hello()));
  EXPECT_EQ(router.dropped(), 1U);
}

TEST_F(RouterTest, PrefersTheLongestPrefixWhateverTheOrder) {
  router.add_route({bob.address(), 32}, to_bob);
  router.add_route({IpAddress::v4(192, 0, 2, 0), 24}, to_alice);
  router.add_route({IpAddress(), 0}, to_alice);
  EXPECT_TRUE(bob_hears(hello()));
}

TEST_F(RouterTest, PrefersTheLatestAmongEquals) {
  router.add_route({bob.address(), 32}, to_alice);
  router.add_route({bob.address(), 32}, to_bob);
  EXPECT_TRUE(bob_hears(hello()));
}

TEST_F(RouterTest, CountsHopsDown) {
  router.add_route({bob.address(), 32}, to_bob);
  EXPECT_TRUE(bob_hears(hello(2)));
  EXPECT_FALSE(bob_hears(hello(1)));
}

TEST_F(RouterTest, DropsDamagedHeaders) {
  router.add_route({bob.address(), 32}, to_bob);
  Bytes packet = hello();
  packet[9] ^= 1;
  EXPECT_FALSE(bob_hears(packet));
  EXPECT_FALSE(bob_hears({}));
}

TEST_F(RouterTest, CarriesIpv6) {
  const auto a = *IpAddress::parse("2001:db8::1"), b = *IpAddress::parse("2001:db8::2");
  auto& carol = world.add<UdpHost>("carol", b);
  router.attach(carol, b);
  alice.send_raw(build_udp({a, 1}, {b, 2}, as_bytes("hello")));
  world.run_until_idle(1s);
  EXPECT_EQ(carol.received().size(), 1U);
}

}  // namespace
}  // namespace sallyport::sim
