#include "datapath/path_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/mss.h"
#include "datapath/pmtu.h"
#include "datapath/test_support.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// The IP packet that a Send becomes on the wire, as long as routers quote it.
Bytes on_the_wire(const Send& send, std::size_t quoted = 512) {
  const std::size_t udp = send.udp_encap ? wire::udp_header_size : 0;
  const std::size_t size = udp + send.bytes.size();
  const auto protocol = send.udp_encap ? wire::IpProtocol::udp : wire::IpProtocol::esp;
  Bytes packet;
  if (send.remote.address.is_v6()) {
    packet.resize(wire::ipv6_header_size);
    wire::Ipv6Header header{.payload_length = static_cast<std::uint16_t>(size), .next_header = protocol};
    std::ranges::copy(send.local.address.bytes(), header.source.begin());
    std::ranges::copy(send.remote.address.bytes(), header.destination.begin());
    wire::write_ipv6_header(packet.data(), header);
  } else {
    packet.resize(wire::ipv4_header_size);
    wire::Ipv4Header header{.total_length = static_cast<std::uint16_t>(packet.size() + size), .protocol = protocol};
    std::ranges::copy(send.local.address.bytes(), header.source.begin());
    std::ranges::copy(send.remote.address.bytes(), header.destination.begin());
    wire::write_ipv4_header(packet.data(), header);
  }
  if (udp != 0) {
    const std::size_t at = packet.size();
    packet.resize(at + udp);
    store_be16(&packet[at], send.local.port);
    store_be16(&packet[at + 2], send.remote.port);
    store_be16(&packet[at + 4], static_cast<std::uint16_t>(size));
  }
  packet.insert(packet.end(), send.bytes.begin(), send.bytes.end());
  packet.resize(std::min(packet.size(), quoted));
  return packet;
}

/// A router's complaint.
Bytes too_big(const Bytes& quoted, std::uint32_t mtu) {
  const bool v6 = quoted[0] >> 4 == 6;
  Bytes icmp(8);
  icmp[0] = v6 ? 2 : 3;
  icmp[1] = v6 ? 0 : 4;
  if (v6)
    store_be32(&icmp[4], mtu);
  else
    store_be16(&icmp[6], static_cast<std::uint16_t>(mtu));
  icmp.insert(icmp.end(), quoted.begin(), quoted.end());
  if (!v6) store_be16(&icmp[2], wire::internet_checksum(icmp));
  return icmp;
}

struct Outer {
  Ends ends;
  bool udp_encap;
};

class PathErrors : public testing::TestWithParam<Outer> {
 protected:
  policy::Family family() const {
    return address(GetParam().ends.here).is_v6() ? policy::Family::ipv6 : policy::Family::ipv4;
  }
  /// A large packet, sent.
  Bytes sent() {
    pair.send({build({.size = 1300, .dont_fragment = true})});
    EXPECT_THAT(pair.sent.sends, SizeIs(1));
    return on_the_wire(pair.sent.sends.at(0));
  }
  /// What is due, as who drives the worker does it.
  void pass(Duration time) {
    pair.now += time;
    if (const auto due = pair.here().next_timeout(); due && *due <= pair.now)
      pair.here().release_held(pair.now, pair.sent);
  }
  bool hears(const Bytes& icmp) { return pair.here().on_path_error(pair.now, family(), icmp); }
  std::uint16_t path_mtu() { return pair.here().status({1})->path_mtu; }

  Pair pair{ChildSa{.here = GetParam().ends.here, .there = GetParam().ends.there, .udp_encap = GetParam().udp_encap}};
};

TEST_P(PathErrors, NarrowThePathOfTheSaThatTheyQuote) {
  EXPECT_TRUE(hears(too_big(sent(), 1300)));
  EXPECT_EQ(path_mtu(), 1300);
  // Now the source is told, in terms of its own packet.
  pair.send({build({.size = 1300, .dont_fragment = true})});
  EXPECT_THAT(pair.sent.sends, IsEmpty());
  ASSERT_THAT(pair.sent.deliveries, SizeIs(1));
  const Bytes reply = delivered(pair.sent).at(0);
  const std::uint16_t told = load_be16(&reply[wire::ipv4_header_size + 6]);
  EXPECT_LT(told, 1300);
  pair.send({build({.size = told, .dont_fragment = true})});
  EXPECT_THAT(pair.sent.sends, SizeIs(1));
  EXPECT_EQ(pair.here().path_errors().heeded, 1u);
}

TEST_P(PathErrors, AreForgottenAfterAWhile) {
  EXPECT_TRUE(hears(too_big(sent(), 1300)));
  pass(9min);
  EXPECT_EQ(path_mtu(), 1300);
  pass(2min);
  EXPECT_EQ(path_mtu(), 1500);
  EXPECT_FALSE(pair.here().next_timeout());
}

TEST_P(PathErrors, LastLongerWhenTheyAreSaidAgain) {
  const Bytes quoted = sent();
  EXPECT_TRUE(hears(too_big(quoted, 1320)));
  pass(9min);
  EXPECT_TRUE(hears(too_big(quoted, 1300)));
  pass(9min);
  EXPECT_EQ(path_mtu(), 1300);
}

TEST_P(PathErrors, CountOnWhenTheRouteIsLookedAtAgain) {
  EXPECT_TRUE(hears(too_big(sent(), 1300)));
  pair.here().set_path_mtu({1}, 1400);
  EXPECT_EQ(path_mtu(), 1300);
  pass(11min);
  EXPECT_EQ(path_mtu(), 1400);
  EXPECT_TRUE(hears(too_big(sent(), 1300)));
  pair.here().set_path_mtu({1}, 1290);
  EXPECT_EQ(path_mtu(), 1290);
}

TEST_P(PathErrors, AreNotMissedWhenTheSaGoes) {
  EXPECT_TRUE(hears(too_big(sent(), 1300)));
  pair.here().remove({1});
  EXPECT_FALSE(pair.here().next_timeout());
  pass(11min);
}

TEST_P(PathErrors, AreNotBelievedBelowWhatEveryNetworkTakes) {
  EXPECT_TRUE(hears(too_big(sent(), 100)));
  EXPECT_EQ(path_mtu(), family() == policy::Family::ipv6 ? 1280 : 576);
}

TEST_P(PathErrors, NeverWidenAPath) {
  const Bytes quoted = sent();
  EXPECT_TRUE(hears(too_big(quoted, 1300)));
  EXPECT_FALSE(hears(too_big(quoted, 1310)));
  EXPECT_FALSE(hears(too_big(quoted, 1300)));
  EXPECT_EQ(path_mtu(), 1300);
}

TEST_P(PathErrors, AboutWhatWeHaveNotSentAreIgnored) {
  const Bytes quoted = sent();
  const std::size_t esp =
      (family() == policy::Family::ipv6 ? 40u : 20u) + (GetParam().udp_encap ? wire::udp_header_size : 0u);
  const auto ignores = [&](std::size_t at, const char* what) {
    Bytes other = quoted;
    other[at] ^= 0x40;
    EXPECT_FALSE(hears(too_big(other, 1300))) << what;
    EXPECT_EQ(path_mtu(), 1500) << what;
  };
  ignores(esp, "another SPI");
  ignores(esp + 4, "a sequence number to come");
  ignores(family() == policy::Family::ipv6 ? 39 : 19, "another peer");
  ignores(family() == policy::Family::ipv6 ? 23 : 15, "not from us");
  if (GetParam().udp_encap) ignores(esp - 8, "another port");
  EXPECT_EQ(pair.here().path_errors().heeded, 0u);
  EXPECT_GT(pair.here().path_errors().ignored, 0u);
}

TEST_P(PathErrors, ThatAreCutOrDamagedAreIgnored) {
  const Bytes whole = too_big(sent(), 1300);
  const std::size_t enough = 8 + (family() == policy::Family::ipv6 ? 40u : 20u) + (GetParam().udp_encap ? 8u : 0u) + 8;
  for (std::size_t size = 0; size < enough; ++size) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    if (family() == policy::Family::ipv4 && size >= 8) {
      store_be16(&cut[2], 0);
      store_be16(&cut[2], wire::internet_checksum(cut));
    }
    EXPECT_FALSE(hears(cut)) << size;
  }
  if (family() == policy::Family::ipv4) {
    Bytes damaged = whole;
    damaged[9] ^= 1;
    EXPECT_FALSE(hears(damaged));
  }
  EXPECT_EQ(path_mtu(), 1500);
}

TEST_P(PathErrors, OfOtherKindsAreIgnored) {
  Bytes other = too_big(sent(), 1300);
  other[0] = family() == policy::Family::ipv6 ? 1 : 11;
  if (family() == policy::Family::ipv4) {
    store_be16(&other[2], 0);
    store_be16(&other[2], wire::internet_checksum(other));
  }
  EXPECT_FALSE(hears(other));
  EXPECT_FALSE(hears(too_big(sent(), 1500))) << "what it quotes would have passed";
  EXPECT_EQ(path_mtu(), 1500);
}

TEST_P(PathErrors, AreHeardAtABoundedRate) {
  const Bytes quoted = sent();
  Bytes forged = too_big(quoted, 1300);
  for (int i = 0; i < 10000; ++i) {
    Bytes other = quoted;
    other[quoted.size() - 1] ^= static_cast<std::uint8_t>(i);
    other[(family() == policy::Family::ipv6 ? 40u : 20u) + (GetParam().udp_encap ? 8u : 0u)] ^= 0x11;
    EXPECT_FALSE(hears(too_big(other, 1300)));
  }
  EXPECT_FALSE(hears(forged)) << "nobody is listened to for a moment";
  pair.now += 1s;
  EXPECT_TRUE(hears(forged));
}

TEST_P(PathErrors, SayTheWidestClearPacket) {
  const std::uint16_t before = pair.here().widest_clear_packet();
  EXPECT_GT(before, 1400);
  EXPECT_LT(before, 1500);
  pair.send({build({.size = before, .dont_fragment = true})});
  EXPECT_THAT(pair.sent.sends, SizeIs(1));
  EXPECT_TRUE(hears(too_big(sent(), 1300)));
  EXPECT_EQ(pair.here().widest_clear_packet(), before - 200);
  pair.here().remove({1});
  EXPECT_EQ(pair.here().widest_clear_packet(), 0);
}

INSTANTIATE_TEST_SUITE_P(Datapath, PathErrors,
                         testing::Values(Outer{v4, true}, Outer{v4, false}, Outer{v6, true}, Outer{v6, false}));

TEST(PathError, TakesTheNextPlateauWhereARouterDoesNotSay) {
  Pair pair;
  pair.send({build({.size = 1300, .dont_fragment = true})});
  const auto error = read_path_error(policy::Family::ipv4, too_big(on_the_wire(pair.sent.sends.at(0)), 0));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->mtu, 1006);
}

TEST(PathError, IsReadBehindExtensionHeaders) {
  Pair pair(ChildSa{.here = v6.here, .there = v6.there, .udp_encap = false});
  pair.send({build({.size = 1300, .dont_fragment = true})});
  Bytes packet = on_the_wire(pair.sent.sends.at(0));
  const Bytes options = {packet[6], 0, 1, 4, 0, 0, 0, 0};
  packet[6] = 0;
  packet.insert(packet.begin() + 40, options.begin(), options.end());
  const auto error = read_path_error(policy::Family::ipv6, too_big(packet, 1280));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->sequence, 1u);
}

// ---- MSS

Bytes syn(std::uint16_t mss, bool v6 = false, std::initializer_list<std::uint8_t> in_front = {}) {
  Bytes options(in_front);
  options.insert(options.end(), {2, 4, static_cast<std::uint8_t>(mss >> 8), static_cast<std::uint8_t>(mss)});
  while (options.size() % 4 != 0) options.push_back(0);
  ClearPacket clear{
      .protocol = wire::IpProtocol::tcp, .size = (v6 ? 40u : 20u) + 20 + options.size(), .tcp_flags = 0x02};
  if (v6) clear.source = inner6.here, clear.destination = inner6.there;
  Bytes packet = build(clear);
  const std::size_t tcp = v6 ? 40 : 20;
  packet[tcp + 12] = static_cast<std::uint8_t>((20 + options.size()) / 4 << 4);
  std::ranges::copy(options, packet.begin() + static_cast<std::ptrdiff_t>(tcp + 20));
  store_be16(&packet[tcp + 16], 0);
  const auto ip = *wire::IpPacket::parse(packet);
  wire::ChecksumSum sum = wire::pseudo_header_sum(ip.source(), ip.destination(), ip.protocol(), ip.payload().size());
  sum.add(ip.payload());
  store_be16(&packet[tcp + 16], sum.checksum());
  return packet;
}

bool has_right_checksum(ByteView packet) {
  const auto ip = *wire::IpPacket::parse(packet);
  wire::ChecksumSum sum = wire::pseudo_header_sum(ip.source(), ip.destination(), ip.protocol(), ip.payload().size());
  sum.add(ip.payload());
  return sum.checksum() == 0;
}

std::uint16_t mss_of(ByteView packet, std::size_t in_front = 0) {
  return load_be16(&packet[(packet[0] >> 4 == 6 ? 60u : 40u) + in_front + 2]);
}

TEST(Mss, IsLoweredToWhatTheSaTakes) {
  for (const bool v6 : {false, true}) {
    Pair pair(ChildSa{.local_ts = v6 ? "fd01::/16" : "10.1.0.0/16", .remote_ts = v6 ? "fd02::/16" : "10.2.0.0/16"});
    const auto out = pair.pass({syn(8960, v6)});
    ASSERT_THAT(out, SizeIs(1));
    EXPECT_TRUE(has_right_checksum(out[0]));
    EXPECT_EQ(mss_of(out[0]) + (v6 ? 60 : 40), pair.here().widest_clear_packet());
  }
}

TEST(Mss, ThatFitsIsLeftAlone) {
  Pair pair;
  const Bytes packet = syn(1000);
  EXPECT_THAT(pair.pass({packet}), ElementsAre(packet));
}

TEST(Mss, IsFoundBehindOtherOptionsAndAtOddPlaces) {
  for (const std::initializer_list<std::uint8_t> front :
       {std::initializer_list<std::uint8_t>{1}, {1, 1, 1}, {4, 2}, {8, 10, 0, 0, 0, 1, 0, 0, 0, 2}, {3, 3, 7}}) {
    Pair pair;
    const auto out = pair.pass({syn(1460, false, front)});
    ASSERT_THAT(out, SizeIs(1));
    EXPECT_EQ(mss_of(out[0], front.size()) + 40, pair.here().widest_clear_packet()) << front.size();
    EXPECT_TRUE(has_right_checksum(out[0])) << front.size();
  }
}

TEST(Mss, InOptionsThatContradictThemselvesIsLeftAlone) {
  Pair pair;
  for (const std::initializer_list<std::uint8_t> front :
       {std::initializer_list<std::uint8_t>{4, 0}, {4, 1}, {4, 99}, {0}}) {
    const Bytes packet = syn(1460, false, front);
    EXPECT_THAT(pair.pass({packet}), ElementsAre(packet)) << front.size();
  }
}

TEST(Mss, OfWhatArrivesIsLoweredToo) {
  Pair pair(spec_here({}), Settings{.clamp_mss = true});
  pair.there().set_path_mtu({1}, 1000);
  const auto out = pair.pass({syn(1200)});
  ASSERT_THAT(out, SizeIs(1));
  EXPECT_EQ(mss_of(out[0]) + 40, pair.there().widest_clear_packet());
  EXPECT_TRUE(has_right_checksum(out[0]));
}

TEST(Mss, IsLeftAloneWhenTold) {
  Pair pair(spec_here({}), Settings{.clamp_mss = false});
  const Bytes packet = syn(8960);
  EXPECT_THAT(pair.pass({packet}), ElementsAre(packet));
}

TEST(Mss, OfPacketsThatBeginNothingIsLeftAlone) {
  Pair pair;
  Bytes packet = syn(8960);
  packet[20 + 13] = 0x10;  // ACK; its checksum is wrong now, which is not ours to see
  EXPECT_THAT(pair.pass({packet}), ElementsAre(packet));
}

// However odd the place, as if the sum had been made anew.
TEST(Mss, MendsTheChecksumForEveryValue) {
  SeededRandom random(5);
  for (int i = 0; i < 2000; ++i) {
    const auto value = static_cast<std::uint16_t>(random.below(65536));
    Bytes packet = random.below(2) == 0 ? syn(value) : syn(value, false, {1});
    const auto ip = *wire::IpPacket::parse(packet);
    const std::size_t largest = 200 + random.below(2000);
    const bool changed = lower_mss(packet, ip, largest, false);
    EXPECT_EQ(changed, value > std::max<std::size_t>(216, largest - 40));
    EXPECT_TRUE(has_right_checksum(packet)) << value << " " << largest;
  }
}

}  // namespace
}  // namespace sallyport::datapath
