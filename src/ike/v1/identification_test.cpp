#include "ike/v1/identification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using policy::Identity;

w::IdPayload named(std::uint8_t protocol, std::uint16_t port) {
  w::IdPayload id = write_identity(Identity::fqdn("gate.example"));
  id.protocol = protocol;
  id.port = port;
  return id;
}

TEST(Ikev1Identity, IsReadBackAsItWasWritten) {
  std::vector<Identity> identities = {{Identity::Kind::dn, {0x30, 0x00}}};
  for (const char* text : {"192.0.2.1", "2001:db8::1", "gate.example", "anna@example.org", "keyid:secret"})
    identities.push_back(*Identity::parse(text));
  for (const Identity& identity : identities) EXPECT_EQ(read_identity(write_identity(identity)), identity);
}

TEST(Ikev1Identity, HasNoPortOrThatOfIke) {
  for (const auto& id : {named(0, 0), named(17, 0), named(17, 500), named(17, 4500)}) EXPECT_TRUE(read_identity(id));
  for (const auto& id : {named(0, 500), named(17, 501), named(6, 500), named(6, 0), named(255, 65535)})
    EXPECT_FALSE(read_identity(id));
}

TEST(Ikev1Identity, IsNoNetwork) {
  w::IdPayload id = *write_selector({*policy::AddressRange::parse("10.1.0.0/16"), 0, {}});
  EXPECT_FALSE(read_identity(id));
}

TEST(Ikev1Selector, IsReadBackAsItWasWritten) {
  for (const char* range : {"10.1.0.0/16", "10.1.0.1", "10.1.0.1-10.1.0.9", "fd00::/64", "fd00::1-fd00::9"}) {
    const policy::TrafficSelector selector{*policy::AddressRange::parse(range), 6, policy::PortRange::one(443)};
    const auto id = write_selector(selector);
    ASSERT_TRUE(id) << range;
    EXPECT_EQ(read_selector(*id), selector) << range;
  }
}

TEST(Ikev1Selector, CannotBeARangeOfPorts) {
  EXPECT_FALSE(write_selector({*policy::AddressRange::parse("10.1.0.0/16"), 6, {1, 9}}));
}

TEST(Ikev1Selector, IsNoMaskWithHolesAndNoRangeThatRunsBackwards) {
  w::IdPayload id{.type = w::IdType::ipv4_addr_subnet, .data = {10, 1, 0, 0, 255, 0, 255, 0}};
  EXPECT_FALSE(read_selector(id));
  id = {.type = w::IdType::ipv4_addr_range, .data = {10, 1, 0, 9, 10, 1, 0, 1}};
  EXPECT_FALSE(read_selector(id));
}

}  // namespace
}  // namespace sallyport::ike::v1
