// Strangers by the million: what they can make a host hold is bounded, and whoever is honest still gets in.
#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

using sim::OffPathAttacker;

class DenialOfService : public Stage {
 protected:
  /// bob talks to whoever proves to be alice, wherever she is.
  static Pairing for_everybody() {
    Pairing pairing = office();
    pairing.right.remote_addrs.clear();
    return pairing;
  }
  /// alice's first message to bob as it was on the wire; bob has forgotten it.
  Bytes an_init_request() {
    mallory.record(1);
    mallory.take(OnPathAttacker::everything());
    load(for_everybody());
    alice.initiate("office");
    pass(1ms);
    const Bytes recorded = mallory.recorded().front().packet;
    alice.terminate("office");
    alice.restart();
    mallory.forget_rules();
    mallory.record(0);
    return recorded;
  }
  void flood(std::uint64_t count, Duration duration, const Bytes& original) {
    eve.flood(count, duration,
              [original](RandomSource& random) { return OffPathAttacker::spoofed_ike_sa_init(original, random); });
  }
  const node::Node& bobs_node() const { return *bob.node(); }

  OffPathAttacker& eve = world.add<OffPathAttacker>("eve");
  Link& eve_link = internet.attach(eve, IpAddress::v4(203, 0, 113, 66), {.delay = 1ms});
};

TEST_F(DenialOfService, FewStrangersGetNoCookie) {
  flood(10, 100ms, an_init_request());
  pass(5s);
  EXPECT_EQ(bobs_node().engine().half_open(), 10U);
}

TEST_F(DenialOfService, BeyondTheThresholdACookieIsDemanded) {
  flood(200, 1s, an_init_request());
  pass(5s);
  EXPECT_EQ(bobs_node().engine().half_open(), ike::Settings{}.cookie_threshold);
}

TEST_F(DenialOfService, HonestInitiatorGetsInThroughAFlood) {
  const Bytes original = an_init_request();
  flood(20'000, 20s, original);
  pass(10s);
  EXPECT_GE(bobs_node().engine().half_open(), ike::Settings{}.cookie_threshold);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().size() == 1; }, 5s));
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(DenialOfService, HalfOpenOnesAreForgottenInTime) {
  flood(30, 1s, an_init_request());
  pass(5s);
  EXPECT_GT(bobs_node().engine().half_open(), 0U);
  pass(2min);
  EXPECT_EQ(bobs_node().engine().sessions(), 0U);
}

TEST_F(DenialOfService, MillionSpoofedInitsHoldNoMoreThanTheBound) {
  world.trace().keep(0);
  const Bytes original = an_init_request();
  SeededRandom random(1);
  std::size_t most = 0;
  for (int second = 0; second < 100; ++second) {
    // Straight into bob's port: the net's own work would take longer than bob's.
    for (int i = 0; i < 10'000; ++i) bob.on_packet(0, OffPathAttacker::spoofed_ike_sa_init(original, random));
    most = std::max(most, bobs_node().engine().sessions());
    pass(1s);
  }
  EXPECT_EQ(most, ike::Settings{}.cookie_threshold);
  pass(2min);
  EXPECT_EQ(bobs_node().engine().sessions(), 0U);
}

TEST_F(DenialOfService, AddressesThatNoConnectionNamesGetNoState) {
  const Bytes original = an_init_request();
  load(office());
  flood(200, 1s, original);
  pass(5s);
  EXPECT_EQ(bobs_node().engine().sessions(), 0U);
}

TEST_F(DenialOfService, GarbageMakesNoState) {
  load(office());
  ASSERT_TRUE(comes_up());
  eve.flood(20'000, 20s, [](RandomSource& random) {
    return OffPathAttacker::garbage({bob_address, random.below(2) == 0 ? std::uint16_t{500} : std::uint16_t{4500}},
                                    random);
  });
  pass(30s);
  EXPECT_TRUE(is_up());
  EXPECT_EQ(bobs_node().engine().half_open(), 0U);
  EXPECT_TRUE(both_reach_each_other());
}

}  // namespace
}  // namespace sallyport::scenarios
