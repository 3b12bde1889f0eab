// What the source of a packet is told that policy discards, or that no SA takes (RFC 4301 §5.1.1); and what becomes of
// ICMP errors in SAs (§6.2).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/test_support.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Settings answering() {
  Settings settings;
  settings.answer_refused = true;
  return settings;
}

policy::SpdEntry rule(std::uint32_t id, policy::SpdAction action, const char* local_ts, const char* remote_ts) {
  return {.id = {id},
          .action = action,
          .connection = "office",
          .child = "lan",
          .local_ts = selectors(local_ts),
          .remote_ts = selectors(remote_ts)};
}

/// One worker without an SA, whose policies discard one network and protect another.
class Refusals : public testing::Test {
 protected:
  void policies(bool on_demand) {
    policy::Spd spd;
    spd.entries = {rule(1, policy::SpdAction::discard, "10.1.0.0/16", "10.9.0.0/16"),
                   rule(2, policy::SpdAction::discard, "fd01::/64", "fd09::/64"),
                   rule(3, policy::SpdAction::bypass, "10.1.0.0/16", "10.8.0.0/16"),
                   rule(4, policy::SpdAction::protect, "10.1.0.0/16", "10.2.0.0/16")};
    spd.entries[3].on_demand = on_demand;
    worker.set_policy(std::make_shared<policy::Spd>(spd));
  }
  const Verdicts& send(const ClearPacket& clear) { return send_octets(build(clear)); }
  const Verdicts& send_octets(Bytes bytes) {
    packet = std::move(bytes);
    const Packet from_tun{.bytes = packet, .offload = {}};
    worker.outbound(now, {&from_tun, 1}, out);
    return out;
  }
  const Verdicts& timeout() {
    const auto due = worker.next_timeout();
    EXPECT_TRUE(due);
    now = std::max(now, due.value_or(now));
    worker.release_held(now, out);
    return out;
  }
  /// The one ICMP error that was delivered says type and code of the packet that was sent.
  void expect_answer(std::uint8_t type, std::uint8_t code) {
    ASSERT_THAT(out.deliveries, SizeIs(1));
    const Bytes reply = out.deliveries[0].to_bytes();
    const auto ip = wire::IpPacket::parse(reply), of = wire::IpPacket::parse(packet);
    ASSERT_TRUE(ip && of);
    EXPECT_TRUE(ip->has_valid_header_checksum() && wire::has_valid_payload_checksum(*ip));
    EXPECT_EQ(wire::icmp_type_code(*ip), (wire::IcmpTypeCode{type, code}));
    EXPECT_TRUE(equal(ip->destination(), of->source()));
    EXPECT_TRUE(equal(ip->source(), of->destination()));
    EXPECT_EQ(load_be32(&ip->payload()[4]), 0u);
    EXPECT_TRUE(equal(ip->payload().subspan(8), ByteView(packet).first(ip->payload().size() - 8)));
  }

  std::unique_ptr<crypto::PacketCipherFactory> ciphers = best_packet_ciphers();
  SeededRandom random{11};
  Worker worker{*ciphers, random, answering()};
  Instant now{std::chrono::seconds(1000)};
  Bytes packet;
  Verdicts out;
};

TEST_F(Refusals, TellTheSourceOfWhatAPolicyDiscards) {
  policies(false);
  send({.destination = "10.9.0.1"});
  EXPECT_THAT(out.drops, ElementsAre(testing::Field(&Drop::reason, DropReason::policy_discard)));
  expect_answer(3, 13);
  send({.source = "fd01::1", .destination = "fd09::1"});
  expect_answer(1, 1);
}

TEST_F(Refusals, TellTheSourceOfWhatNoPolicyIsFor) {
  policies(false);
  send({.destination = "10.7.0.1"});
  expect_answer(3, 13);
}

TEST_F(Refusals, TellTheSourceOfWhatHasNoSa) {
  policies(false);
  send({.destination = "10.2.0.1"});
  EXPECT_THAT(out.drops, ElementsAre(testing::Field(&Drop::reason, DropReason::no_sa)));
  expect_answer(3, 13);
}

TEST_F(Refusals, TellTheSourceWhenNoSaHasComeOfIt) {
  policies(true);
  EXPECT_THAT(send({.destination = "10.2.0.1"}).need_sa, SizeIs(1));
  EXPECT_THAT(out.deliveries, IsEmpty()) << "one may still come";
  worker.acquire_failed({4});
  timeout();
  EXPECT_EQ(now, Instant(std::chrono::seconds(1000))) << "at once";
  expect_answer(3, 13);
  EXPECT_FALSE(worker.next_timeout());
}

TEST_F(Refusals, TellTheSourceWhenItHasWaitedTooLong) {
  policies(true);
  send({.destination = "10.2.0.1"});
  timeout();
  EXPECT_EQ(now, Instant(std::chrono::seconds(1000)) + Settings().hold_time);
  EXPECT_THAT(out.drops, ElementsAre(testing::Field(&Drop::reason, DropReason::hold_expired)));
  expect_answer(3, 13);
}

TEST_F(Refusals, DoNotSpeakOfWhatGoesInClearElsewhere) {
  policies(false);
  EXPECT_THAT(send({.destination = "10.8.0.1"}).deliveries, IsEmpty());
}

TEST_F(Refusals, AnswerNeitherErrorsNorLaterFragmentsNorMulticast) {
  policy::Spd spd;
  spd.entries = {rule(1, policy::SpdAction::discard, "0.0.0.0/0", "0.0.0.0/0")};
  worker.set_policy(std::make_shared<policy::Spd>(spd));
  EXPECT_THAT(send({.protocol = wire::IpProtocol::icmp, .source_port = 0x0301}).deliveries, IsEmpty());
  EXPECT_THAT(send({.fragment_offset = 800}).deliveries, IsEmpty());
  EXPECT_THAT(send({.destination = "224.0.0.5"}).deliveries, IsEmpty());
  EXPECT_THAT(send({.destination = "255.255.255.255"}).deliveries, IsEmpty());
  EXPECT_THAT(send({.source = "0.0.0.0"}).deliveries, IsEmpty());
  EXPECT_THAT(send_octets(Bytes(10, 0x45)).deliveries, IsEmpty()) << "no packet";
  EXPECT_THAT(send({.more_fragments = true}).deliveries, SizeIs(1)) << "a first fragment is answered";
  EXPECT_THAT(send({.protocol = wire::IpProtocol::icmp, .source_port = 0x0800}).deliveries, SizeIs(1))
      << "so is a ping";
}

TEST_F(Refusals, ComeAtABoundedRate) {
  policies(false);
  std::size_t answers = 0;
  for (int i = 0; i < 500; ++i) answers += send({.destination = "10.9.0.1"}).deliveries.size();
  EXPECT_EQ(answers, 50u);
  now += 100ms;
  for (int i = 0; i < 500; ++i) answers += send({.destination = "10.9.0.1"}).deliveries.size();
  EXPECT_EQ(answers, 60u);
}

TEST_F(Refusals, AreSilentUnlessTheyAreAskedFor) {
  Worker silent(*ciphers, random);
  policy::Spd spd;
  spd.entries = {rule(1, policy::SpdAction::discard, "10.1.0.0/16", "10.9.0.0/16"),
                 rule(2, policy::SpdAction::protect, "10.1.0.0/16", "10.2.0.0/16")};
  spd.entries[1].on_demand = true;
  silent.set_policy(std::make_shared<policy::Spd>(spd));
  Bytes discarded = build({.destination = "10.9.0.1"}), held = build({});
  const Packet packets[] = {{.bytes = discarded, .offload = {}}, {.bytes = held, .offload = {}}};
  silent.outbound(now, packets, out);
  EXPECT_THAT(out.deliveries, IsEmpty());
  EXPECT_THAT(out.drops, SizeIs(1));
  silent.acquire_failed({2});
  EXPECT_FALSE(silent.next_timeout());
}

// ---- ICMP errors in an SA

/// As a router behind the peer says it of a packet from us to there.
Bytes unreachable(const char* router, const char* destination) {
  const Bytes caused = build({.destination = destination});
  Bytes packet = build({.source = router,
                        .destination = "10.1.0.1",
                        .protocol = wire::IpProtocol::icmp,
                        .source_port = 0x0301,
                        .size = 28 + 28});
  std::ranges::copy(ByteView(caused).first(28), packet.begin() + 28);
  store_be16(&packet[22], 0);
  store_be16(&packet[22], wire::internet_checksum(ByteView(packet).subspan(20)));
  return packet;
}

TEST(ErrorsInAnSa, DoNotPassWhenAPolicyKeepsWhatTheyAreOfOutOfIt) {
  // Seen from there: a router outside of the selectors, an error about a packet to a host that is discarded here.
  auto wide = spec_here({.local_ts = "0.0.0.0/0", .remote_ts = "10.1.0.0/16"});
  const auto narrow = spec_there({.local_ts = "10.1.0.0/16", .remote_ts = "10.2.0.0/16"});
  wide.inbound = narrow.inbound.clone();
  wide.outbound = narrow.outbound.clone();
  auto ciphers = best_packet_ciphers();
  SeededRandom random(3);
  Worker there(*ciphers, random), here(*ciphers, random);
  ASSERT_TRUE(there.install(wide));
  there.set_policy(spd_for(wide));
  const auto own = spec_here({});
  ASSERT_TRUE(here.install(own));
  const Instant now{std::chrono::seconds(1000)};
  Verdicts sent, received;
  const auto passes = [&](const char* destination) {
    Bytes error = unreachable("172.16.0.1", destination);
    const Packet packet{.bytes = error, .offload = {}};
    there.outbound(now, {&packet, 1}, sent);
    EXPECT_THAT(sent.sends, SizeIs(1));
    Wire wire(sent.sends);
    here.inbound(now, wire.datagrams(), received);
    return received.deliveries.size() == 1;
  };
  here.set_policy(spd_for(own));
  EXPECT_TRUE(passes("10.2.0.1"));
  EXPECT_FALSE(passes("10.3.0.1")) << "of a packet that the SA would not have carried";
  policy::Spd spd = *spd_for(own);
  spd.entries.insert(spd.entries.begin(), rule(7, policy::SpdAction::discard, "10.1.0.0/16", "10.2.0.1"));
  here.set_policy(std::make_shared<policy::Spd>(spd));
  EXPECT_FALSE(passes("10.2.0.1"));
  EXPECT_TRUE(passes("10.2.0.2"));
  EXPECT_EQ(here.counters().drops[DropReason::selector], 2u);
}

}  // namespace
}  // namespace sallyport::datapath
