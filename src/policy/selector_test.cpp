#include "policy/selector.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace sallyport::policy {
namespace {

TrafficSelector selector(std::string_view text) {
  const auto parsed = SelectorTemplate::parse(text);
  EXPECT_TRUE(parsed && !parsed->dynamic) << text;
  return parsed.value_or(SelectorTemplate{}).fixed;
}

TrafficSelectors selectors(std::initializer_list<std::string_view> texts) {
  TrafficSelectors all;
  for (const std::string_view text : texts) all.push_back(selector(text));
  return all;
}

std::string narrowed(std::initializer_list<std::string_view> configured,
                     std::initializer_list<std::string_view> proposed) {
  const auto result = narrow(selectors(configured), selectors(proposed));
  return result ? to_string(*result) : "nothing";
}

TEST(SelectorText, PrintsWhatItReads) {
  for (const char* text :
       {"10.1.0.0/16", "10.0.0.1/32[tcp/443]", "10.0.0.1-10.0.0.9[udp]", "dynamic", "dynamic[udp]",
        "dynamic[tcp/opaque]", "0.0.0.0/0[icmp/2048]", "2001:db8::/32[ipv6-icmp]", "10.0.0.0/8[tcp/80-443]",
        "::/0[gre]", "10.0.0.0/8[200]", "dynamic[sctp/0]", "dynamic[gre/opaque]"}) {
    const auto read = SelectorTemplate::read(text);
    ASSERT_TRUE(read) << text << ": " << read.error().message;
    EXPECT_EQ(to_string(*read), text);
  }
}

TEST(SelectorText, KnowsProtocolsAndServicesByNameAndNumber) {
  EXPECT_EQ(selector("10.0.0.1[6/80]"), selector("10.0.0.1/32[tcp/http]"));
  EXPECT_EQ(selector("10.0.0.0/8[any]"), selector("10.0.0.0/8"));
  EXPECT_EQ(selector("10.0.0.0/8[tcp/any]"), selector("10.0.0.0/8[tcp]"));
  EXPECT_EQ(selector("10.0.0.0/8[0]"), selector("10.0.0.0/8"));
  EXPECT_EQ(selector("::1[icmpv6]"), selector("::1[58]"));
  EXPECT_EQ(selector("10.0.0.1[tcp/0-65535]").ports, PortRange::any());
}

struct BadText {
  const char* text;
  std::size_t offset;
};

TEST(SelectorText, SaysWhereItGoesWrong) {
  for (const BadText& bad : std::initializer_list<BadText>{{"", 0},
                                                           {"10.1.0.0/33", 0},
                                                           {"dynamics", 0},
                                                           {"[tcp]", 0},
                                                           {"10.1.0.0/16[tcp", 11},
                                                           {"10.1.0.0/16[]", 12},
                                                           {"10.1.0.0/16[tpc]", 12},
                                                           {"10.1.0.0/16[256]", 12},
                                                           {"10.1.0.0/16[-1]", 12},
                                                           {"dynamic[tcp/]", 12},
                                                           {"dynamic[tcp/65536]", 12},
                                                           {"dynamic[tcp/htp]", 12},
                                                           {"dynamic[tcp/80-]", 15},
                                                           {"dynamic[tcp/80-70]", 12},
                                                           {"dynamic[tcp/80/90]", 12},
                                                           {"dynamic[any/80]", 12},
                                                           {"dynamic[any/opaque]", 12},
                                                           {"dynamic[gre/80]", 12},
                                                           {"dynamic[tcp]x", 7},
                                                           {"dynamic[tcp/80 ]", 12}}) {
    const auto read = SelectorTemplate::read(bad.text);
    ASSERT_FALSE(read) << bad.text;
    EXPECT_EQ(read.error().offset, bad.offset) << bad.text << ": " << read.error().message;
    EXPECT_FALSE(SelectorTemplate::parse(bad.text));
  }
}

TEST(SelectorText, GuessesWhatWasMeant) {
  EXPECT_EQ(SelectorTemplate::read("dynamic[tpc]").error().suggestion, "did you mean \"tcp\"?");
  EXPECT_EQ(SelectorTemplate::read("dynamic[tcp/htps]").error().suggestion, "did you mean \"https\"?");
  EXPECT_EQ(SelectorTemplate::read("dynamic[tcp/zzzzzz]").error().suggestion, "");
}

TEST(Selector, ResolvesDynamicToTheHost) {
  const auto host = *IpAddress::parse("192.0.2.1");
  const auto resolved =
      resolve({*SelectorTemplate::parse("dynamic[udp/1701]"), *SelectorTemplate::parse("10.0.0.0/8")}, host);
  EXPECT_EQ(to_string(resolved), "192.0.2.1/32[udp/1701] 10.0.0.0/8");
}

TEST(Selector, MatchesPacketsByAddressProtocolAndPort) {
  const auto https = selector("10.0.0.0/8[tcp/443]");
  const auto inside = *IpAddress::parse("10.1.2.3"), outside = *IpAddress::parse("11.0.0.0");
  EXPECT_TRUE(https.matches(inside, 6, 443));
  EXPECT_FALSE(https.matches(outside, 6, 443));
  EXPECT_FALSE(https.matches(inside, 17, 443));
  EXPECT_FALSE(https.matches(inside, 6, 444));
  EXPECT_FALSE(https.matches(*IpAddress::parse("::a01:203"), 6, 443));
}

TEST(Selector, MatchesAHiddenPortOnlyWithAnyOrOpaque) {
  const auto host = *IpAddress::parse("10.0.0.1");
  EXPECT_FALSE(selector("10.0.0.1[tcp/443]").matches(host, 6, std::nullopt));
  EXPECT_FALSE(selector("10.0.0.1[tcp/0-65534]").matches(host, 6, std::nullopt));
  EXPECT_TRUE(selector("10.0.0.1[tcp]").matches(host, 6, std::nullopt));
  EXPECT_TRUE(selector("10.0.0.1[tcp/opaque]").matches(host, 6, std::nullopt));
  EXPECT_FALSE(selector("10.0.0.1[tcp/opaque]").matches(host, 6, 443));
  EXPECT_TRUE(selector("10.0.0.1").matches(host, 47, std::nullopt));
}

TEST(Selector, AnyPortTakesInOpaque) {
  // RFC 4301 §4.4.1.1.
  EXPECT_TRUE(selector("10.0.0.1[tcp]").contains(selector("10.0.0.1[tcp/opaque]")));
  EXPECT_FALSE(selector("10.0.0.1[tcp/opaque]").contains(selector("10.0.0.1[tcp]")));
  EXPECT_FALSE(selector("10.0.0.1[tcp/0-65534]").contains(selector("10.0.0.1[tcp/opaque]")));
  EXPECT_FALSE(selector("10.0.0.1[tcp/443]").intersection(selector("10.0.0.1[tcp/opaque]")));
  EXPECT_EQ(selector("10.0.0.1[tcp]").intersection(selector("10.0.0.1[tcp/opaque]")), selector("10.0.0.1[tcp/opaque]"));
}

TEST(Narrow, KeepsWhatBothSidesWant) {
  EXPECT_EQ(narrowed({"10.1.0.0/16"}, {"10.1.0.0/16"}), "10.1.0.0/16");
  EXPECT_EQ(narrowed({"10.1.0.0/16"}, {"0.0.0.0/0"}), "10.1.0.0/16");
  EXPECT_EQ(narrowed({"0.0.0.0/0"}, {"10.1.0.0/16[tcp]"}), "10.1.0.0/16[tcp]");
  EXPECT_EQ(narrowed({"10.0.0.0/8[tcp]"}, {"10.1.0.0/16[any]"}), "10.1.0.0/16[tcp]");
  EXPECT_EQ(narrowed({"10.0.0.0/8[tcp/1-100]"}, {"10.0.0.0/8[tcp/50-200]"}), "10.0.0.0/8[tcp/50-100]");
}

TEST(Narrow, FindsNothingWhereNothingIsCommon) {
  EXPECT_EQ(narrowed({"10.1.0.0/16"}, {"10.2.0.0/16"}), "nothing");
  EXPECT_EQ(narrowed({"10.1.0.0/16[tcp]"}, {"10.1.0.0/16[udp]"}), "nothing");
  EXPECT_EQ(narrowed({"10.1.0.0/16[tcp/80]"}, {"10.1.0.0/16[tcp/81]"}), "nothing");
  EXPECT_EQ(narrowed({"0.0.0.0/0"}, {"::/0"}), "nothing");
  EXPECT_EQ(narrowed({"0.0.0.0/0"}, {}), "nothing");
  EXPECT_EQ(narrowed({}, {"0.0.0.0/0"}), "nothing");
}

TEST(Narrow, TakesAPacketsSelectorIntoTheWiderOne) {
  // RFC 7296 §2.9: the first is that of the packet that made the peer ask.
  EXPECT_EQ(narrowed({"10.1.0.0/16"}, {"10.1.2.3[tcp/443]", "10.1.0.0/16"}), "10.1.0.0/16");
  EXPECT_EQ(narrowed({"10.1.2.0/24", "10.1.9.0/24"}, {"10.1.9.9[tcp/443]", "10.1.0.0/16"}), "10.1.9.0/24 10.1.2.0/24");
}

TEST(Narrow, GoesOnWithTheRestWhenPolicyForbidsThePacket) {
  EXPECT_EQ(narrowed({"10.1.2.0/24"}, {"10.1.9.9[tcp/443]", "10.1.0.0/16"}), "10.1.2.0/24");
}

TEST(Narrow, DropsWhatAnotherSelectorContains) {
  EXPECT_EQ(narrowed({"0.0.0.0/0"}, {"10.1.2.0/24", "10.1.0.0/16", "10.1.2.3"}), "10.1.0.0/16");
  EXPECT_EQ(narrowed({"10.1.0.0/16", "10.1.0.0/16"}, {"10.1.0.0/16"}), "10.1.0.0/16");
}

TEST(Narrow, GivesNoMoreThanAPayloadHolds) {
  TrafficSelectors many;
  for (int i = 0; i < 255; ++i)
    many.push_back(TrafficSelector::host(IpAddress::v4(10, 0, static_cast<std::uint8_t>(i), 1)));
  TrafficSelectors protocols;
  for (int i = 1; i < 9; ++i) protocols.push_back({AddressRange::all(Family::ipv4), static_cast<std::uint8_t>(i), {}});
  const auto result = narrow(protocols, many);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->size(), 255u);
  EXPECT_TRUE(covers(many, *result));
  EXPECT_TRUE(covers(protocols, *result));
}

// A universe small enough to ask about every packet.
class SmallWorld {
 public:
  explicit SmallWorld(std::uint64_t seed) : random_(seed) {}

  TrafficSelectors selectors() {
    TrafficSelectors all(1 + random_.below(4));
    for (TrafficSelector& each : all) each = one();
    return all;
  }

  template <class Check>
  static void for_each_packet(Check check) {
    for (std::uint8_t host = 0; host < 8; ++host)
      for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}, std::uint8_t{47}})
        for (int port = -1; port < 4; ++port)
          check(IpAddress::v4(10, 0, 0, host), protocol,
                port < 0 ? std::nullopt : std::optional(static_cast<std::uint16_t>(port)));
  }

 private:
  TrafficSelector one() {
    const auto a = static_cast<std::uint8_t>(random_.below(8)), b = static_cast<std::uint8_t>(random_.below(8));
    TrafficSelector selector{{IpAddress::v4(10, 0, 0, std::min(a, b)), IpAddress::v4(10, 0, 0, std::max(a, b))}, 0, {}};
    constexpr std::uint8_t protocols[] = {0, 6, 17};
    selector.protocol = protocols[random_.below(3)];
    const auto p = static_cast<std::uint16_t>(random_.below(4)), q = static_cast<std::uint16_t>(random_.below(4));
    const PortRange ports[] = {PortRange::any(), PortRange::opaque(), {std::min(p, q), std::max(p, q)}};
    selector.ports = ports[random_.below(3)];
    return selector;
  }

  SeededRandom random_;
};

bool any_matches(const TrafficSelectors& all, const IpAddress& host, std::uint8_t protocol,
                 std::optional<std::uint16_t> port) {
  return std::ranges::any_of(all, [&](const auto& each) { return each.matches(host, protocol, port); });
}

TEST(Narrow, SelectsJustThePacketsThatBothSidesSelect) {
  SmallWorld world(7);
  for (int round = 0; round < 2000; ++round) {
    const auto configured = world.selectors(), proposed = world.selectors();
    const auto result = narrow(configured, proposed);
    const TrafficSelectors common = result.value_or(TrafficSelectors{});
    ASSERT_TRUE(covers(configured, common) && covers(proposed, common))
        << to_string(configured) << " | " << to_string(proposed);
    SmallWorld::for_each_packet([&](const IpAddress& host, std::uint8_t protocol, std::optional<std::uint16_t> port) {
      const bool both = any_matches(configured, host, protocol, port) && any_matches(proposed, host, protocol, port);
      ASSERT_EQ(any_matches(common, host, protocol, port), both)
          << to_string(configured) << " | " << to_string(proposed) << " = " << to_string(common);
    });
  }
}

TEST(Covers, SaysNothingThatPacketsContradict) {
  SmallWorld world(8);
  for (int round = 0; round < 2000; ++round) {
    const auto outer = world.selectors(), inner = world.selectors();
    if (!covers(outer, inner)) continue;
    SmallWorld::for_each_packet([&](const IpAddress& host, std::uint8_t protocol, std::optional<std::uint16_t> port) {
      ASSERT_TRUE(!any_matches(inner, host, protocol, port) || any_matches(outer, host, protocol, port));
    });
  }
}

}  // namespace
}  // namespace sallyport::policy
