// What MOBIKE's notifies say, as peers send them and as they should not; and which paths there are.
#include "ike/v2/mobike.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using policy::AddressRange;
using policy::IpAddress;
using testing::ElementsAre;
using testing::IsEmpty;
using w::NotifyType;

const IpAddress first = IpAddress::v4(192, 0, 2, 1), second = IpAddress::v4(192, 0, 2, 7);
const IpAddress lan = IpAddress::v4(10, 1, 0, 1), six = *IpAddress::parse("2001:db8::1");
const IpAddress peer = IpAddress::v4(198, 51, 100, 2), peer_six = *IpAddress::parse("2001:db8::2");

class Machine final : public HostView {
 public:
  explicit Machine(std::vector<IpAddress> addresses) : addresses_(std::move(addresses)) {}
  std::optional<Instant> last_inbound(policy::ChildSaId) const override { return std::nullopt; }
  std::optional<IpAddress> source_address(const IpAddress& remote) const override {
    const auto found = std::ranges::find(addresses_, remote.family(), &IpAddress::family);
    return found == addresses_.end() ? std::nullopt : std::optional(*found);
  }
  std::vector<IpAddress> addresses() const override { return addresses_; }

 private:
  std::vector<IpAddress> addresses_;
};

policy::Connection office() {
  policy::Connection connection;
  connection.name = "office";
  connection.mobike = true;
  connection.children.resize(1);
  connection.children[0].local_ts = {*policy::SelectorTemplate::parse("10.1.0.0/16")};
  return connection;
}

IkeSa between(const IpAddress& local, const IpAddress& remote, const policy::Connection& connection) {
  IkeSa sa;
  sa.connection = std::make_shared<const policy::Connection>(connection);
  sa.local = {local, 4500};
  sa.remote = {remote, 4500};
  return sa;
}

w::NotifyPayload address_notify(NotifyType type, ByteView data) { return {.type = type, .data = to_bytes(data)}; }

TEST(MobikeNotifies, AreNothingWithoutTheFirst) {
  w::PayloadChain payloads;
  payloads.add(address_notify(NotifyType::additional_ip4_address, second.bytes()));
  EXPECT_FALSE(read_mobike_supported(payloads));
  payloads.add(w::NotifyPayload{.type = NotifyType::mobike_supported});
  EXPECT_THAT(read_mobike_supported(payloads).value(), ElementsAre(second));
}

TEST(MobikeNotifies, PassOverNonsense) {
  w::PayloadChain payloads;
  payloads.add(w::NotifyPayload{.type = NotifyType::mobike_supported});
  payloads.add(address_notify(NotifyType::additional_ip4_address, six.bytes()));              // of the other family
  payloads.add(address_notify(NotifyType::additional_ip6_address, second.bytes()));           // the same
  payloads.add(address_notify(NotifyType::additional_ip4_address, second.bytes().first(3)));  // cut off
  payloads.add(address_notify(NotifyType::additional_ip4_address, {}));                       // nothing
  payloads.add(address_notify(NotifyType::additional_ip4_address, IpAddress().bytes()));      // nobody's
  payloads.add(address_notify(NotifyType::no_additional_addresses, second.bytes()));          // has no data
  EXPECT_THAT(read_mobike_supported(payloads).value(), IsEmpty());
}

TEST(MobikeNotifies, AreTakenInABoundedNumberAndEachOnce) {
  w::PayloadChain payloads;
  payloads.add(w::NotifyPayload{.type = NotifyType::mobike_supported});
  for (int i = 0; i < 500; ++i) {
    payloads.add(address_notify(NotifyType::additional_ip4_address, second.bytes()));
    payloads.add(
        address_notify(NotifyType::additional_ip4_address,
                       IpAddress::v4(10, 0, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i)).bytes()));
  }
  EXPECT_EQ(read_mobike_supported(payloads)->size(), Mobility::kMostAddresses);
}

TEST(FurtherAddresses, AreNeitherTheOneInUseNorOfANetworkBehindUs) {
  const Machine host({first, second, lan, six});
  EXPECT_THAT(further_addresses(office(), first, host), ElementsAre(second, six));
}

TEST(FurtherAddresses, OfWhoProtectsEverythingComeFromSomewhere) {
  auto all = office();
  all.children[0].local_ts = {*policy::SelectorTemplate::parse("0.0.0.0/0")};
  EXPECT_THAT(further_addresses(all, first, Machine({first, second})), ElementsAre(second));
}

TEST(FurtherAddresses, AreThoseThatTheConfigurationAllows) {
  auto narrow = office();
  narrow.local_addrs = {AddressRange::host(first), *AddressRange::parse("2001:db8::/64")};
  EXPECT_THAT(further_addresses(narrow, first, Machine({first, second, six})), ElementsAre(six));
}

TEST(Paths, BeginWithTheOneThatRoutingPrefers) {
  IkeSa sa = between(first, peer, office());
  sa.mobility.theirs = {peer_six};
  const auto paths = possible_paths(sa, Machine({second, first, lan, six}));
  ASSERT_EQ(paths.size(), 3U);
  EXPECT_EQ(paths[0], (Path{{second, 4500}, {peer, 4500}}));
  EXPECT_EQ(paths[1], (Path{{six, 4500}, {peer_six, 4500}}));
  EXPECT_EQ(paths[2], (Path{{first, 4500}, {peer, 4500}}));
}

TEST(Paths, LeaveOutWhatThePeerHasRefused) {
  IkeSa sa = between(first, peer, office());
  sa.mobility.refused = {{{first, 4500}, {peer, 4500}}};
  EXPECT_THAT(possible_paths(sa, Machine({first})), IsEmpty());
}

TEST(Paths, AreFew) {
  IkeSa sa = between(first, peer, office());
  std::vector<IpAddress> own;
  for (std::uint8_t i = 0; i < 100; ++i) {
    own.push_back(IpAddress::v4(203, 0, 113, i));
    sa.mobility.theirs.push_back(IpAddress::v4(198, 51, 100, i));
  }
  EXPECT_EQ(possible_paths(sa, Machine(own)).size(), Mobility::kMostPaths);
}

TEST(MobileConnections, HaveNoChildInTransportMode) {
  auto connection = office();
  EXPECT_TRUE(is_mobile(connection));
  connection.children.push_back(connection.children[0]);
  connection.children[1].mode = policy::Mode::transport;
  EXPECT_FALSE(is_mobile(connection));
  connection = office();
  connection.mobike = false;
  EXPECT_FALSE(is_mobile(connection));
}

}  // namespace
}  // namespace sallyport::ike::v2
