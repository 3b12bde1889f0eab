// PacketSocket against the kernel: addresses, header fields, trains, sizes, IP protocol 50.
#include "linux/packet_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "linux/clock.h"
#include "tests/netns/linux/network.h"

namespace sallyport::linux {
namespace {

using policy::Family;

constexpr std::uint32_t kMark = 0x51;

class PacketSocketTest : public NetworkTest {
 protected:
  static PacketSocket udp(const Namespace& where, Family family, std::uint16_t port = 4500) {
    auto socket = where.within([&] { return PacketSocket::open_udp(family, port, kMark); });
    EXPECT_TRUE(socket) << socket.error().text;
    return *std::move(socket);
  }
  static PacketSocket esp(const Namespace& where, Family family) {
    auto socket = where.within([&] { return PacketSocket::open_esp(family, kMark); });
    EXPECT_TRUE(socket) << socket.error().text;
    return *std::move(socket);
  }
  static std::string near(Family family) { return family == Family::ipv4 ? "192.0.2.1" : "2001:db8::1"; }
  static std::string far(Family family) { return family == Family::ipv4 ? "192.0.2.2" : "2001:db8::2"; }
  static OutgoingPacket to(Family family, ByteView payload, std::uint16_t port = 4500) {
    return {.payload = payload, .local = endpoint(near(family), 4500), .remote = endpoint(far(family), port)};
  }
  std::vector<SendFailure> send(PacketSocket& socket, std::vector<OutgoingPacket> packets) {
    std::vector<SendFailure> failures;
    socket.send(monotonic_now(), packets, failures);
    return failures;
  }
  std::span<const ReceivedPacket> receive(const PacketSocket& socket) {
    pollfd wait{.fd = socket.fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&wait, 1, 5000), 1) << "nothing came";
    return socket.receive(buffers);
  }
  /// Octets of all datagrams until `total` are there, and the sizes of their trains' datagrams.
  Bytes receive_all(const PacketSocket& socket, std::size_t total, std::vector<std::size_t>* sizes = nullptr) {
    Bytes all;
    while (all.size() < total && !HasFailure())
      for (const ReceivedPacket& packet : receive(socket)) {
        append(all, packet.bytes);
        if (sizes) sizes->push_back(packet.segment_size != 0 ? packet.segment_size : packet.bytes.size());
      }
    return all;
  }
  static Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    return bytes;
  }

  const Pair pair;
  ReceiveBuffers buffers;
};

TEST_F(PacketSocketTest, SaysWhereADatagramCameInAndWhatItsHeaderSaid) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    PacketSocket here = udp(pair.here, family), there = udp(pair.there, family);
    OutgoingPacket packet = to(family, as_bytes("hello"));
    packet.traffic_class = 0xb9;  // EF and ECT(1)
    packet.hop_limit = 17;
    EXPECT_TRUE(send(here, {packet}).empty());
    const auto received = receive(there);
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(as_text(received[0].bytes), "hello");
    EXPECT_EQ(received[0].local, endpoint(far(family), 4500));
    EXPECT_EQ(received[0].remote, endpoint(near(family), 4500));
    EXPECT_EQ(received[0].traffic_class, 0xb9);
    EXPECT_EQ(received[0].hop_limit, 17);
    EXPECT_EQ(received[0].segment_size, 0);
  }
}

TEST_F(PacketSocketTest, SendsFromTheAddressThatItIsTold) {
  PacketSocket here = udp(pair.here, Family::ipv4), there = udp(pair.there, Family::ipv4);
  OutgoingPacket packet = to(Family::ipv4, as_bytes("x"));
  packet.local.address = *policy::IpAddress::parse("10.1.0.1");
  EXPECT_TRUE(send(here, {packet}).empty());
  EXPECT_EQ(receive(there)[0].remote, endpoint("10.1.0.1", 4500));
  packet.local.address = {};  // then the route decides
  EXPECT_TRUE(send(here, {packet}).empty());
  EXPECT_EQ(receive(there)[0].remote, endpoint("192.0.2.1", 4500));
  packet.local.address = *policy::IpAddress::parse("192.0.2.77");  // not ours
  EXPECT_EQ(send(here, {packet}).size(), 1u);
}

TEST_F(PacketSocketTest, PutsTheMarkerInFront) {
  PacketSocket here = udp(pair.here, Family::ipv6), there = udp(pair.there, Family::ipv6);
  OutgoingPacket packet = to(Family::ipv6, as_bytes("ike"));
  const Bytes marker(4);
  packet.marker = marker;
  EXPECT_TRUE(send(here, {packet}).empty());
  EXPECT_EQ(to_hex(receive(there)[0].bytes), "00000000696b65");
}

TEST_F(PacketSocketTest, SendsManyPacketsInOrder) {
  PacketSocket here = udp(pair.here, Family::ipv4), there = udp(pair.there, Family::ipv4);
  const Bytes octets = pattern(200);
  std::vector<OutgoingPacket> packets;
  for (std::size_t i = 0; i < octets.size(); ++i) packets.push_back(to(Family::ipv4, ByteView(octets).subspan(i, 1)));
  EXPECT_TRUE(send(here, packets).empty());
  EXPECT_EQ(receive_all(there, octets.size()), octets);
}

TEST_F(PacketSocketTest, MovesATrainWhole) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    PacketSocket here = udp(pair.here, family), there = udp(pair.there, family);
    const Bytes octets = pattern(40 * 1400 + 33);
    OutgoingPacket packet = to(family, octets);
    packet.segment_size = 1400;
    packet.dont_fragment = true;
    EXPECT_TRUE(send(here, {packet}).empty());
    std::vector<std::size_t> sizes;
    EXPECT_EQ(receive_all(there, octets.size(), &sizes), octets);
    EXPECT_EQ(sizes.front(), 1400u);
    EXPECT_FALSE(here.trains_refused(monotonic_now(), packet.remote.address));
  }
}

TEST_F(PacketSocketTest, CutsATrainItselfWhereTheRouteIsTooNarrowForIt) {
  pair.here.run("ip route replace 192.0.2.2/32 dev wire mtu 1000");
  PacketSocket here = udp(pair.here, Family::ipv4), there = udp(pair.there, Family::ipv4);
  const Bytes octets = pattern(5 * 1400 + 33);
  OutgoingPacket packet = to(Family::ipv4, octets);
  packet.segment_size = 1400;
  const Instant now = monotonic_now();
  EXPECT_TRUE(send(here, {packet}).empty());
  EXPECT_EQ(receive_all(there, octets.size()), octets);
  EXPECT_TRUE(here.trains_refused(now, packet.remote.address));
  EXPECT_FALSE(here.trains_refused(now, packet.local.address));
  EXPECT_FALSE(here.trains_refused(now + std::chrono::minutes(1), packet.remote.address));
  EXPECT_TRUE(send(here, {packet}).empty());  // and does not try again meanwhile
  EXPECT_EQ(receive_all(there, octets.size()), octets);
}

TEST_F(PacketSocketTest, TellsEachDatagramThatIsTooBigForItsDevice) {
  pair.here.run("ip link set wire mtu 1300");
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    PacketSocket here = udp(pair.here, family), there = udp(pair.there, family);
    const Bytes octets = pattern(5 * 1400);
    OutgoingPacket train = to(family, octets), small = to(family, as_bytes("small"));
    train.segment_size = 1400;
    train.dont_fragment = small.dont_fragment = true;
    const auto failures = send(here, {small, train, small});
    ASSERT_EQ(failures.size(), 1u);
    EXPECT_EQ(failures[0].index, 1u);
    EXPECT_EQ(failures[0].datagrams, 5u);
    EXPECT_EQ(failures[0].number, EMSGSIZE);
    EXPECT_EQ(receive_all(there, 10), to_bytes(as_bytes("smallsmall")));
    EXPECT_FALSE(here.trains_refused(monotonic_now(), train.remote.address));  // trains are not at fault
  }
}

TEST_F(PacketSocketTest, FragmentsWhatMayBeFragmented) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    PacketSocket here = udp(pair.here, family, 500), there = udp(pair.there, family, 500);
    const Bytes octets = pattern(5000);
    OutgoingPacket packet = to(family, octets, 500);
    packet.local.port = 500;
    EXPECT_TRUE(send(here, {packet}).empty());
    EXPECT_EQ(receive_all(there, octets.size()), octets);
  }
}

TEST_F(PacketSocketTest, SetsTheDontFragmentFlagByPacket) {
  PacketSocket here = udp(pair.here, Family::ipv4);
  const FileDescriptor sniffer =
      pair.there.within([] { return FileDescriptor(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP)); });
  for (const bool dont_fragment : {true, false, true}) {
    OutgoingPacket packet = to(Family::ipv4, as_bytes("x"));
    packet.dont_fragment = dont_fragment;
    EXPECT_TRUE(send(here, {packet}).empty());
    Bytes header(64);
    ASSERT_GT(recv(sniffer.get(), header.data(), header.size(), 0), 20);
    EXPECT_EQ((header[6] & 0x40) != 0, dont_fragment);
  }
}

TEST_F(PacketSocketTest, CarriesEspWithoutItsIpHeader) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    PacketSocket here = esp(pair.here, family), there = esp(pair.there, family);
    const Bytes first = pattern(700), second = pattern(1400);
    OutgoingPacket one = to(family, first), train = to(family, second);
    one.local.port = one.remote.port = train.local.port = train.remote.port = 0;
    one.traffic_class = 0x03;
    train.segment_size = 500;
    EXPECT_TRUE(send(here, {one, train}).empty());
    std::vector<Bytes> packets;
    while (packets.size() < 4 && !HasFailure())
      for (const ReceivedPacket& packet : receive(there)) {
        EXPECT_EQ(packet.local, endpoint(far(family), 0));
        EXPECT_EQ(packet.remote, endpoint(near(family), 0));
        EXPECT_EQ(packet.traffic_class, packets.empty() ? 0x03 : 0x00);
        packets.push_back(to_bytes(packet.bytes));
      }
    EXPECT_EQ(packets[0], first);
    EXPECT_EQ(packets[1], to_bytes(ByteView(second).first(500)));
    EXPECT_EQ(packets[3], to_bytes(ByteView(second).subspan(1000)));
  }
}

TEST_F(PacketSocketTest, KeepsTheKernelFromRefusingEsp) {
  const Application sender(pair.there, endpoint("192.0.2.2"), 50), icmp(pair.there, endpoint("192.0.2.2"), 1);
  {
    const PacketSocket here = esp(pair.here, Family::ipv4);
    EXPECT_EQ(sender.send(endpoint("192.0.2.1"), "esp"), 0);
    EXPECT_EQ(receive(here).size(), 1u);
  }
  EXPECT_TRUE(icmp.has_nothing());
  EXPECT_EQ(sender.send(endpoint("192.0.2.1"), "esp"), 0);
  const auto answer = icmp.receive();  // protocol unreachable
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->text[20], 3);
  EXPECT_EQ(answer->text[21], 2);
}

TEST_F(PacketSocketTest, CarriesOptionsBehindTheFixedHeader) {
  PacketSocket here4 = esp(pair.here, Family::ipv4);
  const Application raw4(pair.there, endpoint("192.0.2.2"), 50);
  const Bytes router_alert4 = {0x94, 4, 0, 0};
  OutgoingPacket packet4 = to(Family::ipv4, as_bytes("esp4"));
  packet4.options = router_alert4;
  EXPECT_TRUE(send(here4, {packet4}).empty());
  const auto got4 = raw4.receive();
  ASSERT_TRUE(got4);
  EXPECT_EQ(to_hex(as_bytes(got4->text).subspan(20)), "94040000" + to_hex(as_bytes("esp4")));

  PacketSocket here6 = esp(pair.here, Family::ipv6), there6 = esp(pair.there, Family::ipv6);
  const FileDescriptor capture =
      pair.there.within([] { return FileDescriptor(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(0x86dd))); });
  const Bytes router_alert6 = {50, 0, 5, 2, 0, 0, 1, 0};
  OutgoingPacket packet6 = to(Family::ipv6, as_bytes("esp6"));
  packet6.options = router_alert6;
  EXPECT_TRUE(send(here6, {packet6}).empty());
  Bytes seen(100);
  do {
    const ssize_t size = recv(capture.get(), seen.data(), seen.size(), 0);
    ASSERT_GT(size, 40);
  } while (seen[6] == 58 || seen[40] == 58);  // neighbour discovery
  EXPECT_EQ(seen[6], 0);
  EXPECT_EQ(to_hex(ByteView(seen).subspan(40, 12)), to_hex(router_alert6) + to_hex(as_bytes("esp6")));
}

TEST_F(PacketSocketTest, MarksWhatItSends) {
  pair.here.run("nft 'table ip t { chain c { type filter hook output priority 0; meta mark != 0x51 drop; }; }'");
  PacketSocket here = udp(pair.here, Family::ipv4), there = udp(pair.there, Family::ipv4);
  EXPECT_TRUE(send(here, {to(Family::ipv4, as_bytes("x"))}).empty());
  EXPECT_EQ(receive(there).size(), 1u);
}

TEST_F(PacketSocketTest, RefusesAPortThatIsTaken) {
  const PacketSocket first = udp(pair.here, Family::ipv4);
  const auto second = pair.here.within([] { return PacketSocket::open_udp(Family::ipv4, 4500, kMark); });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().number, EADDRINUSE);
  EXPECT_NE(second.error().text.find("another IKE daemon"), std::string::npos);
  const PacketSocket other_family = udp(pair.here, Family::ipv6);
  EXPECT_EQ(other_family.port(), 4500);
}

}  // namespace
}  // namespace sallyport::linux
