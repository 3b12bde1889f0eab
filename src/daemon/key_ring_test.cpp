#include "daemon/key_ring.h"

#include <gmock/gmock.h>

#include "datapath/test_support.h"

namespace sallyport::daemon {
namespace {

using datapath::test::spec_here;
using testing::ElementsAre;
using testing::HasSubstr;

std::string text(const std::optional<KeyLines>& lines) {
  return lines ? std::string(as_text(lines->lines.view())) : "";
}

TEST(KeyRing, HasTheKeysOfAChildSaForAsLongAsItLives) {
  KeyRing ring;
  const auto spec = spec_here({.number = 3});
  ring.add(spec);
  ASSERT_THAT(ring.children(), ElementsAre(spec.id));
  EXPECT_EQ(ring.lines(spec.id)->table, "esp_sa");
  EXPECT_THAT(text(ring.lines(spec.id)), HasSubstr("0x" + to_hex(spec.inbound.encryption_key.view())));
  EXPECT_THAT(text(ring.lines(spec.id)), HasSubstr("0x" + to_hex(spec.outbound.encryption_key.view())));
  ring.remove(spec.id);
  EXPECT_TRUE(ring.children().empty());
  EXPECT_FALSE(ring.lines(spec.id));
}

TEST(KeyRing, KnowsWhereAPeerHasMovedTo) {
  KeyRing ring;
  const auto spec = spec_here({});
  ring.add(spec);
  ring.move(spec.id, spec.local, {datapath::test::address("203.0.113.5"), 4500});
  EXPECT_THAT(text(ring.lines(spec.id)), HasSubstr("\"203.0.113.5\""));
  ring.move(policy::ChildSaId{99}, spec.local, spec.remote);
  EXPECT_EQ(ring.children().size(), 1U);
}

TEST(KeyRing, HasNothingOfWhatCannotBeDecrypted) {
  KeyRing ring;
  const auto ah = spec_here({.proposal = "sha256-noesn", .protocol = policy::Protocol::ah, .udp_encap = false});
  ring.add(ah);
  EXPECT_FALSE(ring.lines(ah.id));
}

TEST(KeyRing, TellsWhoListensOfChildSasAndOfIkeSasWhoseKeysItDoesNotKeep) {
  KeyRing ring;
  std::vector<policy::ChildSaId> children;
  std::vector<std::uint64_t> ike;
  ring.add(spec_here({.number = 1}));
  ring.set_listener({.on_child = [&](policy::ChildSaId id) { children.push_back(id); },
                     .on_ike = [&](const ike::LogKeys& keys) { ike.push_back(keys.spi_initiator); }});
  const auto second = spec_here({.number = 2});
  ring.add(second);
  ring.add(ike::LogKeys{.spi_initiator = 7});
  ring.move(second.id, second.local, second.remote);
  EXPECT_THAT(children, ElementsAre(second.id, second.id));
  EXPECT_THAT(ike, ElementsAre(7));
  ring.set_listener({});
  ring.add(ike::LogKeys{.spi_initiator = 8});
  ring.add(spec_here({.number = 4}));
  EXPECT_EQ(children.size(), 2U);
  EXPECT_EQ(ike.size(), 1U);
}

}  // namespace
}  // namespace sallyport::daemon
