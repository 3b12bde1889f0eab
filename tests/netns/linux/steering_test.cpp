// Steering in a real kernel: what comes out of the TUN, what goes its old way, and what is left when we are killed.
#include "linux/steering.h"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "linux/guard.h"
#include "linux/host_addresses.h"
#include "linux/reverse_path.h"
#include "linux/spd_testing.h"
#include "linux/tun_device.h"
#include "tests/netns/linux/network.h"

namespace sallyport::linux {
namespace {

using policy::IpAddress;

/// What our own side does with policies, in the order in which the daemon does it.
struct Daemon {
  static SystemResult<Daemon> start(std::vector<policy::SpdEntry> entries) {
    const policy::Spd spd{std::move(entries)};
    const Footprint footprint;
    const auto path = ReversePathFilter(footprint).adapt(spd);
    TRY(load_guard(spd, {.footprint = footprint, .mark_arriving = path.mark_arriving}));
    auto tun = TRY(TunDevice::create({.mtu = 1400, .offload = false}));
    auto steering = TRY(Steering::open(footprint, tun.index()));
    TRY(steering.apply(spd));
    return Daemon{std::move(tun), std::move(steering)};
  }
  TunDevice tun;
  Steering steering;
};

class SteeringTest : public NetworkTest {
 protected:
  Daemon start(std::vector<policy::SpdEntry> entries) const {
    auto daemon = pair.here.within([&] { return Daemon::start(std::move(entries)); });
    EXPECT_TRUE(daemon) << daemon.error().text;
    return *std::move(daemon);
  }
  /// The next packet from the TUN: "source > destination".
  static std::string next(const Daemon& daemon) {
    Bytes frame(TunDevice::kMaxFrame);
    const auto size = daemon.tun.read(frame);
    if (!size || !*size) return "nothing";
    const bool v6 = frame[0] >> 4 == 6;
    const ByteView addresses = ByteView(frame).subspan(v6 ? 8 : 12, v6 ? 32 : 8);
    const auto half = addresses.size() / 2;
    return to_string(*IpAddress::from_bytes(addresses.first(half))) + " > " +
           to_string(*IpAddress::from_bytes(addresses.subspan(half)));
  }
  /// When the kernel has made its own routes for the addresses of the wire, which it does by and by.
  std::string kernel_state() const {
    for (int tries = 0; tries < 100; ++tries) {
      const std::string own = pair.here.output("ip -6 route show table local dev wire");
      if (own.find("local 2001:db8::1 ") != std::string::npos && own.find("local fe80::") != std::string::npos) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return pair.here.output(
        "ip rule; ip -6 rule; ip route show table all; ip -6 route show table all | grep -v '^multicast'");
  }

  Pair pair;
  const Footprint footprint;
};

TEST_F(SteeringTest, BringsJustWhatIsProtectedIntoTheTun) {
  const Daemon daemon = start({protect({"10.1.0.0/16", "fd01::/16"}, {"10.2.0.0/16", "fd02::/16"})});
  const Application ours(pair.here, endpoint("10.1.0.1", 2000)), ours6(pair.here, endpoint("fd01::1", 2000));
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "x"), 0);
  EXPECT_EQ(next(daemon), "10.1.0.1 > 10.2.0.1");
  EXPECT_EQ(ours6.send(endpoint("fd02::1", 2000), "x"), 0);
  EXPECT_EQ(next(daemon), "fd01::1 > fd02::1");

  const Application outer(pair.here, endpoint("192.0.2.1", 2000)), theirs(pair.there, endpoint("10.2.0.1", 2000));
  EXPECT_EQ(outer.send(endpoint("10.2.0.1", 2000), "clear"), 0);
  EXPECT_EQ(theirs.receive().value().text, "clear");
  EXPECT_EQ(next(daemon), "nothing");
}

TEST_F(SteeringTest, LooksAtProtocolAndPorts) {
  const Daemon daemon =
      start({protect({"10.1.0.1[udp]"}, {"10.2.0.1[udp/2000-2009]"}), protect({"fd01::1[udp/7]"}, {"fd02::1[udp]"})});
  const Application ours(pair.here, endpoint("10.1.0.1", 2000)), open(pair.there, endpoint("10.2.0.1", 2010));
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2009), "x"), 0);
  EXPECT_EQ(next(daemon), "10.1.0.1 > 10.2.0.1");
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2010), "clear"), 0);
  EXPECT_EQ(open.receive().value().text, "clear");
  EXPECT_EQ(next(daemon), "nothing");
  const Application seven(pair.here, endpoint("fd01::1", 7)), eight(pair.here, endpoint("fd01::1", 8));
  const Application open6(pair.there, endpoint("fd02::1", 2000));
  EXPECT_EQ(seven.send(endpoint("fd02::1", 2000), "x"), 0);
  EXPECT_EQ(next(daemon), "fd01::1 > fd02::1");
  EXPECT_EQ(eight.send(endpoint("fd02::1", 2000), "clear"), 0);
  EXPECT_EQ(open6.receive().value().text, "clear");
}

TEST_F(SteeringTest, BringsWhatRulesCannotTellIntoTheTunByMark) {
  const Daemon daemon = start({protect({"10.1.0.1[udp]"}, {"10.2.0.1[udp/60000-65535]"}),
                               protect({"10.1.0.1[icmp/2048-2303]"}, {"10.2.0.1[icmp]"})});
  const Application ours(pair.here, endpoint("10.1.0.1", 2000)), ping(pair.here, endpoint("10.1.0.1"), 1);
  for (const auto port : std::initializer_list<std::uint16_t>{60000, 65534, 65535}) {
    EXPECT_EQ(ours.send(endpoint("10.2.0.1", port), "x"), 0);
    EXPECT_EQ(next(daemon), "10.1.0.1 > 10.2.0.1") << port;
  }
  EXPECT_EQ(ping.send(endpoint("10.2.0.1"), std::string("\x08\x00\xf7\xff\x00\x00\x00\x00", 8)), 0);  // echo
  EXPECT_EQ(next(daemon), "10.1.0.1 > 10.2.0.1");
  const Application theirs(pair.there, endpoint("10.2.0.1"), 1);
  EXPECT_EQ(ping.send(endpoint("10.2.0.1"), std::string("\x0d\x00\xf2\xff\x00\x00\x00\x00", 8)), 0);  // timestamp
  EXPECT_TRUE(theirs.receive());
  EXPECT_EQ(next(daemon), "nothing");
}

TEST_F(SteeringTest, GivesPacketsWithoutASourceOneThatIsProtected) {
  const Daemon daemon = start({protect({"10.1.0.0/16", "fd01::/16"}, {"10.2.0.0/16", "fd02::/16"})});
  const Application ours(pair.here, endpoint("0.0.0.0", 2000)), ours6(pair.here, endpoint("::", 2001));
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "x"), 0);
  EXPECT_EQ(next(daemon), "10.1.0.1 > 10.2.0.1");
  EXPECT_EQ(ours6.send(endpoint("fd02::1", 2000), "x"), 0);
  EXPECT_EQ(next(daemon), "fd01::1 > fd02::1");
  pair.here.run("timeout 0.1 bash -c 'exec 3<>/dev/tcp/10.2.0.1/80'; [ $? = 124 ]");
  EXPECT_EQ(next(daemon), "10.1.0.1 > 10.2.0.1");
  pair.here.run("timeout 0.1 bash -c 'exec 3<>/dev/tcp/fd02::1/80'; [ $? = 124 ]");
  EXPECT_EQ(next(daemon), "fd01::1 > fd02::1");
}

TEST_F(SteeringTest, LetsOurOwnPacketsPassBetweenProtectedHosts) {
  const Daemon daemon = start({protect({"192.0.2.1", "2001:db8::1"}, {"192.0.2.2", "2001:db8::2"})});
  for (const std::string version : {"192.0.2.", "2001:db8::"}) {
    const Application application(pair.here, endpoint(version + "1", 2000));
    EXPECT_EQ(application.send(endpoint(version + "2", 4500), "x"), 0);
    EXPECT_EQ(next(daemon), version + "1 > " + version + "2");
    const Application ike(pair.here, endpoint(version + "1", 4500)), theirs(pair.there, endpoint(version + "2", 4500));
    ike.set_mark(footprint.own_mark);
    EXPECT_EQ(ike.send(endpoint(version + "2", 4500), "ike"), 0);
    EXPECT_EQ(theirs.receive().value().text, "ike");
    EXPECT_EQ(theirs.send(endpoint(version + "1", 4500), "answer"), 0);
    EXPECT_EQ(ike.receive().value().text, "answer");
    EXPECT_EQ(next(daemon), "nothing");
  }
}

TEST_F(SteeringTest, HearsANeighbourThroughAStrictReversePathFilter) {
  pair.here.run("sysctl -qw net.ipv4.conf.all.rp_filter=1");
  const Daemon daemon = start({protect({"192.0.2.1"}, {"192.0.2.2"})});
  const Application ike(pair.here, endpoint("192.0.2.1", 4500)), theirs(pair.there, endpoint("192.0.2.2", 4500));
  const Application esp(pair.here, endpoint("192.0.2.1"), 50), their_esp(pair.there, endpoint("192.0.2.2"), 50);
  EXPECT_EQ(theirs.send(endpoint("192.0.2.1", 4500), "ike"), 0);
  EXPECT_EQ(ike.receive().value().text, "ike");
  EXPECT_EQ(their_esp.send(endpoint("192.0.2.1"), "esp"), 0);
  EXPECT_TRUE(esp.receive());
}

TEST_F(SteeringTest, HearsADistantPeerThroughAStrictReversePathFilter) {
  pair.here.run("sysctl -qw net.ipv4.conf.wire.rp_filter=1");
  pair.there.run("sysctl -qw net.ipv4.conf.all.arp_announce=2");  // asks as 192.0.2.2, as a router before it would
  const Daemon daemon = start({protect({"192.0.2.1"}, {"10.2.0.1"})});
  const Application ike(pair.here, endpoint("192.0.2.1", 4500)), theirs(pair.there, endpoint("10.2.0.1", 4500));
  const Application esp(pair.here, endpoint("192.0.2.1"), 50), their_esp(pair.there, endpoint("10.2.0.1"), 50);
  EXPECT_EQ(theirs.send(endpoint("192.0.2.1", 4500), "ike"), 0);
  EXPECT_EQ(ike.receive().value().text, "ike");
  EXPECT_EQ(their_esp.send(endpoint("192.0.2.1"), "esp"), 0);
  EXPECT_TRUE(esp.receive());
  EXPECT_EQ(pair.here.output("sysctl -n net.ipv4.conf.wire.rp_filter"), "1\n");  // as strict as it was
}

TEST_F(SteeringTest, PutsTheReversePathFilterBackAsItWas) {
  const std::string settings = "sysctl -n net.ipv4.conf.wire.rp_filter net.ipv4.conf.all.src_valid_mark";
  const auto adapt = [&](ReversePathFilter& filter) {
    return pair.here.within([&] { return filter.adapt({{protect({"192.0.2.1"}, {"192.0.2.0/24"})}}); });
  };
  ReversePathFilter filter(footprint);
  EXPECT_FALSE(adapt(filter).mark_arriving);
  EXPECT_EQ(pair.here.output(settings), "0\n0\n");
  pair.here.run("sysctl -qw net.ipv4.conf.wire.rp_filter=1");
  const auto outcome = adapt(filter);
  EXPECT_TRUE(outcome.mark_arriving);
  EXPECT_THAT(outcome.notices, testing::ElementsAre(testing::HasSubstr("reverse path filter of wire")));
  EXPECT_EQ(pair.here.output(settings), "2\n1\n");
  pair.here.within([&] { filter.restore(); });
  EXPECT_EQ(pair.here.output(settings), "1\n0\n");
}

TEST_F(SteeringTest, DeliversWhatComesOutOfTheTunEvenWhenTheKernelIsStrict) {
  pair.here.run("sysctl -qw net.ipv4.conf.default.rp_filter=1 net.ipv4.conf.all.rp_filter=1");
  const Daemon daemon = start({protect({"10.1.0.1[udp/2000]"}, {"10.2.0.1[udp/3000]"})});
  const Application ours(pair.here, endpoint("10.1.0.1", 2000));
  const Bytes packet = *from_hex(
      "4500001d000000004011"
      "66cc"
      "0a0200010a010001"
      "0bb807d000090000"
      "21");
  const ByteView pieces[] = {packet};
  ASSERT_TRUE(daemon.tun.write({}, pieces));
  EXPECT_EQ(ours.receive().value().text, "!");
}

TEST_F(SteeringTest, LeavesNothingBehindWhenCleared) {
  const std::string before = kernel_state();
  {
    Daemon daemon = start({bypass({"10.1.0.1"}, {"10.2.7.1"}), discard({"fd01::/16"}, {"fd07::/16"}),
                           protect({"10.1.0.0/16", "fd01::/16"}, {"10.2.0.0/16", "fd02::/16"})});
    EXPECT_NE(kernel_state(), before);
    EXPECT_TRUE(pair.here.within([&] { return daemon.steering.clear(); }));
  }
  EXPECT_EQ(kernel_state(), before);
}

TEST_F(SteeringTest, HasInTheKernelWhatItPlanned) {
  Daemon daemon = start({protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  const auto check = [&](std::vector<policy::SpdEntry> entries) {
    const policy::Spd spd{std::move(entries)};
    const auto applied = pair.here.within([&] { return daemon.steering.apply(spd); });
    ASSERT_TRUE(applied) << applied.error().text;
    auto netlink = pair.here.within([] { return NetlinkSocket::open(); });
    TableNumbers tables(footprint.first_table);
    std::vector<IpAddress> own;
    const auto addresses = own_addresses(*netlink).value();
    for (const auto& each : addresses) own.push_back(each.address);
    const auto plan = plan_steering(flows_of(spd), footprint, own, tables);
    const auto found = daemon.steering.installed().value();
    EXPECT_EQ(found.rules.size(), plan->rules.size());
    EXPECT_EQ(found.routes.size(), plan->routes.size());
  };
  check({protect({"10.1.0.0/16"}, {"10.2.0.0/16", "10.3.0.0/16"}), protect({"fd01::/16"}, {"::/0"})});
  check({bypass({"10.1.0.1[tcp/22]"}, {"10.2.0.0/16[tcp]"}),
         protect({"10.1.0.0/16[tcp]"}, {"10.2.0.0/16[tcp/1-65534]"})});
  check({discard({"10.1.0.1"}, {"10.2.0.1"}), protect({"0.0.0.0/0[icmp/2048]"}, {"10.2.0.0/16[icmp]"})});
  check({});
}

TEST_F(SteeringTest, NeverLetsAPacketPassTheTunWhilePoliciesChange) {
  Daemon daemon = start({protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  ASSERT_TRUE(pair.here.within([&] { return lift_guard(footprint); }));  // steering alone
  const Application ours(pair.here, endpoint("10.1.0.1", 2000)), theirs(pair.there, endpoint("10.2.0.1", 2000));
  for (int i = 0; i < 10; ++i) {
    for (std::vector<policy::SpdEntry> entries :
         {std::vector{protect({"10.1.0.0/16"}, {"10.0.0.0/8"})},
          std::vector{protect({"10.0.0.0/8"}, {"10.2.0.0/16"}), protect({"10.1.0.0/16"}, {"10.2.0.1"})}}) {
      ASSERT_TRUE(pair.here.within([&] { return daemon.steering.apply({std::move(entries)}); }));
      EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "x"), 0);
      EXPECT_EQ(next(daemon), "10.1.0.1 > 10.2.0.1");
    }
  }
  EXPECT_TRUE(theirs.has_nothing());
}

TEST_F(SteeringTest, BlocksAfterTheDaemonWasKilledUntilItsSuccessorComes) {
  const std::string before = kernel_state();
  const std::vector<policy::SpdEntry> entries = {protect({"10.1.0.0/16", "fd01::/16"}, {"10.2.0.0/16", "fd02::/16"})};
  Victim victim(pair.here, [&] {
    static auto daemon = Daemon::start(entries);
    return daemon.has_value();
  });
  victim.kill();
  ASSERT_TRUE(pair.here.within([&] { return lift_guard(footprint); }));  // the routes alone must hold outbound
  for (const std::string address : {"10.1.0.1", "0.0.0.0"}) {
    const Application application(pair.here, endpoint(address, 2000));
    EXPECT_EQ(application.send(endpoint("10.2.0.1", 2000), "secret"), EACCES) << address;
  }
  for (const std::string address : {"fd01::1", "::"}) {
    const Application application(pair.here, endpoint(address, 2000));
    EXPECT_EQ(application.send(endpoint("fd02::1", 2000), "secret"), EACCES) << address;
  }
  Daemon successor = start(entries);
  const Application ours(pair.here, endpoint("10.1.0.1", 2000));
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "x"), 0);
  EXPECT_EQ(next(successor), "10.1.0.1 > 10.2.0.1");
  EXPECT_TRUE(pair.here.within([&] { return successor.steering.clear(); }));
  EXPECT_TRUE(pair.here.within([&] { return lift_guard(footprint); }));
  {
    const Daemon gone = std::move(successor);
  }
  EXPECT_EQ(kernel_state(), before);
}

TEST_F(SteeringTest, LeavesOtherPeoplesRulesAndRoutesAlone) {
  pair.here.run("ip rule add from 10.7.0.0/16 lookup 77 priority 300; ip route add 10.8.0.0/16 via 192.0.2.2 table 77");
  const std::string before = kernel_state();
  {
    Daemon daemon = start({protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
    EXPECT_TRUE(pair.here.within([&] { return daemon.steering.clear(); }));
  }
  EXPECT_EQ(kernel_state(), before);
}

TEST_F(SteeringTest, BringsThousandsOfPeersInReasonableTime) {
  std::vector<policy::SpdEntry> entries;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    entries.push_back(protect({"10.1.0.0/16"}, {}));
    entries.back().remote_ts.push_back(policy::TrafficSelector::host(
        IpAddress::v4(172, 16, static_cast<std::uint8_t>(i / 128), static_cast<std::uint8_t>(i % 128 * 2))));
  }
  const Daemon daemon = start(entries);
  const Application ours(pair.here, endpoint("10.1.0.1", 2000));
  EXPECT_EQ(ours.send(endpoint("172.16.39.14", 2000), "x"), 0);
  EXPECT_EQ(next(daemon), "10.1.0.1 > 172.16.39.14");
  EXPECT_EQ(pair.here.output("ip rule | wc -l"), "9\n");
}

TEST_F(SteeringTest, FindsTheOuterRoutePastOurOwnRules) {
  const Daemon daemon = start({protect({"192.0.2.1", "2001:db8::1"}, {"192.0.2.0/24", "2001:db8::/64"})});
  auto netlink = pair.here.within([] { return NetlinkSocket::open(); });
  const auto route = outer_route(*netlink, footprint, *IpAddress::parse("192.0.2.2"));
  ASSERT_TRUE(route);
  EXPECT_EQ(to_string(route->source), "192.0.2.1");
  EXPECT_EQ(route->mtu, 1500);
  EXPECT_EQ(to_string(outer_route(*netlink, footprint, *IpAddress::parse("2001:db8::2")).value().source),
            "2001:db8::1");
  EXPECT_FALSE(outer_route(*netlink, footprint, *IpAddress::parse("198.51.100.1")));
  pair.here.run("ip route add 198.51.100.0/24 via 192.0.2.2 mtu 1300");
  EXPECT_EQ(outer_route(*netlink, footprint, *IpAddress::parse("198.51.100.1")).value().mtu, 1300);
}

TEST_F(SteeringTest, ListsTheAddressesThatPacketsMayBearBeyondTheLink) {
  auto netlink = pair.here.within([] { return NetlinkSocket::open(); });
  const auto addresses = own_addresses(*netlink).value();
  std::vector<std::string> list;
  for (const auto& each : addresses) list.push_back(to_string(each.address) + " " + to_string(each.subnet));
  EXPECT_THAT(list, testing::UnorderedElementsAre("192.0.2.1 192.0.2.0/24", "10.1.0.1 10.1.0.0/16",
                                                  "2001:db8::1 2001:db8::/64", "fd01::1 fd01::/16"));
}

}  // namespace
}  // namespace sallyport::linux
