// Connections as the control protocol brings them: a tree in which every value is text.
#include "config/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::config {
namespace {

/// What swanctl sends for a small connection.
ConfigNode office() {
  auto node = ConfigNode::section("office", Typing::text_only);
  node.add_text("version", "2");
  node.add_text("encap", "Yes");
  node.add_text("mobike", "no");
  node.add_text("dpd_delay", "30s");
  node.add_text("keyingtries", "0x0");
  auto& addrs = node.add_list("remote_addrs");
  addrs.add_item("192.0.2.2");
  node.add_list("proposals").add_item("aes128-sha256-x25519");
  auto& local = node.add_section("local-1");
  local.add_text("auth", "psk");
  local.add_text("id", "moon");
  auto& remote = node.add_section("remote-1");
  remote.add_text("auth", "psk");
  remote.add_text("id", "sun");
  auto& child = node.add_section("children").add_section("lan");
  child.add_text("start_action", "route");
  child.add_text("rekey_time", "90 m");
  child.add_list("local_ts").add_item("10.1.0.0/16");
  child.add_list("remote_ts").add_item("10.2.0.0/16");
  return node;
}

std::string told(const ConfigNode& node) {
  Diagnostics diagnostics;
  read_connection(node, diagnostics);
  std::string all;
  for (const Diagnostic& each : diagnostics.list()) all += (all.empty() ? "" : "\n") + to_string(each);
  return all;
}

TEST(LoadedConnection, ReadsNumbersAndBooleansFromText) {
  Diagnostics diagnostics;
  const auto read = read_connection(office(), diagnostics);
  ASSERT_TRUE(read && read->connection) << told(office());
  const auto& connection = read->connection;
  EXPECT_TRUE(diagnostics.list().empty());
  EXPECT_EQ(connection->version, policy::IkeVersion::v2);
  EXPECT_TRUE(connection->encap);
  EXPECT_EQ(connection->dpd_delay, policy::Seconds(30));
  EXPECT_EQ(connection->keyingtries, 0u);
  EXPECT_EQ(to_string(connection->local.id), "moon");
  ASSERT_EQ(connection->children.size(), 1u);
  EXPECT_EQ(connection->children[0].start_action, policy::StartAction::trap);
  EXPECT_EQ(connection->children[0].rekey_time, policy::Seconds(5400));
  EXPECT_EQ(to_string(connection->origins.at("proposals")), "");
}

TEST(LoadedConnection, EqualsItselfLoadedAgain) {
  Diagnostics diagnostics;
  EXPECT_EQ(read_connection(office(), diagnostics), read_connection(office(), diagnostics));
}

TEST(LoadedConnection, IsToldItsErrorsWithoutAPlace) {
  auto node = office();
  node.add_text("over_time", "soon");
  node.add_text("unique", "maybe");
  node.add_text("local_port", "ftp");
  node.add_text("wrong", "");
  EXPECT_EQ(told(node),
            "error: office.over_time: \"soon\" is not a time; seconds as a number, or a string such as \"90s\", "
            "\"15m\", \"4h\", \"1d\"\n"
            "error: office.unique: \"maybe\" is none of: no, never, keep, replace\n"
            "error: office.local_port: \"ftp\" is not an integer from 1 to 65535\n"
            "error: office.wrong: no such key here");
}

TEST(LoadedConnection, HasItsBooleansInSwanctlsWords) {
  auto node = office();
  auto& child = node.children().back().children().front();
  child.add_text("copy_df", "disabled");
  child.add_text("copy_ecn", "perhaps");
  child.add_text("hostaccess", "yes");
  EXPECT_EQ(told(node),
            "error: office.children.lan.copy_ecn: \"perhaps\" is not a boolean; write yes or no\n"
            "error: office.children.lan.hostaccess: not supported yet; the only value accepted is no");
}

TEST(LoadedConnection, SurvivesOctetsOfEveryKind) {
  auto node = office();
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (const char* key : {"version", "local_addrs", "dpd_delay", "unique", "encap"}) node.add_text(key, all);
  node.add_text(all.substr(0, 100), "x");
  node.add_section("local" + all.substr(0, 20));
  for (const char c : told(node)) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
}

TEST(LoadedConnection, NeedsATable) {
  auto root = ConfigNode::section("", Typing::text_only);
  EXPECT_EQ(told(root.add_text("office", "x")), "error: office: expected a table, found a string");
}

TEST(LoadedConnection, HasNoTwoChildrenOfOneName) {
  auto node = office();
  node.children().back().add_section("lan");
  EXPECT_EQ(told(node), "error: office.children.lan: there is a child of this name already");
}

}  // namespace
}  // namespace sallyport::config
