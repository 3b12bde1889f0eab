#include "policy/spelling.h"

#include <gtest/gtest.h>

#include <array>

namespace sallyport::policy {
namespace {

constexpr std::array<std::string_view, 5> kWords = {"proposals", "local_addrs", "remote_addrs", "encap", "children"};

TEST(Nearest, ForgivesOneKindOfSlipEach) {
  EXPECT_EQ(nearest("proposal", kWords), "proposals");
  EXPECT_EQ(nearest("propposals", kWords), "proposals");
  EXPECT_EQ(nearest("probosals", kWords), "proposals");
  EXPECT_EQ(nearest("porposals", kWords), "proposals");
  EXPECT_EQ(nearest("ENCAP", kWords), "encap");
  EXPECT_EQ(nearest("remoteaddr", kWords), "remote_addrs");
}

TEST(Nearest, CompletesABeginning) {
  EXPECT_EQ(nearest("child", kWords), "children");
  EXPECT_EQ(nearest("remote", kWords), "remote_addrs");
  EXPECT_EQ(nearest("re", kWords), std::nullopt);
}

TEST(Nearest, StaysSilentRatherThanGuessWildly) {
  EXPECT_EQ(nearest("mobike", kWords), std::nullopt);
  EXPECT_EQ(nearest("", kWords), std::nullopt);
  EXPECT_EQ(nearest("x", kWords), std::nullopt);
  EXPECT_EQ(nearest("encap", {}), std::nullopt);
  EXPECT_EQ(nearest(std::string(100000, 'e'), kWords), std::nullopt);
}

TEST(DidYouMean, AsksOrSaysNothing) {
  EXPECT_EQ(did_you_mean("encpa", kWords), "did you mean \"encap\"?");
  EXPECT_EQ(did_you_mean("zzz", kWords), "");
}

}  // namespace
}  // namespace sallyport::policy
