#include "policy/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::policy {
namespace {

using Kind = Identity::Kind;

Identity identity(std::string_view text) {
  auto read = Identity::read(text);
  EXPECT_TRUE(read) << text << ": " << (read ? "" : read.error().message);
  return read.value_or(Identity{});
}

Identity named(Kind kind, std::string_view text) { return {kind, to_bytes(as_bytes(text))}; }

TEST(Identity, FollowsSwanctlsGrammar) {
  EXPECT_EQ(identity("moon.example.org"), named(Kind::fqdn, "moon.example.org"));
  EXPECT_EQ(identity("@moon.example.org"), named(Kind::fqdn, "moon.example.org"));
  EXPECT_EQ(identity("@192.0.2.1"), named(Kind::fqdn, "192.0.2.1"));
  EXPECT_EQ(identity("carol@example.org"), named(Kind::user_fqdn, "carol@example.org"));
  EXPECT_EQ(identity("@@carol@example.org"), named(Kind::user_fqdn, "carol@example.org"));
  EXPECT_EQ(identity("@#0aff"), (Identity{Kind::key_id, {0x0a, 0xff}}));
  EXPECT_EQ(identity("192.0.2.1"), (Identity{Kind::ipv4, {192, 0, 2, 1}}));
  EXPECT_EQ(identity("2001:db8::1"), Identity::of(*IpAddress::parse("2001:db8::1")));
  for (const char* anybody : {"%any", "%any6", "*", "0.0.0.0", "::"}) EXPECT_EQ(identity(anybody), Identity::any());
}

TEST(Identity, TakesATypeInFront) {
  EXPECT_EQ(identity("fqdn:carol@example.org"), named(Kind::fqdn, "carol@example.org"));
  EXPECT_EQ(identity("dns:moon"), named(Kind::fqdn, "moon"));
  EXPECT_EQ(identity("email:carol"), named(Kind::user_fqdn, "carol"));
  EXPECT_EQ(identity("rfc822:c@e"), named(Kind::user_fqdn, "c@e"));
  EXPECT_EQ(identity("USERFQDN:c@e"), named(Kind::user_fqdn, "c@e"));
  EXPECT_EQ(identity("ipv4:192.0.2.1"), (Identity{Kind::ipv4, {192, 0, 2, 1}}));
  EXPECT_EQ(identity("ipv4:#c0000201"), (Identity{Kind::ipv4, {192, 0, 2, 1}}));
  EXPECT_EQ(identity("ipv6:::1"), Identity::of(*IpAddress::parse("::1")));
  EXPECT_EQ(identity("keyid:my group"), named(Kind::key_id, "my group"));
  EXPECT_EQ(identity("keyid:#00ff"), (Identity{Kind::key_id, {0, 0xff}}));
}

struct BadIdentity {
  const char* text;
  std::size_t offset;
};

TEST(Identity, SaysWhereItGoesWrong) {
  for (const BadIdentity& bad : std::initializer_list<BadIdentity>{{"", 0},
                                                                   {"@", 1},
                                                                   {"@@", 2},
                                                                   {"@#", 2},
                                                                   {"@#abc", 2},
                                                                   {"@#xy", 2},
                                                                   {"moon example", 4},
                                                                   {"m\xc3\xb6n", 1},
                                                                   {"moon\n", 4},
                                                                   {"192.0.2.300", 0},
                                                                   {"192.0.2", 0},
                                                                   {"2001:db8::12345", 0},
                                                                   {"ipv4:2001:db8::1", 5},
                                                                   {"ipv6:192.0.2.1", 5},
                                                                   {"ipv4:#c00002", 5},
                                                                   {"fqdn:", 5},
                                                                   {"keyid:", 6},
                                                                   {"fqnd:moon", 0},
                                                                   {"asn1dn:#3000", 0},
                                                                   {"C=CH, CN=moon", 0}}) {
    const auto read = Identity::read(bad.text);
    ASSERT_FALSE(read) << bad.text;
    EXPECT_EQ(read.error().offset, bad.offset) << bad.text << ": " << read.error().message;
    EXPECT_FALSE(Identity::parse(bad.text));
  }
}

TEST(Identity, AdvisesOnWhatIsNearlyRight) {
  EXPECT_EQ(Identity::read("fqnd:moon").error().suggestion, "did you mean \"fqdn\"?");
  EXPECT_EQ(Identity::read("192.0.2.300").error().suggestion, "write \"@192.0.2.300\" if it is a name");
  EXPECT_THAT(Identity::read("C=CH, CN=moon").error().message, testing::HasSubstr("not supported yet"));
}

TEST(Identity, ReadsBackWhatItPrints) {
  for (const char* text : {"moon.example.org", "carol@example.org", "192.0.2.1", "2001:db8::1", "%any",
                           "keyid:my group", "@#00ff", "fqdn:10.0.0.1", "fqdn:carol@example.org", "email:carol",
                           "fqdn:a:b", "fqdn:%any", "fqdn:*", "fqdn:C=CH", "fqdn:@x", "*.example.org"}) {
    EXPECT_EQ(to_string(identity(text)), text);
    EXPECT_EQ(identity(to_string(identity(text))), identity(text));
  }
}

TEST(Identity, PrintsAnythingAPeerMaySend) {
  EXPECT_EQ(to_string(named(Kind::fqdn, "moon\n\x1b[31m\xff")), "moon\\x0a\\x1b[31m\\xff");
  EXPECT_EQ(to_string(named(Kind::fqdn, "")), "fqdn:");
  EXPECT_EQ(to_string(Identity{Kind::ipv4, {1, 2, 3}}), "ipv4:#010203");
  EXPECT_EQ(to_string(Identity{Kind::ipv6, {}}), "ipv6:#");
  EXPECT_EQ(to_string(Identity{Kind::key_id, {}}), "@#");
  EXPECT_EQ(to_string(Identity{Kind::key_id, {0}}), "@#00");
  EXPECT_EQ(to_string(Identity{Kind::dn, {0x30, 0x00}}), "dn:#3000");
}

TEST(Matches, ComparesNamesWithoutRegardToCase) {
  EXPECT_TRUE(matches(identity("Moon.Example.org"), identity("moon.eXample.ORG")));
  EXPECT_FALSE(matches(identity("moon.example.org"), identity("moon.example.orgs")));
  EXPECT_FALSE(matches(identity("keyid:Moon"), identity("keyid:moon"))) << "key ids are opaque";
}

TEST(Matches, KeepsKindsApart) {
  EXPECT_FALSE(matches(identity("fqdn:192.0.2.1"), identity("192.0.2.1")));
  EXPECT_FALSE(matches(identity("fqdn:carol@example.org"), identity("carol@example.org")));
  EXPECT_FALSE(matches(identity("fqdn:*"), identity("carol@example.org")));
  EXPECT_FALSE(matches(identity("moon"), Identity::any()));
  EXPECT_TRUE(matches(Identity::any(), identity("moon")));
  EXPECT_TRUE(matches(Identity::any(), Identity{Kind::dn, {1}}));
}

TEST(Matches, LetsAStarStandForAnyText) {
  EXPECT_TRUE(matches(identity("*.example.org"), identity("moon.example.org")));
  EXPECT_TRUE(matches(identity("*.example.org"), identity("a.b.example.org")));
  EXPECT_FALSE(matches(identity("*.example.org"), identity("example.org")));
  EXPECT_FALSE(matches(identity("*.example.org"), identity("moon.example.org.evil")));
  EXPECT_TRUE(matches(identity("*@example.org"), identity("carol@example.org")));
  EXPECT_TRUE(matches(identity("m*n.*.org"), identity("moon.example.org")));
  EXPECT_FALSE(matches(identity("m*n.*.org"), identity("moo.example.org")));
  EXPECT_TRUE(matches(identity("moon*"), identity("moon")));
  EXPECT_TRUE(matches(identity("fqdn:***"), identity("moon")));
}

TEST(Matches, SeesNoWildcardInWhatThePeerSays) {
  EXPECT_FALSE(matches(identity("moon.example.org"), identity("*.example.org")));
  EXPECT_FALSE(matches(identity("moon.example.org"), identity("fqdn:*")));
}

TEST(Matches, IsQuickOnPatternsMadeToBeSlow) {
  std::string pattern, text(60000, 'a');
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(matches(named(Kind::fqdn, pattern + "b"), named(Kind::fqdn, text)));
}

TEST(Specificity, RisesWithWhatIsFixed) {
  EXPECT_EQ(specificity(Identity::any()), 0);
  EXPECT_LT(specificity(Identity::any()), specificity(identity("fqdn:*")));
  EXPECT_LT(specificity(identity("fqdn:*")), specificity(identity("*.org")));
  EXPECT_LT(specificity(identity("*.org")), specificity(identity("*.example.org")));
  EXPECT_LT(specificity(identity("*.example.org")), specificity(identity("a")));
  EXPECT_EQ(specificity(identity("a")), specificity(identity("192.0.2.1")));
  EXPECT_LT(specificity(named(Kind::fqdn, std::string(100000, 'a') + "*")), specificity(identity("a")));
}

}  // namespace
}  // namespace sallyport::policy
