#include "linux/flows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "linux/spd_testing.h"

namespace sallyport::linux {
namespace {

using policy::AddressRange;
using policy::IpAddress;
using policy::PortRange;
using testing::ElementsAre;

std::string text(const AddressSet& set) {
  std::string all;
  for (const AddressRange& each : set.ranges()) all += (all.empty() ? "" : " ") + to_string(each);
  return all;
}

std::vector<std::string> words(const policy::Spd& spd) {
  std::vector<std::string> list;
  for (const Flows& flows : flows_of(spd)) list.push_back(text(flows.local) + " > " + text(flows.remote));
  return list;
}

bool selects(const policy::Spd& spd, std::string_view from, std::string_view to) {
  for (const Flows& flows : flows_of(spd))
    if (flows.local.contains(*IpAddress::parse(from)) && flows.remote.contains(*IpAddress::parse(to))) return true;
  return false;
}

TEST(Flows, JoinManyPeersOfOneNetwork) {
  const policy::Spd spd{{protect({"10.1.0.0/16"}, {"10.2.0.0/16"}), protect({"10.1.0.0/16"}, {"10.4.0.0/16"}),
                         protect({"10.1.0.0/16"}, {"10.3.0.0/16", "10.9.0.1"})}};
  EXPECT_THAT(words(spd), ElementsAre("10.1.0.0/16 > 10.2.0.0-10.4.255.255 10.9.0.1"));
}

TEST(Flows, JoinNetworksWithTheSamePeers) {
  const policy::Spd spd{{protect({"10.1.0.0/16", "10.5.0.0/16"}, {"10.2.0.0/16", "10.3.0.0/16"})}};
  EXPECT_THAT(words(spd), ElementsAre("10.1.0.0/16 10.5.0.0/16 > 10.2.0.0/15"));
}

TEST(Flows, KeepFamiliesAndServicesApart) {
  const policy::Spd spd{{protect({"10.1.0.0/16", "fd01::/16"}, {"10.2.0.0/16", "fd02::/16"}),
                         protect({"10.1.0.0/16[tcp]"}, {"10.2.0.0/16[tcp/443]"})}};
  const auto flows = flows_of(spd);
  ASSERT_EQ(flows.size(), 3u);
  EXPECT_EQ(flows[2].service, (Service{6, PortRange::any(), PortRange::one(443)}));
  EXPECT_THAT(words(spd),
              ElementsAre("10.1.0.0/16 > 10.2.0.0/16", "fd01::/16 > fd02::/16", "10.1.0.0/16 > 10.2.0.0/16"));
}

TEST(Flows, KeepTheOrderBetweenProtectAndBypass) {
  const policy::Spd spd{{bypass({"10.1.0.0/16"}, {"10.2.5.0/24"}), protect({"10.1.0.0/16"}, {"10.2.0.0/16"}),
                         discard({"10.1.0.0/16"}, {"10.3.0.0/16"}), protect({"10.1.0.0/16"}, {"10.3.0.0/16"})}};
  const auto flows = flows_of(spd);
  ASSERT_EQ(flows.size(), 4u);
  EXPECT_EQ(flows[0].action, policy::SpdAction::bypass);
  EXPECT_EQ(flows[1].action, policy::SpdAction::protect);
  EXPECT_EQ(flows[2].action, policy::SpdAction::discard);
  EXPECT_EQ(flows[3].action, policy::SpdAction::protect);
}

TEST(Flows, LeaveOutWhatNoPacketCanBe) {
  EXPECT_TRUE(flows_of({{protect({"10.1.0.0/16[tcp]"}, {"10.2.0.0/16[udp]"})}}).empty());
  EXPECT_TRUE(flows_of({{protect({"10.1.0.0/16"}, {"fd02::/16"})}}).empty());
  EXPECT_TRUE(flows_of({{protect({"10.1.0.0/16[icmp/2048]"}, {"10.2.0.0/16[icmp/0]"})}}).empty());
}

TEST(Flows, TakeTheIcmpTypeThatBothSelectorsAllow) {
  const auto flows = flows_of({{protect({"10.1.0.1[icmp]"}, {"10.2.0.1[icmp/2048-2303]"})}});
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].service, (Service{1, {2048, 2303}, {2048, 2303}}));
}

TEST(Flows, PassOverPortsOfWhatHasNone) {
  auto spd = policy::Spd{{protect({"10.1.0.1[gre]"}, {"10.2.0.1[gre]"})}};
  spd.entries[0].local_ts[0].ports = PortRange::one(7);
  EXPECT_EQ(flows_of(spd)[0].service, (Service{47, PortRange::any(), PortRange::any()}));
}

TEST(Flows, LeaveTheLocalLinkAloneWhenASelectorIsBroad) {
  const policy::Spd broad{{protect({"10.1.0.0/16", "fd01::/16"}, {"0.0.0.0/0", "::/0"})}};
  EXPECT_TRUE(selects(broad, "10.1.0.1", "192.0.2.1"));
  EXPECT_TRUE(selects(broad, "fd01::1", "2001:db8::1"));
  for (const char* to : {"224.0.0.251", "239.255.255.255", "255.255.255.255", "169.254.7.7"})
    EXPECT_FALSE(selects(broad, "10.1.0.1", to)) << to;
  for (const char* to : {"fe80::1", "ff02::1"}) EXPECT_FALSE(selects(broad, "fd01::1", to)) << to;
  EXPECT_TRUE(selects(broad, "10.1.0.1", "240.0.0.1"));
}

TEST(Flows, ProtectLinkLocalAndMulticastWhenTheyAreNamed) {
  EXPECT_TRUE(selects({{protect({"fe80::1"}, {"fe80::2"})}}, "fe80::1", "fe80::2"));
  EXPECT_TRUE(selects({{protect({"10.1.0.1"}, {"224.0.0.0/4"})}}, "10.1.0.1", "224.0.0.5"));
}

TEST(Flows, LeaveANetworkItsOwnTrafficWhenTheRemoteSideIsWider) {
  const policy::Spd spd{{protect({"10.1.0.0/16"}, {"0.0.0.0/0"})}};
  EXPECT_FALSE(selects(spd, "10.1.0.1", "10.1.0.5"));
  EXPECT_TRUE(selects(spd, "10.1.0.1", "10.2.0.5"));
  // The same networks on both sides: somebody means it.
  EXPECT_TRUE(selects({{protect({"10.1.0.0/16"}, {"10.1.0.0/16"})}}, "10.1.0.1", "10.1.0.5"));
}

TEST(Flows, BypassJustWhatIsSaid) {
  EXPECT_TRUE(selects({{bypass({"10.1.0.0/16"}, {"0.0.0.0/0"})}}, "10.1.0.1", "224.0.0.251"));
  EXPECT_TRUE(selects({{bypass({"10.1.0.0/16"}, {"0.0.0.0/0"})}}, "10.1.0.1", "10.1.0.5"));
}

}  // namespace
}  // namespace sallyport::linux
