// Connections with several children: both ends want them, and of each there is one in the end.
#include <fmt/format.h>

#include <set>

#include "tests/scenarios/stage.h"

namespace sallyport::scenarios {
namespace {

const auto create_request = OnPathAttacker::ike(ExchangeType::create_child_sa, request);
const auto create_response = OnPathAttacker::ike(ExchangeType::create_child_sa, response);

constexpr std::size_t kChildren = 3;

class SeveralChildren : public Stage {
 protected:
  static Pairing pairing(policy::Keep keep) {
    Pairing made = office();
    const auto add = [&](policy::Connection& end, std::string_view ours, std::string_view theirs) {
      const policy::Child model = end.children[0];
      end.children.clear();
      for (std::size_t i = 0; i < kChildren; ++i) {
        policy::Child& child = end.children.emplace_back(model);
        child.name = fmt::format("lan-{}", i);
        child.local_ts = sim::selectors({fmt::format("{}.{}.0/24", ours, i)});
        child.remote_ts = sim::selectors({fmt::format("{}.{}.0/24", theirs, i)});
        if (keep != policy::Keep::up) continue;
        child.keep = keep;
        child.start_action = child.close_action = policy::StartAction::start;
        child.dpd_action = policy::DpdAction::restart;
      }
    };
    add(made.left, "10.1", "10.2");
    add(made.right, "10.2", "10.1");
    return made;
  }
  static std::multiset<std::string> names(const Host& host) {
    std::multiset<std::string> all;
    for (const auto& sa : host.ike_sas())
      for (const auto& child : sa.children) all.insert(child.name);
    return all;
  }
  bool each_is_there_once() const {
    const std::multiset<std::string> all = {"lan-0", "lan-1", "lan-2"};
    return names(alice) == all && names(bob) == all;
  }
};

/// Neither IKE SA has all of the children when the second comes up.
TEST_F(SeveralChildren, OfTwoIkeSasThatCrossedAreThereOnce) {
  alice_link.set_quality({.delay = 200ms});
  load(pairing(policy::Keep::up));
  EXPECT_TRUE(eventually([&] { return is_up(1, kChildren) && each_is_there_once(); }, 10s));
  pass(5min);
  EXPECT_TRUE(is_up(1, kChildren));
  EXPECT_TRUE(each_is_there_once());
  EXPECT_TRUE(both_reach_each_other());
}

TEST_F(SeveralChildren, ThatBothEndsAskForAtOnceAreThereOnce) {
  load(pairing(policy::Keep::manual));
  ASSERT_TRUE(alice.initiate("office", "lan-0"));
  ASSERT_TRUE(eventually([&] { return is_up(1, 1); }));
  alice_link.set_quality({.delay = 200ms});
  for (Host* host : {&alice, &bob})
    for (const char* child : {"lan-1", "lan-2"}) ASSERT_TRUE(host->initiate("office", child));
  EXPECT_TRUE(eventually([&] { return alice.installed().size() == 5 && bob.installed().size() == 5; }, 5s));
  EXPECT_TRUE(eventually([&] { return each_is_there_once(); }, 2min));  // nothing passes that would show it sooner
  pass(5min);
  EXPECT_TRUE(each_is_there_once());
}

/// The peer has answered and crashed, and the answer is lost: what was still being made is wanted, too.
TEST_F(SeveralChildren, ThatWereStillOnTheirWayComeUpAgainWhenThePeerIsBack) {
  Pairing kept = pairing(policy::Keep::up);
  for (policy::Child& child : kept.right.children) {
    child.keep = policy::Keep::manual;
    child.start_action = child.close_action = policy::StartAction::none;
    child.dpd_action = policy::DpdAction::clear;
  }
  mallory.take(create_request);
  load(kept);
  ASSERT_TRUE(eventually([&] { return is_up(1, 1); }));
  pass(1s);
  bob.crash();
  mallory.forget_rules();
  bob.start();
  EXPECT_TRUE(eventually([&] { return is_up(1, kChildren) && each_is_there_once(); }, 10min));
}

/// By hand is by hand: what was still being made is not begun again.
TEST_F(SeveralChildren, ThatWereStillOnTheirWayAreNotWantedAfterTheConnectionWasTakenDown) {
  mallory.take(create_response);
  load(pairing(policy::Keep::manual));
  ASSERT_TRUE(alice.initiate("office"));
  ASSERT_TRUE(eventually([&] { return !alice.installed().empty(); }));
  pass(1s);
  EXPECT_GT(alice.terminate("office"), 0u);
  mallory.forget_rules();
  pass(5min);
  EXPECT_TRUE(is_all_gone());
}

}  // namespace
}  // namespace sallyport::scenarios
