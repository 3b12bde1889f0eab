#include "linux/tun_device.h"

#include <net/if.h>

#include "tests/netns/linux/network.h"

namespace sallyport::linux {
namespace {

class Tun : public NetworkTest {
 protected:
  static SystemResult<TunDevice> create(const Namespace& where, const TunOptions& options = {}) {
    return where.within([&] { return TunDevice::create(options); });
  }
};

TEST_F(Tun, ComesUpWithItsMtuAndIsSilent) {
  const Namespace host;
  const auto device = create(host, {.name = "sally0", .mtu = 1380});
  ASSERT_TRUE(device) << device.error().text;
  const std::string link = host.output("ip -o link show sally0; ip -o addr show sally0");
  EXPECT_NE(link.find("mtu 1380"), std::string::npos) << link;
  EXPECT_NE(link.find(",UP"), std::string::npos) << link;
  EXPECT_EQ(link.find("inet6"), std::string::npos) << link;
  Bytes frame(TunDevice::kMaxFrame);
  EXPECT_EQ(*device->read(frame), std::nullopt);  // no router solicitation, no multicast report
  EXPECT_EQ(device->index(), host.within([] { return if_nametoindex("sally0"); }));
}

TEST_F(Tun, IsGoneWithTheObject) {
  const Namespace host;
  {
    const auto device = create(host);
  }
  EXPECT_EQ(host.output("ip -o link show sally0 2>/dev/null"), "");
}

TEST_F(Tun, IsGoneWithTheProcess) {
  const Namespace host;
  Victim victim(host, [] {
    static auto device = TunDevice::create({});
    return device.has_value();
  });
  EXPECT_NE(host.output("ip -o link show sally0"), "");
  victim.kill();
  EXPECT_EQ(host.output("ip -o link show sally0 2>/dev/null"), "");
}

TEST_F(Tun, OffersWhatItSaysAndNothingWithoutOffload) {
  const Namespace host;
  const auto with = create(host);
  ASSERT_TRUE(with) << with.error().text;
  EXPECT_TRUE(with->has_header());
  EXPECT_TRUE(with->offload().checksum);
  const std::string features = host.output("ethtool -k sally0");
  EXPECT_EQ(with->offload().tcp, features.find("tx-tcp-segmentation: on") != std::string::npos);
  EXPECT_EQ(with->offload().udp, features.find("tx-udp-segmentation: on") != std::string::npos);
  const auto without = create(host, {.name = "sally1", .offload = false});
  ASSERT_TRUE(without);
  EXPECT_FALSE(without->has_header());
  EXPECT_FALSE(without->offload().checksum);
}

TEST_F(Tun, CarriesPacketsBothWays) {
  const Namespace host;
  const auto device = create(host, {.offload = false});
  host.run("ip addr add 10.1.0.1/24 dev sally0");
  const Application application(host, endpoint("10.1.0.1", 2000));
  EXPECT_EQ(application.send(endpoint("10.1.0.9", 3000), "out"), 0);
  Bytes frame(TunDevice::kMaxFrame);
  const auto size = device->read(frame).value().value();
  ASSERT_EQ(size, 31u);
  EXPECT_EQ(to_hex(ByteView(frame).subspan(12, 12)), "0a0100010a01000907d00bb8");

  // Back to where it came from, in pieces, without a UDP checksum.
  Bytes answer(frame.begin(), frame.begin() + 31);
  std::swap_ranges(answer.begin() + 12, answer.begin() + 16, answer.begin() + 16);
  std::swap_ranges(answer.begin() + 20, answer.begin() + 22, answer.begin() + 22);
  answer[26] = answer[27] = 0;
  const ByteView pieces[] = {ByteView(answer).first(20), ByteView(answer).subspan(20, 8), ByteView(answer).subspan(28)};
  EXPECT_TRUE(device->write({}, pieces));
  const auto received = application.receive();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->text, "out");
  EXPECT_EQ(received->from, endpoint("10.1.0.9", 3000));
}

TEST_F(Tun, ReportsWhatTheKernelDoesNotTake) {
  const Namespace host;
  const auto device = create(host, {.offload = false});
  const Bytes nonsense = {0xff, 0xff, 0xff};
  const ByteView pieces[] = {nonsense};
  EXPECT_FALSE(device->write({}, pieces));
}

TEST_F(Tun, ChangesItsMtu) {
  const Namespace host;
  const auto device = create(host);
  EXPECT_TRUE(host.within([&] { return device->set_mtu(1280); }));
  EXPECT_NE(host.output("ip -o link show sally0").find("mtu 1280"), std::string::npos);
  const auto refused = host.within([&] { return device->set_mtu(10); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().number, EINVAL);
}

TEST_F(Tun, RefusesASecondOfItsName) {
  const Namespace host;
  const auto first = create(host);
  const auto second = create(host);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().number, EBUSY);
  EXPECT_NE(second.error().text.find("another daemon"), std::string::npos);
}

TEST_F(Tun, RefusesNamesThatDoNotFit) {
  const Namespace host;
  EXPECT_EQ(create(host, {.name = ""}).error().number, EINVAL);
  EXPECT_EQ(create(host, {.name = "sixteen-octets-x"}).error().number, EINVAL);
  EXPECT_FALSE(create(host, {.name = "a/b"}));
}

}  // namespace
}  // namespace sallyport::linux
