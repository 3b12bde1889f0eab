// What the stories about rekeying have in common: connections that renew their keys often, and traffic that goes on
// meanwhile.
#pragma once

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

class Rekeying : public Stage {
 protected:
  /// Traffic for so long; nothing of it may get lost.
  void expect_nothing_lost_for(Duration time) {
    Traffic traffic(world, alice, bob);
    pass(time);
    traffic.stop();
    pass(1s);
    EXPECT_GT(traffic.sent(), 2U * static_cast<std::size_t>(time / 51ms));
    EXPECT_EQ(traffic.lost(), 0U);
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

}  // namespace sallyport::scenarios
