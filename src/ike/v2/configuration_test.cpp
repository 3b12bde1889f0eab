// Attributes of the Configuration payload, as peers send them and as they should not.
#include "ike/v2/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using policy::IpAddress;
using policy::NetworkConfig;
using policy::Prefix;
using testing::ElementsAre;
using Type = w::CfgAttributeType;

NetworkConfig full() {
  NetworkConfig config;
  config.addresses = {IpAddress::v4(10, 3, 0, 1), *IpAddress::parse("fd03::1")};
  config.netmask = IpAddress::v4(255, 255, 255, 0);
  config.dns = {IpAddress::v4(10, 2, 0, 53), *IpAddress::parse("fd02::53")};
  config.nbns = {IpAddress::v4(10, 2, 0, 54)};
  config.split_include = {{IpAddress::v4(10, 2, 0, 0), 16}, {*IpAddress::parse("fd02::"), 64}};
  config.split_dns = {"example.org", "example.net"};
  return config;
}

w::CfgAttribute attribute(Type type, std::string_view hex) { return {type, *from_hex(hex)}; }

policy::Connection client() {
  policy::Connection connection;
  connection.name = "office";
  connection.vips = {IpAddress::v4(0, 0, 0, 0), *IpAddress::parse("::")};
  return connection;
}

TEST(Ikev2Configuration, IsReadAsItIsWritten) { EXPECT_EQ(read_configuration(write_configuration(full())), full()); }

TEST(Ikev2Configuration, IsWrittenInTheFormatsOfTheRfc) {
  NetworkConfig config;
  config.addresses = {*IpAddress::parse("fd03::1")};
  config.split_include = {{IpAddress::v4(10, 2, 0, 0), 16}};
  const auto attributes = write_configuration(config);
  ASSERT_EQ(attributes.size(), 2U);
  EXPECT_EQ(to_hex(attributes[0].value), "fd03000000000000000000000000000180");  // with the length of the prefix
  EXPECT_EQ(to_hex(attributes[1].value), "0a020000ffff0000");
}

TEST(Ikev2Configuration, NamesNoDomainsWithoutNameServers) {
  NetworkConfig config;
  config.split_dns = {"example.org"};
  EXPECT_TRUE(write_configuration(config).empty());
}

TEST(Ikev2Configuration, PassesOverNonsense) {
  const NetworkConfig config = read_configuration({
      attribute(Type::internal_ip4_address, "0a0300"),                             // cut off
      attribute(Type::internal_ip4_address, "00000000"),                           // nobody's
      attribute(Type::internal_ip4_address, "fd030000000000000000000000000001"),   // of the other family
      attribute(Type::internal_ip6_address, "0a030001"),                           // the same
      attribute(Type::internal_ip4_dns, ""),                                       // nothing
      attribute(Type::internal_ip4_netmask, "ffffff0000"),                         // too long
      attribute(Type::internal_ip4_subnet, "0a020000ffff"),                        // half a network
      attribute(Type::internal_ip4_subnet, "0a020000ff00ff00"),                    // a mask with holes
      attribute(Type::internal_ip6_subnet, "fd02000000000000000000000000000081"),  // a prefix of 129 bits
      attribute(Type::internal_ip6_subnet, "fd020000000000000000000000000000"),    // no prefix
      attribute(Type::internal_dns_domain, "6578616d706c650a"),                    // a line feed in a name
      attribute(Type{99}, "ffff"),                                                 // nobody knows
  });
  EXPECT_TRUE(config.empty());
}

TEST(Ikev2Configuration, TakesNoMoreThanABoundedPart) {
  CfgAttributes many;
  for (int i = 0; i < 1000; ++i) {
    many.push_back(attribute(Type::internal_ip4_address, "0a030001"));
    many.push_back(attribute(Type::internal_ip4_subnet, "0a020000ffff0000"));
    many.push_back(attribute(Type::internal_dns_domain, "6578616d706c65"));
  }
  const NetworkConfig config = read_configuration(many);
  EXPECT_LE(config.addresses.size(), 16U);
  EXPECT_LE(config.split_include.size(), 256U);
  EXPECT_LE(config.split_dns.size(), 256U);
}

TEST(Ikev2Configuration, CutsTheHostBitsOfANetworkOff) {
  const auto config = read_configuration({attribute(Type::internal_ip4_subnet, "0a020304ffff0000")});
  EXPECT_THAT(config.split_include, ElementsAre(Prefix{IpAddress::v4(10, 2, 0, 0), 16}));
}

TEST(Ikev2Configuration, AsksForWhatItHadLast) {
  ClientMemory memory;
  memory.put_addresses("office", {IpAddress::v4(10, 3, 0, 7)});
  const auto request = build_configuration_request(client(), memory);
  EXPECT_EQ(request.type, w::CfgType::request);
  ASSERT_FALSE(request.attributes.empty());
  EXPECT_EQ(request.attributes[0], attribute(Type::internal_ip4_address, "0a030007"));
  EXPECT_THAT(request.attributes, testing::Contains(w::CfgAttribute{Type::internal_ip6_address, {}}));
}

TEST(Ikev2Configuration, TakesOneAddressOfEachFamilyAskedFor) {
  w::PayloadChain answer;
  answer.add(w::CpPayload{
      w::CfgType::reply,
      {attribute(Type::internal_ip4_address, "0a030001"), attribute(Type::internal_ip4_address, "0a030002"),
       attribute(Type::internal_ip6_address, "fd030000000000000000000000000001")}});
  auto asked = client();
  EXPECT_THAT(take_configuration(asked, answer)->addresses,
              ElementsAre(IpAddress::v4(10, 3, 0, 1), *IpAddress::parse("fd03::1")));
  asked.vips.pop_back();
  EXPECT_THAT(take_configuration(asked, answer)->addresses, ElementsAre(IpAddress::v4(10, 3, 0, 1)));
}

TEST(Ikev2Configuration, IsNotTakenFromARequestNorWithoutAnAddress) {
  w::PayloadChain request, empty;
  request.add(w::CpPayload{w::CfgType::request, {attribute(Type::internal_ip4_address, "0a030001")}});
  empty.add(w::CpPayload{w::CfgType::reply, {attribute(Type::internal_ip4_dns, "0a030001")}});
  EXPECT_FALSE(take_configuration(client(), request));
  EXPECT_FALSE(take_configuration(client(), empty));
  EXPECT_FALSE(take_configuration(client(), w::PayloadChain()));
}

TEST(Ikev2Configuration, IsRetoldInWords) {
  EXPECT_EQ(describe_configuration(
                {w::CfgType::reply,
                 {attribute(Type::internal_ip4_address, "0a030001"),
                  attribute(Type::internal_ip4_subnet, "0a020000ffff0000"), attribute(Type::internal_dns_domain, "")}}),
            "gives inner address 10.3.0.1, network behind the gateway 10.2.0.0/16, domain of the name servers");
  EXPECT_EQ(describe_configuration({w::CfgType::reply, {}}), "gives nothing");
}

}  // namespace
}  // namespace sallyport::ike::v2
