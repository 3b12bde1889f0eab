#include "datapath/outbound.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/test_support.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

auto is_drop(DropReason reason) { return Field(&Drop::reason, reason); }

// ---- Policy

policy::SpdEntry entry(std::uint32_t id, policy::SpdAction action, std::string_view remote_ts) {
  return {.id = {id},
          .action = action,
          .connection = "office",
          .child = "lan",
          .on_demand = false,
          .local_ts = selectors("10.1.0.0/16"),
          .remote_ts = selectors(remote_ts)};
}

TEST(Outbound, DropsWhatNoPolicyMatches) {
  Pair pair;
  EXPECT_THAT(pair.send({build({.destination = "10.3.0.1"})}).sends, IsEmpty());
  EXPECT_THAT(pair.sent.drops, ElementsAre(is_drop(DropReason::no_policy)));
}

TEST(Outbound, LetsTheFirstMatchingPolicyDecide) {
  Pair pair;
  policy::Spd spd;
  spd.entries = {entry(1, policy::SpdAction::discard, "10.2.0.1"), entry(2, policy::SpdAction::bypass, "10.2.0.2"),
                 entry(3, policy::SpdAction::protect, "10.2.0.0/16"), entry(4, policy::SpdAction::discard, "10.2.0.3")};
  pair.here().set_policy(std::make_shared<policy::Spd>(spd));
  EXPECT_THAT(pair.send({build({.destination = "10.2.0.1"})}).drops, ElementsAre(is_drop(DropReason::policy_discard)));
  EXPECT_THAT(pair.send({build({.destination = "10.2.0.2"})}).drops, ElementsAre(is_drop(DropReason::policy_bypass)));
  EXPECT_THAT(pair.send({build({.destination = "10.2.0.3"})}).sends, SizeIs(1));
  EXPECT_THAT(pair.sent.drops, IsEmpty());
}

TEST(Outbound, FeelsAChangedPolicyAtOnce) {
  Pair pair;
  EXPECT_THAT(pair.send({build({})}).sends, SizeIs(1));
  policy::Spd spd;
  spd.entries = {entry(1, policy::SpdAction::discard, "10.2.0.0/16")};
  pair.here().set_policy(std::make_shared<policy::Spd>(spd));
  EXPECT_THAT(pair.send({build({})}).sends, IsEmpty());
  pair.here().set_policy(spd_for(spec_here({})));
  EXPECT_THAT(pair.send({build({})}).sends, SizeIs(1));
  pair.here().set_policy(std::make_shared<policy::Spd>());
  EXPECT_THAT(pair.send({build({})}).drops, ElementsAre(is_drop(DropReason::no_policy)));
}

TEST(Outbound, SendsNothingOnceTheSaIsRemoved) {
  Pair pair;
  EXPECT_THAT(pair.send({build({})}).sends, SizeIs(1));
  EXPECT_TRUE(pair.here().remove({1}));
  EXPECT_FALSE(pair.here().remove({1}));
  EXPECT_THAT(pair.send({build({})}).sends, IsEmpty());
  EXPECT_THAT(pair.sent.drops, ElementsAre(is_drop(DropReason::no_sa)));
  EXPECT_THAT(pair.sent.need_sa, IsEmpty()) << "not on demand";
}

TEST(Outbound, DropsWhatIsNoIpPacket) {
  Pair pair;
  Bytes short_header = build({});
  short_header[0] = 0x44;
  Bytes too_long = build({});
  store_be16(&too_long[2], 101);
  pair.send({Bytes{}, Bytes{0x45}, Bytes(100, 0), short_header, too_long});
  EXPECT_THAT(pair.sent.sends, IsEmpty());
  EXPECT_EQ(pair.here().counters().drops[DropReason::malformed_packet], 5u);
}

// ---- Padding against traffic analysis

/// The sizes of what is sent for clear packets of these sizes, all of which arrive as they were.
std::vector<std::size_t> sizes_sent(const policy::TfcPadding& padding, std::initializer_list<std::size_t> clear,
                                    std::string_view proposal = "aes128gcm16-noesn") {
  auto spec = spec_here({.proposal = proposal});
  spec.tfc_padding = padding;
  Pair pair(spec, {});
  std::vector<Bytes> packets;
  for (const std::size_t size : clear) packets.push_back(build({.size = size}));
  EXPECT_EQ(pair.pass(packets), packets);
  std::vector<std::size_t> sizes;
  for (const Send& send : pair.sent.sends)
    for (std::size_t i = 0; i < send.packet_count(); ++i) sizes.push_back(send.packet(i).size());
  return sizes;
}

TEST(TfcPadding, MakesSmallPacketsAsLargeAsIsAskedFor) {
  // ESP's head, ICV and trailer take 8 + 8 + 16 + 2 octets of GCM's packets, and their text ends on a multiple of 4.
  EXPECT_THAT(sizes_sent({.least_size = 300}, {60, 100, 200, 266}), ElementsAre(300, 300, 300, 300));
  EXPECT_THAT(sizes_sent({.least_size = 299}, {60}), ElementsAre(300));
  EXPECT_THAT(sizes_sent({.least_size = 301}, {60}), ElementsAre(304));
  EXPECT_THAT(sizes_sent({.least_size = 300}, {60, 267, 1000}), ElementsAre(300, 304, 1036));
  EXPECT_THAT(sizes_sent({.least_size = 1}, {60}), sizes_sent({}, {60}));
  EXPECT_THAT(sizes_sent({.least_size = 300}, {60}, "aes128-sha256-noesn"), ElementsAre(312));  // 8 + 16 + 16·17 + 16
}

TEST(TfcPadding, MakesAllPacketsAsLargeAsThePathTakes) {
  const auto sizes = sizes_sent({.to_path_mtu = true}, {60, 700, 1300});
  ASSERT_THAT(sizes, SizeIs(3));
  for (const std::size_t size : sizes) {
    EXPECT_EQ(size, sizes.front());
    EXPECT_GT(size, 1500u - 20 - 8 - 4);
    EXPECT_LE(size, 1500u - 20 - 8);
  }
  EXPECT_THAT(sizes_sent({.least_size = 65535}, {60}), ElementsAre(sizes.front()));
}

TEST(TfcPadding, StaysWithinWhatASocketTakesOnTheWidestPath) {
  auto spec = spec_here({.udp_encap = false});
  spec.tfc_padding.to_path_mtu = true;
  Pair pair(spec, {});
  pair.here().set_path_mtu({1}, 65535);
  const Bytes clear = build({.size = 60});
  EXPECT_THAT(pair.pass({clear}), ElementsAre(clear));
  EXPECT_GT(pair.sent.sends[0].bytes.size(), 65000u);
}

TEST(TfcPadding, IsNotForTransportMode) {
  auto spec = spec_here({.local_ts = "192.0.2.1", .remote_ts = "192.0.2.2", .mode = policy::Mode::transport});
  spec.tfc_padding.least_size = 1000;
  Pair pair(spec, {});
  EXPECT_THAT(pair.pass({build({.source = "192.0.2.1", .destination = "192.0.2.2", .size = 60})}), SizeIs(1));
  EXPECT_LT(pair.sent.sends[0].bytes.size(), 100u);
}

// ---- Several SAs for one policy

TEST(Outbound, UsesTheNewestSaThatFits) {
  Pair pair;
  ASSERT_TRUE(pair.here().install(spec_here({.number = 2})));
  ASSERT_TRUE(pair.here().install(spec_here({.remote_ts = "10.2.7.0/24", .number = 3})));
  EXPECT_EQ(pair.send({build({})}).sends.at(0).sa, policy::ChildSaId{2});
  EXPECT_EQ(pair.send({build({.destination = "10.2.7.1"})}).sends.at(0).sa, policy::ChildSaId{3});
  pair.here().remove({2});
  EXPECT_EQ(pair.send({build({})}).sends.at(0).sa, policy::ChildSaId{1});
}

TEST(Outbound, WaitsToHearOfANewSaWhileAnOldOneServes) {
  Pair pair;
  const ChildSa fresh{.number = 2};
  ASSERT_TRUE(pair.there().install(spec_there(fresh), Worker::OutboundUse::when_heard));
  ASSERT_TRUE(pair.here().install(spec_here(fresh)));
  Bytes answer = build({.source = "10.2.0.1", .destination = "10.1.0.1"});
  const Packet packet{.bytes = answer, .offload = {}};
  Verdicts out;
  pair.there().outbound(pair.now, {&packet, 1}, out);
  EXPECT_EQ(out.sends.at(0).sa, policy::ChildSaId{1});
  EXPECT_THAT(pair.pass({build({})}), SizeIs(1));
  pair.there().outbound(pair.now, {&packet, 1}, out);
  EXPECT_EQ(out.sends.at(0).sa, policy::ChildSaId{2});
}

TEST(Outbound, UsesAnUnheardSaWhenThereIsNoOther) {
  Pair pair;
  pair.here().remove({1});
  ASSERT_TRUE(pair.here().install(spec_here({.number = 2}), Worker::OutboundUse::when_heard));
  EXPECT_EQ(pair.send({build({})}).sends.at(0).sa, policy::ChildSaId{2});
}

TEST(Outbound, ServesOnlyThePolicyOfItsOwnChild) {
  Pair pair;
  pair.here().remove({1});
  ASSERT_TRUE(pair.here().install(spec_here({.number = 2, .child = "other"})));
  EXPECT_THAT(pair.send({build({})}).drops, ElementsAre(is_drop(DropReason::no_sa)));
}

TEST(Outbound, KeepsTheOrderOfEachSaInAMixedBurst) {
  Pair pair;
  ASSERT_TRUE(pair.here().install(spec_here({.remote_ts = "10.2.7.0/24", .number = 2})));
  ASSERT_TRUE(pair.there().install(spec_there({.remote_ts = "10.2.7.0/24", .number = 2})));
  std::vector<Bytes> clear, expected;
  for (std::uint8_t i = 0; i < 80; ++i)
    clear.push_back(build({.destination = i % 3 == 0 ? "10.2.7.1" : "10.2.0.1", .size = 200, .fill = i}));
  for (std::size_t i = 0; i < 80; ++i)
    if (i % 3 == 0) expected.push_back(clear[i]);
  for (std::size_t i = 0; i < 80; ++i)
    if (i % 3 != 0) expected.push_back(clear[i]);
  EXPECT_EQ(pair.pass(clear), expected);
  EXPECT_THAT(pair.sent.sends, SizeIs(2)) << "one train for each";
}

TEST(Outbound, SendsAnIcmpErrorByTheSaOfWhatCausedIt) {
  const ChildSa web{.local_ts = "10.1.0.0/16[tcp/443]", .remote_ts = "10.2.0.0/16[tcp/1000-65535]"};
  Pair pair(web);
  const auto error_about = [](const ClearPacket& quoted) {
    Bytes error = build({.source = "10.1.9.9",
                         .destination = "10.2.0.1",
                         .protocol = wire::IpProtocol::icmp,
                         .source_port = 0x0301,
                         .size = 56});
    Bytes inner = build(quoted);
    std::ranges::copy(ByteView(inner).first(28), error.begin() + 28);
    return error;
  };
  const ClearPacket request{.source = "10.2.0.1",
                            .destination = "10.1.0.1",
                            .protocol = wire::IpProtocol::tcp,
                            .source_port = 50000,
                            .destination_port = 443};
  EXPECT_THAT(pair.pass({error_about(request)}), SizeIs(1));
  ClearPacket foreign = request;
  foreign.destination_port = 80;
  EXPECT_THAT(pair.send({error_about(foreign)}).sends, IsEmpty());
  EXPECT_THAT(pair.sent.drops, ElementsAre(is_drop(DropReason::no_policy)));
}

// ---- Sequence numbers

TEST(Outbound, StopsAnSaWhoseSequenceNumbersAreUsedUp) {
  Pair pair(ChildSa{}, Settings{.first_sequence_number = 0xfffffffe});
  pair.send(std::vector<Bytes>(4, build({})));
  std::size_t packets = 0;
  for (const Send& send : pair.sent.sends) packets += send.packet_count();
  EXPECT_EQ(packets, 2u);
  EXPECT_EQ(pair.here().counters().drops[DropReason::sequence_exhausted], 2u);
  ASSERT_THAT(pair.sent.sequence_runs_out, SizeIs(2));
  EXPECT_FALSE(pair.sent.sequence_runs_out[0].exhausted);
  EXPECT_TRUE(pair.sent.sequence_runs_out[1].exhausted);
  EXPECT_THAT(pair.send({build({})}).sends, IsEmpty());
  EXPECT_THAT(pair.sent.sequence_runs_out, IsEmpty()) << "said once";
}

// ---- Trains

TEST(Outbound, StartsATrainWhenTheSizeChanges) {
  Pair pair;
  pair.send({build({.size = 500}), build({.size = 500}), build({.size = 100}), build({.size = 500}),
             build({.size = 500}), build({.size = 600})});
  std::vector<std::size_t> counts;
  for (const Send& send : pair.sent.sends) counts.push_back(send.packet_count());
  EXPECT_THAT(counts, ElementsAre(3, 2, 1)) << "the last of a train may be shorter, none longer";
}

TEST(Outbound, StartsATrainWhenTheOuterHeaderChanges) {
  Pair pair;
  pair.send({build({}), build({.traffic_class = 0xb8}), build({.traffic_class = 0xb8, .dont_fragment = true})});
  ASSERT_THAT(pair.sent.sends, SizeIs(3));
  EXPECT_EQ(pair.sent.sends[1].traffic_class, 0xb8);
  EXPECT_FALSE(pair.sent.sends[1].dont_fragment);
  EXPECT_TRUE(pair.sent.sends[2].dont_fragment);
}

TEST(Outbound, KeepsTrainsWithinTheirBounds) {
  Pair pair(ChildSa{}, Settings{.train_packets = 10, .train_bytes = 5000});
  std::vector<Bytes> clear(100, build({.size = 1000}));
  for (int i = 0; i < 30; ++i) clear.push_back(build({.size = 60}));
  pair.send(clear);
  std::size_t packets = 0;
  for (const Send& send : pair.sent.sends) {
    EXPECT_LE(send.packet_count(), 10u);
    EXPECT_LE(send.bytes.size(), 5000u);
    packets += send.packet_count();
  }
  EXPECT_EQ(packets, clear.size());
}

TEST(Outbound, SendsOnePacketEachWhenTrainsAreOff) {
  Pair pair(ChildSa{}, Settings{.train_packets = 1});
  EXPECT_THAT(pair.send(std::vector<Bytes>(5, build({}))).sends, SizeIs(5));
}

// ---- Packets that wait for an SA

class OnDemand : public testing::Test {
 protected:
  OnDemand() : OnDemand(Settings{}) {}
  explicit OnDemand(const Settings& settings) : pair_(sa_, settings) {
    pair_.here().remove({1});
    pair_.here().set_policy(spd_for(spec_here(sa_), true));
  }
  const Verdicts& release() {
    pair_.here().release_held(pair_.now, pair_.sent);
    return pair_.sent;
  }

  ChildSa sa_;
  Pair pair_;
};

TEST_F(OnDemand, AsksOnceAndSendsInOrderWhenTheSaHasCome) {
  std::vector<Bytes> clear;
  for (std::uint8_t i = 0; i < 5; ++i) clear.push_back(build({.fill = i}));
  EXPECT_THAT(pair_.send(clear).sends, IsEmpty());
  ASSERT_THAT(pair_.sent.need_sa, SizeIs(1));
  const NeedSa& need = pair_.sent.need_sa[0];
  EXPECT_EQ(need.connection, "office");
  EXPECT_EQ(need.child, "lan");
  EXPECT_EQ(to_string(need.source), "10.1.0.1/32[udp/40000]");
  EXPECT_EQ(to_string(need.destination), "10.2.0.1/32[udp/5001]");
  EXPECT_THAT(pair_.send({build({.fill = 9})}).need_sa, IsEmpty());
  clear.push_back(build({.fill = 9}));
  EXPECT_THAT(release().sends, IsEmpty());

  ASSERT_TRUE(pair_.here().install(spec_here(sa_)));
  EXPECT_LE(pair_.here().next_timeout(), pair_.now) << "due at once";
  Wire wire(release().sends);
  EXPECT_EQ(delivered(pair_.receive(wire.datagrams())), clear);
  EXPECT_EQ(pair_.here().next_timeout(), std::nullopt);
  EXPECT_THAT(release().sends, IsEmpty());
}

TEST_F(OnDemand, AsksAgainAfterAWhileAndAfterAFailure) {
  pair_.send({build({})});
  pair_.now += std::chrono::seconds(4);
  EXPECT_THAT(pair_.send({build({})}).need_sa, IsEmpty());
  pair_.now += std::chrono::seconds(1);
  EXPECT_THAT(pair_.send({build({})}).need_sa, SizeIs(1));
  pair_.here().acquire_failed({1});
  EXPECT_EQ(pair_.here().next_timeout(), std::nullopt) << "nothing waits any more";
  EXPECT_THAT(pair_.send({build({})}).need_sa, SizeIs(1));
  EXPECT_EQ(pair_.here().counters().drops[DropReason::hold_expired], 3u);
}

TEST_F(OnDemand, DropsTheOldestWhenTooManyWait) {
  std::vector<Bytes> clear;
  for (std::uint8_t i = 0; i < 70; ++i) clear.push_back(build({.fill = i}));
  pair_.send(clear);
  EXPECT_EQ(pair_.here().counters().drops[DropReason::hold_overflow], 6u);
  ASSERT_TRUE(pair_.here().install(spec_here(sa_)));
  Wire wire(release().sends);
  EXPECT_EQ(delivered(pair_.receive(wire.datagrams())), std::vector(clear.begin() + 6, clear.end()));
}

TEST_F(OnDemand, DropsTheOldestWhenTooMuchWaits) {
  pair_.send(std::vector<Bytes>(20, build({.size = 10000})));
  EXPECT_EQ(pair_.here().counters().drops[DropReason::hold_overflow], 7u);
}

TEST_F(OnDemand, DropsWhatHasWaitedTooLong) {
  pair_.send({build({})});
  pair_.now += std::chrono::seconds(9);
  pair_.send({build({.fill = 1})});
  EXPECT_EQ(pair_.here().next_timeout(), pair_.now + std::chrono::seconds(1));
  pair_.now += std::chrono::seconds(2);
  EXPECT_THAT(release().drops, ElementsAre(is_drop(DropReason::hold_expired)));
  ASSERT_TRUE(pair_.here().install(spec_here(sa_)));
  EXPECT_THAT(release().sends, SizeIs(1));
}

TEST_F(OnDemand, DropsJustWhenItsTimeoutSays) {
  pair_.send({build({})});
  pair_.now = *pair_.here().next_timeout();
  EXPECT_THAT(release().drops, ElementsAre(is_drop(DropReason::hold_expired)));
  EXPECT_EQ(pair_.here().next_timeout(), std::nullopt);
}

TEST_F(OnDemand, DropsWhatWaitsWhenItsPolicyGoes) {
  pair_.send({build({})});
  pair_.here().set_policy(std::make_shared<policy::Spd>());
  EXPECT_EQ(pair_.here().next_timeout(), std::nullopt);
  ASSERT_TRUE(pair_.here().install(spec_here(sa_)));
  EXPECT_THAT(release().sends, IsEmpty());
}

TEST_F(OnDemand, DoesNotAskWithoutEndAPeerThatNarrowsToSomethingElse) {
  pair_.send({build({})});
  for (std::uint32_t number = 2; number < 10; ++number) {
    ASSERT_TRUE(pair_.here().install(spec_here({.remote_ts = "10.2.9.0/24", .number = number})));
    EXPECT_THAT(release().need_sa, IsEmpty());
    EXPECT_THAT(pair_.sent.sends, IsEmpty());
  }
  pair_.now += std::chrono::seconds(11);
  EXPECT_THAT(release().drops, ElementsAre(is_drop(DropReason::hold_expired)))
      << "waiting again does not renew its time";
}

TEST_F(OnDemand, AsksForTheNextWhenANarrowSaServesTheFirstAlone) {
  pair_.send({build({.destination = "10.2.9.1"}), build({.destination = "10.2.8.1"})});
  ASSERT_THAT(pair_.sent.need_sa, SizeIs(1));
  ASSERT_TRUE(pair_.here().install(spec_here({.remote_ts = "10.2.9.0/24", .number = 2})));
  EXPECT_THAT(release().sends, SizeIs(1));
  ASSERT_THAT(pair_.sent.need_sa, SizeIs(1));
  EXPECT_EQ(to_string(pair_.sent.need_sa[0].destination), "10.2.8.1/32[udp/5001]");
  ASSERT_TRUE(pair_.here().install(spec_here({.remote_ts = "10.2.8.0/24", .number = 3})));
  EXPECT_THAT(release().sends, SizeIs(1));
}

class TightlyBound : public OnDemand {
 protected:
  TightlyBound() : OnDemand(Settings{.hold_bytes_total = 1000}) {}
};

TEST_F(TightlyBound, TakesNoMoreThanTheBoundOverAllPolicies) {
  policy::Spd spd;
  for (std::uint32_t i = 0; i < 5; ++i) {
    auto policy_entry = entry(i + 1, policy::SpdAction::protect, fmt::format("10.2.{}.0/24", i));
    policy_entry.child = fmt::format("child{}", i);
    policy_entry.on_demand = true;
    spd.entries.push_back(policy_entry);
  }
  pair_.here().set_policy(std::make_shared<policy::Spd>(spd));
  for (int i = 0; i < 5; ++i) pair_.send({build({.destination = fmt::format("10.2.{}.1", i), .size = 300})});
  EXPECT_EQ(pair_.here().counters().drops[DropReason::hold_overflow], 2u);
}

}  // namespace
}  // namespace sallyport::datapath
