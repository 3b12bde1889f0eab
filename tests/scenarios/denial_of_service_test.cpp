// Strangers by the million: what they can make a host hold is bounded, and whoever is honest still gets in.
#include "tests/scenarios/flood.h"

namespace sallyport::scenarios {
namespace {

using sim::OffPathAttacker;
using Reason = event::MessageRejected::Reason;

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
  /// For everybody, with these settings.
  void load_bob(const ike::Settings& settings) {
    sim::Configuration configuration = for_everybody().right_configuration();
    configuration.ike = settings;
    bob.load(std::move(configuration));
    bob.restart();
  }
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

// ---- Many of one source ----

TEST_F(DenialOfService, WhoeverHasManyHalfOpenOnesIsAskedForCookiesAndNobodyElseIs) {
  Squatter& squatter = a_squatter(an_init_request());
  squatter.ask(10);
  pass(100ms);
  EXPECT_EQ(squatter.return_cookies(), 0U);
  squatter.ask(40);
  pass(100ms);
  EXPECT_EQ(squatter.return_cookies(), 40U);
  pass(100ms);
  EXPECT_EQ(bobs_node().engine().half_open(), 50U);  // more than cookie_threshold, and all his
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().size() == 1; }, 1s));
  EXPECT_EQ(rejections(bob, Reason::cookie_demanded), 40U);
}

TEST_F(DenialOfService, WhoeverFinishesNothingIsBlockedAfterAWhileAndNobodyElseIs) {
  const Bytes original = an_init_request();
  load_bob({.block_threshold = 20});
  Squatter& squatter = a_squatter(original);
  const auto besiege = [&] {
    squatter.ask(30);
    pass(100ms);
    squatter.return_cookies();
    pass(100ms);
  };
  besiege();
  EXPECT_EQ(bobs_node().engine().half_open(), 30U);
  EXPECT_EQ(rejections(bob, Reason::source_limit), 0U);
  pass(3s);
  besiege();
  EXPECT_EQ(bobs_node().engine().half_open(), 30U);
  EXPECT_EQ(rejections(bob, Reason::source_limit), 30U);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().size() == 1; }, 1s));
  pass(ike::Settings{}.half_open_timeout);
  besiege();
  EXPECT_EQ(bobs_node().engine().half_open(), 30U);  // new ones: the old ones are forgotten
}

TEST_F(DenialOfService, OneSourceNeverFillsAllTheRoom) {
  const Bytes original = an_init_request();
  load_bob({.half_open_limit = 100});
  for (Squatter* squatter : {&a_squatter(original), &a_squatter(original)}) {
    squatter->ask(200);
    pass(200ms);
    squatter->return_cookies();
    pass(200ms);
    EXPECT_LT(bobs_node().engine().half_open(), 100U);
  }
  EXPECT_GE(bobs_node().engine().half_open(), 75U);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().size() == 1; }, 1s));
}

TEST_F(DenialOfService, SomebodyElsesNameDoesNotShutHimOut) {
  const Bytes original = an_init_request();
  eve.flood(100, 1s, [original](RandomSource& random) {
    const auto udp = *sim::parse_udp(original);
    Bytes message = to_bytes(udp.payload);
    random.fill(ByteSpan(message).first(8));
    return sim::build_udp({alice_address, 500}, udp.destination, message);
  });
  pass(5s);
  EXPECT_EQ(bobs_node().engine().half_open(), ike::Settings{}.cookie_threshold_ip);
  alice.initiate("office");
  EXPECT_TRUE(eventually([&] { return alice.installed().size() == 1; }, 1s));
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
