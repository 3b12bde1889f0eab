#include "sim/nat_box.h"

#include <gtest/gtest.h>

#include "sim/router.h"
#include "sim/udp_host.h"
#include "sim/world.h"

namespace sallyport::sim {
namespace {

using namespace std::chrono_literals;
using Behaviour = NatSettings::Behaviour;
using policy::Endpoint;
using policy::IpAddress;

const auto outside_address = IpAddress::v4(203, 0, 113, 7);

/// home ── nat ── internet ── server, other
class NatBoxTest : public testing::Test {
 protected:
  World world{1};
  Router& internet = world.add<Router>("internet");
  UdpHost& home = world.add<UdpHost>("home", IpAddress::v4(10, 0, 0, 2));
  UdpHost& server = world.add<UdpHost>("server", IpAddress::v4(192, 0, 2, 1));
  UdpHost& other = world.add<UdpHost>("other", IpAddress::v4(192, 0, 2, 99));

  NatBox& nat(NatSettings settings) {
    settings.outside = outside_address;
    NatBox& box = world.add<NatBox>("nat", settings);
    world.connect(home, box);
    internet.attach(box, outside_address);
    internet.attach(server, server.address());
    internet.attach(other, other.address());
    return box;
  }
  void settle() { world.run_until_idle(1s); }
  /// Sends from home and says as whom the receiver saw it.
  Endpoint seen_by(UdpHost& host, std::uint16_t from_port = 500) {
    home.send_udp(from_port, {host.address(), 500}, as_bytes("hello"));
    settle();
    return host.received().back().source;
  }
};

TEST_F(NatBoxTest, PutsItsOwnAddressAndPortInFront) {
  nat({});
  const Endpoint seen = seen_by(server);
  EXPECT_EQ(seen.address, outside_address);
  EXPECT_NE(seen.port, 500);
}

TEST_F(NatBoxTest, BringsAnswersBack) {
  nat({});
  server.echo();
  home.send_udp(500, {server.address(), 500}, as_bytes("hello"));
  settle();
  ASSERT_EQ(home.received().size(), 1U);
  EXPECT_EQ(home.received()[0].source, (Endpoint{server.address(), 500}));
  EXPECT_EQ(home.received()[0].destination, (Endpoint{home.address(), 500}));
}

TEST_F(NatBoxTest, KeepsOneMappingForAllRemotesWhenEndpointIndependent) {
  nat({.mapping = Behaviour::endpoint_independent});
  EXPECT_EQ(seen_by(server), seen_by(other));
}

TEST_F(NatBoxTest, MapsAnewForEachRemoteWhenDependent) {
  nat({.mapping = Behaviour::address_and_port_dependent});
  EXPECT_NE(seen_by(server), seen_by(other));
  EXPECT_NE(seen_by(server, 500), seen_by(server, 4500));
}

TEST_F(NatBoxTest, DropsWhatNobodyAskedFor) {
  NatBox& box = nat({});
  server.send_udp(500, {outside_address, 500}, as_bytes("hello?"));
  settle();
  EXPECT_TRUE(home.received().empty());
  EXPECT_EQ(box.counters().unsolicited, 1U);
}

TEST_F(NatBoxTest, KeepsStrangersOutUnlessFilteringIsEndpointIndependent) {
  NatBox& box = nat({.filtering = Behaviour::address_and_port_dependent});
  const Endpoint mapped = seen_by(server);
  other.send_udp(500, mapped, as_bytes("boo"));
  server.send_udp(501, mapped, as_bytes("boo"));
  settle();
  EXPECT_TRUE(home.received().empty());
  EXPECT_EQ(box.counters().unsolicited, 2U);
}

TEST_F(NatBoxTest, LetsStrangersInWhenFilteringIsEndpointIndependent) {
  nat({.filtering = Behaviour::endpoint_independent});
  const Endpoint mapped = seen_by(server);
  other.send_udp(500, mapped, as_bytes("boo"));
  settle();
  EXPECT_EQ(home.received().size(), 1U);
}

TEST_F(NatBoxTest, ForgetsSilentMappings) {
  NatBox& box = nat({.timeout = 30s});
  const Endpoint before = seen_by(server);
  world.run_for(29s - 20ms);
  server.send_udp(500, before, as_bytes("still there"));  // keeps nothing alive, but is let in
  settle();
  EXPECT_EQ(home.received().size(), 1U);
  world.run_for(2s);
  server.send_udp(500, before, as_bytes("gone"));
  settle();
  EXPECT_EQ(home.received().size(), 1U);
  EXPECT_EQ(box.mappings(), 0U);
}

TEST_F(NatBoxTest, KeepsMappingsThatAreUsed) {
  nat({.timeout = 30s});
  const Endpoint before = seen_by(server);
  for (int i = 0; i < 10; ++i) {
    world.run_for(20s);
    EXPECT_EQ(seen_by(server), before);
  }
}

TEST_F(NatBoxTest, GivesAnotherPortAfterRebinding) {
  NatBox& box = nat({});
  for (int i = 0; i < 50; ++i) {
    const Endpoint before = seen_by(server);
    box.rebind();
    EXPECT_FALSE(box.mapped({home.address(), 500}, {server.address(), 500}));
    EXPECT_NE(seen_by(server), before);
  }
}

TEST_F(NatBoxTest, RebindsByItselfWhenAsked) {
  NatBox& box = nat({});
  box.rebind_at_random(1s, world.now() + 100s);
  world.run_for(200s);
  EXPECT_GT(box.counters().rebound, 50U);
  EXPECT_LT(box.counters().rebound, 200U);
}

TEST_F(NatBoxTest, DropsRawEspBothWays) {
  NatBox& box = nat({});
  const auto esp = wire::IpProtocol::esp;
  home.send_raw(build_ip({.source = home.address(), .destination = server.address(), .protocol = esp}, Bytes(40)));
  server.send_raw(build_ip({.source = server.address(), .destination = outside_address, .protocol = esp}, Bytes(40)));
  settle();
  EXPECT_TRUE(server.others().empty());
  EXPECT_TRUE(home.others().empty());
  EXPECT_EQ(box.counters().not_udp, 2U);
}

TEST_F(NatBoxTest, DropsWhatIsDamaged) {
  NatBox& box = nat({});
  Bytes packet = build_udp({home.address(), 1}, {server.address(), 2}, as_bytes("hello"));
  packet.back() ^= 1;
  home.send_raw(packet);
  settle();
  EXPECT_TRUE(server.received().empty());
  EXPECT_EQ(box.mappings(), 0U);
}

TEST_F(NatBoxTest, HoldsNoMoreMappingsThanItsCapacity) {
  NatBox& box = nat({.capacity = 3});
  for (std::uint16_t port = 1; port <= 10; ++port) home.send_udp(port, {server.address(), 500}, as_bytes("x"));
  settle();
  EXPECT_EQ(server.received().size(), 3U);
  EXPECT_EQ(box.mappings(), 3U);
  EXPECT_EQ(box.counters().full, 7U);
}

}  // namespace
}  // namespace sallyport::sim
