// The guard in a real kernel: what it drops, what it lets pass. That something did not arrive is known from something
// sent after it on the same wire that did, not from waiting.
#include "linux/guard.h"

#include <atomic>
#include <thread>

#include "linux/spd_testing.h"
#include "tests/netns/linux/network.h"

namespace sallyport::linux {
namespace {

class Guard : public NetworkTest {
 protected:
  void load(const Namespace& where, std::vector<policy::SpdEntry> entries) {
    const auto loaded = where.within([&] { return load_guard({std::move(entries)}, settings); });
    ASSERT_TRUE(loaded) << loaded.error().text;
  }
  /// Sent and received in `pair`.
  static bool passes(const Application& from, const Application& to, const policy::Endpoint& target) {
    if (from.send(target, "hello") != 0) return false;
    const auto received = to.receive();
    return received && received->text.ends_with("hello");
  }

  GuardSettings settings;
};

TEST_F(Guard, DropsWhatIsProtectedInBothDirectionsAndNothingElse) {
  const Pair pair;
  load(pair.here, {protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  const Application ours(pair.here, endpoint("10.1.0.1", 2000)), theirs(pair.there, endpoint("10.2.0.1", 2000));
  const Application outer(pair.here, endpoint("192.0.2.1", 2000)), other(pair.there, endpoint("192.0.2.2", 2000));

  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "secret"), EPERM);
  EXPECT_TRUE(passes(outer, other, endpoint("192.0.2.2", 2000)));
  EXPECT_TRUE(passes(outer, theirs, endpoint("10.2.0.1", 2000)));
  EXPECT_TRUE(theirs.has_nothing());

  EXPECT_EQ(theirs.send(endpoint("10.1.0.1", 2000), "forged"), 0);
  EXPECT_TRUE(passes(other, outer, endpoint("192.0.2.1", 2000)));
  EXPECT_TRUE(passes(other, ours, endpoint("10.1.0.1", 2000)));
  EXPECT_TRUE(ours.has_nothing());
}

TEST_F(Guard, DropsIPv6Alike) {
  const Pair pair;
  load(pair.here, {protect({"fd01::/16"}, {"fd02::/16"})});
  const Application ours(pair.here, endpoint("fd01::1", 2000)), theirs(pair.there, endpoint("fd02::1", 2000));
  const Application outer(pair.here, endpoint("2001:db8::1", 2000)), other(pair.there, endpoint("2001:db8::2", 2000));
  EXPECT_EQ(ours.send(endpoint("fd02::1", 2000), "secret"), EPERM);
  EXPECT_EQ(theirs.send(endpoint("fd01::1", 2000), "forged"), 0);
  EXPECT_TRUE(passes(other, outer, endpoint("2001:db8::1", 2000)));
  EXPECT_TRUE(passes(outer, other, endpoint("2001:db8::2", 2000)));
  EXPECT_TRUE(ours.has_nothing());
  EXPECT_TRUE(theirs.has_nothing());
}

TEST_F(Guard, LooksAtProtocolAndPorts) {
  const Pair pair;
  load(pair.here, {protect({"10.1.0.1[udp]"}, {"10.2.0.1[udp/2000-2009]"})});
  const Application ours(pair.here, endpoint("10.1.0.1", 2000)), open(pair.there, endpoint("10.2.0.1", 2010));
  const Application closed(pair.there, endpoint("10.2.0.1", 2009));
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2009), "secret"), EPERM);
  EXPECT_TRUE(passes(ours, open, endpoint("10.2.0.1", 2010)));
  EXPECT_EQ(closed.send(endpoint("10.1.0.1", 2000), "forged"), 0);
  EXPECT_TRUE(passes(open, ours, endpoint("10.1.0.1", 2000)));
  EXPECT_TRUE(ours.has_nothing());
}

TEST_F(Guard, LetsOurOwnIkePassBetweenProtectedHosts) {
  for (const std::string version : {"192.0.2.", "2001:db8::"}) {
    const Pair pair;  // fresh: its hosts must still find each other's link addresses
    const std::string here = version + "1", there = version + "2";
    load(pair.here, {protect({here}, {there})});
    for (const std::uint16_t port : settings.footprint.ike_ports) {
      const Application ours(pair.here, endpoint(here, port)), theirs(pair.there, endpoint(there, port));
      EXPECT_EQ(ours.send(endpoint(there, port), "not of the daemon"), EPERM);
      ours.set_mark(settings.footprint.own_mark);
      EXPECT_TRUE(passes(ours, theirs, endpoint(there, port)));
      EXPECT_TRUE(passes(theirs, ours, endpoint(here, port)));
    }
  }
}

TEST_F(Guard, LetsOurOwnEspPassBetweenProtectedHosts) {
  for (const std::string version : {"192.0.2.", "2001:db8::"}) {
    const Pair pair;
    const std::string here = version + "1", there = version + "2";
    load(pair.here, {protect({here}, {there})});
    const Application ours(pair.here, endpoint(here), 50), theirs(pair.there, endpoint(there), 50);
    EXPECT_EQ(ours.send(endpoint(there), "not of the daemon"), EPERM);
    ours.set_mark(settings.footprint.own_mark);
    EXPECT_TRUE(passes(ours, theirs, endpoint(there)));
    EXPECT_TRUE(passes(theirs, ours, endpoint(here)));
  }
}

TEST_F(Guard, DoesNotTakeTheMarkForAnythingButIkeAndEsp) {
  const Pair pair;
  load(pair.here, {protect({"192.0.2.1"}, {"192.0.2.2"})});
  const Application ours(pair.here, endpoint("192.0.2.1", 2000));
  ours.set_mark(settings.footprint.own_mark);
  EXPECT_EQ(ours.send(endpoint("192.0.2.2", 2000), "secret"), EPERM);
}

TEST_F(Guard, TakesBigIkeMessagesThatCameInFragments) {
  for (const std::string version : {"192.0.2.", "2001:db8::"}) {
    const Pair pair;
    const std::string here = version + "1", there = version + "2";
    load(pair.here, {protect({here}, {there})});
    const Application ours(pair.here, endpoint(here, 500)), theirs(pair.there, endpoint(there, 500));
    ours.set_mark(settings.footprint.own_mark);
    const std::string big(5000, 'x');
    EXPECT_EQ(ours.send(endpoint(there, 500), big), 0);
    EXPECT_EQ(theirs.receive().value().text, big);
    EXPECT_EQ(theirs.send(endpoint(here, 500), big), 0);
    EXPECT_EQ(ours.receive().value().text, big);
  }
}

TEST_F(Guard, LeavesTheHostItsOwnTrafficWithItself) {
  const Pair pair;
  load(pair.here, {protect({"0.0.0.0/0"}, {"0.0.0.0/0"})});
  const Application one(pair.here, endpoint("10.1.0.1", 2000)), two(pair.here, endpoint("192.0.2.1", 2000));
  EXPECT_TRUE(passes(one, two, endpoint("192.0.2.1", 2000)));
  EXPECT_EQ(one.send(endpoint("10.2.0.1", 2000), "secret"), EPERM);
}

TEST_F(Guard, HoldsAgainstSourceAddressTranslation) {
  const Pair pair;
  pair.here.run(
      "nft 'table ip nat { chain out { type nat hook postrouting priority srcnat; oifname wire masquerade; }; }'");
  const Application ours(pair.here, endpoint("10.1.0.1", 2000)), theirs(pair.there, endpoint("10.2.0.1", 2000));
  EXPECT_TRUE(passes(ours, theirs, endpoint("10.2.0.1", 2000)));
  load(pair.here, {protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});  // of the source before translation
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "secret"), EPERM);
  load(pair.here, {protect({"192.0.2.1"}, {"10.2.0.0/16"})});  // of the source after it
  const Application fresh(pair.here, endpoint("10.1.0.1", 2001));
  EXPECT_EQ(fresh.send(endpoint("10.2.0.1", 2000), "secret"), EPERM);
}

TEST_F(Guard, BypassesWhatAnEarlierPolicyBypasses) {
  const Pair pair;
  load(pair.here, {bypass({"10.1.0.1[udp]"}, {"10.2.0.1[udp/53]"}), protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  const Application ours(pair.here, endpoint("10.1.0.1", 2000)), dns(pair.there, endpoint("10.2.0.1", 53));
  EXPECT_TRUE(passes(ours, dns, endpoint("10.2.0.1", 53)));
  EXPECT_TRUE(passes(dns, ours, endpoint("10.1.0.1", 2000)));
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 54), "secret"), EPERM);
}

TEST_F(Guard, CountsWhatEachPolicyBypassesAndDiscards) {
  const Pair pair;
  auto pass = bypass({"10.1.0.1[udp]"}, {"10.2.0.1[udp/53]"}), drop = discard({"10.1.0.1"}, {"10.2.0.0/24"});
  pass.id = {5};
  drop.id = {6};
  load(pair.here, {pass, drop, protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  const Application ours(pair.here, endpoint("10.1.0.1", 2000)), dns(pair.there, endpoint("10.2.0.1", 53));
  const Application other(pair.there, endpoint("10.2.0.1", 54));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(passes(ours, dns, endpoint("10.2.0.1", 53)));
  EXPECT_TRUE(passes(dns, ours, endpoint("10.1.0.1", 2000)));
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 54), "nowhere"), EPERM);
  EXPECT_EQ(other.send(endpoint("10.1.0.1", 2000), "forged"), 0);
  EXPECT_TRUE(passes(dns, ours, endpoint("10.1.0.1", 2000)));  // behind it on the same wire
  const auto traffic = pair.here.within([&] { return loaded_policy_traffic(settings.footprint); }).value();
  EXPECT_EQ(traffic.at(policy::PolicyId{5}).packets_out, 2u);
  EXPECT_EQ(traffic.at(policy::PolicyId{5}).packets_in, 2u);
  EXPECT_EQ(traffic.at(policy::PolicyId{5}).bytes_out, 2u * (20 + 8 + 5));
  EXPECT_EQ(traffic.at(policy::PolicyId{6}).packets_out, 1u);
  EXPECT_EQ(traffic.at(policy::PolicyId{6}).packets_in, 1u);
}

TEST_F(Guard, NeverLeavesAGapWhileItIsReplaced) {
  const Pair pair;
  load(pair.here, {protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  const Application ours(pair.here, endpoint("10.1.0.1", 2000));
  std::atomic<bool> stop = false;
  std::atomic<int> tried = 0, leaked = 0;
  std::thread sender([&] {
    while (!stop) {
      if (ours.send(endpoint("10.2.0.1", 2000), "secret") != EPERM) ++leaked;
      ++tried;
    }
  });
  for (int i = 0; i < 20; ++i) load(pair.here, {protect({"10.1.0.0/16"}, {"10.2.0.0/16", "10.9.0.1"})});
  stop = true;
  sender.join();
  EXPECT_GT(tried, 100);
  EXPECT_EQ(leaked, 0);
}

TEST_F(Guard, StandsWhateverBecomesOfWhoLoadedIt) {
  const Pair pair;
  {
    Victim victim(pair.here,
                  [&] { return load_guard({{protect({"10.1.0.0/16"}, {"10.2.0.0/16"})}}, settings).has_value(); });
    victim.kill();
  }
  const Application ours(pair.here, endpoint("10.1.0.1", 2000)), theirs(pair.there, endpoint("10.2.0.1", 2000));
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "secret"), EPERM);
  EXPECT_TRUE(pair.here.within([&] { return lift_guard(settings.footprint); }));
  EXPECT_TRUE(passes(ours, theirs, endpoint("10.2.0.1", 2000)));
}

TEST_F(Guard, CountsWhatItDrops) {
  const Pair pair;
  EXPECT_EQ(pair.here.within([&] { return loaded_guard(settings.footprint); }).value(), "");
  load(pair.here, {protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  const Application ours(pair.here, endpoint("10.1.0.1", 2000));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "secret"), EPERM);
  const auto text = pair.here.within([&] { return loaded_guard(settings.footprint); }).value();
  EXPECT_NE(text.find("counter packets 3 "), std::string::npos) << text;
}

TEST_F(Guard, IsLiftedWhenThereAreNoPolicies) {
  const Pair pair;
  load(pair.here, {protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  load(pair.here, {});
  EXPECT_EQ(pair.here.within([&] { return loaded_guard(settings.footprint); }).value(), "");
  load(pair.here, {});
}

TEST_F(Guard, LoadsEveryKindOfSelector) {
  const Namespace alone;
  settings.mark_arriving = true;
  load(alone,
       {bypass({"10.1.0.1[icmp/2048]"}, {"10.2.0.1[icmp]"}), protect({"10.1.0.1[icmp]"}, {"10.2.0.1[icmp/2048-2303]"}),
        protect({"fd01::1[ipv6-icmp/34048]"}, {"fd02::1[ipv6-icmp]"}), discard({"10.1.0.1[gre]"}, {"10.2.0.1[gre]"}),
        protect({"10.1.0.1[tcp/opaque]"}, {"10.2.0.1[tcp/opaque]"}),
        protect({"fd01::/16[udp/0-1023]"}, {"fd02::/16[udp/1024-65535]"}), protect({"fd01::1[sctp/5]"}, {"::/0[sctp]"}),
        protect({"10.1.0.3-10.1.0.9", "10.1.7.0/24"}, {"0.0.0.0/0"})});
}

TEST_F(Guard, KeepsTheOldRulesWhenTheNewOnesAreRefused) {
  const Pair pair;
  load(pair.here, {protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  GuardSettings broken;
  broken.footprint.device = "no\"such";
  const auto refused =
      pair.here.within([&] { return load_guard({{protect({"10.1.0.0/16"}, {"10.3.0.0/16"})}}, broken); });
  ASSERT_FALSE(refused);
  const Application ours(pair.here, endpoint("10.1.0.1", 2000));
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "secret"), EPERM);
}

/// A host behind `gateway`, which forwards between it (10.1.0.0/16) and the pair's `there`.
class ForwardingGuard : public Guard {
 protected:
  void SetUp() override {
    Guard::SetUp();
    if (IsSkipped()) return;
    gateway.run("ip addr del 10.1.0.1/16 dev lo; ip link add lan type veth peer name wire netns " + host.path());
    gateway.run(
        "sysctl -qw net.ipv4.ip_forward=1; ip addr add 10.1.0.1/16 dev lan; ip link set lan up; ip route replace "
        "10.1.0.0/16 dev lan");
    host.run("ip addr add 10.1.0.2/16 dev wire; ip link set wire up; ip route add default via 10.1.0.1");
  }
  Pair pair;
  const Namespace& gateway = pair.here;
  Namespace host;
};

TEST_F(ForwardingGuard, DropsWhatIsPassingThroughInBothDirections) {
  load(gateway, {protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  const Application ours(host, endpoint("10.1.0.2", 2000)), theirs(pair.there, endpoint("10.2.0.1", 2000));
  const Application other(pair.there, endpoint("192.0.2.2", 2000));
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), "secret"), 0);
  EXPECT_TRUE(passes(ours, other, endpoint("192.0.2.2", 2000)));
  EXPECT_TRUE(theirs.has_nothing());
  EXPECT_EQ(theirs.send(endpoint("10.1.0.2", 2000), "forged"), 0);
  EXPECT_TRUE(passes(other, ours, endpoint("10.1.0.2", 2000)));
  EXPECT_TRUE(ours.has_nothing());
}

TEST_F(ForwardingGuard, DropsOtherPeoplesIkeAndEspWhenTheyAreProtected) {
  load(gateway, {protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  const Application ike(host, endpoint("10.1.0.2", 4500)), esp(host, endpoint("10.1.0.2"), 50);
  const Application theirs(pair.there, endpoint("10.2.0.1", 4500)), other(pair.there, endpoint("192.0.2.2", 4500));
  const Application their_esp(pair.there, endpoint("10.2.0.1"), 50);
  EXPECT_EQ(esp.send(endpoint("10.2.0.1"), "nested"), 0);
  EXPECT_EQ(ike.send(endpoint("10.2.0.1", 4500), "nested"), 0);
  EXPECT_TRUE(passes(ike, other, endpoint("192.0.2.2", 4500)));
  EXPECT_TRUE(theirs.has_nothing());
  EXPECT_TRUE(their_esp.has_nothing());
  EXPECT_EQ(their_esp.send(endpoint("10.1.0.2"), "forged"), 0);
  EXPECT_EQ(theirs.send(endpoint("10.1.0.2", 4500), "forged"), 0);
  EXPECT_TRUE(passes(other, ike, endpoint("10.1.0.2", 4500)));
  EXPECT_TRUE(ike.has_nothing());
  EXPECT_TRUE(esp.has_nothing());
}

TEST_F(ForwardingGuard, DropsFragmentsThatCouldBeOfAProtectedPort) {
  load(gateway, {protect({"10.1.0.0/16[udp]"}, {"10.2.0.0/16[udp/2000]"})});
  const Application ours(host, endpoint("10.1.0.2", 3000)), open(pair.there, endpoint("10.2.0.1", 2001));
  const std::string big(4000, 'x');
  EXPECT_EQ(ours.send(endpoint("10.2.0.1", 2000), big), 0);
  EXPECT_TRUE(passes(ours, open, endpoint("10.2.0.1", 2001)));
  const std::string seen = pair.there.output("nstat -az IpReasmReqds");
  EXPECT_NE(seen.find("IpReasmReqds                    0"), std::string::npos) << seen;
}

}  // namespace
}  // namespace sallyport::linux
