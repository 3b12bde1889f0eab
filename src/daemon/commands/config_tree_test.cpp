#include "daemon/commands/config_tree.h"

#include <gmock/gmock.h>

#include "config/connection.h"
#include "config/pools.h"

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
  auto read = config::read_connection(section, diagnostics);
  return read ? std::move(read->connection) : std::nullopt;
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

/// As swanctl sends a pool: a key, and a list for each attribute.
std::optional<policy::Pool> read_pool(const Message& body, config::Diagnostics& diagnostics) {
  auto tree = ConfigNode::section("pools", config::Typing::text_only);
  auto& section = tree.add_section("clients");
  copy_into(section, body);
  return config::read_pool(section, diagnostics);
}

TEST(ConfigTree, BecomesAPool) {
  Message body;
  body.set("addrs", "10.3.0.0/24");
  body.list("dns").add("10.2.0.53");
  body.list("dns").add("10.2.0.54");
  body.list("split_include").add("10.2.0.0/24");
  body.list("28672").add("Welcome");
  body.list("28672").add("stranger");
  config::Diagnostics diagnostics;
  const auto pool = read_pool(body, diagnostics);
  ASSERT_TRUE(pool) << errors_of(diagnostics);
  EXPECT_EQ(to_string(pool->addresses.first), "10.3.0.1");
  EXPECT_EQ(pool->config.dns.size(), 2u);
  EXPECT_EQ(pool->config.split_include.size(), 1u);
  EXPECT_EQ(pool->config.banner, "Welcome, stranger");
}

TEST(ConfigTree, BecomesNoPoolWithoutAddresses) {
  Message body;
  body.list("dns").add("10.2.0.53");
  config::Diagnostics diagnostics;
  EXPECT_FALSE(read_pool(body, diagnostics));
  EXPECT_THAT(errors_of(diagnostics), testing::HasSubstr("pools.clients.addrs"));
}

TEST(ConfigTree, BecomesNoPoolOfWhatIsNoAddress) {
  for (const auto& [key, value] : {std::pair{"dns", "10.2.0"}, std::pair{"split_include", "10.2.0.0/33"},
                                   std::pair{"dhcp", "10.2.0.1"}, std::pair{"dn", "10.2.0.53"}}) {
    Message body;
    body.set("addrs", "10.3.0.0/24");
    body.list(key).add(value);
    config::Diagnostics diagnostics;
    EXPECT_FALSE(read_pool(body, diagnostics)) << key << " = " << value;
  }
}

TEST(ConfigTree, ComplainsOfTheFirstErrorsOfMany) {
  Message body = office();
  for (const char* key : {"k1", "k2", "k3", "k4", "k5", "k6", "k7"}) body.set(key, "x");
  config::Diagnostics diagnostics;
  EXPECT_FALSE(read(body, diagnostics));
  const std::string errors = errors_of(diagnostics);
  EXPECT_THAT(errors, testing::HasSubstr("connections.office.k5"));
  EXPECT_THAT(errors, testing::Not(testing::HasSubstr("connections.office.k6")));
  EXPECT_THAT(errors, testing::EndsWith("and 2 more errors"));
}

}  // namespace
}  // namespace sallyport::daemon
