// Somebody on the path reads, alters, repeats and forges. Nothing gets in, nothing falls down.
#include "sim/damage.h"
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

class HostilePath : public Stage {
 protected:
  std::uint64_t bobs_drops(datapath::DropReason reason) const { return bob.worker()->counters().drops[reason]; }
};

TEST_F(HostilePath, ReplayedEspIsDropped) {
  mallory.record(100);
  load(office());
  ASSERT_TRUE(comes_up());
  const auto ping = alice.application().ping(alice_inside, bob_inside);
  pass(1s);
  EXPECT_EQ(mallory.replay(OnPathAttacker::only(outward, OnPathAttacker::esp())), 1U);
  pass(1s);
  EXPECT_EQ(bob.application().arrived(ping), 1U);
  EXPECT_EQ(bobs_drops(datapath::DropReason::replay), 1U);
}

TEST_F(HostilePath, AlteredEspIsDropped) {
  load(office());
  ASSERT_TRUE(comes_up());
  mallory.alter(OnPathAttacker::only(outward, OnPathAttacker::esp()), [](Bytes& packet) { packet[40] ^= 1; }, 1);
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_EQ(bobs_drops(datapath::DropReason::integrity), 1U);
  EXPECT_TRUE(alice_reaches_bob());
}

TEST_F(HostilePath, FarFutureSequenceNumberDoesNotShutTheWindow) {
  load(office());
  ASSERT_TRUE(comes_up());
  mallory.alter(
      OnPathAttacker::only(outward, OnPathAttacker::esp()), [](Bytes& packet) { store_be32(&packet[24], 0xf0000000); },
      1);
  EXPECT_FALSE(alice_reaches_bob());
  EXPECT_TRUE(alice_reaches_bob());
}

TEST_F(HostilePath, AlteredIkeMessageIsAsGoodAsLost) {
  mallory.alter(OnPathAttacker::ike(ExchangeType::ike_auth, request), [](Bytes& packet) { packet[100] ^= 1; }, 1);
  mallory.alter(OnPathAttacker::ike(ExchangeType::ike_auth, response), [](Bytes& packet) { packet[100] ^= 1; }, 1);
  load(office());
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(mallory.struck(), 2U);
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(HostilePath, ForgedRefusalLeavesNothingAtOneEndAlone) {
  // A stranger who saw the request answers it faster than bob. It is believed: who can see requests can stop them too.
  bob_link.set_quality({.delay = 500ms});
  OnPathAttacker near_alice(alice_link);
  near_alice.record(1);
  load(office());
  alice.initiate("office");
  pass(1ms);
  const auto original = sim::parse_udp(near_alice.recorded().front().packet);
  ASSERT_TRUE(original);
  Bytes refusal = to_bytes(original->payload.first(wire::ike_header_size));
  const Bytes no_proposal_chosen = {0, 0, 0, 8, 0, 0, 0, 14};
  append(refusal, no_proposal_chosen);
  refusal[16] = wire::ikev2::number(wire::ikev2::PayloadType::notify);
  refusal[19] = wire::ikev2::flag_response;
  store_be32(&refusal[24], static_cast<std::uint32_t>(refusal.size()));
  near_alice.inject(inward, sim::build_udp(original->destination, original->source, refusal));
  pass(10min);
  EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty());
}

TEST_F(HostilePath, ForgedDeleteInClearIsIgnored) {
  mallory.record(10);
  load(office());
  ASSERT_TRUE(comes_up());
  const auto original = sim::parse_udp(mallory.recorded().front().packet);
  const auto sa = alice.ike_sas()[0];
  Bytes forged;
  Writer writer(forged);
  wire::serialize_ike_header(writer, {.initiator_spi = sa.spi_initiator,
                                      .responder_spi = sa.spi_responder,
                                      .next_payload = wire::ikev2::number(wire::ikev2::PayloadType::delete_),
                                      .major_version = 2,
                                      .exchange_type = wire::ikev2::number(ExchangeType::informational),
                                      .flags = wire::ikev2::flag_initiator,
                                      .message_id = 2,
                                      .length = 36});
  const Bytes delete_ike_sa = {0, 0, 0, 8, 1, 0, 0, 0};
  append(forged, delete_ike_sa);
  mallory.inject(outward, sim::build_udp(original->source, original->destination, forged));
  pass(1min);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(HostilePath, MutatedCopiesOfEverythingDoNoHarm) {
  SeededRandom random(7);
  load(office());
  mallory.record(500);
  for (int round = 0; round < 10; ++round) {
    ASSERT_TRUE(comes_up()) << round;
    EXPECT_TRUE(both_reach_each_other());
    const auto recorded = mallory.recorded();
    for (const auto& packet : recorded)
      for (int i = 0; i < 20; ++i) mallory.inject(packet.direction, sim::mutate(packet.packet, random));
    pass(1s);
    EXPECT_TRUE(is_up());
    EXPECT_TRUE(both_reach_each_other());
    alice.terminate("office");
    ASSERT_TRUE(eventually([&] { return is_all_gone(); }, 2min));
  }
}

TEST_F(HostilePath, ReflectedMessagesAreNotTaken) {
  mallory.record(100);
  load(office());
  ASSERT_TRUE(comes_up());
  const auto ping = alice.application().ping(alice_inside, bob_inside);
  pass(1s);
  EXPECT_TRUE(alice.application().answered(ping));
  const auto recorded = mallory.recorded();
  for (const auto& packet : recorded) {
    Bytes back = packet.packet;
    for (std::size_t i = 12; i < 16; ++i) std::swap(back[i], back[i + 4]);  // source and destination
    if (const auto udp = sim::parse_ip(back); udp && udp->fields.protocol == wire::IpProtocol::udp)
      for (std::size_t i = 20; i < 22; ++i) std::swap(back[i], back[i + 2]);
    sim::mend(back);
    mallory.inject(sim::opposite(packet.direction), back);
  }
  pass(2min);
  EXPECT_TRUE(is_up());
  EXPECT_TRUE(both_reach_each_other());
}

}  // namespace
}  // namespace sallyport::scenarios
