// Which versions of IKE a configuration may ask for: those that are built.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_testing.h"

namespace sallyport::config {
namespace {

TEST(Version, IsTakenWhereItIsBuilt) {
  EXPECT_EQ(told(office("version = 0")), "");
#if SALLYPORT_HAS_IKEV1
  EXPECT_EQ(told(office("version = 1")), "");
#endif
#if SALLYPORT_HAS_IKEV2
  EXPECT_EQ(told(office("version = 2")), "");
#endif
}

#if !SALLYPORT_HAS_IKEV1
TEST(Version, IsRefusedWhereItIsNotBuilt) {
  EXPECT_THAT(
      told(office("version = 1")),
      testing::StartsWith("office.toml:2:11: error: connections.office.version: this build does not speak IKEv1 "
                          "(SALLYPORT_IKEV1 is OFF)"));
}
#endif
#if !SALLYPORT_HAS_IKEV2
TEST(Version, IsRefusedWhereItIsNotBuilt) {
  EXPECT_THAT(
      told(office("version = 2")),
      testing::StartsWith("office.toml:2:11: error: connections.office.version: this build does not speak IKEv2 "
                          "(SALLYPORT_IKEV2 is OFF)"));
}
#endif

}  // namespace
}  // namespace sallyport::config
