// What the text says. That the kernel does what it says is for tests/netns/linux to see.
#include "linux/guard_ruleset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "linux/spd_testing.h"

namespace sallyport::linux {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The lines of one chain, without its braces.
std::string chain(const std::string& ruleset, const std::string& name) {
  const auto begin = ruleset.find("  chain " + name + " {\n");
  const auto end = ruleset.find("  }\n", begin);
  return begin == ruleset.npos ? std::string() : ruleset.substr(begin, end - begin);
}

std::string ruleset(std::vector<policy::SpdEntry> entries, bool mark_arriving = false) {
  return guard_ruleset({std::move(entries)}, {.footprint = {}, .mark_arriving = mark_arriving});
}

TEST(GuardRuleset, ReplacesTheTableInOneTransaction) {
  const std::string text = ruleset({protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  EXPECT_TRUE(text.starts_with("table inet sallyport\nflush table inet sallyport\ntable inet sallyport {\n")) << text;
}

TEST(GuardRuleset, DropsBothDirections) {
  const std::string text = ruleset({protect({"10.1.0.0/16[tcp]"}, {"10.2.0.0/16[tcp/443]"})});
  EXPECT_THAT(chain(text, "outbound"),
              HasSubstr("ip saddr 10.1.0.0/16 ip daddr 10.2.0.0/16 meta l4proto 6 th dport 443 counter drop"));
  EXPECT_THAT(chain(text, "inbound"),
              HasSubstr("ip saddr 10.2.0.0/16 ip daddr 10.1.0.0/16 meta l4proto 6 th sport 443 counter drop"));
}

TEST(GuardRuleset, DropsLaterFragmentsThatCouldBeOfAProtectedPort) {
  const std::string tcp = ruleset({protect({"10.1.0.1[tcp]"}, {"10.2.0.1[tcp/443]"})});
  EXPECT_THAT(chain(tcp, "outbound"),
              HasSubstr("ip saddr 10.1.0.1 ip daddr 10.2.0.1 meta l4proto 6 ip frag-off & 0x1fff != 0 counter drop"));
  const std::string any = ruleset({protect({"fd01::1"}, {"fd02::1"})});
  EXPECT_THAT(chain(any, "outbound"), Not(HasSubstr("frag")));
}

TEST(GuardRuleset, AsksEarlierPoliciesFirst) {
  const std::string text = ruleset({bypass({"10.1.0.1"}, {"10.2.0.1"}), protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  const std::string outbound = chain(text, "outbound");
  const auto first = outbound.find("ip saddr 10.1.0.1 ip daddr 10.2.0.1 return");
  const auto second = outbound.find("ip saddr 10.1.0.0/16 ip daddr 10.2.0.0/16 counter drop");
  EXPECT_NE(first, outbound.npos);
  EXPECT_NE(second, outbound.npos);
  EXPECT_LT(first, second);
}

TEST(GuardRuleset, CountsOnceWhatPoliciesBypassAndDiscard) {
  auto pass = bypass({"10.1.0.1"}, {"10.2.0.1"}), drop = discard({"10.1.0.0/16"}, {"10.3.0.0/16"});
  pass.id = {7};
  drop.id = {8};
  const std::string text = ruleset({pass, drop, protect({"10.1.0.0/16"}, {"10.2.0.0/16"})});
  EXPECT_THAT(chain(text, "steering"),
              HasSubstr("ip saddr 10.1.0.1 ip daddr 10.2.0.1 counter return comment \"policy 7 out\""));
  EXPECT_THAT(chain(text, "steering"),
              HasSubstr("ip saddr 10.1.0.0/16 ip daddr 10.3.0.0/16 counter return comment \"policy 8 out\""));
  EXPECT_THAT(chain(text, "inbound"),
              HasSubstr("ip saddr 10.2.0.1 ip daddr 10.1.0.1 counter return comment \"policy 7 in\""));
  EXPECT_THAT(chain(text, "inbound"),
              HasSubstr("ip saddr 10.3.0.0/16 ip daddr 10.1.0.0/16 counter drop comment \"policy 8 in\""));
  EXPECT_THAT(chain(text, "passing"), HasSubstr("ip saddr 10.2.0.1 ip daddr 10.1.0.1 return\n"));
  EXPECT_THAT(chain(text, "passing"), Not(HasSubstr("policy")));
  EXPECT_THAT(chain(text, "outbound"), Not(HasSubstr("policy")));
  EXPECT_THAT(chain(text, "forwarded"), HasSubstr("jump passing"));
}

TEST(GuardRuleset, JoinsPoliciesThatAreTooManyToBeCounted) {
  std::vector<policy::SpdEntry> entries;
  for (std::uint32_t i = 0; i <= kMostCounted; ++i) {
    const std::string host = "10.2." + std::to_string(i / 100) + "." + std::to_string(2 * (i % 100));
    entries.push_back(bypass({"10.1.0.1"}, {host}));
    entries.back().id = {i + 1};
  }
  EXPECT_THAT(chain(ruleset(entries), "steering"), Not(HasSubstr("policy")));
  entries.pop_back();
  EXPECT_THAT(chain(ruleset(entries), "steering"), HasSubstr("policy 256 out"));
}

TEST(PolicyTraffic, IsReadFromTheRules) {
  const auto traffic = policy_traffic(
      "\t\tip saddr 10.1.0.1 counter packets 3 bytes 252 return comment \"policy 7 out\"\n"
      "\t\tip saddr 10.2.0.1 counter packets 2 bytes 168 drop comment \"policy 7 in\"\n"
      "\t\tip6 saddr fd01::1 counter packets 1 bytes 100 return comment \"policy 7 out\"\n"
      "\t\tip saddr 10.1.0.0/16 counter packets 9 bytes 900 drop\n\t}\n"
      "\t\tcounter packets x bytes 1 comment \"policy 8 in\"\n\t\tcounter packets 1 bytes 1 comment \"policy \"");
  EXPECT_THAT(traffic, testing::ElementsAre(testing::Pair(policy::PolicyId{7}, PolicyTraffic{2, 168, 4, 352})));
  EXPECT_TRUE(policy_traffic("").empty());
}

TEST(GuardRuleset, PutsManyAddressesIntoSets) {
  const std::string text = ruleset({protect({"10.1.0.1", "fd01::1"}, {"10.2.0.0/16", "10.4.0.0/16", "fd02::1"})});
  EXPECT_THAT(chain(text, "outbound"), HasSubstr("ip saddr 10.1.0.1 ip daddr { 10.2.0.0/16, "));
  EXPECT_THAT(chain(text, "outbound"), HasSubstr("ip6 saddr fd01::1 ip6 daddr fd02::1 counter drop"));
}

TEST(GuardRuleset, MatchesIcmpTypesAndCodesAsOneNumber) {
  const std::string text = ruleset({protect({"10.1.0.1[icmp]"}, {"10.2.0.1[icmp/2048-2303]"})});
  const std::string match = "ip saddr 10.1.0.1 ip daddr 10.2.0.1 meta l4proto 1 @th,0,16 2048-2303";
  EXPECT_THAT(chain(text, "outbound"), HasSubstr(match + " counter drop"));
  EXPECT_THAT(chain(text, "steering"), HasSubstr(match + " meta mark set"));
}

TEST(GuardRuleset, MarksForTheTunOnlyWhatRulesCannotTell) {
  EXPECT_THAT(chain(ruleset({protect({"10.1.0.1[tcp]"}, {"10.2.0.1[tcp]"})}), "steering"), Not(HasSubstr("mark set")));
  const std::string steering = chain(ruleset({protect({"10.1.0.1[tcp]"}, {"10.2.0.1[tcp/443]"})}), "steering");
  EXPECT_THAT(steering, HasSubstr("th dport 443 ip frag-off & 0x2000 != 0 meta mark")) << "rules do not look at theirs";
  EXPECT_THAT(steering, Not(HasSubstr("th dport 443 meta mark")));
  EXPECT_THAT(steering,
              HasSubstr("ip saddr 10.1.0.1 ip daddr 10.2.0.1 meta l4proto 6 ip frag-off & 0x1fff != 0 meta mark"))
      << "later fragments do not show their ports";
}

TEST(GuardRuleset, LooksAtLaterFragmentsThatArriveForWhereTheyGoAlone) {
  const std::string arriving = chain(ruleset({protect({"10.1.0.1"}, {"10.2.0.1"})}), "arriving");
  const auto fragments = arriving.find("ip frag-off & 0x1fff != 0 goto steering");
  ASSERT_NE(fragments, std::string::npos);
  EXPECT_NE(arriving.find("frag frag-off != 0 goto steering"), std::string::npos);
  EXPECT_LT(fragments, arriving.find("jump inbound"));
}

TEST(GuardRuleset, LetsOnlyMarkedIkeAndEspOut) {
  const std::string departing = chain(ruleset({protect({"10.1.0.1"}, {"10.2.0.1"})}), "departing");
  EXPECT_THAT(departing, HasSubstr("meta mark 0x53504f57 meta l4proto { esp, ah } accept"));
  EXPECT_THAT(departing, HasSubstr("meta mark 0x53504f57 udp sport { 500, 4500 } accept"));
  EXPECT_THAT(departing, Not(HasSubstr("\n    udp sport")));
}

TEST(GuardRuleset, MarksArrivingEspForOurselvesOnlyWhenTold) {
  const std::vector entries = {protect({"10.1.0.1"}, {"10.2.0.1"})};
  EXPECT_THAT(chain(ruleset(entries), "arriving"), Not(HasSubstr("mark set")));
  EXPECT_THAT(chain(ruleset(entries, true), "arriving"),
              HasSubstr("fib daddr type local meta l4proto { esp, ah } meta mark set"));
}

}  // namespace
}  // namespace sallyport::linux
