// PacketSocket against the kernel, for IP protocol 51: packets come and go whole, for the ICV covers their IP header.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "linux/ah_packet.h"
#include "linux/clock.h"
#include "tests/netns/linux/network.h"
#include "wire/ah.h"
#include "wire/ip_header.h"

namespace sallyport::linux {
namespace {

using policy::Family;

constexpr std::uint32_t kMark = 0x51;

class AhSocketTest : public NetworkTest {
 protected:
  static PacketSocket ah(const Namespace& where, Family family) {
    auto socket = where.within([&] { return PacketSocket::open_ah(family, kMark); });
    EXPECT_TRUE(socket) << socket.error().text;
    return *std::move(socket);
  }
  static std::string near(Family family) { return family == Family::ipv4 ? "192.0.2.1" : "2001:db8::1"; }
  static std::string far(Family family) { return family == Family::ipv4 ? "192.0.2.2" : "2001:db8::2"; }

  /// IP header, AH with an ICV of ones, and `size` octets that AH says are UDP.
  static Bytes packet(Family family, std::size_t size, std::uint8_t traffic_class = 0) {
    const bool v6 = family == Family::ipv6;
    const std::size_t ip = v6 ? wire::ipv6_header_size : wire::ipv4_header_size, ah_size = wire::ah_header_size(16, v6);
    Bytes octets(ip + ah_size + size, 0x2a);
    const policy::IpAddress source = endpoint(near(family)).address, destination = endpoint(far(family)).address;
    if (v6) {
      wire::Ipv6Header header{.traffic_class = traffic_class,
                              .payload_length = static_cast<std::uint16_t>(ah_size + size),
                              .next_header = wire::IpProtocol{51},
                              .hop_limit = 17};
      std::ranges::copy(source.bytes(), header.source.begin());
      std::ranges::copy(destination.bytes(), header.destination.begin());
      wire::write_ipv6_header(octets.data(), header);
    } else {
      wire::Ipv4Header header{.traffic_class = traffic_class,
                              .total_length = static_cast<std::uint16_t>(octets.size()),
                              .id = 4711,
                              .dont_fragment = true,
                              .ttl = 17,
                              .protocol = wire::IpProtocol{51}};
      std::ranges::copy(source.bytes(), header.source.begin());
      std::ranges::copy(destination.bytes(), header.destination.begin());
      wire::write_ipv4_header(octets.data(), header);
    }
    wire::write_ah_header(&octets[ip], {wire::IpProtocol{17}, ah_size, 0x1234'5678, 9});
    std::fill_n(&octets[ip + wire::ah_fixed_size], 16, std::uint8_t{1});
    return octets;
  }
  static OutgoingPacket outgoing(Family family, ByteView octets) {
    return {.payload = octets, .local = endpoint(near(family)), .remote = endpoint(far(family))};
  }
  std::vector<SendFailure> send(PacketSocket& socket, const OutgoingPacket& packet) {
    std::vector<SendFailure> failures;
    socket.send(monotonic_now(), {&packet, 1}, failures);
    return failures;
  }
  std::span<const ReceivedPacket> receive(const PacketSocket& socket) {
    pollfd wait{.fd = socket.fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&wait, 1, 5000), 1) << "nothing came";
    return socket.receive(buffers);
  }

  const Pair pair;
  ReceiveBuffers buffers;
};

TEST_F(AhSocketTest, CarriesPacketsWithTheirIpHeader) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    PacketSocket here = ah(pair.here, family), there = ah(pair.there, family);
    EXPECT_EQ(here.protocol(), 51);
    const Bytes sent = packet(family, 700, 0xb9);
    EXPECT_TRUE(send(here, outgoing(family, sent)).empty());
    const auto received = receive(there);
    ASSERT_EQ(received.size(), 1U);
    EXPECT_EQ(to_hex(received[0].bytes), to_hex(sent));
    EXPECT_EQ(received[0].local, endpoint(far(family)));
    EXPECT_EQ(received[0].remote, endpoint(near(family)));
    EXPECT_EQ(received[0].traffic_class, 0xb9);
    EXPECT_EQ(received[0].hop_limit, 17);
  }
}

TEST_F(AhSocketTest, PutsIpv6ExtensionHeadersBackInFront) {
  PacketSocket here = ah(pair.here, Family::ipv6), there = ah(pair.there, Family::ipv6);
  Bytes sent = packet(Family::ipv6, 100);
  const Bytes destination_options = {51, 0, 1, 4, 0, 0, 0, 0};  // PadN alone
  sent.insert(sent.begin() + wire::ipv6_header_size, destination_options.begin(), destination_options.end());
  sent[6] = 60;
  store_be16(&sent[4], static_cast<std::uint16_t>(sent.size() - wire::ipv6_header_size));
  EXPECT_TRUE(send(here, outgoing(Family::ipv6, sent)).empty());
  const auto received = receive(there);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(to_hex(received[0].bytes), to_hex(sent));
}

TEST_F(AhSocketTest, SaysWhatIsLargerThanTheRouteAllows) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    PacketSocket here = ah(pair.here, family);
    const Bytes sent = packet(family, 1500);
    const auto failures = send(here, outgoing(family, sent));
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(failures[0].number, EMSGSIZE);
  }
}

TEST_F(AhSocketTest, SendsTheNextPacketAfterOneThatWasTooLarge) {
  PacketSocket here = ah(pair.here, Family::ipv4), there = ah(pair.there, Family::ipv4);
  const Bytes large = packet(Family::ipv4, 1500), small = packet(Family::ipv4, 10);
  std::vector<SendFailure> failures;
  const std::array both = {outgoing(Family::ipv4, large), outgoing(Family::ipv4, small)};
  here.send(monotonic_now(), both, failures);
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].index, 0U);
  const auto received = receive(there);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].bytes.size(), small.size());
}

TEST_F(AhSocketTest, DoesNotSeeEsp) {
  const PacketSocket there = ah(pair.there, Family::ipv4);
  const Application esp(pair.here, endpoint("192.0.2.1"), 50), other(pair.here, endpoint("192.0.2.1"), 51);
  EXPECT_EQ(esp.send(endpoint("192.0.2.2"), "this is esp"), 0);
  EXPECT_EQ(other.send(endpoint("192.0.2.2"), "this is said to be ah"), 0);
  const auto received = receive(there);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(as_text(received[0].bytes.subspan(wire::ipv4_header_size)), "this is said to be ah");
}

TEST_F(AhSocketTest, KeepsTheKernelFromRefusingAh) {
  const Application sender(pair.there, endpoint("192.0.2.2"), 51), icmp(pair.there, endpoint("192.0.2.2"), 1);
  {
    const PacketSocket here = ah(pair.here, Family::ipv4);
    EXPECT_EQ(sender.send(endpoint("192.0.2.1"), "something like ah"), 0);
    EXPECT_EQ(receive(here).size(), 1U);
  }
  EXPECT_TRUE(icmp.has_nothing());
}

TEST_F(AhSocketTest, MarksWhatItSends) {
  pair.here.run(
      "nft 'table inet t { chain c { type filter hook output priority 0; meta l4proto 51 meta mark != 0x51 drop; }; "
      "}'");
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    PacketSocket here = ah(pair.here, family), there = ah(pair.there, family);
    const Bytes sent = packet(family, 10);
    EXPECT_TRUE(send(here, outgoing(family, sent)).empty());
    EXPECT_EQ(receive(there).size(), 1U);
  }
}

}  // namespace
}  // namespace sallyport::linux
