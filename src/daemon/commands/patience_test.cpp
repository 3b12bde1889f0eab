#include "daemon/commands/patience.h"

#include <gmock/gmock.h>

namespace sallyport::daemon {
namespace {

using control::Message;
using std::chrono::seconds;

std::optional<Patience> patience_of(std::string_view timeout) {
  Message request;
  request.set("timeout", timeout);
  return Patience::of(request);
}

TEST(Patience, HasNoLimitWithoutATimeout) {
  EXPECT_FALSE(Patience::of(Message())->limit);
  EXPECT_TRUE(Patience::of(Message())->waits);
  EXPECT_FALSE(patience_of("0")->limit);
}

TEST(Patience, IsInMilliseconds) { EXPECT_EQ(patience_of("5000")->limit, seconds(5)); }

TEST(Patience, DoesNotWaitBelowZero) {
  EXPECT_FALSE(patience_of("-1")->waits);
  EXPECT_FALSE(patience_of("-1000")->waits);
}

TEST(Patience, IsFiniteForTheLargestNumber) { EXPECT_TRUE(patience_of("9223372036854775807")->limit); }

TEST(Patience, RefusesWhatIsNoNumber) {
  for (const char* text : {"", "5s", "soon", "99999999999999999999"}) EXPECT_FALSE(patience_of(text)) << text;
}

}  // namespace
}  // namespace sallyport::daemon
