// What the stories about rekeying have in common: connections that renew their keys often, and traffic that goes on
// meanwhile.
#pragma once

#include <set>
#include <tuple>

#include "policy/spi_share.h"
#include "tests/scenarios/traffic.h"

namespace sallyport::scenarios {

using policy::Seconds;

/// Who renews their Child SAs each `child` and their IKE SA each `ike` seconds; 0: never.
inline void renew(policy::Connection& end, Seconds child, Seconds ike, Seconds rand = Seconds(0)) {
  end.rekey_time = ike;
  end.over_time = ike / 4;
  end.rand_time = rand;
  for (policy::Child& each : end.children) {
    each.rekey_time = child;
    each.life_time = child + child / 4;
    each.rand_time = rand;
  }
}

/// alice renews, bob's times are too long to matter.
inline Pairing alice_renews(Pairing pairing, Seconds child, Seconds ike) {
  renew(pairing.left, child, ike);
  return pairing;
}
inline Pairing both_renew(Pairing pairing, Seconds child, Seconds ike, Seconds rand = Seconds(0)) {
  sim::at_both_ends(pairing, [&](policy::Connection& end) { renew(end, child, ike, rand); });
  return pairing;
}

class Rekeying : public Stage {
 protected:
  /// Traffic for so long; nothing of it may get lost, and each Child SA's heirs belong to the worker that had it.
  void expect_nothing_lost_for(Duration time) {
    const auto workers_before = workers();
    Traffic traffic(world, alice, bob);
    pass(time);
    traffic.stop();
    pass(1s);
    EXPECT_GT(traffic.sent(), 2U * static_cast<std::size_t>(time / 51ms));
    EXPECT_EQ(traffic.lost(), 0U);
    EXPECT_EQ(workers(), workers_before);
  }
  /// Of each host's Child SAs, by their names.
  std::set<std::tuple<std::string, std::string, std::uint32_t>> workers() const {
    std::set<std::tuple<std::string, std::string, std::uint32_t>> all;
    for (const Host* host : {&alice, &bob})
      for (const auto& [id, spec] : host->installed())
        all.emplace(host->name(), spec.child, policy::share_of(spec.inbound.spi, host->configuration().ike.spi_shares));
    return all;
  }
  /// The same over links like these, for a quarter of an hour.
  void expect_nothing_lost_over(const sim::LinkQuality& quality) {
    alice_link.set_quality(quality);
    bob_link.set_quality(quality);
    ASSERT_TRUE(comes_up());
    expect_nothing_lost_for(15min);
    EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 6U);
    expect_settled();
  }
  /// The same for an hour in which a fifth of IKE's messages gets lost.
  void expect_nothing_lost_while_ike_is(std::uint64_t seed) {
    ASSERT_TRUE(comes_up());
    SeededRandom random(seed);
    mallory.take([&](Direction, const sim::Sniffed& packet) {
      return packet.kind == sim::Sniffed::Kind::ike && random.below(100) < 20;
    });
    expect_nothing_lost_for(1h);
    EXPECT_GE(alice.count<event::ChildSaRekeyed>(), 20U);
    mallory.forget_rules();
    expect_settled();
  }
  void expect_pairs() { EXPECT_THAT(sim::check_pairs(std::array<const Host*, 2>{&alice, &bob}), IsEmpty()); }
  /// One of each at both ends, once what was superseded has gone.
  void expect_settled() {
    EXPECT_TRUE(eventually([&] { return is_up(); }, 2min));
    expect_pairs();
    EXPECT_TRUE(both_reach_each_other());
  }
};

struct BadLink {
  const char* name;
  sim::LinkQuality quality;
};
inline const std::array bad_links = {BadLink{"Jitter", {.jitter = 80ms}},
                                     BadLink{"Duplication", {.duplication = Chance::percent(30)}},
                                     BadLink{"Reordering", {.reordering = Chance::percent(20)}}};
inline std::string name_of(const testing::TestParamInfo<BadLink>& link) { return link.param.name; }

}  // namespace sallyport::scenarios
