#include "policy/pad.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace sallyport::policy {
namespace {

Identity id(std::string_view text) { return Identity::parse(text).value(); }

void add(Pad& pad, std::string name, std::initializer_list<const char*> owners) {
  SharedKey key;
  key.name = std::move(name);
  for (const char* owner : owners) key.owners.push_back(id(owner));
  key.secret = Secret::copy_of(as_bytes(key.name));
  pad.add(std::move(key));
}

std::string found(const Pad& pad, std::string_view local, std::string_view remote) {
  const SharedKey* key = pad.find(id(local), id(remote));
  return key == nullptr ? "none" : key->name;
}

TEST(Pad, PrefersTheKeyThatKnowsBothSides) {
  Pad pad;
  add(pad, "anybody", {});
  add(pad, "local", {"moon"});
  add(pad, "remote", {"sun"});
  add(pad, "both", {"sun", "moon"});
  EXPECT_EQ(found(pad, "moon", "sun"), "both");
  EXPECT_EQ(found(pad, "sun", "moon"), "both");
  EXPECT_EQ(found(pad, "venus", "sun"), "remote");
  pad.remove("both");
  EXPECT_EQ(found(pad, "moon", "sun"), "remote");
  pad.remove("remote");
  EXPECT_EQ(found(pad, "moon", "sun"), "local");
  pad.remove("local");
  EXPECT_EQ(found(pad, "moon", "sun"), "anybody");
  pad.remove("anybody");
  EXPECT_EQ(found(pad, "moon", "sun"), "none");
}

TEST(Pad, GivesNobodyAnotherOnesKey) {
  Pad pad;
  add(pad, "others", {"venus", "mars"});
  EXPECT_EQ(found(pad, "moon", "sun"), "none");
  EXPECT_EQ(found(pad, "moon", "*.example.org"), "none");
}

TEST(Pad, PrefersTheMoreSpecificPattern) {
  Pad pad;
  add(pad, "wide", {"moon.example.org", "*.org"});
  add(pad, "narrow", {"moon.example.org", "*.example.org"});
  add(pad, "exact", {"moon.example.org", "sun.example.org"});
  EXPECT_EQ(found(pad, "moon.example.org", "sun.example.org"), "exact");
  EXPECT_EQ(found(pad, "moon.example.org", "venus.example.org"), "narrow");
  EXPECT_EQ(found(pad, "moon.example.org", "venus.other.org"), "wide");
}

TEST(Pad, TakesTheFirstAmongEquals) {
  Pad pad;
  add(pad, "first", {"moon", "sun"});
  add(pad, "second", {"moon", "sun"});
  EXPECT_EQ(found(pad, "moon", "sun"), "first");
}

TEST(Pad, CountsAnOwnerThatIsAnybodyForNothing) {
  Pad pad;
  add(pad, "anybody", {"%any"});
  add(pad, "remote", {"sun"});
  EXPECT_EQ(found(pad, "moon", "sun"), "remote");
  EXPECT_EQ(found(pad, "moon", "venus"), "anybody");
}

TEST(Pad, FallsBackToOurOwnNameForAPeerNotKnownYet) {
  Pad pad;
  add(pad, "anybody", {});
  add(pad, "ours", {"moon"});
  EXPECT_EQ(found(pad, "moon", "%any"), "ours");
}

TEST(Pad, GuessesOnlyForAPeerThatIsAPattern) {
  Pad pad;
  add(pad, "sun", {"sun.example.org"});
  EXPECT_EQ(found(pad, "moon", "%any"), "sun");
  EXPECT_EQ(found(pad, "moon", "*.example.org"), "sun");
  EXPECT_EQ(found(pad, "moon", "*.example.com"), "none");
  EXPECT_EQ(found(pad, "moon", "venus.example.org"), "none");
  add(pad, "anybody", {});
  EXPECT_EQ(found(pad, "moon", "*.example.org"), "anybody");
  add(pad, "ours", {"moon", "venus.example.com"});
  EXPECT_EQ(found(pad, "moon", "*.example.org"), "ours");
  add(pad, "pair", {"moon", "sun.example.org"});
  EXPECT_EQ(found(pad, "moon", "*.example.org"), "pair") << "the other owner may be the peer";
}

TEST(Pad, FindsTheSameByItsIndexAsByLookingThroughAll) {
  SeededRandom random(11);
  constexpr const char* names[] = {"moon",          "SUN", "sun",       "venus.example.org",
                                   "*.example.org", "*",   "192.0.2.1", "carol@example.org"};
  const auto pick = [&] { return Identity::parse(names[random.below(std::size(names))]).value(); };
  for (int round = 0; round < 2000; ++round) {
    Pad pad;
    for (std::uint64_t i = random.below(6); i > 0; --i) {
      SharedKey key;
      key.name = std::to_string(random.below(8));
      for (std::uint64_t owners = random.below(4); owners > 0; --owners) key.owners.push_back(pick());
      pad.add(std::move(key));
      if (random.below(8) == 0) pad.remove(std::to_string(random.below(8)));
    }
    const Identity local = pick(), remote = pick();
    const auto names_side = [](const SharedKey& key, const Identity& side) {
      return std::ranges::any_of(key.owners,
                                 [&](const Identity& owner) { return specificity(owner) > 0 && matches(owner, side); });
    };
    const auto rank = [&](const SharedKey& key) {
      const bool l = names_side(key, local), r = names_side(key, remote);
      return l && r ? 3 : r ? 2 : l ? 1 : 0;
    };
    const SharedKey* found = pad.find(local, remote);
    for (const SharedKey& key : pad.keys()) {
      ASSERT_GE(found == nullptr ? 0 : rank(*found), rank(key));
    }
  }
}

TEST(Pad, ReplacesTheKeyOfTheSameName) {
  Pad pad;
  add(pad, "one", {"moon"});
  add(pad, "one", {"sun"});
  EXPECT_EQ(pad.keys().size(), 1u);
  EXPECT_EQ(found(pad, "moon", "venus"), "none");
  EXPECT_EQ(found(pad, "sun", "venus"), "one");
  EXPECT_TRUE(pad.remove("one"));
  EXPECT_FALSE(pad.remove("one"));
}

}  // namespace
}  // namespace sallyport::policy
