// The configurations that pages show: the loader takes them without a word, and in the simulated world they do what the
// page says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"
#include "crypto/openssl/packet_cipher_openssl.h"
#include "crypto/openssl/provider_openssl.h"
#include "sim/host.h"
#include "sim/router.h"
#include "sim/world.h"
#include "tests/docs/page.h"

namespace sallyport::docs {
namespace {

using namespace std::chrono_literals;
using policy::IpAddress;

/// The other end's configuration, made as the pages tell their readers: local and remote exchanged.
std::string exchanged(std::string_view text) {
  constexpr std::string_view local = "local", remote = "remote";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const std::string_view from = rest.starts_with(local) ? local : rest.starts_with(remote) ? remote : "";
    out += from == local ? remote : from == remote ? local : rest.substr(0, 1);
    at += std::max<std::size_t>(from.size(), 1);
  }
  return out;
}

sim::Configuration load(const std::string& text) {
  const config::Loaded loaded = config::parse(std::vector<config::SourceFile>{{"sallyport.toml", text}});
  for (const config::Diagnostic& each : loaded.diagnostics) ADD_FAILURE() << to_string(each) << "\nin:\n" << text;
  sim::Configuration configuration;
  for (const policy::Connection& connection : loaded.config.connections)
    configuration.connections.push_back(std::make_shared<const policy::Connection>(connection));
  for (const policy::SharedKey& key : loaded.config.secrets.keys())
    configuration.keys.push_back({key.owners, std::string(as_text(key.secret.view()))});
  configuration.pools = loaded.config.pools;
  configuration.policies = loaded.config.policies;
  return configuration;
}

sim::Cryptography cryptography() {
  static const auto provider = crypto::make_openssl_provider();
  static const auto ciphers = crypto::make_openssl_factory();
  return {*provider, *ciphers};
}

std::string block(const std::string& page, std::size_t number) {
  const auto blocks = fenced_blocks(read_page(page), "toml");
  if (number < blocks.size()) return blocks[number];
  ADD_FAILURE() << page << " has only " << blocks.size() << " configurations";
  return {};
}

class Examples : public testing::Test {
 protected:
  sim::Host& host(const std::string& name, const char* address, const std::string& text) {
    const IpAddress at = *IpAddress::parse(address);
    auto& host = world.add<sim::Host>(name, std::vector{at}, cryptography());
    internet.attach(host, at);
    host.load(load(text));
    return host;
  }
  bool up(const sim::Host& host) {
    return world.run_until([&] { return !host.installed().empty(); }, 10s) == sim::World::Ended::condition_met;
  }
  bool pings(sim::Host& from, const char* source, const char* destination) {
    const auto ping = from.application().ping(*IpAddress::parse(source), *IpAddress::parse(destination));
    return world.run_until([&] { return from.application().answered(ping); }, 10s) == sim::World::Ended::condition_met;
  }
  static policy::Mode mode_of(const sim::Host& host) { return host.installed().begin()->second.mode; }

  sim::World world{1};
  sim::Router& internet = world.add<sim::Router>("internet");
};

TEST_F(Examples, ReadmeBringsUpASession) {
  const std::string text = block("README.md", 0);
  auto& moon = host("moon", "192.0.2.1", text);
  auto& sun = host("sun", "192.0.2.2", exchanged(text));
  EXPECT_FALSE(pings(moon, "10.1.0.1", "10.2.0.1"));
  ASSERT_TRUE(moon.initiate("office") && up(moon));
  EXPECT_TRUE(pings(moon, "10.1.0.1", "10.2.0.1"));
  EXPECT_TRUE(pings(sun, "10.2.0.1", "10.1.0.1"));
}

TEST_F(Examples, SiteToSiteComesUpWithTheFirstPacket) {
  const std::string text = block("docs/configuration.md", 0);
  auto& moon = host("moon", "192.0.2.1", text);
  auto& sun = host("sun", "198.51.100.1", exchanged(text));
  world.run_for(1min);
  EXPECT_TRUE(moon.ike_sas().empty());
  EXPECT_TRUE(pings(sun, "10.2.0.1", "10.1.0.1"));
  ASSERT_EQ(moon.installed().size(), 1U);
  EXPECT_EQ(mode_of(moon), policy::Mode::tunnel);
}

TEST_F(Examples, HostToHostIsTransportMode) {
  const std::string text = block("docs/configuration.md", 1);
  auto& moon = host("moon", "192.0.2.1", text);
  auto& sun = host("sun", "192.0.2.2", exchanged(text));
  ASSERT_TRUE(up(moon) && up(sun));
  EXPECT_TRUE(pings(moon, "192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(pings(sun, "192.0.2.2", "192.0.2.1"));
  EXPECT_EQ(mode_of(sun), policy::Mode::transport);
}

TEST_F(Examples, ResponderForAnyTakesAPeerFromWhereverItIs) {
  auto& gate = host("gate", "203.0.113.1", block("docs/configuration.md", 2));
  auto& anna = host("anna", "198.51.100.77", block("docs/configuration.md", 3));
  ASSERT_TRUE(up(anna));
  EXPECT_TRUE(pings(anna, "10.9.0.1", "10.1.0.1"));
  EXPECT_TRUE(pings(gate, "10.1.0.1", "10.9.0.1"));
}

TEST_F(Examples, ResponderForAnyTurnsAWrongSecretAway) {
  auto& gate = host("gate", "203.0.113.1", block("docs/configuration.md", 2));
  std::string text = block("docs/configuration.md", 3);
  const auto secret = text.find("secret = \"");
  ASSERT_NE(secret, std::string::npos);
  text.insert(secret + 10, "not ");
  auto& anna = host("anna", "198.51.100.77", text);
  EXPECT_FALSE(pings(anna, "10.9.0.1", "10.1.0.1"));
  EXPECT_TRUE(gate.installed().empty());
}

TEST_F(Examples, NobodyReachesThePrinterOfANetworkThatIsProtected) {
  const std::string sites = block("docs/configuration.md", 0);
  auto& moon = host("moon", "192.0.2.1", sites + block("docs/configuration.md", 4));
  host("sun", "198.51.100.1", exchanged(sites));
  EXPECT_TRUE(pings(moon, "10.1.0.1", "10.2.0.1"));
  EXPECT_FALSE(pings(moon, "10.1.0.1", "10.2.0.9"));
}

TEST_F(Examples, WhatIsKeptUpIsBackAfterItsPeerRestarted) {
  const std::string text = block("docs/configuration.md", 5);
  std::string head_text = exchanged(text);
  head_text.erase(head_text.find("keep "), head_text.find("[secrets") - head_text.find("keep "));
  auto& branch = host("branch", "203.0.113.77", text);
  auto& head = host("head", "192.0.2.2", head_text);
  ASSERT_TRUE(up(branch) && up(head));
  head.restart();
  world.run_for(5min);
  EXPECT_TRUE(pings(head, "10.2.0.1", "10.3.0.1"));
}

TEST(Exchanged, IsItsOwnInverse) {
  const std::string text = "local_ts = [\"remote\"] # [x.local]";
  EXPECT_EQ(exchanged(text), "remote_ts = [\"local\"] # [x.remote]");
  EXPECT_EQ(exchanged(exchanged(text)), text);
}

}  // namespace
}  // namespace sallyport::docs
