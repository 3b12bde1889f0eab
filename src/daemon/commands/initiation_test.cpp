#include "daemon/commands/initiation.h"

#include <gmock/gmock.h>

namespace sallyport::daemon {
namespace {

using event::Direction;
using event::FailureKind;
using testing::HasSubstr;

event::ChildSaInstalled installed(std::string connection, std::string child) {
  return {.connection = std::move(connection), .child = std::move(child)};
}
event::NegotiationFailed failed(std::string connection, std::string child) {
  return {.failure = {
              .kind = FailureKind::no_proposal_chosen, .connection = std::move(connection), .child = std::move(child)}};
}
event::IkeSaClosed closed(std::string connection, FailureKind why) {
  event::IkeSaClosed event{.connection = connection};
  event.why.kind = why;
  event.why.connection = std::move(connection);
  return event;
}
event::MessageLogged message(Direction direction) {
  event::MessageLogged event{.direction = direction, .connection = "office"};
  event.message.exchange = "IKE_SA_INIT";
  event.message.remote = {policy::IpAddress::v4(192, 0, 2, 2), 500};
  return event;
}

TEST(Initiation, IsUpWhenAllChildrenAre) {
  Initiation progress("office", {"lan", "lab"});
  progress.on_event(installed("office", "lan"));
  EXPECT_FALSE(progress.ended());
  progress.on_event(installed("office", "lab"));
  EXPECT_TRUE(progress.is_up());
}

TEST(Initiation, IsNotUpByAnotherConnectionsChild) {
  Initiation progress("office", {"lan"});
  progress.on_event(installed("home", "lan"));
  progress.on_event(installed("office", "lab"));
  EXPECT_FALSE(progress.ended());
}

TEST(Initiation, WithoutChildrenIsUpWithTheIkeSa) {
  Initiation progress("office", {});
  progress.on_event(event::IkeSaEstablished{.connection = "home"});
  EXPECT_FALSE(progress.ended());
  progress.on_event(event::IkeSaEstablished{.connection = "office"});
  EXPECT_TRUE(progress.is_up());
}

TEST(Initiation, FailsWithTheIkeSa) {
  Initiation progress("office", {"lan"});
  progress.on_event(failed("office", ""));
  ASSERT_TRUE(progress.failure());
  EXPECT_EQ(progress.failure()->kind, FailureKind::no_proposal_chosen);
}

TEST(Initiation, FailsWithItsChildAndNoOther) {
  Initiation progress("office", {"lan"});
  progress.on_event(failed("office", "lab"));
  progress.on_event(failed("home", "lan"));
  EXPECT_FALSE(progress.ended());
  progress.on_event(failed("office", "lan"));
  EXPECT_TRUE(progress.failure());
}

TEST(Initiation, DoesNotFailByAChildThatIsUpAlready) {
  Initiation progress("office", {"lan", "lab"});
  progress.on_event(installed("office", "lan"));
  progress.on_event(failed("office", "lan"));
  EXPECT_FALSE(progress.ended());
}

TEST(Initiation, KeepsTheFirstFailure) {
  Initiation progress("office", {"lan"});
  progress.on_event(failed("office", "lan"));
  progress.on_event(closed("office", FailureKind::closed_by_peer));
  EXPECT_EQ(progress.failure()->kind, FailureKind::no_proposal_chosen);
}

TEST(Initiation, FailsWhenTheIkeSaIsClosed) {
  Initiation progress("office", {"lan"});
  progress.on_event(closed("office", FailureKind::closed_by_peer));
  EXPECT_TRUE(progress.failure());
}

TEST(Initiation, GoesOnWhereAnotherIkeSaTakesThePlace) {
  Initiation progress("office", {"lan"});
  progress.on_event(closed("office", FailureKind::replaced));
  EXPECT_FALSE(progress.ended());
}

TEST(Initiation, StaysUpWhateverFollows) {
  Initiation progress("office", {"lan"});
  progress.on_event(installed("office", "lan"));
  progress.on_event(closed("office", FailureKind::closed_by_peer));
  EXPECT_TRUE(progress.is_up());
  EXPECT_FALSE(progress.failure());
}

TEST(Initiation, CountsWhatWasSentInVain) {
  Initiation progress("office", {"lan"});
  progress.on_event(message(Direction::sent));
  EXPECT_THAT(progress.so_far(), HasSubstr("1 message sent"));
  progress.on_event(event::Retransmitted{.connection = "office"});
  progress.on_event(event::Retransmitted{.connection = "home"});
  EXPECT_EQ(progress.so_far(), "no answer from 192.0.2.2:500 yet; 2 messages sent");
}

TEST(Initiation, SaysWhichAnswerWasTheLast) {
  Initiation progress("office", {"lan"});
  progress.on_event(message(Direction::sent));
  progress.on_event(message(Direction::received));
  EXPECT_THAT(progress.so_far(), HasSubstr("which last answered IKE_SA_INIT"));
}

TEST(Initiation, SaysThatNothingWasSent) {
  EXPECT_THAT(Initiation("office", {"lan"}).so_far(), HasSubstr("nothing has been sent"));
}

}  // namespace
}  // namespace sallyport::daemon
