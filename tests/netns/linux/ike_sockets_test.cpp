// UDP 500 and 4500 as IKE and several workers share them, and IP protocols 50 and 51 as workers do.
#include "linux/ike_sockets.h"

#include <poll.h>

#include <set>

#include "linux/clock.h"
#include "tests/netns/linux/network.h"

namespace sallyport::linux {
namespace {

using policy::Family;

constexpr std::uint32_t kMark = 0x51;
constexpr std::uint32_t kWorkers = 3;

std::string esp(std::uint32_t spi) {
  std::string packet(40, 'e');
  store_be32(reinterpret_cast<std::uint8_t*>(packet.data()), spi);
  return packet;
}

class IkeSocketsTest : public NetworkTest {
 protected:
  void SetUp() override {
    NetworkTest::SetUp();
    if (IsSkipped()) return;
    std::vector<PacketSocket> of_ike;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      auto plain = pair.here.within([&] { return PacketSocket::open_udp(family, 500, kMark); });
      ASSERT_TRUE(plain) << plain.error().text;
      of_ike.push_back(std::move(*plain));
      auto shared = pair.here.within([&] { return PacketSocket::open_shared_udp(family, 4500, kMark, kWorkers); });
      ASSERT_TRUE(shared) << shared.error().text;
      ASSERT_EQ(shared->size(), kWorkers + 1);
      of_ike.push_back(std::move(shared->front()));
      for (std::size_t i = 1; i < shared->size(); ++i) workers[family].push_back(std::move((*shared)[i]));
    }
    auto started = IkeSockets::start(
        *loop, std::move(of_ike),
        {.on_ike =
             [this](Instant, const policy::Endpoint& local, const policy::Endpoint&, ByteView message) {
               ike.insert(std::to_string(local.port) + " " + std::string(as_text(message)));
             },
         .on_esp = [this](const datapath::Datagram&) { ++strays; }});
    ASSERT_TRUE(started) << started.error().text;
    sockets = std::move(*started);
  }
  template <class Done>
  void turn_until(Done done) {
    for (int i = 0; i < 500 && !done(); ++i) EXPECT_TRUE(loop->turn(std::chrono::milliseconds(10)));
    EXPECT_TRUE(done());
  }
  /// SPIs of what comes by a socket, until there were so many.
  std::vector<std::uint32_t> spis(const PacketSocket& socket, std::size_t count, std::size_t at = 0) {
    std::vector<std::uint32_t> all;
    while (all.size() < count) {
      pollfd wait{.fd = socket.fd(), .events = POLLIN, .revents = 0};
      if (poll(&wait, 1, 5000) != 1) break;
      for (const ReceivedPacket& packet : socket.receive(buffers))
        for (std::size_t from = 0; from < packet.bytes.size();
             from += packet.segment_size != 0 ? packet.segment_size : packet.bytes.size())
          all.push_back(load_be32(&packet.bytes[from + at]));
    }
    return all;
  }
  static bool is_silent(const PacketSocket& socket) {
    pollfd wait{.fd = socket.fd(), .events = POLLIN, .revents = 0};
    return poll(&wait, 1, 0) == 0;
  }

  const Pair pair;
  std::unique_ptr<EventLoop> loop = EventLoop::create().value();
  std::map<Family, std::vector<PacketSocket>> workers;
  std::unique_ptr<IkeSockets> sockets;
  std::set<std::string> ike;
  int strays = 0;
  ReceiveBuffers buffers;
};

TEST_F(IkeSocketsTest, TakesIkeAndLeavesEspToTheWorkers) {
  for (const auto& [family, here, there] :
       {std::tuple(Family::ipv4, "192.0.2.1", "192.0.2.2"), std::tuple(Family::ipv6, "2001:db8::1", "2001:db8::2")}) {
    const Application natted(pair.there, endpoint(there, 4500)), plain(pair.there, endpoint(there, 500));
    for (std::uint32_t spi = 300; spi < 312; ++spi) EXPECT_EQ(natted.send(endpoint(here, 4500), esp(spi)), 0);
    EXPECT_EQ(plain.send(endpoint(here, 500), "plain"), 0);
    EXPECT_EQ(natted.send(endpoint(here, 4500), "\xff"), 0);
    EXPECT_EQ(natted.send(endpoint(here, 4500), "abc"), 0);
    EXPECT_EQ(natted.send(endpoint(here, 4500), std::string(4, '\0') + "marked"), 0);
    ike.clear();
    turn_until([&] { return ike.size() == 2 && sockets->counters().malformed == (family == Family::ipv4 ? 1u : 2u); });
    EXPECT_EQ(ike, (std::set<std::string>{"4500 marked", "500 plain"}));
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
      const std::vector<std::uint32_t> expected{300 + worker, 303 + worker, 306 + worker, 309 + worker};
      EXPECT_EQ(spis(workers[family][worker], 4), expected) << worker;
    }
  }
  EXPECT_EQ(sockets->counters().keepalives, 2u);
  EXPECT_EQ(strays, 0);
}

TEST_F(IkeSocketsTest, GivesEachWorkerItsShareOfProtocols50And51) {
  struct Case {
    Family family;
    const char *here, *there;
    int protocol;
    std::size_t offset;  // of the SPI, for who sends
  };
  for (const Case& each :
       {Case{Family::ipv4, "192.0.2.1", "192.0.2.2", 50, 0}, Case{Family::ipv6, "2001:db8::1", "2001:db8::2", 50, 0},
        Case{Family::ipv4, "192.0.2.1", "192.0.2.2", 51, 4}, Case{Family::ipv6, "2001:db8::1", "2001:db8::2", 51, 4}}) {
    std::vector<PacketSocket> raw;
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
      auto opened = pair.here.within([&] {
        const policy::Share share{worker, kWorkers};
        return each.protocol == 50 ? PacketSocket::open_esp(each.family, kMark, share)
                                   : PacketSocket::open_ah(each.family, kMark, share);
      });
      ASSERT_TRUE(opened) << opened.error().text;
      raw.push_back(std::move(*opened));
    }
    const Application peer(pair.there, endpoint(each.there), each.protocol);
    for (std::uint32_t spi = 300; spi < 312; ++spi) {
      // AH: next header, length, and then the SPI.
      const std::string packet = each.protocol == 50 ? esp(spi) : std::string("\x3b\x04\0\0", 4) + esp(spi);
      EXPECT_EQ(peer.send(endpoint(each.here), packet), 0);
    }
    // Of protocol 51 the socket shows the IP header, too.
    const std::size_t at = each.protocol == 50 ? 0 : (each.family == Family::ipv4 ? 20u : 40u) + each.offset;
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
      const std::vector<std::uint32_t> expected{300 + worker, 303 + worker, 306 + worker, 309 + worker};
      EXPECT_EQ(spis(raw[worker], 4, at), expected) << each.protocol << " " << worker;
      EXPECT_TRUE(is_silent(raw[worker]));
    }
  }
}

TEST_F(IkeSocketsTest, LetsNobodyElseHaveThePort) {
  for (const std::uint16_t port : {std::uint16_t{500}, std::uint16_t{4500}}) {
    auto alone = pair.here.within([&] { return PacketSocket::open_udp(Family::ipv4, port, kMark); });
    ASSERT_FALSE(alone);
    EXPECT_EQ(alone.error().number, EADDRINUSE);
    auto shared = pair.here.within([&] { return PacketSocket::open_shared_udp(Family::ipv4, port, kMark, 2); });
    ASSERT_FALSE(shared);
    EXPECT_NE(shared.error().text.find("another IKE daemon runs here"), std::string::npos) << shared.error().text;
  }
}

TEST_F(IkeSocketsTest, SendsWithAMarkerWhereEspSharesThePort) {
  const Application natted(pair.there, endpoint("192.0.2.2", 4500)), plain(pair.there, endpoint("192.0.2.2", 500));
  sockets->send(endpoint("192.0.2.1", 500), endpoint("192.0.2.2", 500), as_bytes("plain"));
  sockets->send(endpoint("192.0.2.1", 4500), endpoint("192.0.2.2", 4500), as_bytes("marked"));
  sockets->send_keepalive(endpoint("192.0.2.1", 4500), endpoint("192.0.2.2", 4500));
  sockets->send(endpoint("192.0.2.1", 4501), endpoint("192.0.2.2", 4500), as_bytes("lost"));
  EXPECT_EQ(plain.receive().value().text, "plain");
  EXPECT_EQ(natted.receive().value().text, std::string(4, '\0') + "marked");
  EXPECT_EQ(natted.receive().value().text, "\xff");
  EXPECT_EQ(sockets->counters().no_socket, 1u);
}

}  // namespace
}  // namespace sallyport::linux
