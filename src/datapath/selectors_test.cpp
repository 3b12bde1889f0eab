#include "datapath/selectors.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "datapath/flow_cache.h"
#include "datapath/selector_index.h"
#include "datapath/spd_view.h"
#include "datapath/test_support.h"

namespace sallyport::datapath {
namespace {

using namespace test;

FlowKey key_of(const ClearPacket& packet) {
  const Bytes bytes = build(packet);
  return FlowKey::of(*wire::IpPacket::parse(bytes));
}

bool matches(std::string_view local, std::string_view remote, const ClearPacket& packet) {
  return SelectorPair(selectors(local), selectors(remote)).matches_outbound(key_of(packet));
}

// What both can say, they say alike.
TEST(Selectors, AgreeWithThePolicyOnes) {
  SeededRandom random(11);
  const char* texts[] = {"10.1.0.0/16",         "10.1.0.1",           "10.1.0.1-10.1.0.5",  "0.0.0.0/0[udp]",
                         "10.1.0.0/24[tcp/80]", "fd01::/64",          "fd01::1[udp/53-99]", "::/0",
                         "0.0.0.0/0[tcp/0]",    "10.0.0.0/8[udp/60]", "fd01::5-fd01::ff",   "0.0.0.0/0[tcp/opaque]"};
  const char* v4[] = {"10.1.0.0", "10.1.0.1", "10.1.0.5", "10.1.0.6", "10.1.1.0", "10.2.0.0", "255.255.255.255"};
  const char* v6[] = {"fd01::", "fd01::1", "fd01::5", "fd01::ff", "fd01::100", "fd01:0:0:1::", "::"};
  for (int i = 0; i < 20000; ++i) {
    const auto list = selectors(texts[random.below(std::size(texts))]);
    const bool is_v6 = random.below(2) == 0;
    ClearPacket packet;
    packet.source = is_v6 ? v6[random.below(std::size(v6))] : v4[random.below(std::size(v4))];
    packet.destination = is_v6 ? "fd02::1" : "10.9.9.9";
    packet.protocol = random.below(2) == 0 ? wire::IpProtocol::tcp : wire::IpProtocol::udp;
    packet.source_port = static_cast<std::uint16_t>(random.below(120));
    if (!is_v6 && random.below(4) == 0) packet.fragment_offset = 8;
    const FlowKey key = key_of(packet);
    const bool has_port = key.ports() == FlowKey::Ports::both;
    const bool expected = list[0].matches(test::address(packet.source), key.protocol(),
                                          has_port ? std::optional(packet.source_port) : std::nullopt);
    EXPECT_EQ(SelectorList(list).matches_source(key), expected)
        << to_string(list) << " " << packet.source << " " << packet.source_port;
  }
}

TEST(Selectors, LookAtBothPorts) {
  const ClearPacket packet{.source_port = 1000, .destination_port = 53};
  EXPECT_TRUE(matches("10.1.0.0/16[udp/1000]", "10.2.0.0/16[udp/53]", packet));
  EXPECT_FALSE(matches("10.1.0.0/16[udp/1000]", "10.2.0.0/16[udp/54]", packet));
  EXPECT_FALSE(matches("10.1.0.0/16[udp/53]", "10.2.0.0/16[udp/1000]", packet));
}

// RFC 4301 §4.4.1.3: the type and code of a message that is sent stand in the local selector.
TEST(Selectors, ReadIcmpTypeAndCodeFromTheSendersSide) {
  const ClearPacket echo{.protocol = wire::IpProtocol::icmp, .source_port = 0x0800};
  EXPECT_TRUE(matches("10.1.0.0/16[icmp/2048]", "10.2.0.0/16[icmp/2048]", echo));
  EXPECT_TRUE(matches("10.1.0.0/16[icmp/2048]", "10.2.0.0/16[icmp/opaque]", echo));
  EXPECT_TRUE(matches("10.1.0.0/16", "10.2.0.0/16[icmp]", echo));
  EXPECT_FALSE(matches("10.1.0.0/16[icmp/opaque]", "10.2.0.0/16[icmp/2048]", echo)) << "may receive, not send";
  EXPECT_FALSE(matches("10.1.0.0/16[icmp/0]", "10.2.0.0/16", echo));
}

TEST(Selectors, GiveLaterFragmentsOnlyToAnyAndOpaquePorts) {
  const ClearPacket later{.fragment_offset = 800};
  EXPECT_TRUE(matches("10.1.0.0/16[udp]", "10.2.0.0/16", later));
  EXPECT_TRUE(matches("10.1.0.0/16[udp/opaque]", "10.2.0.0/16[udp/opaque]", later));
  EXPECT_FALSE(matches("10.1.0.0/16[udp/40000]", "10.2.0.0/16", later));
  EXPECT_FALSE(matches("10.1.0.0/16[tcp]", "10.2.0.0/16", later));
}

TEST(Selectors, MatchNothingWhenEmpty) {
  EXPECT_FALSE(SelectorPair({}, {}).matches_outbound(key_of({})));
  EXPECT_FALSE(SelectorPair({}, {}).matches_inbound(key_of({})));
}

// Whatever is in it, the index finds what asking each in turn finds.
TEST(SelectorIndex, AgreesWithAskingEachInTurn) {
  SeededRandom random(17);
  const char* local[] = {"0.0.0.0/0", "10.1.0.0/16", "10.1.0.1", "10.1.0.1-10.1.0.77", "::/0", "fd01::/64", "fd01::7"};
  const char* remote[] = {"0.0.0.0/0", "10.2.0.0/16", "10.2.0.0/16[udp/1-50]",  "10.2.0.5", "10.2.0.0-10.2.0.6",
                          "fd02::/63", "fd02::/127",  "0.0.0.1-255.255.255.254"};
  struct Candidate {
    std::int64_t rank;
    SelectorPair selectors;
  };
  std::vector<std::unique_ptr<Candidate>> candidates;
  SelectorIndex<const Candidate*> index;
  const auto any = [](const Candidate*) { return true; };
  for (std::int64_t step = 0; step < 5000; ++step) {
    if (candidates.size() < 20 || (random.below(2) == 0 && candidates.size() < 60)) {
      auto local_ts = selectors(local[random.below(std::size(local))]);
      auto remote_ts = selectors(remote[random.below(std::size(remote))]);
      if (random.below(3) == 0) local_ts.push_back(selectors(local[random.below(std::size(local))])[0]);
      auto candidate = std::make_unique<Candidate>((step * 7919) % 5003, SelectorPair(local_ts, remote_ts));
      index.add(candidate->rank, candidate->selectors, candidate.get());
      candidates.push_back(std::move(candidate));
    } else {
      const auto gone = candidates.begin() + static_cast<std::ptrdiff_t>(random.below(candidates.size()));
      index.remove((*gone)->rank, (*gone)->selectors);
      candidates.erase(gone);
    }
    ClearPacket packet;
    const bool v6 = random.below(3) == 0;
    const auto from = fmt::format("{}{}", v6 ? "fd01::" : "10.1.0.", random.below(9));
    const auto to = fmt::format("{}{}", v6 ? "fd02::" : "10.2.0.", random.below(9));
    packet.source = from;
    packet.destination = to;
    packet.destination_port = static_cast<std::uint16_t>(random.below(100));
    const FlowKey key = key_of(packet);
    const Candidate* expected = nullptr;
    for (const auto& candidate : candidates)
      if (candidate->selectors.matches_outbound(key) && (expected == nullptr || candidate->rank < expected->rank))
        expected = candidate.get();
    const auto* found = index.find(key, any);
    ASSERT_EQ(found == nullptr ? nullptr : *found, expected) << from << " " << to;
  }
  for (const auto& candidate : candidates) index.remove(candidate->rank, candidate->selectors);
  EXPECT_TRUE(index.empty());
}

policy::TrafficSelectors any_network(SeededRandom& random, bool remote) {
  const bool v6 = random.below(3) == 0;
  const std::string front = v6 ? (remote ? "fd02:" : "fd01:") : (remote ? "10.2." : "10.1.");
  const auto a = random.below(64), b = random.below(64);
  std::string text = v6 ? fmt::format("{}{:x}::{:x}", front, a, b) : fmt::format("{}{}.{}", front, a, b);
  const char* lengths4[] = {"/16", "/22", "/24", "/30", "/32"};
  const char* lengths6[] = {"/16", "/32", "/64", "/126", "/128"};
  text += (v6 ? lengths6 : lengths4)[random.below(5)];
  const char* services[] = {"", "", "", "[udp]", "[udp/1-50]", "[udp/53]", "[tcp]", "[icmp/2048-2303]"};
  return selectors(text + services[random.below(std::size(services))]);
}

// Ten thousand policies that overlap as they like: what the first that matches says, in either direction.
TEST(SpdView, DecidesAsAskingEachInTurnDoes) {
  SeededRandom random(23);
  policy::Spd spd;
  constexpr policy::SpdAction actions[] = {policy::SpdAction::protect, policy::SpdAction::bypass,
                                           policy::SpdAction::discard};
  for (std::uint32_t i = 0; i < 10000; ++i)
    spd.entries.push_back({.id = {i + 1},
                           .action = actions[random.below(3)],
                           .connection = "c",
                           .child = fmt::format("{}", i % 100),
                           .local_ts = any_network(random, false),
                           .remote_ts = any_network(random, true)});
  put_in_order(spd.entries);
  std::vector<SelectorPair> naive;
  for (const auto& each : spd.entries) naive.emplace_back(each.local_ts, each.remote_ts);
  SpdView view;
  view.set_policy(spd);
  std::size_t decided = 0;
  for (int i = 0; i < 1000; ++i) {
    const bool v6 = random.below(3) == 0;
    const auto a = random.below(64), b = random.below(64), c = random.below(64), d = random.below(64);
    const std::string here = v6 ? fmt::format("fd01:{:x}::{:x}", a, b) : fmt::format("10.1.{}.{}", a, b);
    const std::string there = v6 ? fmt::format("fd02:{:x}::{:x}", c, d) : fmt::format("10.2.{}.{}", c, d);
    const bool out = random.below(2) == 0;
    ClearPacket packet{.source = out ? here : there, .destination = out ? there : here};
    packet.destination_port = static_cast<std::uint16_t>(random.below(100));
    if (!v6 && random.below(4) == 0) packet.protocol = wire::IpProtocol::icmp, packet.source_port = 0x0800;
    const FlowKey key = key_of(packet);
    const auto first = std::ranges::find_if(
        naive, [&](const auto& pair) { return out ? pair.matches_outbound(key) : pair.matches_inbound(key); });
    const auto* expected =
        first == naive.end() ? nullptr : &spd.entries[static_cast<std::size_t>(first - naive.begin())];
    decided += expected != nullptr;
    if (out) {
      const Decision decision = view.decide(key);
      ASSERT_EQ(decision.rule != nullptr ? decision.rule->id : policy::PolicyId{},
                expected != nullptr ? expected->id : policy::PolicyId{});
    } else {
      ASSERT_EQ(view.decide_inbound(key), expected != nullptr ? expected->action : policy::SpdAction::protect);
    }
  }
  EXPECT_GT(decided, 500u);
}

TEST(SelectorIndex, PassesOverWhatIsNotAccepted) {
  const SelectorPair wide(selectors("0.0.0.0/0"), selectors("0.0.0.0/0"));
  SelectorIndex<int> index;
  index.add(1, wide, 10);
  index.add(2, wide, 20);
  EXPECT_EQ(*index.find(key_of({}), [](int) { return true; }), 10);
  EXPECT_EQ(*index.find(key_of({}), [](int value) { return value != 10; }), 20);
  EXPECT_EQ(index.find(key_of({}), [](int) { return false; }), nullptr);
}

TEST(FlowKey, SaysWhichPacketItIsFromAsNarrowSelectors) {
  EXPECT_EQ(to_string(key_of({.protocol = wire::IpProtocol::icmp, .source_port = 0x0800}).source_selector()),
            "10.1.0.1/32[icmp/2048]");
  EXPECT_EQ(to_string(key_of({.protocol = wire::IpProtocol::icmp, .source_port = 0x0800}).destination_selector()),
            "10.2.0.1/32[icmp]");
  EXPECT_EQ(to_string(key_of({.fragment_offset = 8}).source_selector()), "10.1.0.1/32[udp]");
}

TEST(FlowCache, RemembersUntilToldToForget) {
  SeededRandom random(1);
  FlowCache<int> cache(16, random);
  const FlowKey key = key_of({});
  EXPECT_EQ(cache.find(key), nullptr);
  cache.remember(key, 5);
  ASSERT_NE(cache.find(key), nullptr);
  EXPECT_EQ(*cache.find(key), 5);
  EXPECT_EQ(cache.find(key_of({.source_port = 1})), nullptr);
  cache.forget_all();
  EXPECT_EQ(cache.find(key), nullptr);
}

// Were hits only a matter of the place, one flow would be taken for another.
TEST(FlowCache, NeverTakesAFlowForAnother) {
  SeededRandom random(1);
  FlowCache<int> cache(1, random);
  cache.remember(key_of({}), 5);
  for (std::uint16_t port = 0; port < 100; ++port) EXPECT_EQ(cache.find(key_of({.source_port = port})), nullptr);
  EXPECT_NE(cache.find(key_of({})), nullptr);
}

TEST(FlowCache, SpreadsFlowsThatDifferInOneBit) {
  SeededRandom random(99);
  FlowCache<int> cache(4096, random);
  // If few flows fell on each other's places, most of a thousand are remembered among four thousand.
  for (std::uint16_t port = 0; port < 1000; ++port) cache.remember(key_of({.source_port = port}), port);
  int remembered = 0;
  for (std::uint16_t port = 0; port < 1000; ++port)
    if (cache.find(key_of({.source_port = port})) != nullptr) ++remembered;
  EXPECT_GT(remembered, 800);  // at random 888 are expected
}

}  // namespace
}  // namespace sallyport::datapath
