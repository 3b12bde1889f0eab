// What IKEv1 cannot do, or should not, earns a warning with place and way out; and nothing else does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_testing.h"

namespace sallyport::config {
namespace {

using testing::HasSubstr;

/// A connection in IKEv1, complete but for its secret.
std::string gateway(std::string_view name, std::string_view keys, std::string_view remote_id) {
  std::string text = "[connections." + std::string(name) + "]\nversion = 1\n" + std::string(keys) + "\n";
  text += "[connections." + std::string(name) + ".local]\nauth = \"psk\"\nid = \"gw\"\n";
  text += "[connections." + std::string(name) + ".remote]\nauth = \"psk\"\n" + std::string(remote_id) + "\n";
  return text + "[connections." + std::string(name) + ".children.lan]\n";
}
std::string secret(std::string_view name, std::string_view ids) {
  return "[secrets.ike-" + std::string(name) + "]\nid = [" + std::string(ids) +
         "]\nsecret = \"correct horse battery\"\n";
}

TEST(AggressiveMode, WithASharedKeyIsToldWhatAnEavesdropperDoesWithIt) {
  EXPECT_EQ(
      told(office("aggressive = true")),
      "office.toml:2:14: warning: connections.office.aggressive: Aggressive Mode with a pre-shared key shows both "
      "identities in clear, and a hash of the key: whoever listens, or just asks as if it were the peer, can try "
      "out any number of guesses at home; write aggressive = false or version = 2; if it has to be, take a secret "
      "from `sallyport psk generate`");
  EXPECT_EQ(told(office("aggressive = false\nversion = 1")), "");
}

TEST(AggressiveMode, IsIkev1s) {
  EXPECT_EQ(told(office("aggressive = true\nversion = 2")),
            "office.toml:2:14: warning: connections.office.aggressive: Aggressive Mode is IKEv1's, and version is 2; "
            "leave one of the two out");
}

TEST(MainMode, CannotFindASecretByNameForAPeerAtAnyAddress) {
  const std::string roadwarriors = gateway("road", "", "id = \"*.example\"") +
                                   secret("alice", "\"gw\", \"a.example\"") + secret("bob", "\"gw\", \"b.example\"");
  EXPECT_EQ(told(roadwarriors),
            "office.toml:9:6: warning: connections.road.remote.id: Main Mode needs the secret before the peer says who "
            "it is, and finds it by the peer's address: secrets.ike-bob (office.toml:14:10), for b.example, is never "
            "used here; write version = 2, or aggressive = true, or the peer's address among the secret's ids");
}

TEST(MainMode, FindsASecretForAnybodyAndOneForAnAddress) {
  EXPECT_EQ(told(gateway("road", "", "") + secret("all", "\"gw\"")), "");
  EXPECT_EQ(told(gateway("road", "remote_addrs = [\"192.0.2.9\"]", "") + secret("one", "\"gw\", \"192.0.2.9\"")), "");
  EXPECT_EQ(told(gateway("road", "", "id = \"a.example\"") + secret("one", "\"gw\", \"a.example\"")), "");
}

TEST(MainMode, CannotTellTwoPeersApartThatMayComeFromTheSameAddress) {
  const std::string two = gateway("first", "", "id = \"a.example\"") + gateway("second", "", "id = \"b.example\"") +
                          secret("alice", "\"gw\", \"a.example\"") + secret("bob", "\"gw\", \"b.example\"");
  EXPECT_EQ(told(two),
            "office.toml:19:6: warning: connections.second.remote_addrs: Main Mode finds the secret by the peer's "
            "address: connections.first (office.toml:1:14) has secrets.ike-alice for the same one, so a peer that "
            "begins with secrets.ike-bob is not understood; write version = 2, or aggressive = true, or give each an "
            "address of its own, or both one secret");
}

TEST(MainMode, IsContentWithOneSecretForBothOrAddressesOfTheirOwn) {
  const auto both = [](std::string_view first, std::string_view second, const std::string& secrets) {
    return told(gateway("first", first, "id = \"a.example\"") + gateway("second", second, "id = \"b.example\"") +
                secrets);
  };
  const std::string two = secret("alice", "\"gw\", \"a.example\"") + secret("bob", "\"gw\", \"b.example\"");
  EXPECT_EQ(both("", "", secret("all", "\"gw\", \"a.example\", \"b.example\"")), "");
  EXPECT_EQ(both("remote_addrs = [\"192.0.2.1\"]", "remote_addrs = [\"192.0.2.2\"]", two), "");
  EXPECT_EQ(both("remote_addrs = [\"192.0.2.1\"]", "", two), "");
  EXPECT_EQ(both("local_addrs = [\"192.0.2.1\"]", "local_addrs = [\"192.0.2.2\"]", two), "");
  EXPECT_THAT(both("remote_addrs = [\"192.0.2.0/24\"]", "remote_addrs = [\"192.0.2.128/25\"]", two),
              HasSubstr("connections.second.remote_addrs"));
  EXPECT_THAT(both("remote_addrs = [\"192.0.2.1\"]", "remote_addrs = [\"192.0.2.1\"]", two),
              HasSubstr("connections.second.remote_addrs"));
}

TEST(MainMode, IsNotTheLastWordWhereAnotherWayIsOpen) {
  const std::string secrets = secret("alice", "\"gw\", \"a.example\"") + secret("bob", "\"gw\", \"b.example\"");
  std::string either = gateway("first", "", "id = \"a.example\"") + gateway("second", "", "id = \"b.example\"");
  for (auto at = either.find("version = 1"); at != std::string::npos; at = either.find("version = 1"))
    either.replace(at, 11, "version = 0");
  EXPECT_EQ(told(either + secrets), "");
}

}  // namespace
}  // namespace sallyport::config
