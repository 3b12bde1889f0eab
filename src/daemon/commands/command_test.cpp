#include "daemon/commands/command.h"

#include <gmock/gmock.h>

#include <set>

namespace sallyport::daemon {
namespace {

using control::Message;

TEST(Commands, HaveNamesThatTheProtocolCarriesEachOnce) {
  std::set<std::string_view> names;
  for (const Command& command : commands()) {
    EXPECT_TRUE(control::is_name(command.name));
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
  }
}

TEST(Commands, FitAFailureOfAnyLength) {
  const Message answer = failure(std::string(100'000, 'x'));
  EXPECT_TRUE(control::serialized_size(answer));
  EXPECT_EQ(answer.text("success"), "no");
}

}  // namespace
}  // namespace sallyport::daemon
