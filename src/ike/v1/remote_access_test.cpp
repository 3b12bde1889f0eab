// Attributes of XAUTH and Mode Config, as peers send them and as they should not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "crypto/openssl/provider_openssl.h"
#include "ike/v1/mode_config.h"
#include "ike/v1/transaction.h"
#include "ike/v1/xauth.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using policy::IpAddress;
using policy::NetworkConfig;
using testing::ElementsAre;
using testing::IsEmpty;
using w::CfgAttribute;

NetworkConfig full_config() {
  NetworkConfig config;
  config.addresses = {IpAddress::v4(10, 3, 0, 1), *IpAddress::parse("fd03::1")};
  config.netmask = IpAddress::v4(255, 255, 255, 0);
  config.dns = {IpAddress::v4(10, 2, 0, 53), *IpAddress::parse("fd02::53")};
  config.nbns = {IpAddress::v4(10, 2, 0, 54)};
  config.split_include = {{IpAddress::v4(10, 2, 0, 0), 16}, {*IpAddress::parse("fd02::"), 64}};
  config.split_exclude = {{IpAddress::v4(192, 168, 0, 0), 16}};
  config.default_domain = "example.org";
  config.split_dns = {"example.org", "example.net"};
  config.banner = "Be nice";
  return config;
}

w::Attribute attribute(CfgAttribute type, std::string_view hex) { return w::variable_attribute(type, *from_hex(hex)); }

TEST(NetworkConfiguration, IsReadAsItIsWritten) {
  EXPECT_EQ(read_configuration(write_configuration(full_config())), full_config());
}

TEST(NetworkConfiguration, IsWrittenInUnitysOctets) {
  NetworkConfig config;
  config.split_include = {{IpAddress::v4(10, 2, 0, 0), 16}};
  const auto attributes = write_configuration(config);
  ASSERT_EQ(attributes.size(), 1U);
  EXPECT_EQ(attributes[0].type, 28676);
  EXPECT_EQ(to_hex(attributes[0].value), "0a020000ffff0000000000000000");
}

TEST(NetworkConfiguration, PassesOverNonsense) {
  const NetworkConfig config = read_configuration({
      attribute(CfgAttribute::internal_ip4_address, "0a0300"),                             // cut off
      attribute(CfgAttribute::internal_ip4_address, "00000000"),                           // nobody's
      attribute(CfgAttribute::internal_ip4_dns, ""),                                       // nothing
      attribute(CfgAttribute::internal_ip4_netmask, "ffffff0000"),                         // too long
      attribute(CfgAttribute::unity_split_include, "0a020000ffff"),                        // half a network
      attribute(CfgAttribute::unity_split_include, "0a020000ff00ff00000000000000"),        // a mask with holes
      attribute(CfgAttribute::internal_ip6_subnet, "fd02000000000000000000000000000081"),  // a prefix of 129 bits
      attribute(CfgAttribute{99}, "ffff"),                                                 // nobody knows
      w::basic_attribute(CfgAttribute::internal_ip4_dns, std::uint16_t{7}),                // in the wrong form
  });
  EXPECT_TRUE(config.empty());
}

TEST(NetworkConfiguration, TakesNoMoreThanABoundedPart) {
  w::Attributes many;
  for (int i = 0; i < 1000; ++i) {
    many.push_back(attribute(CfgAttribute::internal_ip4_dns, "0a020035"));
    many.push_back(attribute(CfgAttribute::unity_split_include, "0a020000ffff0000000000000000"));
  }
  many.push_back(w::variable_attribute(CfgAttribute::unity_banner, Bytes(60000, 'a')));
  const NetworkConfig config = read_configuration(many);
  EXPECT_LE(config.dns.size(), 16U);
  EXPECT_LE(config.split_include.size(), 256U);
  EXPECT_LE(config.banner.size(), 4096U);
}

TEST(NetworkConfiguration, CutsTheHostBitsOfANetworkOff) {
  const auto whole = read_configuration({attribute(CfgAttribute::internal_ip4_subnet, "0a020304ffff0000")});
  EXPECT_THAT(whole.split_include, ElementsAre(policy::Prefix{IpAddress::v4(10, 2, 0, 0), 16}));
}

/// An ISAKMP SA of a user, and all that handlers are lent.
class XauthMessages : public testing::Test {
 protected:
  struct NoHost final : HostView {
    std::optional<Instant> last_inbound(policy::ChildSaId) const override { return {}; }
    std::optional<IpAddress> source_address(const IpAddress&) const override { return {}; }
    std::vector<IpAddress> addresses() const override { return {}; }
  };
  struct Nobody final : Contacts {
    bool knows(const IpAddress&, const policy::Identity&) const override { return false; }
    std::vector<IpAddress> given_before(policy::IkeSaId) const override { return {}; }
    std::optional<Standing> standing_before(policy::IkeSaId) const override { return {}; }
  };
  XauthMessages() {
    policy::Connection connection{.name = "road"};
    connection.further_local = {{.method = policy::AuthMethod::xauth, .xauth_id = policy::Identity::fqdn("carol")}};
    sa.connection = std::make_shared<const policy::Connection>(connection);
    sa.state = State::established;
    sa.access.user_pending = true;
    pad.add({.name = "xauth-carol",
             .owners = {policy::Identity::fqdn("carol")},
             .secret = Secret::copy_of(as_bytes("sesame")),
             .kind = policy::SecretKind::user});
  }
  Environment env() {
    return {settings, *crypto, random, host, connections, pad, numbers, spis, pools, memory, tickets, outbox, nobody};
  }
  ExchangeStep take(std::initializer_list<w::AttributesPayload> messages) {
    w::PayloadChain payloads;
    for (const auto& message : messages) payloads.add(message);
    const Inbound in{{}, datagram, header, raw, payloads, true};
    Environment lent = env();
    return process_transaction_1(sa, exchange, in, lent);
  }
  static w::AttributesPayload request(std::initializer_list<w::Attribute> attributes) {
    return {.type = w::CfgType::request, .identifier = 7, .attributes = attributes};
  }
  static bool says_fail(const ExchangeStep& step) {
    const auto* status = step.attributes ? w::find(step.attributes->attributes, CfgAttribute::xauth_status) : nullptr;
    return status && status->integer() == 0U;
  }

  IsakmpSa sa;
  Settings settings;
  std::unique_ptr<crypto::Provider> crypto = crypto::make_openssl_provider();
  SeededRandom random{1};
  NoHost host;
  Nobody nobody;
  policy::ConnectionTable connections;
  policy::Pad pad;
  Numbers numbers;
  SpiAllocator spis;
  policy::AddressPools pools;
  ClientMemory memory;
  TicketKeys tickets;
  Outbox outbox;
  Exchange exchange{.chain = IvChain::of_phase_1(*crypto, crypto::Hash::sha1, {crypto::Cipher::aes_cbc, 128}, {}, {})};
  Datagram datagram{};
  wire::IkeHeader header{};
  w::RawChain raw{};
  const w::Attribute name = attribute(CfgAttribute::xauth_user_name, "");
  const w::Attribute password = attribute(CfgAttribute::xauth_user_password, "");
};

TEST_F(XauthMessages, AnswerWithNameAndPassword) {
  const auto step = take({request({name, password})});
  ASSERT_TRUE(step.attributes);
  EXPECT_EQ(step.attributes->type, w::CfgType::reply);
  EXPECT_EQ(step.attributes->identifier, 7);
  EXPECT_EQ(as_text(w::find(step.attributes->attributes, CfgAttribute::xauth_user_name)->value), "carol");
  EXPECT_EQ(as_text(w::find(step.attributes->attributes, CfgAttribute::xauth_user_password)->value), "sesame");
}

TEST_F(XauthMessages, RefuseChallengesAndOtherTypes) {
  const auto chap = w::basic_attribute(CfgAttribute::xauth_type, w::XauthType::radius_chap);
  EXPECT_TRUE(says_fail(take({request({chap, name, password})})));
  EXPECT_TRUE(says_fail(take({request({attribute(CfgAttribute::xauth_challenge, "00"), name, password})})));
  EXPECT_TRUE(says_fail(take({request({attribute(CfgAttribute::xauth_next_pin, "")})})));
  EXPECT_TRUE(says_fail(take({request({name})})));
}

TEST_F(XauthMessages, SayTheSameOnlyOnce) {
  sa.access.user_said = true;
  EXPECT_TRUE(says_fail(take({request({name, password})})));
}

TEST_F(XauthMessages, SayNothingWithoutAPassword) {
  pad.clear();
  EXPECT_TRUE(says_fail(take({request({name, password})})));
}

TEST_F(XauthMessages, SayNothingWhereNobodyIsAUser) {
  sa.connection = std::make_shared<const policy::Connection>(policy::Connection{.name = "office"});
  EXPECT_TRUE(says_fail(take({request({name, password})})));
}

TEST_F(XauthMessages, TakeOneAttributePayloadAlone) {
  EXPECT_TRUE(take({}).rejected);
  EXPECT_TRUE(take({request({name, password}), request({name, password})}).rejected);
}

TEST_F(XauthMessages, PassOverUnknownTypes) {
  for (const int type : {0, 2, 4, 5, 255})
    EXPECT_TRUE(take({{.type = static_cast<w::CfgType>(type), .identifier = 7, .attributes = {name}}}).rejected)
        << type;
}

TEST_F(XauthMessages, NoConfigurationBeforeTheUserIsKnown) {
  const auto step = take({request({attribute(CfgAttribute::internal_ip4_address, "")})});
  EXPECT_TRUE(step.rejected);
  EXPECT_FALSE(step.attributes);
}

TEST_F(XauthMessages, AVerdictOfFailClosesAndForgetsThePassword) {
  const auto step = take({{.type = w::CfgType::set,
                           .identifier = 7,
                           .attributes = {w::basic_attribute(CfgAttribute::xauth_status, w::XauthStatus::fail)}}});
  EXPECT_TRUE(step.close);
  EXPECT_TRUE(step.forget_password);
  ASSERT_TRUE(step.attributes);
  EXPECT_EQ(step.attributes->type, w::CfgType::ack);
  EXPECT_THAT(step.attributes->attributes, IsEmpty());
}

}  // namespace
}  // namespace sallyport::ike::v1
