// Strangers by the million: what they can make a host hold is bounded, and whoever is honest still gets in.
#include "tests/scenarios/flood.h"

namespace sallyport::scenarios {
namespace {

using sim::OffPathAttacker;

class DenialOfService : public FloodStage {
 protected:
  /// bob talks to whoever proves to be alice, wherever she is.
  static Pairing for_everybody() {
    Pairing pairing = office();
    pairing.right.remote_addrs.clear();
    return pairing;
  }
  Bytes an_init_request() { return a_first_message(for_everybody(), bob); }
  const node::Node& bobs_node() const { return *bob.node(); }
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
  EXPECT_EQ(flood_for_100_seconds(an_init_request(), bob), ike::Settings{}.cookie_threshold);
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
