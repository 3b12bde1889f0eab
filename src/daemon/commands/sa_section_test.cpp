// The keys that clients of VICI cannot do without, and their order.
#include "daemon/commands/sa_section.h"

#include <gmock/gmock.h>

#include "daemon/commands/test_sa.h"

namespace sallyport::daemon {
namespace {

using control::Message;
using std::chrono::seconds;

Message written(const ike::IkeSaStatus& sa) {
  Message message;
  write_ike_sa(message, sa, kNow);
  auto& children = message.section("child-sas");
  for (const auto& child : sa.children)
    write_child_sa(children.section(section_name(child)), child, std::nullopt, kNow);
  return message;
}

TEST(SaSection, HasAllKeysOfAnIkeSaThatClientsNeed) {
  const Message message = written(ike_sa());
  for (const char* key :
       {"uniqueid", "version", "state", "local-host", "local-port", "local-id", "remote-host", "remote-port",
        "remote-id", "initiator-spi", "responder-spi", "encr-alg", "prf-alg", "dh-group"})
    EXPECT_TRUE(message.text(key)) << key;
  EXPECT_EQ(message.text("state"), "ESTABLISHED");
  EXPECT_EQ(message.text("initiator"), "yes");
  EXPECT_EQ(message.text("initiator-spi"), "0123456789abcdef");
  EXPECT_EQ(message.text("responder-spi"), "0000000000000000");
  EXPECT_EQ(message.text("encr-alg"), "AES_GCM_16");
  EXPECT_EQ(message.text("encr-keysize"), "256");
  EXPECT_EQ(message.text("established"), "12");
}

TEST(SaSection, NamesAdditionalKeyExchangesByTheirPlaces) {
  ike::IkeSaStatus sa = ike_sa();
  sa.suite->additional[0] = crypto::KeyExchangeMethod::ml_kem_768;
  sa.suite->additional[2] = crypto::KeyExchangeMethod::x448;
  const Message message = written(sa);
  EXPECT_EQ(message.text("ake1"), "ML_KEM_768");
  EXPECT_FALSE(message.text("ake2"));
  EXPECT_EQ(message.text("ake3"), "CURVE_448");
}

TEST(SaSection, HasTheChildrenBehindAllElse) {
  const Message message = written(ike_sa());
  std::string last;
  for (const auto& element : message) last = element.name();
  EXPECT_EQ(last, "child-sas");
}

TEST(SaSection, HasAllKeysOfAChildThatClientsNeed) {
  const Message message = written(ike_sa());
  const auto* child = message.find_section("child-sas")->find_section("lan-3");
  ASSERT_NE(child, nullptr);
  for (const char* key : {"name", "uniqueid", "reqid", "state", "mode", "protocol", "spi-in", "spi-out", "bytes-in",
                          "packets-in", "bytes-out", "packets-out", "install-time"})
    EXPECT_TRUE(child->text(key)) << key;
  EXPECT_TRUE(child->find_list("local-ts"));
  EXPECT_TRUE(child->find_list("remote-ts"));
  EXPECT_EQ(child->text("spi-in"), "0000c1a2");
  EXPECT_EQ(child->text("esn"), "1");
  EXPECT_EQ(child->text("life-time"), "3960");
  EXPECT_FALSE(child->text("encap"));
}

TEST(SaSection, NamesNoIntegrityWhereTheCipherBringsIt) {
  const Message message = written(ike_sa());
  EXPECT_FALSE(message.text("integ-alg"));
  EXPECT_FALSE(message.text("integ-keysize"));
}

TEST(SaSection, NamesNoKeySizeThatTheCipherHasAlways) {
  ike::IkeSaStatus sa = ike_sa();
  sa.suite->encryption = {crypto::Cipher::chacha20_poly1305, 256};
  EXPECT_FALSE(written(sa).text("encr-keysize"));
}

TEST(SaSection, NamesNoAlgorithmsBeforeTheyAreAgreed) {
  ike::IkeSaStatus sa = ike_sa();
  sa.suite.reset();
  sa.established.reset();
  sa.state = ike::IkeSaStatus::State::connecting;
  const Message message = written(sa);
  EXPECT_FALSE(message.text("encr-alg"));
  EXPECT_FALSE(message.text("established"));
  EXPECT_EQ(message.text("state"), "CONNECTING");
}

TEST(SaSection, NamesTheUserAndTheInnerAddressesOfAClient) {
  ike::IkeSaStatus sa = ike_sa();
  sa.remote_user = "carol";
  sa.given.emplace().addresses = {policy::IpAddress::v4(10, 3, 0, 1), policy::IpAddress::v4(10, 3, 0, 2)};
  const Message message = written(sa);
  EXPECT_EQ(message.text("remote-xauth-id"), "carol");
  ASSERT_TRUE(message.find_list("remote-vips"));
  ASSERT_EQ(message.find_list("remote-vips")->size(), 2U);
  EXPECT_EQ((*message.find_list("remote-vips"))[1].text(), "10.3.0.2");
  EXPECT_FALSE(message.find_list("local-vips"));
}

TEST(SaSection, NamesOurOwnInnerAddressesAsAClient) {
  ike::IkeSaStatus sa = ike_sa();
  sa.local_user = "carol";
  sa.received.emplace().addresses = {policy::IpAddress::v4(10, 3, 0, 1)};
  const Message message = written(sa);
  EXPECT_FALSE(message.text("remote-xauth-id"));
  ASSERT_TRUE(message.find_list("local-vips"));
  EXPECT_EQ((*message.find_list("local-vips"))[0].text(), "10.3.0.1");
  EXPECT_FALSE(message.find_list("remote-vips"));
}

TEST(SaSection, ListsNoInnerAddressesWhereOnlyNameServersCame) {
  ike::IkeSaStatus sa = ike_sa();
  sa.received.emplace().dns = {policy::IpAddress::v4(10, 3, 0, 53)};
  EXPECT_FALSE(written(sa).find_list("local-vips"));
}

TEST(SaSection, CallsAUserOfUnprintableNameByOctetsThatClientsCanPrint) {
  ike::IkeSaStatus sa = ike_sa();
  sa.remote_user = "car\nol";
  EXPECT_EQ(written(sa).text("remote-xauth-id"), "car\\x0aol");
}

TEST(SaSection, NamesBothProtocolsOfABundle) {
  ike::IkeSaStatus sa = ike_sa();
  const policy::Suite ah{.protocol = policy::Protocol::ah, .integrity = crypto::Integrity::hmac_sha2_256_128};
  sa.children[0].bundled_ah = {.suite = ah, .spi_in = 0xa, .spi_out = 0xb};
  const Message message = written(sa);
  const auto* child = message.find_section("child-sas")->find_section("lan-3");
  EXPECT_EQ(child->text("protocol"), "ESP");
  EXPECT_EQ(child->text("spi-in"), "0000c1a2");
  EXPECT_EQ(child->text("ah-spi-in"), "0000000a");
  EXPECT_EQ(child->text("ah-spi-out"), "0000000b");
  EXPECT_EQ(child->text("ah-integ-alg"), "HMAC_SHA2_256_128");
}

TEST(SaSection, KnowsOfNoAhWhereThereIsNoBundle) {
  const Message message = written(ike_sa());
  EXPECT_FALSE(message.find_section("child-sas")->find_section("lan-3")->text("ah-spi-in"));
}

TEST(SaSection, CountsNoTimeBackwards) {
  EXPECT_EQ(seconds_between(kNow, kNow - seconds(5)), 0);
  EXPECT_EQ(seconds_between(kNow, kNow + std::chrono::milliseconds(1999)), 1);
}

}  // namespace
}  // namespace sallyport::daemon
