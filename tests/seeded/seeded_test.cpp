// Ten thousand random worlds, in blocks that can run side by side. When one fails, it says its seed; then
//
//     SALLYPORT_SEED=4711 build/dev/bin/seeded_tests
//
// plays that world alone, prints its plan and timeline, and with SALLYPORT_TRACES=directory writes
// directory/4711.pcapng. SALLYPORT_WORLDS=1000000 plays more of them, and SALLYPORT_FIRST_SEED others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "tests/seeded/settings.h"

namespace sallyport::seeded {
namespace {

constexpr std::uint64_t blocks = 20;
constexpr std::uint64_t worlds_by_default = 10'000;
constexpr Versions versions = !SALLYPORT_HAS_IKEV1   ? Versions::ikev2
                              : !SALLYPORT_HAS_IKEV2 ? Versions::ikev1
                                                     : Versions::both;

void replay(std::uint64_t seed) {
  const Plan plan = make_plan(seed, versions);
  const Outcome outcome = play(plan, cryptography(), true);
  std::cout << to_string(plan) << outcome.timeline;
  save_capture(outcome, std::to_string(seed));
  EXPECT_TRUE(outcome.violations.empty()) << all(outcome.violations);
}

class Worlds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Worlds, HoldTheirInvariants) {
  if (const auto seed = environment("SALLYPORT_SEED")) {
    if (GetParam() == 0) replay(*seed);
    return;
  }
  const std::uint64_t worlds = environment("SALLYPORT_WORLDS").value_or(worlds_by_default) / blocks;
  const std::uint64_t first = environment("SALLYPORT_FIRST_SEED").value_or(1) + GetParam() * worlds;
  Outcome sum;
  std::size_t up = 0;
  for (std::uint64_t seed = first; seed < first + worlds; ++seed) {
    const Outcome outcome = play(make_plan(seed, versions), cryptography());
    EXPECT_TRUE(outcome.violations.empty())
        << all(outcome.violations) << "to see it again: SALLYPORT_SEED=" << seed << " seeded_tests";
    sum.ike_sas += outcome.ike_sas;
    sum.rekeyed += outcome.rekeyed;
    sum.delivered += outcome.delivered;
    sum.packets += outcome.packets;
    up += outcome.up_at_the_end;
  }
  // A simulation in which nothing comes up holds any invariant.
  EXPECT_GT(sum.ike_sas, worlds);
  EXPECT_GT(sum.rekeyed, worlds);
  EXPECT_GT(sum.delivered, worlds);
  EXPECT_GT(up, worlds / 4);
  RecordProperty("established_ike_sas", static_cast<int>(sum.ike_sas));
  RecordProperty("rekeyed_sas", static_cast<int>(sum.rekeyed));
  RecordProperty("delivered_messages", static_cast<int>(sum.delivered));
  RecordProperty("packets", static_cast<int>(sum.packets));
}

INSTANTIATE_TEST_SUITE_P(Block, Worlds, testing::Range(std::uint64_t{0}, blocks));

TEST(Replay, RepeatsAWorldPacketForPacket) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = make_plan(seed, versions);
    const Outcome once = play(plan, cryptography()), again = play(plan, cryptography(), true);
    EXPECT_EQ(once.digest, again.digest) << seed;
    EXPECT_EQ(once.packets, again.packets) << seed;
  }
}

TEST(Replay, TellsWorldsApart) {
  EXPECT_NE(play(make_plan(1, versions), cryptography()).digest, play(make_plan(2, versions), cryptography()).digest);
}

}  // namespace
}  // namespace sallyport::seeded
