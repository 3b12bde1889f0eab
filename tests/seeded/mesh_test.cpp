// Random meshes of two to six sites, in blocks that can run side by side. When one fails, it says its seed; then
//
//     SALLYPORT_MESH=4711 build/dev/bin/seeded_tests --gtest_filter='*Meshes*'
//
// plays that mesh alone, prints its plan and timeline, and with SALLYPORT_TRACES=directory writes
// directory/mesh4711.pcapng. SALLYPORT_MESHES=100000 plays more of them, and SALLYPORT_FIRST_SEED others.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/seeded/mesh_play.h"
#include "tests/seeded/settings.h"

#if SALLYPORT_HAS_IKEV2

namespace sallyport::seeded {
namespace {

constexpr std::uint64_t blocks = 20;
constexpr std::uint64_t meshes_by_default = 5'000;

void replay(std::uint64_t seed) {
  const MeshPlan plan = make_mesh_plan(seed);
  const Outcome outcome = play(plan, cryptography(), true);
  std::cout << to_string(plan) << outcome.timeline;
  save_capture(outcome, "mesh" + std::to_string(seed));
  EXPECT_TRUE(outcome.violations.empty()) << all(outcome.violations);
}

class Meshes : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Meshes, ComeUpAgainAndLoseNothing) {
  if (const auto seed = environment("SALLYPORT_MESH")) {
    if (GetParam() == 0) replay(*seed);
    return;
  }
  const std::uint64_t meshes = environment("SALLYPORT_MESHES").value_or(meshes_by_default) / blocks;
  const std::uint64_t first = environment("SALLYPORT_FIRST_SEED").value_or(1) + GetParam() * meshes;
  Outcome sum;
  for (std::uint64_t seed = first; seed < first + meshes; ++seed) {
    const Outcome outcome = play(make_mesh_plan(seed), cryptography());
    EXPECT_TRUE(outcome.violations.empty())
        << all(outcome.violations) << "to see it again: SALLYPORT_MESH=" << seed << " seeded_tests";
    sum.rekeyed += outcome.rekeyed;
    sum.delivered += outcome.delivered;
  }
  EXPECT_GT(sum.rekeyed, 2 * meshes);
  EXPECT_GT(sum.delivered, 100 * meshes);
  RecordProperty("rekeyed_sas", static_cast<int>(sum.rekeyed));
  RecordProperty("delivered_messages", static_cast<int>(sum.delivered));
}

INSTANTIATE_TEST_SUITE_P(Block, Meshes, testing::Range(std::uint64_t{0}, blocks));

TEST(Replay, RepeatsAMeshPacketForPacket) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed)
    EXPECT_EQ(play(make_mesh_plan(seed), cryptography()).digest,
              play(make_mesh_plan(seed), cryptography(), true).digest)
        << seed;
}

}  // namespace
}  // namespace sallyport::seeded

#endif
