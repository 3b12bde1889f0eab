#include "config/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_testing.h"

namespace sallyport::config {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The octets of the one secret in a file with just that.
std::string secret_of(const Loaded& loaded) {
  EXPECT_TRUE(loaded.ok()) << told(loaded);
  return loaded.config.secrets.keys().size() == 1 ? to_hex(loaded.config.secrets.keys()[0].secret.view()) : "?";
}

std::string secret_written(std::string_view value) {
  return secret_of(load("[secrets.ike-a]\nsecret = " + std::string(value)));
}

TEST(Secret, IsTextOrHexOrBase64) {
  EXPECT_EQ(secret_written("\"correct horse\""), "636f727265637420686f727365");
  EXPECT_EQ(secret_written("\"0x00ff10Af11223344\""), "00ff10af11223344");
  EXPECT_EQ(secret_written("\"0sAP8QrxEiM0Q=\""), "00ff10af11223344");
  EXPECT_EQ(secret_written("\"0sAP8QrxEiM0Q\""), "00ff10af11223344") << "without padding";
  EXPECT_EQ(secret_written("\"correct\\u0000horse\""), "636f727265637400686f727365");
}

TEST(Secret, IsRefusedWhereItIsNone) {
  EXPECT_EQ(told("[secrets.ike]\nsecret = \"\""), "office.toml:2:10: error: secrets.ike.secret: the secret is empty");
  for (const char* text : {"0x", "0x1", "0xgg", "0x12 34"})
    EXPECT_EQ(told("[secrets.ike]\nsecret = \"" + std::string(text) + "\""),
              "office.toml:2:10: error: secrets.ike.secret: after 0x come pairs of hexadecimal digits");
  for (const char* text : {"0s", "0s=", "0sA", "0s????", "0sZg==Zg=="})
    EXPECT_EQ(told("[secrets.ike]\nsecret = \"" + std::string(text) + "\""),
              "office.toml:2:10: error: secrets.ike.secret: after 0s come letters of Base64");
  EXPECT_EQ(told("[secrets.ike]\nid = \"moon\""),
            "office.toml:1:10: error: secrets.ike: the secret is missing; write secret or secret_file");
}

TEST(Secret, IsCalledWeakWhenItIsShort) {
  EXPECT_EQ(told("[secrets.ike]\nsecret = \"1234567\""),
            "office.toml:2:10: warning: secrets.ike.secret: fewer than 8 octets can be found by "
            "trying; make a better one with `sallyport psk generate`");
  EXPECT_EQ(told("[secrets.ike]\nsecret = \"12345678\""), "");
}

TEST(Secret, IsOfAKindThatWeKnow) {
  for (const char* kind : {"ntlm", "private-key", "rsa", "pkcs12-a", "token-1"})
    EXPECT_EQ(told("[secrets." + std::string(kind) + "]\nsecret = \"correct horse\""),
              "office.toml:1:10: error: secrets." + std::string(kind) + ": secrets of this kind are not supported yet");
  EXPECT_EQ(told("[secrets.office]\nsecret = \"correct horse\""),
            "office.toml:1:10: error: secrets.office: the name does not say what kind of secret it is; for a "
            "pre-shared key of IKE write "
            "[secrets.ike-office]");
}

TEST(PostquantumSecret, HasANameAndIsLong) {
  const std::string secret = "secret = \"0123456789abcdef0123456789abcdef\"";
  EXPECT_EQ(told("[secrets.ppk-1]\n" + secret),
            "office.toml:1:10: error: secrets.ppk-1.id: a postquantum preshared key has a name; write id = \"what "
            "ppk_id says\"");
  EXPECT_EQ(told("[secrets.ppk-1]\nid = \"ours\"\nsecret = \"0123456789abcdef\""),
            "office.toml:3:10: warning: secrets.ppk-1.secret: fewer than 32 octets are not enough against a quantum "
            "computer; make a better one with `sallyport psk generate`");
  const Loaded loaded = load("[secrets.ppk-1]\nid = [\"ours\", \"theirs\"]\n" + secret);
  ASSERT_TRUE(loaded.ok()) << told(loaded);
  const policy::Pad& pad = loaded.config.secrets;
  EXPECT_EQ(pad.find_ppk(policy::Identity::fqdn("theirs")), &pad.keys().at(0));
  EXPECT_EQ(pad.find_ppk(policy::Identity::fqdn("other")), nullptr);
  EXPECT_EQ(pad.find(policy::Identity::fqdn("ours"), policy::Identity::fqdn("theirs")), nullptr);  // it proves nothing
}

TEST(Secret, HasOwnersInAnyOfSwanctlsForms) {
  const Loaded loaded =
      load("[secrets.ike-a]\nid = [\"moon\", \"192.0.2.1\"]\nid-3 = \"carol@example.org\"\nsecret = \"correct horse\"");
  ASSERT_TRUE(loaded.ok()) << told(loaded);
  const auto& owners = loaded.config.secrets.keys().at(0).owners;
  ASSERT_EQ(owners.size(), 3u);
  EXPECT_EQ(to_string(owners[1]), "192.0.2.1");
  EXPECT_EQ(to_string(owners[2]), "carol@example.org");
  EXPECT_EQ(told("[secrets.ike-a]\nid = [\"moon\", \"192.0.2.300\"]\nsecret = \"correct horse\""),
            "office.toml:2:15: error: secrets.ike-a.id: \"192.0.2.300\" looks like an IPv4 address, but is none; write "
            "\"@192.0.2.300\" if "
            "it is a name");
}

TEST(Secret, BelongsToOnePairOfIdentitiesOnce) {
  EXPECT_EQ(told("[secrets.ike-a]\nid = [\"moon\", \"sun\"]\nsecret = \"correct horse\"\n[secrets.ike-b]\nid = "
                 "[\"sun\", \"moon\"]\nsecret = "
                 "\"battery staple\"\n[secrets.ike-c]\nid = \"moon\"\nsecret = \"battery staple\""),
            "office.toml:4:10: error: secrets.ike-b: secrets.ike-a (office.toml:1:10) is for the same: sun, moon; "
            "leave one of the two out");
}

Loaded with_file(std::string_view lines, std::expected<std::string, std::string> content) {
  const std::vector<SourceFile> files = {{"office.toml", "[secrets.ike-a]\n" + std::string(lines)}};
  return parse(files,
               [&](const std::string& path, const std::string& file) -> std::expected<sallyport::Secret, std::string> {
                 EXPECT_EQ(path, "office.psk");
                 EXPECT_EQ(file, "office.toml");
                 if (!content) return std::unexpected(content.error());
                 return sallyport::Secret::copy_of(as_bytes(*content));
               });
}

TEST(SecretFile, HoldsTheSecretInTheSameForms) {
  EXPECT_EQ(secret_of(with_file("secret_file = \"office.psk\"", "0x00ff10af11223344\n")), "00ff10af11223344");
  EXPECT_EQ(secret_of(with_file("secret_file = \"office.psk\"", "correct horse\r\n")), "636f727265637420686f727365");
}

TEST(SecretFile, IsComplainedAboutWhereItIsNamed) {
  EXPECT_EQ(
      told(with_file("secret_file = \"office.psk\"", std::unexpected(std::string("cannot be read: no such file")))),
      "office.toml:2:15: error: secrets.ike-a.secret_file: cannot be read: no such file");
  EXPECT_EQ(told(with_file("secret_file = \"office.psk\"", "\n")),
            "office.toml:2:15: error: secrets.ike-a.secret_file: the file holds no secret");
  EXPECT_EQ(told(with_file("secret_file = \"office.psk\"\nsecret = \"correct horse\"", "x")),
            "office.toml:2:15: error: secrets.ike-a.secret_file: there is a secret as well; leave one of the two out");
  EXPECT_EQ(told("[secrets.ike-a]\nsecret_file = \"office.psk\""),
            "office.toml:2:15: error: secrets.ike-a.secret_file: files cannot be read here");
}

std::string connection_with(std::string_view local, std::string_view remote, std::string_view more = "") {
  return "[connections.a]\n" + std::string(more) + "\n[connections.a.local]\nauth = \"psk\"\n" + std::string(local) +
         "\n[connections.a.remote]\nauth = \"psk\"\n" + std::string(remote) + "\n[connections.a.children.b]\n";
}

TEST(MissingSecret, IsAnErrorThatNamesBothIdentities) {
  EXPECT_EQ(told(connection_with("id = \"moon\"", "id = \"sun\"")),
            "office.toml:4:8: error: connections.a: no secret is for moon or sun; add [secrets.ike-a] with id = "
            "[\"moon\", \"sun\"] and "
            "secret = \"...\"");
  EXPECT_EQ(told(connection_with("id = \"moon\"", "id = \"sun\"") +
                 "[secrets.ike-x]\nid = [\"venus\", \"mars\"]\nsecret = \"correct horse\""),
            "office.toml:4:8: error: connections.a: no secret is for moon or sun; add [secrets.ike-a] with id = "
            "[\"moon\", \"sun\"] and "
            "secret = \"...\"");
  EXPECT_THAT(told(connection_with("", "id = \"sun\"", "local_addrs = \"192.0.2.1\"") +
                   "[secrets.ike-x]\nid = \"192.0.2.9\"\nsecret = \"correct horse\""),
              HasSubstr("no secret is for 192.0.2.1 or sun;"));
}

TEST(MissingSecret, IsNoneWhileOneMayStillFit) {
  const std::string moon = "[secrets.ike-x]\nid = \"moon\"\nsecret = \"correct horse\"";
  EXPECT_EQ(told(connection_with("id = \"moon\"", "id = \"sun\"") + moon), "");
  EXPECT_EQ(told(connection_with("id = \"venus\"", "id = \"%any\"") + moon), "") << "the peer may be moon";
  EXPECT_EQ(told(connection_with("id = \"venus\"", "id = \"m*\"") + moon), "");
  EXPECT_EQ(told(connection_with("", "id = \"sun\"") + moon), "") << "our address is not known yet";
  EXPECT_EQ(told(connection_with("id = \"moon\"", "id = \"sun\"") + "[secrets.ike]\nsecret = \"correct horse\""), "");
  EXPECT_THAT(told(connection_with("id = \"moon\"", "id = \"sun\"") + "[secrets.ike]\nsecret = \"\""),
              Not(HasSubstr("no secret is for")))
      << "the one that cannot be read might be it";
}

TEST(Secret, NeverStandsInADiagnostic) {
  for (const char* text :
       {"[secrets.ike]\nsecret = \"0xhunter2\"", "[secrets.ike]\nsecret = \"0shunter2!\"",
        "[secrets.ike]\nsecret = [\"hunter2\"]", "[secrets.ike]\nsecrt = \"hunter2\"", "[secrets]\nike = \"hunter2\"",
        "[secrets.ike]\nsecret = hunter2", "[secrets.ike]\nsecret = 0xdeadbeefdeadbeefdeadbeef22",
        "[secrets.ike]\nsecret = \"hunter2\\q\"", "[secrets.ike]\nsecret = \"hunter2",
        "[secrets.ike]\nsecret = truehunter2", "[secrets.ike]\nsecret = 1990-hunter2",
        "[secrets.office]\nsecret = \"hunter2\"", "[secrets.eap]\nsecret = \"hunter2\"", "secret = \"hunter2\"",
        "[connections.a]\nsecret = \"hunter2\"", "[secrets.ike]\nsecret = \"hunter2\"\nsecret = \"hunter2\"",
        "[secrets.ike]\nsecret = 99999999999999999999222"}) {
    EXPECT_FALSE(load(text).ok()) << text;
    EXPECT_THAT(told(text), Not(testing::AnyOf(HasSubstr("hunter2"), HasSubstr("beef"), HasSubstr("9999")))) << text;
  }
}

}  // namespace
}  // namespace sallyport::config
