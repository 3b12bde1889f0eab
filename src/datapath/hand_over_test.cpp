// SAs that another worker has: which packets go there, and that none goes in circles.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/test_support.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using testing::IsEmpty;
using testing::SizeIs;

/// Two workers of one host. Each has the policies; of SAs it knows what the tests tell it.
class HandOverTest : public testing::Test {
 protected:
  HandOverTest() {
    for (Worker* worker : {&first, &second}) worker->set_policy(spd_for(spec_here({}), true));
  }
  /// The SA is `owner`'s, and the other one knows it.
  void install(Worker& owner, const ChildSa& sa, Worker::OutboundUse use = Worker::OutboundUse::at_once) {
    const auto spec = spec_here(sa);
    EXPECT_TRUE(owner.install(spec, use));
    Worker& other = &owner == &first ? second : first;
    EXPECT_TRUE(other.install_elsewhere(SaElsewhere::of(spec, &owner == &first ? 0 : 1), use));
  }
  const Verdicts& send(Worker& worker, bool handed_over = false) {
    packet = build({});
    const Packet clear{.bytes = packet, .offload = {}, .handed_over = handed_over};
    worker.outbound(now, {&clear, 1}, verdicts);
    return verdicts;
  }
  std::uint32_t spi_of(const Send& send) { return load_be32(send.bytes.data()); }

  Instant now{std::chrono::seconds(1000)};
  std::unique_ptr<crypto::PacketCipherFactory> ciphers = best_packet_ciphers();
  SeededRandom random{7};
  Worker first{*ciphers, random}, second{*ciphers, random};
  Bytes packet;
  Verdicts verdicts;
};

TEST_F(HandOverTest, GivesAPacketToTheWorkerThatHasItsSa) {
  install(first, {});
  const Verdicts& out = send(second);
  EXPECT_THAT(out.sends, IsEmpty());
  EXPECT_THAT(out.drops, IsEmpty());
  ASSERT_THAT(out.hand_overs, SizeIs(1));
  EXPECT_EQ(out.hand_overs[0].worker, 0u);
  EXPECT_EQ(Bytes(out.hand_overs[0].bytes.begin(), out.hand_overs[0].bytes.end()), build({}));
  EXPECT_THAT(send(first, true).sends, SizeIs(1));
}

TEST_F(HandOverTest, GivesEachPacketOfARunAway) {
  install(first, {});
  std::vector<Bytes> clear(5, build({}));
  std::vector<Packet> burst;
  for (Bytes& each : clear) burst.push_back({.bytes = each, .offload = {}});
  for (int i = 0; i < 2; ++i) {  // found, and then remembered
    second.outbound(now, burst, verdicts);
    EXPECT_THAT(verdicts.hand_overs, SizeIs(5));
    EXPECT_THAT(verdicts.sends, IsEmpty());
  }
}

TEST_F(HandOverTest, TakesNoPartInWhatIsNotItsOwn) {
  install(first, {});
  EXPECT_EQ(first.sa_count(), 1u);
  EXPECT_EQ(second.sa_count(), 0u);
  EXPECT_FALSE(second.status({1}));
  EXPECT_FALSE(second.set_path_mtu({1}, 1400));
  EXPECT_FALSE(second.update_endpoints({1}, {}, {}, false));
  EXPECT_FALSE(second.find_inbound(policy::Protocol::esp, spec_here({}).inbound.spi));
  EXPECT_EQ(second.widest_clear_packet(), 0);
  EXPECT_EQ(second.name({1})->spi_in, spec_here({}).inbound.spi);
}

/// Workers that disagree on whose it is.
TEST_F(HandOverTest, SendsNothingInCircles) {
  EXPECT_TRUE(first.install_elsewhere(SaElsewhere::of(spec_here({}), 1)));
  const Verdicts& out = send(first, true);
  EXPECT_THAT(out.hand_overs, IsEmpty());
  EXPECT_THAT(out.sends, IsEmpty());
  EXPECT_EQ(first.counters().drops[DropReason::no_sa], 1u);
}

TEST_F(HandOverTest, HandsOverWhatWaitedForTheSa) {
  EXPECT_THAT(send(second).need_sa, SizeIs(1));
  EXPECT_THAT(verdicts.hand_overs, IsEmpty());
  install(first, {});
  second.release_held(now, verdicts);
  ASSERT_THAT(verdicts.hand_overs, SizeIs(1));
  EXPECT_EQ(Bytes(verdicts.hand_overs[0].bytes.begin(), verdicts.hand_overs[0].bytes.end()), build({}));
}

TEST_F(HandOverTest, PrefersTheNewestWhoeverHasIt) {
  install(first, {});
  install(second, {.number = 2});
  EXPECT_THAT(send(first).hand_overs, SizeIs(1));
  EXPECT_EQ(spi_of(send(second).sends.at(0)), spec_here({.number = 2}).outbound.spi);
  for (Worker* worker : {&first, &second}) EXPECT_TRUE(worker->use({1}));
  EXPECT_THAT(send(second).hand_overs, SizeIs(1));
  EXPECT_EQ(spi_of(send(first).sends.at(0)), spec_here({}).outbound.spi);
}

TEST_F(HandOverTest, LeavesAnSaAloneUntilItIsHeard) {
  install(first, {});
  install(second, {.number = 2}, Worker::OutboundUse::when_heard);
  EXPECT_THAT(send(first).sends, SizeIs(1));
  EXPECT_THAT(send(second).hand_overs, SizeIs(1));
}

TEST_F(HandOverTest, ForgetsAnSaThatIsGone) {
  install(first, {});
  EXPECT_THAT(send(second).hand_overs, SizeIs(1));
  for (Worker* worker : {&first, &second}) EXPECT_TRUE(worker->remove({1}));
  EXPECT_FALSE(second.remove({1}));
  EXPECT_THAT(send(second).hand_overs, IsEmpty());
  EXPECT_THAT(verdicts.need_sa, SizeIs(1));
  install(second, {});
  EXPECT_THAT(send(second).sends, SizeIs(1));
}

TEST_F(HandOverTest, KnowsNoSaTwice) {
  install(first, {});
  EXPECT_EQ(first.install_elsewhere(SaElsewhere::of(spec_here({}), 1)).error().code, ErrorCode::duplicate);
  EXPECT_EQ(second.install_elsewhere(SaElsewhere::of(spec_here({}), 0)).error().code, ErrorCode::duplicate);
}

}  // namespace
}  // namespace sallyport::datapath
