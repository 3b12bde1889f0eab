#include "policy/spd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::policy {
namespace {

using testing::ElementsAre;

TrafficSelectors ts(std::initializer_list<std::string_view> words) {
  TrafficSelectors all;
  for (const auto word : words) all.push_back(SelectorTemplate::parse(word).value().fixed);
  return all;
}

struct Words {
  std::string name;
  std::initializer_list<std::string_view> local, remote;
  SpdAction action = SpdAction::protect;
  std::uint32_t priority = 0;
};

std::vector<std::string> ordered(const std::vector<Words>& list) {
  std::vector<SpdEntry> entries;
  entries.reserve(list.size());
  for (const Words& each : list)
    entries.push_back({.action = each.action,
                       .child = each.name,
                       .local_ts = ts(each.local),
                       .remote_ts = ts(each.remote),
                       .priority = each.priority});
  put_in_order(entries);
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const SpdEntry& entry : entries) names.push_back(entry.child);
  return names;
}

constexpr auto protect = SpdAction::protect, bypass = SpdAction::bypass, discard = SpdAction::discard;

TEST(SpdOrder, PutsWhatSelectsFewerAddressesFirst) {
  EXPECT_THAT(ordered({{"all", {"10.1.0.0/16"}, {"0.0.0.0/0"}},
                       {"net", {"10.1.0.0/16"}, {"10.2.0.0/16"}},
                       {"host", {"10.1.0.0/16"}, {"10.2.0.3"}},
                       {"lan", {"10.1.0.0/16"}, {"10.1.0.0/16"}, bypass},
                       {"rest", {"0.0.0.0/0"}, {"0.0.0.0/0"}, discard}}),
              ElementsAre("host", "net", "lan", "all", "rest"));
}

TEST(SpdOrder, PutsPrioritiesBeforeAllElse) {
  EXPECT_THAT(ordered({{"host", {"10.1.0.1"}, {"10.2.0.3"}},
                       {"ten", {"0.0.0.0/0"}, {"0.0.0.0/0"}, bypass, 10},
                       {"one", {"0.0.0.0/0"}, {"0.0.0.0/0"}, discard, 1}}),
              ElementsAre("one", "ten", "host"));
}

TEST(SpdOrder, LooksAtProtocolsAndPortsAmongTheSameAddresses) {
  EXPECT_THAT(ordered({{"any", {"10.1.0.0/16"}, {"10.2.0.0/16"}},
                       {"tcp", {"10.1.0.0/16[tcp]"}, {"10.2.0.0/16[tcp]"}},
                       {"high", {"10.1.0.0/16[tcp]"}, {"10.2.0.0/16[tcp/1024-65535]"}},
                       {"ssh", {"10.1.0.0/16"}, {"10.2.0.0/16[tcp/22]"}},
                       {"echo", {"10.1.0.0/16[icmp/2048-2303]"}, {"10.2.0.0/16[icmp/2048-2303]"}}}),
              ElementsAre("echo", "ssh", "high", "tcp", "any"));
}

TEST(SpdOrder, ClosesWhereTwoAreAlike) {
  EXPECT_THAT(ordered({{"pass", {"10.1.0.0/16"}, {"10.2.0.0/16"}, bypass},
                       {"lan", {"10.1.0.0/16"}, {"10.2.0.0/16"}, protect},
                       {"drop", {"10.1.0.0/16"}, {"10.2.0.0/16"}, discard}}),
              ElementsAre("drop", "lan", "pass"));
  EXPECT_THAT(ordered({{"pass", {"10.1.0.0/16"}, {"10.2.0.0/16"}, bypass, 5},
                       {"drop", {"10.1.0.0/16"}, {"10.2.0.0/16"}, discard, 5}}),
              ElementsAre("drop", "pass"));
}

TEST(SpdOrder, LeavesEqualsAsTheyStood) {
  EXPECT_THAT(ordered({{"b", {"10.1.0.0/16"}, {"10.2.0.0/16"}},
                       {"c", {"10.1.0.0/16"}, {"10.3.0.0/16"}},
                       {"a", {"10.1.0.0/16"}, {"10.4.0.0/16"}}}),
              ElementsAre("b", "c", "a"));
}

TEST(SpdOrder, TakesAListForItsWidestPair) {
  EXPECT_THAT(ordered({{"list", {"10.1.0.0/16"}, {"10.2.0.3", "10.3.0.0/16"}},
                       {"host", {"10.1.0.0/16"}, {"10.2.0.3"}, bypass},
                       {"range", {"10.1.0.0/16"}, {"10.2.0.0-10.2.0.9"}, bypass}}),
              ElementsAre("host", "range", "list"));
}

TEST(SpdOrder, ComparesFamiliesByTheShareOfAddresses) {
  EXPECT_THAT(ordered({{"all4", {"0.0.0.0/0"}, {"0.0.0.0/0"}, discard},
                       {"net6", {"fd01::/48"}, {"fd02::/48"}},
                       {"all6", {"::/0"}, {"::/0"}, discard},
                       {"both", {"10.1.0.0/16", "fd01::/48"}, {"10.2.0.0/16", "fd02::/48"}}}),
              ElementsAre("net6", "both", "all4", "all6"));
}

TEST(SpdOrder, TakesAnEmptyList) { EXPECT_TRUE(ordered({}).empty()); }

}  // namespace
}  // namespace sallyport::policy
