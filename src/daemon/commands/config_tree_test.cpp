#include "daemon/commands/config_tree.h"

#include <gmock/gmock.h>

#include "config/connection.h"

namespace sallyport::daemon {
namespace {

using config::ConfigNode;
using control::Message;

/// As swanctl sends a connection.
Message office() {
  Message body;
  body.set("version", "2");
  body.set("rekey_time", "4h");
  body.list("remote_addrs").add("192.0.2.2");
  body.list("proposals").add("aes256gcm16-prfsha384-ecp384");
  auto& local = body.section("local-1");
  local.set("auth", "psk");
  local.set("id", "moon.example.org");
  auto& remote = body.section("remote");
  remote.set("auth", "psk");
  remote.set("id", "sun.example.org");
  auto& lan = body.section("children").section("lan");
  lan.set("mode", "tunnel");
  lan.set("start_action", "trap");
  lan.list("remote_ts").add("10.2.0.0/16");
  lan.list("remote_ts").add("dynamic[tcp/443]");
  return body;
}

std::optional<policy::Connection> read(const Message& body, config::Diagnostics& diagnostics) {
  auto tree = ConfigNode::section("connections", config::Typing::text_only);
  auto& section = tree.add_section("office");
  copy_into(section, body);
  return config::read_connection(section, diagnostics);
}

TEST(ConfigTree, ReadsAConnectionAsFilesHaveIt) {
  config::Diagnostics diagnostics;
  const auto connection = read(office(), diagnostics);
  ASSERT_TRUE(connection) << to_string(diagnostics.list().front());
  EXPECT_EQ(connection->name, "office");
  EXPECT_EQ(connection->version, policy::IkeVersion::v2);
  EXPECT_EQ(connection->rekey_time, std::chrono::hours(4));
  EXPECT_EQ(to_string(connection->local.id), "moon.example.org");
  EXPECT_EQ(to_string(connection->proposals), "aes256gcm16-prfsha384-ecp384");
  ASSERT_EQ(connection->children.size(), 1u);
  const auto& lan = connection->children.front();
  EXPECT_EQ(lan.mode, policy::Mode::tunnel);
  EXPECT_EQ(lan.start_action, policy::StartAction::trap);
  EXPECT_EQ(lan.remote_ts.size(), 2u);
}

TEST(ConfigTree, KeepsTheOrderOfWhatItCopies) {
  Message body;
  body.set("b", "1");
  body.section("a").list("z").add("x");
  body.set("c", "3");
  auto tree = ConfigNode::section("", config::Typing::text_only);
  copy_into(tree, body);
  std::vector<std::string> names;
  for (const auto& child : tree.children()) names.push_back(child.name());
  EXPECT_THAT(names, testing::ElementsAre("b", "a", "c"));
  EXPECT_EQ(tree.find("a")->find("z")->children().front().text(), "x");
}

TEST(ConfigTree, NamesAnUnknownKeyByItsPath) {
  config::Diagnostics diagnostics;
  Message body = office();
  body.section("children").section("lan").set("mod", "tunnel");
  EXPECT_FALSE(read(body, diagnostics));
  ASSERT_EQ(diagnostics.errors(), 1u);
  EXPECT_THAT(to_string(diagnostics.list().front()), testing::HasSubstr("connections.office.children.lan.mod"));
}

TEST(ConfigTree, RefusesASectionWhereAValueBelongs) {
  config::Diagnostics diagnostics;
  Message body = office();
  body.section("encap").set("yes", "yes");
  EXPECT_FALSE(read(body, diagnostics));
}

TEST(ConfigTree, RefusesAValueThatIsNone) {
  for (const auto& [key, value] : {std::pair{"version", "3"}, std::pair{"version", "two"}, std::pair{"encap", "maybe"},
                                   std::pair{"rekey_time", "4 weeks"}, std::pair{"aggressive", "perhaps"}}) {
    config::Diagnostics diagnostics;
    Message body = office();
    body.set(key, value);
    EXPECT_FALSE(read(body, diagnostics)) << key << " = " << value;
  }
}

}  // namespace
}  // namespace sallyport::daemon
