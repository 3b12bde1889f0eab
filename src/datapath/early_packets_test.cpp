#include "datapath/early_packets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/test_support.h"

namespace sallyport::datapath {
namespace {

using namespace test;
using namespace std::chrono_literals;
using policy::Protocol;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// "here" has the SA, "there" has only offered its SPI.
class EarlyPacketsOf : public testing::Test {
 protected:
  explicit EarlyPacketsOf(ChildSa sa = {}, const Settings& settings = {})
      : spec_(spec_there(sa)), pair_(spec_here(sa), settings) {
    there().remove(spec_.id);
  }

  Worker& there() { return pair_.there(); }
  std::uint64_t drops(DropReason reason) { return pair_.there().counters().drops[reason]; }
  void offer() { there().offer(spec_.suite.protocol, spec_.inbound.spi, spec_.remote.address); }
  void arrive(const Bytes& clear) {
    Wire wire(pair_.send({clear}).sends);
    pair_.receive(wire.datagrams());
    EXPECT_THAT(pair_.received.deliveries, IsEmpty());
  }
  static Bytes numbered(std::uint8_t number, std::size_t size = 100) { return build({.size = size, .fill = number}); }
  std::vector<Bytes> release() {
    there().release_held(pair_.now, pair_.received);
    return delivered(pair_.received);
  }
  std::vector<Bytes> install_and_release() {
    EXPECT_TRUE(there().install(spec_));
    return release();
  }

  policy::ChildSaSpec spec_;
  Pair pair_;
};

TEST_F(EarlyPacketsOf, AnOfferedSpiWaitForItsKeys) {
  offer();
  arrive(numbered(1));
  arrive(numbered(2));
  EXPECT_THAT(install_and_release(), ElementsAre(numbered(1), numbered(2)));
  EXPECT_EQ(there().counters().drops.total(), 0u);
  EXPECT_EQ(there().status(spec_.id)->sequence_in, 2u);
  EXPECT_THAT(release(), IsEmpty()) << "once";
}

TEST_F(EarlyPacketsOf, AnOfferedSpiAreDueAtOnceWhenItHasComeUp) {
  offer();
  arrive(numbered(1));
  EXPECT_EQ(there().next_timeout(), pair_.now + Settings{}.early_time);
  ASSERT_TRUE(there().install(spec_));
  EXPECT_LE(there().next_timeout(), pair_.now);
  release();
  EXPECT_EQ(there().next_timeout(), std::nullopt);
}

TEST_F(EarlyPacketsOf, AnSaOfWhichSomethingWaitedIsInUse) {
  offer();
  arrive(numbered(1));
  ASSERT_TRUE(there().install(spec_, Worker::OutboundUse::when_heard));
  release();
  EXPECT_EQ(there().status(spec_.id)->last_inbound, pair_.now);
}

TEST_F(EarlyPacketsOf, AnSpiThatNobodyOfferedAreDropped) {
  arrive(numbered(1));
  EXPECT_EQ(drops(DropReason::unknown_spi), 1u);
  EXPECT_THAT(install_and_release(), IsEmpty());
}

TEST_F(EarlyPacketsOf, AnotherProtocolsSpiAreDropped) {
  there().offer(Protocol::ah, spec_.inbound.spi, spec_.remote.address);
  arrive(numbered(1));
  EXPECT_EQ(drops(DropReason::unknown_spi), 1u);
}

TEST_F(EarlyPacketsOf, SomebodyElseThanThePeerAreDropped) {
  there().offer(spec_.suite.protocol, spec_.inbound.spi, address("192.0.2.77"));
  arrive(numbered(1));
  EXPECT_EQ(drops(DropReason::unknown_spi), 1u);
  EXPECT_EQ(there().next_timeout(), std::nullopt);
}

TEST_F(EarlyPacketsOf, AnOfferThatCameToNothingAreDropped) {
  offer();
  arrive(numbered(1));
  there().withdraw(spec_.suite.protocol, spec_.inbound.spi);
  EXPECT_EQ(drops(DropReason::early_expired), 1u);
  arrive(numbered(2));
  EXPECT_EQ(drops(DropReason::unknown_spi), 1u);
  EXPECT_THAT(install_and_release(), IsEmpty());
}

TEST_F(EarlyPacketsOf, AnOfferWhoseSaCannotBeInstalledAreDropped) {
  offer();
  arrive(numbered(1));
  spec_.outbound.spi = 1;
  EXPECT_FALSE(there().install(spec_));
  EXPECT_EQ(drops(DropReason::early_expired), 1u);
  EXPECT_EQ(there().next_timeout(), std::nullopt);
}

TEST_F(EarlyPacketsOf, AnOfferDoNotWaitForEver) {
  offer();
  arrive(numbered(1));
  pair_.now += 1s;
  arrive(numbered(2));
  pair_.now = *there().next_timeout();
  EXPECT_THAT(release(), IsEmpty());
  EXPECT_EQ(drops(DropReason::early_expired), 1u);
  EXPECT_THAT(pair_.received.drops, SizeIs(1));
  EXPECT_THAT(install_and_release(), ElementsAre(numbered(2)));
}

TEST_F(EarlyPacketsOf, AForgedKeyAreDroppedWhenTheKeysAreThere) {
  offer();
  Wire wire(pair_.send({numbered(1)}).sends);
  wire.datagrams()[0].bytes.back() ^= 1;
  pair_.receive(wire.datagrams());
  EXPECT_THAT(install_and_release(), IsEmpty());
  EXPECT_EQ(drops(DropReason::integrity), 1u);
}

TEST_F(EarlyPacketsOf, ATrainWaitOneByOne) {
  offer();
  Wire wire(pair_.send({numbered(1), numbered(2), numbered(3)}).sends, Wire::Grouping::trains);
  ASSERT_THAT(wire.datagrams(), SizeIs(1));
  pair_.receive(wire.datagrams());
  EXPECT_THAT(install_and_release(), ElementsAre(numbered(1), numbered(2), numbered(3)));
}

class FewEarlyPackets : public EarlyPacketsOf {
 protected:
  FewEarlyPackets() : EarlyPacketsOf({}, {.early_packets = 2, .early_bytes = 1000, .early_bytes_total = 1500}) {}
};

TEST_F(FewEarlyPackets, AreTheNewest) {
  offer();
  for (std::uint8_t number = 1; number <= 5; ++number) arrive(numbered(number));
  EXPECT_EQ(drops(DropReason::early_overflow), 3u);
  EXPECT_THAT(install_and_release(), ElementsAre(numbered(4), numbered(5)));
}

TEST_F(FewEarlyPackets, AreFewOctets) {
  offer();
  arrive(numbered(1, 400));
  arrive(numbered(2, 700));
  EXPECT_EQ(drops(DropReason::early_overflow), 1u);
  arrive(numbered(3, 1200));
  EXPECT_EQ(drops(DropReason::early_overflow), 3u);
  EXPECT_THAT(install_and_release(), IsEmpty());
}

TEST_F(FewEarlyPackets, OfSeveralSpisAreFewTogether) {
  // What waits for one may not be pushed out by what comes for another.
  const Bytes packet(700, 1);
  EarlyPackets early({.packets = 9, .bytes = 1000, .bytes_total = 1500});
  const Datagram from{.remote = spec_.remote};
  for (const std::uint32_t spi : {1000u, 1001u, 1002u}) early.offer(Protocol::esp, spi, spec_.remote.address);
  EXPECT_EQ(early.hold(Protocol::esp, 1000, from, packet, pair_.now), 0u);
  EXPECT_EQ(early.hold(Protocol::esp, 1001, from, packet, pair_.now), 0u);
  EXPECT_EQ(early.hold(Protocol::esp, 1002, from, packet, pair_.now), 1u);
  EXPECT_EQ(early.withdraw(Protocol::esp, 1000), 1u);
  EXPECT_EQ(early.hold(Protocol::esp, 1002, from, packet, pair_.now), 0u);
  early.release(Protocol::esp, 1001);
  EXPECT_EQ(early.expire(pair_.now), 1u);
  EXPECT_THAT(early.take_released(), SizeIs(1));
  EXPECT_EQ(early.since(), std::nullopt);
}

class EarlyAh : public EarlyPacketsOf {
 protected:
  EarlyAh() : EarlyPacketsOf({.proposal = "sha256-noesn", .protocol = Protocol::ah, .udp_encap = false}) {}
};

TEST_F(EarlyAh, WaitsLikewise) {
  offer();
  arrive(numbered(1));
  EXPECT_THAT(install_and_release(), ElementsAre(numbered(1)));
}

}  // namespace
}  // namespace sallyport::datapath
