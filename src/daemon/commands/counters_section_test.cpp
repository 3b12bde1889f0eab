#include "daemon/commands/counters_section.h"

#include <gtest/gtest.h>

#include "daemon/commands/test_sa.h"

namespace sallyport::daemon {
namespace {

TEST(CountersSection, HasEveryReasonToDropOfAChildSaByItsOwnName) {
  datapath::SaStatus traffic;
  traffic.counters.outbound = {5, 420};
  std::uint64_t count = 1;
  for (std::size_t i = 0; i < datapath::drop_reasons; ++i)
    traffic.counters.drops.add(static_cast<datapath::DropReason>(i), count++);
  control::Section section;
  write_child_counters(section, ike_sa().children.front(), traffic);
  const auto* drops = section.find_section("drops");
  ASSERT_NE(drops, nullptr);
  EXPECT_EQ(drops->size(), datapath::drop_reasons);
  count = 1;
  for (const auto& drop : *drops) EXPECT_EQ(drop.value()->text(), std::to_string(count++)) << drop.name();
  EXPECT_EQ(section.text("spi_in"), "0000c1a2");
  EXPECT_EQ(section.find_section("outbound")->text("packets"), "5");
  EXPECT_EQ(section.find_section("ah_drops"), nullptr);
}

TEST(CountersSection, HasTheDropsOfABundlesAhBesideThoseOfItsEsp) {
  datapath::SaStatus traffic;
  traffic.bundled_ah.emplace();
  traffic.bundled_ah->counters.drops.add(datapath::DropReason::integrity, 3);
  control::Section section;
  write_child_counters(section, ike_sa().children.front(), traffic);
  EXPECT_EQ(section.find_section("drops")->text("integrity"), "0");
  EXPECT_EQ(section.find_section("ah_drops")->text("integrity"), "3");
}

TEST(CountersSection, ShowsOfAHistogramOnlyBucketsThatHaveSomething) {
  Histogram histogram;
  histogram.add(Duration(1000), 7);
  control::Section section;
  write_histogram(section, histogram);
  const auto* buckets = section.find_list("buckets");
  ASSERT_NE(buckets, nullptr);
  ASSERT_EQ(buckets->size(), 1U);
  EXPECT_EQ((*buckets)[0].text(), "896 1024 7");
  EXPECT_EQ(section.text("bursts"), "7");
  EXPECT_EQ(section.text("median_ns"), "1000");
}

}  // namespace
}  // namespace sallyport::daemon
