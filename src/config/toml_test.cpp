#include "config/toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string refusal(std::string_view text) {
  Diagnostics diagnostics;
  const auto root = parse_toml("a.toml", text, diagnostics);
  EXPECT_FALSE(root);
  EXPECT_EQ(diagnostics.errors(), 1u);
  return diagnostics.list().empty() ? "" : to_string(diagnostics.list()[0]);
}

TEST(Toml, KeepsTheOrderOfWriting) {
  Diagnostics diagnostics;
  const auto root = parse_toml("a.toml", "z = 1\n[m]\nb = 1\na = 1\n[a]\n[m.sub]\n", diagnostics);
  ASSERT_TRUE(root);
  std::string order;
  for (const ConfigNode& node : root->children()) {
    order += node.path() + " ";
    for (const ConfigNode& child : node.children()) order += child.path() + " ";
  }
  EXPECT_EQ(order, "z m m.b m.a m.sub a ");
}

TEST(Toml, TellsTheTypesApart) {
  Diagnostics diagnostics;
  const auto root =
      parse_toml("a.toml", "a = 'x'\nb = -3\nc = 1.5\nd = true\ne = ['y', 2]\nf = {}\ng = 2024-01-01", diagnostics);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("a")->text(), "x");
  EXPECT_EQ(root->find("b")->integer(), -3);
  EXPECT_EQ(root->find("c")->decimal(), 1.5);
  EXPECT_TRUE(root->find("d")->boolean());
  ASSERT_EQ(root->find("e")->children().size(), 2u);
  EXPECT_EQ(root->find("e")->children().front().path(), "e");
  EXPECT_TRUE(root->find("f")->is_section());
  EXPECT_EQ(root->find("g")->kind(), ConfigNode::Kind::other);
  EXPECT_EQ(root->find("h"), nullptr);
}

TEST(Toml, KnowsPlacesInsideAPlainString) {
  Diagnostics diagnostics;
  const auto root =
      parse_toml("a.toml", "\"ö\" = \"xöyz\"\nb = \"x\\tz\"\nc = '''abc'''\nd = \"\"\"\nabc\"\"\"", diagnostics);
  ASSERT_TRUE(root);
  const auto place = [&](std::string_view name, std::size_t offset) {
    return to_string(root->find(name)->origin_at(offset));
  };
  EXPECT_EQ(place("ö", 0), "a.toml:1:8");
  EXPECT_EQ(place("ö", 3), "a.toml:1:10") << "after x and the two octets of ö";
  EXPECT_EQ(place("b", 2), "a.toml:2:5") << "an escape hides what is where";
  EXPECT_EQ(place("c", 2), "a.toml:3:5");
  EXPECT_EQ(place("d", 2), "a.toml:4:5");
}

TEST(Toml, SaysWhereTheSyntaxIsWrong) {
  EXPECT_THAT(refusal("[connections.office\nversion = 2\n"), StartsWith("a.toml:1:20: error: not TOML: "));
  EXPECT_THAT(refusal("a = 1\na = 2"), StartsWith("a.toml:2:"));
  EXPECT_THAT(refusal("a = hello"),
              testing::AllOf(StartsWith("a.toml:1:5: error: not TOML: "), HasSubstr("; strings stand in quotes")));
  EXPECT_THAT(refusal("a = \"x\n"), StartsWith("a.toml:1:"));
  EXPECT_THAT(refusal("[[a]]\n[a]\n"), StartsWith("a.toml:2:"));
  EXPECT_EQ(refusal(std::string_view("a = 1\n[\0", 8)), "a.toml:2:2: error: not TOML: a control character");
  EXPECT_EQ(refusal("a = \"\x1b[31m\""), "a.toml:1:6: error: not TOML: a control character");
  EXPECT_EQ(refusal("a = \"\x7f\""), "a.toml:1:6: error: not TOML: a control character");
  EXPECT_THAT(refusal("a = \"\xff\""), StartsWith("a.toml:1:"));
  EXPECT_THAT(refusal("[="), StartsWith("a.toml:1:2: error: not TOML: "));
  EXPECT_THAT(refusal("\xc3\xa4 = 1"), StartsWith("a.toml:1:1: error: not TOML: "));
  EXPECT_THAT(refusal("[a\xc3\xa4]"), StartsWith("a.toml:1:3: error: not TOML: "));
  EXPECT_THAT(refusal("\xff\xfe"), StartsWith("a.toml:1:1: error: not TOML: "));
}

TEST(Toml, TakesLettersOfAllAlphabetsInStrings) {
  Diagnostics diagnostics;
  const auto root =
      parse_toml("a.toml", "a = \"\"\"x \\\n  \xc3\xa4\"\"\" # \xd2\x99\n\"\xc3\xa4\" = '\xe2\x82\xac'", diagnostics);
  ASSERT_TRUE(root) << to_string(diagnostics.list().at(0));
  EXPECT_EQ(root->find("a")->text(), "x \xc3\xa4");
  EXPECT_EQ(root->find("\xc3\xa4")->text(), "\xe2\x82\xac");
}

TEST(Toml, BoundsSizeAndDepth) {
  EXPECT_EQ(refusal(std::string((8 << 20) + 1, '\n')), "a.toml:1:1: error: the file is larger than 8388608 octets");
  std::string dotted;
  for (int i = 0; i < 100000; ++i) dotted += "a.";
  EXPECT_EQ(refusal("x = 1\n" + dotted + "a = 1"), "a.toml:2:402: error: more than 200 dots in one name");
  EXPECT_EQ(refusal("[" + dotted + "a]"), "a.toml:1:403: error: more than 200 dots in one name");
  EXPECT_THAT(refusal("a = " + std::string(100000, '[')), StartsWith("a.toml:1:"));
  std::string tables = "a = ";
  for (int i = 0; i < 10000; ++i) tables += "{a = ";
  EXPECT_THAT(refusal(tables), StartsWith("a.toml:1:"));
}

TEST(Toml, GoesNoDeeperThanAConfigurationDoes) {
  Diagnostics diagnostics;
  EXPECT_TRUE(parse_toml("a.toml", "a.b.c.d.e.f.g.h.i.j = 1", diagnostics));
  ASSERT_EQ(diagnostics.list().size(), 1u);
  EXPECT_EQ(to_string(diagnostics.list()[0]), "a.toml:1:17: error: nested too deep");
}

}  // namespace
}  // namespace sallyport::config
