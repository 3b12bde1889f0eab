#include "policy/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Connection office() {
  Connection c;
  c.name = "office";
  c.local.id = *Identity::parse("alice.example");
  c.origins = {{"", {"office.toml", 2, 1}}, {"local.id", {"office.toml", 5, 6}}};
  Child lan;
  lan.name = "lan";
  lan.origins = {{"", {"office.toml", 8, 1}}};
  c.children = {lan};
  return c;
}

std::vector<std::string> texts(const Changes& all) {
  std::vector<std::string> said;
  for (const Change& each : all) said.push_back(to_string(each));
  return said;
}

TEST(ChangesTest, AreNoneWhereOnlyPlacesDiffer) {
  Connection moved = office();
  moved.origins["local.id"].line = 50;
  moved.children[0].origins[""].line = 60;
  EXPECT_THAT(changes(office(), moved), IsEmpty());
  EXPECT_THAT(changes(office().children[0], moved.children[0]), IsEmpty());
}

TEST(ChangesTest, OfAConnectionAreNotThoseOfItsChildren) {
  Connection other = office();
  other.children[0].mode = Mode::transport;
  EXPECT_THAT(changes(office(), other), IsEmpty());
}

TEST(ChangesTest, NameTheKeyAndItsNewPlace) {
  Connection other = office();
  other.local.id = *Identity::parse("carol.example");
  other.origins["local.id"] = {"office.toml", 6, 6};
  other.mobike = false;
  other.origins["mobike"] = {"office.toml", 3, 10};
  EXPECT_THAT(texts(changes(office(), other)),
              ElementsAre("mobike at office.toml:3:10", "local.id at office.toml:6:6"));
}

TEST(ChangesTest, NameTheOldPlaceOfAKeyThatIsWrittenNoMore) {
  Connection other = office();
  other.local.id = Identity::any();
  other.origins.erase("local.id");
  EXPECT_THAT(texts(changes(office(), other)), ElementsAre("local.id, no longer at office.toml:5:6"));
}

TEST(ChangesTest, DoNotNameWhatFollowsFromAnotherKey) {
  const Child before = office().children[0];
  Child after = before;
  after.rekey_time = Seconds(60);
  after.life_time = Seconds(66);
  after.rand_time = Seconds(6);
  after.origins["rekey_time"] = {"office.toml", 9, 14};
  EXPECT_THAT(texts(changes(before, after)), ElementsAre("rekey_time at office.toml:9:14"));
  after.origins["life_time"] = {"office.toml", 10, 13};
  EXPECT_THAT(texts(changes(before, after)),
              ElementsAre("rekey_time at office.toml:9:14", "life_time at office.toml:10:13"));
}

TEST(ChangesTest, WithoutAFileAreNamedAllTheSame) {
  Connection before = office(), after = office();
  before.origins.clear();
  after.origins.clear();
  after.proposals = {*parse_proposal(Protocol::ike, "aes128-sha256-modp2048")};
  EXPECT_THAT(texts(changes(before, after)), ElementsAre("proposals"));
}

TEST(ChangesTest, OfFurtherRoundsNameTheirSection) {
  Connection before = office(), after = office();
  before.origins["local2"] = after.origins["local2"] = {"office.toml", 20, 1};
  after.further_local = {{.method = AuthMethod::xauth, .id = {}, .xauth_id = *Identity::parse("carol")}};
  EXPECT_THAT(texts(changes(before, after)), ElementsAre("local2 at office.toml:20:1"));
}

/// Whatever makes two of them differ has a reason, be it only that the section has changed.
TEST(ChangesTest, AreNeverEmptyWhereThereIsADifference) {
  Connection other = office();
  other.rand_time += Seconds(1);
  EXPECT_THAT(texts(changes(office(), other)), ElementsAre("rand_time at office.toml:2:1"));
}

}  // namespace
}  // namespace sallyport::policy
