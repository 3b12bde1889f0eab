#include "datapath/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/test_support.h"
#include "wire/ip_header.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// ---- Round trips of all kinds

struct Kind {
  bool outer_v6;
  bool inner_v6;
  policy::Mode mode;
  bool udp_encap;
  const char* proposal;
};

ChildSa sa_of(const Kind& kind) {
  ChildSa sa{.proposal = kind.proposal, .mode = kind.mode, .udp_encap = kind.udp_encap};
  if (kind.outer_v6) sa.here = "2001:db8::1", sa.there = "2001:db8::2";
  if (kind.mode == policy::Mode::transport) {
    sa.local_ts = sa.here;
    sa.remote_ts = sa.there;
  } else if (kind.inner_v6) {
    sa.local_ts = "fd01::/64", sa.remote_ts = "fd02::/64";
  }
  return sa;
}

ClearPacket packet_of(const Kind& kind) {
  const ChildSa sa = sa_of(kind);
  ClearPacket packet;
  if (kind.mode == policy::Mode::transport)
    packet.source = sa.here, packet.destination = sa.there;
  else if (kind.inner_v6)
    packet.source = "fd01::1", packet.destination = "fd02::1";
  packet.dont_fragment = true;  // as transport mode restores it
  return packet;
}

class EveryKind : public testing::TestWithParam<Kind> {};

TEST_P(EveryKind, PassesEverySizeUnchanged) {
  Pair pair(sa_of(GetParam()));
  ClearPacket packet = packet_of(GetParam());
  std::vector<Bytes> clear;
  for (std::size_t size = 48; size < 1400; size += size < 140 ? 1 : 37) {
    packet.size = size;
    for (const auto protocol : {wire::IpProtocol::udp, wire::IpProtocol::tcp}) {
      packet.protocol = protocol;
      if (size >= 60) clear.push_back(build(packet));
    }
  }
  // Transport mode over IPv4 restores a header without identification.
  std::vector<Bytes> expected = clear;
  if (GetParam().mode == policy::Mode::transport && !GetParam().outer_v6)
    for (Bytes& bytes : expected) wire::set_ipv4_id(bytes.data(), 0);
  EXPECT_EQ(pair.pass(clear), expected);
  EXPECT_EQ(pair.here().counters().outbound, pair.there().counters().inbound);
  EXPECT_EQ(pair.here().counters().outbound.packets, clear.size());
  EXPECT_EQ(pair.there().counters().drops.total(), 0u);
}

TEST_P(EveryKind, SaysWhatGoesOutside) {
  Pair pair(sa_of(GetParam()));
  ClearPacket packet = packet_of(GetParam());
  packet.traffic_class = 0xba;
  const Send& send = pair.send({build(packet)}).sends.at(0);
  const auto spec = spec_here(sa_of(GetParam()));
  EXPECT_EQ(send.local, spec.local);
  EXPECT_EQ(send.remote, spec.remote);
  EXPECT_EQ(send.udp_encap, GetParam().udp_encap);
  EXPECT_EQ(send.protocol(), GetParam().udp_encap ? 17 : 50);
  EXPECT_EQ(send.traffic_class, 0xba);
  EXPECT_EQ(send.hop_limit, GetParam().mode == policy::Mode::tunnel ? 64 : 63);
  EXPECT_TRUE(send.dont_fragment);
  EXPECT_EQ(load_be32(send.bytes.data()), spec.outbound.spi);
  EXPECT_EQ(load_be32(send.bytes.data() + 4), 1u);
  EXPECT_THAT(send.extension_headers, IsEmpty());
}

std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  for (const bool outer_v6 : {false, true})
    for (const bool udp_encap : {false, true}) {
      for (const bool inner_v6 : {false, true})
        kinds.push_back({outer_v6, inner_v6, policy::Mode::tunnel, udp_encap, "aes128gcm16-esn"});
      kinds.push_back({outer_v6, outer_v6, policy::Mode::transport, udp_encap, "aes256gcm16-noesn"});
    }
  for (const char* proposal : {"aes128-sha1-noesn", "aes256-sha512-esn", "aes192ctr-sha384-esn", "aes256gcm8-esn",
                               "aes128gcm12-noesn", "chacha20poly1305-esn", "null-sha256-esn", "3des-md5-noesn"})
    kinds.push_back({false, false, policy::Mode::tunnel, true, proposal});
  return kinds;
}

std::string name_of(const testing::TestParamInfo<Kind>& info) {
  const Kind& kind = info.param;
  std::string name = std::string(kind.mode == policy::Mode::tunnel ? "Tunnel" : "Transport") +
                     (kind.inner_v6 ? "V6" : "V4") + "Over" + (kind.udp_encap ? "Udp" : "Ip") +
                     (kind.outer_v6 ? "V6_" : "V4_") + kind.proposal;
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Datapath, EveryKind, testing::ValuesIn(all_kinds()), name_of);

// ---- ECN through a whole tunnel

TEST(Worker, CarriesCongestionMarksInAndDropsWhatCannotBeTold) {
  Pair pair;
  Wire marked(pair.send({build({.traffic_class = 2})}).sends);
  marked.datagrams()[0].traffic_class = 3;
  ASSERT_THAT(pair.receive(marked.datagrams()).deliveries, SizeIs(1));
  const Bytes packet = pair.received.deliveries[0].to_bytes();
  EXPECT_EQ(packet[1], 3);
  EXPECT_TRUE(wire::IpPacket::parse(packet)->has_valid_header_checksum());

  Wire untold(pair.send({build({.traffic_class = 0})}).sends);
  untold.datagrams()[0].traffic_class = 3;
  EXPECT_THAT(pair.receive(untold.datagrams()).deliveries, IsEmpty());
  EXPECT_THAT(pair.received.drops, ElementsAre(testing::Field(&Drop::reason, DropReason::ecn_congestion)));
}

TEST(Worker, LeavesEcnAloneWhenTold) {
  auto spec = spec_here({});
  spec.copy_ecn = false;
  Pair pair(spec, {});
  Wire wire(pair.send({build({.traffic_class = 2})}).sends);
  EXPECT_EQ(wire.datagrams()[0].traffic_class, 0);
  wire.datagrams()[0].traffic_class = 3;
  ASSERT_THAT(pair.receive(wire.datagrams()).deliveries, SizeIs(1));
  EXPECT_EQ(pair.received.deliveries[0].to_bytes()[1], 2);
}

// ---- Control

TEST(Worker, RefusesWhatItCannotInstall) {
  Pair pair;
  const auto code_of = [&](auto change) {
    auto spec = spec_here({.number = 9});
    change(spec);
    const auto installed = pair.here().install(spec);
    return installed ? std::optional<ErrorCode>() : installed.error().code;
  };
  EXPECT_EQ(code_of([](policy::ChildSaSpec& s) { s.suite.protocol = policy::Protocol::ah; }), ErrorCode::unsupported);
  EXPECT_EQ(code_of([](policy::ChildSaSpec& s) { s.id = {1}; }), ErrorCode::duplicate);
  EXPECT_EQ(code_of([](policy::ChildSaSpec& s) { s.inbound.spi = spec_here({}).inbound.spi; }), ErrorCode::duplicate);
  EXPECT_EQ(code_of([](policy::ChildSaSpec& s) { s.inbound.spi = 255; }), ErrorCode::out_of_range);
  EXPECT_EQ(code_of([](policy::ChildSaSpec& s) { s.outbound.spi = 0; }), ErrorCode::out_of_range);
  EXPECT_EQ(code_of([](policy::ChildSaSpec& s) { s.inbound.encryption_key = Secret(3); }), ErrorCode::out_of_range);
  EXPECT_EQ(code_of([](policy::ChildSaSpec& s) { s.local = {test::address("::1"), 4500}; }), ErrorCode::out_of_range);
  EXPECT_EQ(pair.here().sa_count(), 1u);
  EXPECT_EQ(code_of([](policy::ChildSaSpec&) {}), std::nullopt);
}

TEST(Worker, KnowsNothingOfOtherSas) {
  Pair pair;
  EXPECT_FALSE(pair.here().update_endpoints({5}, {}, {}, true));
  EXPECT_FALSE(pair.here().set_path_mtu({5}, 1400));
  EXPECT_EQ(pair.here().status({5}), std::nullopt);
}

TEST(Worker, FollowsTheEndpoints) {
  Pair pair(ChildSa{.udp_encap = false});
  const policy::Endpoint local{test::address("198.51.100.1"), 4500}, remote{test::address("198.51.100.2"), 61000};
  ASSERT_TRUE(pair.here().update_endpoints({1}, local, remote, true));
  const Send& send = pair.send({build({})}).sends.at(0);
  EXPECT_EQ(send.local, local);
  EXPECT_EQ(send.remote, remote);
  EXPECT_TRUE(send.udp_encap);
}

TEST(Worker, TellsWhenAnSaWasLastUsed) {
  Pair pair;
  EXPECT_EQ(pair.here().status({1})->last_outbound, std::nullopt);
  pair.pass({build({}), build({})});
  EXPECT_EQ(pair.here().status({1})->last_outbound, pair.now);
  EXPECT_EQ(pair.here().status({1})->last_inbound, std::nullopt);
  EXPECT_EQ(pair.here().status({1})->sequence_out, 2u);
  EXPECT_EQ(pair.there().status({1})->last_inbound, pair.now);
  EXPECT_EQ(pair.there().status({1})->sequence_in, 2u);
}

TEST(Worker, CountsADroppedPacketAsNoSignOfLife) {
  Pair pair;
  Wire wire(pair.send({build({})}).sends);
  wire.datagrams()[0].bytes[30] ^= 1;
  pair.receive(wire.datagrams());
  EXPECT_EQ(pair.there().status({1})->last_inbound, std::nullopt);
}

TEST(Worker, AllocatesNothingInTheSteadyState) {
  // Verdicts keep their memory, so the vectors do not move from one burst to the next.
  Pair pair;
  const std::vector<Bytes> clear(64, build({.size = 1300}));
  pair.pass(clear);
  const auto* sends = pair.sent.sends.data();
  const auto* bytes = pair.sent.sends[0].bytes.data();
  const auto* deliveries = pair.received.deliveries.data();
  for (int i = 0; i < 100; ++i) {
    pair.pass(clear);
    EXPECT_EQ(pair.sent.sends.data(), sends);
    EXPECT_EQ(pair.sent.sends[0].bytes.data(), bytes);
    EXPECT_EQ(pair.received.deliveries.data(), deliveries);
  }
}

TEST(DropReason, HasANameForEach) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < drop_reasons; ++i) names.insert(to_string(static_cast<DropReason>(i)));
  EXPECT_EQ(names.size(), drop_reasons);
  EXPECT_FALSE(names.contains("?"));
}

}  // namespace
}  // namespace sallyport::datapath
