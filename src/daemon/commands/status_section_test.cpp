#include "daemon/commands/status_section.h"

#include <gmock/gmock.h>

#include "daemon/commands/test_sa.h"

namespace sallyport::daemon {
namespace {

using control::Message;
using testing::HasSubstr;

node::ConnectionStatus office(node::ConnectionStatus::State state) {
  auto connection = std::make_shared<policy::Connection>();
  connection->name = "office";
  return {.connection = connection, .state = state};
}
const TrafficOf kNoTraffic = [](policy::ChildSaId) { return std::nullopt; };

TEST(StatusSection, HasNoReasonWhenUp) {
  auto status = office(node::ConnectionStatus::State::up);
  status.ike_sas.push_back(ike_sa());
  const Message message = describe_status(status, kNoTraffic, kNow);
  EXPECT_FALSE(message.text("why"));
  const auto* child = message.find_section("ike_sas")->find_section("7")->find_section("child_sas")->find_section("3");
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(child->text("proposal"), "aes256gcm16");
  EXPECT_EQ(child->text("esn"), "yes");
}

TEST(StatusSection, HasAReasonWheneverNotUp) {
  using enum node::ConnectionStatus::State;
  for (const auto state : {connecting, on_demand, down})
    EXPECT_TRUE(describe_status(office(state), kNoTraffic, kNow).text("why")) << to_string(state);
}

TEST(StatusSection, SaysWhatWentWrong) {
  auto status = office(node::ConnectionStatus::State::down);
  status.why = event::Failure{.kind = event::FailureKind::closed_by_user, .connection = "office"};
  EXPECT_THAT(std::string(*describe_status(status, kNoTraffic, kNow).text("why")), HasSubstr("by hand"));
}

TEST(StatusSection, SaysWhenItIsTriedAgain) {
  auto status = office(node::ConnectionStatus::State::down);
  const auto why = [&] { return std::string(*describe_status(status, kNoTraffic, kNow).text("why")); };
  status.waiting = {{"lan", kNow + std::chrono::seconds(43), 3}};
  EXPECT_EQ(why(), "lan is tried again in 43 s, after 3 tries that failed.");
  status.why = event::Failure{.kind = event::FailureKind::closed_by_peer, .connection = "office"};
  EXPECT_THAT(why(), HasSubstr("closed it. lan is tried again in 43 s"));
}

TEST(StatusSection, NamesTheChildThatIsNotUpThoughOthersAre) {
  auto status = office(node::ConnectionStatus::State::up);
  status.ike_sas.push_back(ike_sa());
  status.waiting = {{"lab", kNow + std::chrono::seconds(2), 0}};
  EXPECT_EQ(describe_status(status, kNoTraffic, kNow).text("why"), "lab is tried again in 2 s.");
}

TEST(StatusSection, SaysWhatNamesStandForAndWhichIsWaitedFor) {
  auto status = office(node::ConnectionStatus::State::connecting);
  status.awaits_names = true;
  status.names = {{"one.example.org", {{policy::IpAddress::v4(192, 0, 2, 7)}, {}}, false},
                  {"two.example.org", {{}, "Name or service not known"}, true}};
  const Message message = describe_status(status, kNoTraffic, kNow);
  EXPECT_EQ(message.text("why"), "Waits for the address of two.example.org.");
  const auto* names = message.find_section("names");
  ASSERT_NE(names, nullptr);
  const auto *one = names->find_section("one.example.org"), *two = names->find_section("two.example.org");
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->find_list("addresses")->begin()->text(), "192.0.2.7");
  EXPECT_FALSE(one->text("error"));
  EXPECT_EQ(two->text("error"), "Name or service not known");
  EXPECT_EQ(two->text("asked"), "yes");
}

TEST(StatusSection, AddsUpReplayedAndStalePackets) {
  auto status = office(node::ConnectionStatus::State::up);
  status.ike_sas.push_back(ike_sa());
  datapath::SaStatus traffic;
  traffic.counters.inbound = {.packets = 5, .bytes = 420};
  traffic.counters.drops.add(datapath::DropReason::replay, 2);
  traffic.counters.drops.add(datapath::DropReason::replay_stale, 3);
  const Message message = describe_status(status, [&](policy::ChildSaId) { return traffic; }, kNow);
  const auto* child = message.find_section("ike_sas")->find_section("7")->find_section("child_sas")->find_section("3");
  EXPECT_EQ(child->text("bytes_in"), "420");
  EXPECT_EQ(child->find_section("drops")->text("replay"), "5");
}

}  // namespace
}  // namespace sallyport::daemon
