#include "datapath/spi_table.h"

#include <gtest/gtest.h>

#include <unordered_map>

#include "base/random.h"

namespace sallyport::datapath {
namespace {

// The table keeps pointers and never follows them.
Sa* token(std::uint64_t number) { return reinterpret_cast<Sa*>(number * 8 + 8); }

TEST(SpiTable, FindsNothingInAnEmptyTable) {
  const SpiTable table;
  EXPECT_EQ(table.find(0x1000), nullptr);
}

TEST(SpiTable, ErasingWhatIsNotThereChangesNothing) {
  SpiTable table;
  table.insert(256, token(1));
  table.erase(257);
  EXPECT_EQ(table.find(256), token(1));
}

TEST(SpiTable, AgreesWithAMapWhileItGrowsAndShrinks) {
  SeededRandom random(3);
  SpiTable table;
  std::unordered_map<std::uint32_t, Sa*> model;
  std::vector<std::uint32_t> spis;
  for (std::uint64_t i = 0; i < 60000; ++i) {
    // A narrow range, so that neighbours collide and are erased in the middle of runs.
    const auto spi = static_cast<std::uint32_t>(256 + random.below(3000));
    if (random.below(i < 30000 ? 3 : 2) != 0) {
      if (model.emplace(spi, token(i)).second) table.insert(spi, token(i));
    } else {
      model.erase(spi);
      table.erase(spi);
    }
    const auto probe = static_cast<std::uint32_t>(256 + random.below(3000));
    const auto found = model.find(probe);
    ASSERT_EQ(table.find(probe), found == model.end() ? nullptr : found->second);
  }
}

}  // namespace
}  // namespace sallyport::datapath
