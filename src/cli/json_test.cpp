#include "cli/json.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/test_answers.h"

namespace sallyport::cli {
namespace {

using control::Message;
using Json = nlohmann::json;

TEST(StatusJson, IsWhatTheManualPromises) {
  const Json json = Json::parse(status_json(both()));
  EXPECT_EQ(json["version"], 1);
  ASSERT_EQ(json["connections"].size(), 2u);
  const Json& office = json["connections"][0];
  EXPECT_EQ(office["state"], "up");
  EXPECT_TRUE(office["why"].is_null());
  const Json& sa = office["ike_sas"][0];
  EXPECT_EQ(sa["id"], 1);
  EXPECT_EQ(sa["version"], 2);
  EXPECT_EQ(sa["initiator"], true);
  EXPECT_EQ(sa["role"], "initiator");
  EXPECT_EQ(sa["remote"], Json({{"address", "2001:db8::2"}, {"port", 500}, {"id", "sun.example.org"}}));
  EXPECT_EQ(sa["spi_initiator"], "0123456789abcdef");
  EXPECT_EQ(sa["nat_local"], false);
  EXPECT_EQ(sa["nat_remote"], true);
  EXPECT_EQ(sa["established_s"], 12);
  const Json& child = sa["child_sas"][0];
  EXPECT_EQ(child["name"], "lan");
  EXPECT_EQ(child["esn"], true);
  EXPECT_EQ(child["spi_in"], "c1a2b3c4");
  EXPECT_EQ(child["replay_window"], 4096);
  EXPECT_EQ(child["remote_ts"], Json({"10.2.0.0/16", "10.3.0.0/16"}));
  EXPECT_EQ(child["packets_out"], 2);
  EXPECT_EQ(child["drops"], Json({{"replay", 4}, {"integrity", 0}, {"selector", 0}}));
  EXPECT_EQ(child["expires_in_s"], 3960);
}

TEST(StatusJson, HasNullForWhatTheDaemonDoesNotKnow) {
  const Json sa = Json::parse(status_json(both()))["connections"][0]["ike_sas"][0];
  EXPECT_TRUE(sa.contains("reauth_in_s"));
  EXPECT_TRUE(sa["reauth_in_s"].is_null());
  EXPECT_TRUE(sa["child_sas"][0]["ah"].is_null());
  EXPECT_TRUE(sa["child_sas"][0]["rekey_in_s"].is_null());
}

TEST(StatusJson, HasAnEmptyListWhereNothingIs) {
  EXPECT_EQ(Json::parse(status_json({}))["connections"], Json::array());
  EXPECT_EQ(Json::parse(status_json(both()))["connections"][1]["ike_sas"], Json::array());
  EXPECT_EQ(Json::parse(status_json(both()))["connections"][1]["why"], "192.0.2.9 closed it.");
}

TEST(StatusJson, SurvivesADaemonThatSaysNonsense) {
  std::vector<Message> all;
  Message message;
  message.set("name", as_text(Bytes{0xff, 0xfe, '"'}));
  auto& sa = message.section("ike_sas").section("x");
  sa.set("id", "many");
  sa.set("initiator", "perhaps");
  message.section("ike_sas").set("y", "no section");
  all.push_back(std::move(message));
  const Json json = Json::parse(status_json(all));
  ASSERT_EQ(json["connections"][0]["ike_sas"].size(), 1u);
  EXPECT_TRUE(json["connections"][0]["ike_sas"][0]["id"].is_null());
  EXPECT_EQ(json["connections"][0]["ike_sas"][0]["role"], "responder");
}

TEST(EventJson, StandsOnOneLine) {
  Message event;
  event.set("number", 5);
  event.set("event", "ike-sa-closed");
  event.set("text", "two\nlines");
  event.section("fields").set("reason", "expired");
  const std::string text = event_json(event);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const Json json = Json::parse(text);
  EXPECT_EQ(json["number"], 5);
  EXPECT_EQ(json["fields"]["reason"], "expired");
  EXPECT_TRUE(json["ike_sa"].is_null());
}

TEST(AnswerJson, KeepsTheTreeAndTypesWhatItKnows) {
  Message answer;
  answer.set("success", false);
  answer.set("errmsg", "no");
  answer.list("added").add("office");
  answer.section("messages").section("1").set("octets", 272);
  EXPECT_EQ(Json::parse(answer_json(answer)), Json::parse(R"({"success": false, "errmsg": "no", "added": ["office"],
                                                              "messages": {"1": {"octets": 272}}})"));
}

TEST(CountersJson, HasNumbers) {
  Message totals;
  totals.section("events").set("retransmitted", 3);
  totals.section("drops").set("replay", 0);
  std::vector<Message> connections;
  connections.emplace_back();
  connections.back().set("connection", "office");
  connections.back().section("events").set("retransmitted", 2);
  const Json json = Json::parse(counters_json(totals, connections));
  EXPECT_EQ(json["events"]["retransmitted"], 3);
  EXPECT_EQ(json["connections"]["office"]["retransmitted"], 2);
  EXPECT_EQ(json["drops"]["replay"], 0);
}

TEST(CountersJson, HasEachChildSaAndTheHistograms) {
  Message totals;
  auto& whole = totals.section("latency").section("inbound").section("whole");
  whole.set("bursts", 7);
  whole.list("buckets").add("896 1024 7");
  std::vector<Message> connections(2);
  for (std::size_t i = 0; i < 2; ++i) {
    connections[i].set("connection", "office");
    auto& child = connections[i].section("child_sa");
    child.set("name", "lan");
    child.set("id", i + 1);
    child.section("drops").set("replay", 3 * i);
  }
  connections[1].section("child_sa").section("ah_drops").set("integrity", 1);
  const Json json = Json::parse(counters_json(totals, connections));
  ASSERT_EQ(json["child_sas"].size(), 2U);
  EXPECT_EQ(json["connections"].size(), 0U);
  EXPECT_EQ(json["child_sas"][0]["drops"]["replay"], 0);
  EXPECT_EQ(json["child_sas"][1]["drops"]["replay"], 3);
  EXPECT_FALSE(json["child_sas"][0].contains("ah_drops"));
  EXPECT_EQ(json["child_sas"][1]["ah_drops"]["integrity"], 1);
  EXPECT_EQ(json["latency"]["inbound"]["whole"]["bursts"], 7);
  EXPECT_EQ(json["latency"]["inbound"]["whole"]["buckets"],
            Json::parse(R"([{"from_ns": 896, "below_ns": 1024, "bursts": 7}])"));
}

TEST(CheckJson, IsNotOkWithAnError) {
  const config::Diagnostic error{.where = {"a.toml", 3, 12}, .message = "m", .suggestion = "s"};
  const Json json = Json::parse(check_json(2, {error}));
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["connections"], 2);
  EXPECT_EQ(json["diagnostics"][0]["line"], 3);
  EXPECT_EQ(Json::parse(check_json(2, {}))["ok"], true);
}

TEST(CheckJson, IsOkWithWarningsAlone) {
  const config::Diagnostic warning{.severity = config::Severity::warning};
  EXPECT_EQ(Json::parse(check_json(1, {warning}))["ok"], true);
}

TEST(TextJson, IsAnObject) { EXPECT_EQ(Json::parse(text_json("secret", "0sAA==")), Json({{"secret", "0sAA=="}})); }

}  // namespace
}  // namespace sallyport::cli
