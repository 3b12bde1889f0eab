#include "daemon/commands/capture_session.h"

#include <gmock/gmock.h>

#include "daemon/commands/captured_packet.h"
#include "datapath/test_support.h"
#include "wire/ip.h"

namespace sallyport::daemon {
namespace {

using datapath::test::build;
using datapath::test::ClearPacket;
using testing::HasSubstr;

struct Taken {
  std::uint32_t interface = 0;
  Bytes packet;
  std::size_t size = 0;
  std::string rest;  // options, as they are
};

/// What a session has captured, by the file's own words.
std::vector<Taken> taken(CaptureSession& session) {
  std::vector<Taken> all;
  while (session.has_waiting()) {
    const Bytes block = session.take();
    if (load_be32(block.data()) != 6) continue;
    const std::size_t kept = load_be32(&block[20]), padded = (kept + 3) / 4 * 4;
    all.push_back({load_be32(&block[8]),
                   {block.begin() + 28, block.begin() + 28 + static_cast<std::ptrdiff_t>(kept)},
                   load_be32(&block[24]),
                   std::string(as_text(ByteView(block).subspan(28 + padded)))});
  }
  return all;
}

class CaptureSessionTest : public testing::Test {
 protected:
  std::unique_ptr<CaptureSession> begin(const CaptureWish& wish) {
    return std::make_unique<CaptureSession>(wish, pair.now, 0);
  }
  /// One clear packet goes out, as the pump would show it.
  void send(CaptureSession& session, const ClearPacket& clear = {}) {
    Bytes bytes = build(clear);
    const datapath::Packet packet{.bytes = bytes, .offload = {}};
    session.on_clear_out(pair.now, pair.here(), {&packet, 1});
    pair.here().outbound(pair.now, {&packet, 1}, pair.sent);
    session.on_verdicts(pair.now, pair.here(), pair.sent);
  }
  void answer(CaptureSession& session) {
    datapath::Verdicts from_there;
    Bytes bytes = build({.source = "10.2.0.1", .destination = "10.1.0.1"});
    const datapath::Packet packet{.bytes = bytes, .offload = {}};
    pair.there().outbound(pair.now, {&packet, 1}, from_there);
    datapath::test::Wire wire(from_there.sends);
    session.on_protected_in(pair.now, pair.here(), wire.datagrams());
    datapath::Verdicts received;
    pair.here().inbound(pair.now, wire.datagrams(), received);
    session.on_verdicts(pair.now, pair.here(), received);
  }
  void ike(CaptureSession& session, const char* peer) {
    const Bytes message(28, 0x11);
    session.on_ike_out(pair.now, {datapath::test::address("192.0.2.1"), 4500}, {datapath::test::address(peer), 4500},
                       message);
  }

  datapath::test::Pair pair;
};

TEST_F(CaptureSessionTest, TakesAPacketBeforeItIsSealedAndAsItLeaves) {
  const auto session = begin({});
  send(*session);
  const auto packets = taken(*session);
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[0].interface, 0U);
  EXPECT_EQ(packets[0].packet, build(ClearPacket{}));
  EXPECT_EQ(packets[1].interface, 1U);
  const auto ip = wire::IpPacket::parse(packets[1].packet);
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->octets().size(), packets[1].packet.size());
  EXPECT_EQ(to_hex(ip->destination()), "c0000202");
  EXPECT_TRUE(ip->has_valid_header_checksum());
  EXPECT_EQ(load_be16(ip->payload().data() + 2), 4500);
  EXPECT_THAT(packets[1].rest, HasSubstr("/lan, SPI "));
}

TEST_F(CaptureSessionTest, TakesWhatComesInBeforeItIsOpenedAndAfter) {
  const auto session = begin({});
  answer(*session);
  const auto packets = taken(*session);
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[0].interface, 1U);
  EXPECT_EQ(packets[1].interface, 0U);
  EXPECT_EQ(packets[1].packet, build({.source = "10.2.0.1", .destination = "10.1.0.1"}));
  EXPECT_EQ(packets[0].packet.size(), packets[0].size);
}

TEST_F(CaptureSessionTest, ComputesTheChecksumOfUdpOverIpv6) {
  const policy::Endpoint here{datapath::test::address("2001:db8::1"), 4500};
  const policy::Endpoint there{datapath::test::address("2001:db8::2"), 4500};
  const Bytes payload(33, 7);
  const Bytes packet = to_ip_packet({.from = here, .to = there, .extensions = {}, .marker = {}, .payload = payload});
  const auto ip = wire::IpPacket::parse(packet);
  ASSERT_TRUE(ip);
  wire::ChecksumSum sum;
  sum.add(ip->source());
  sum.add(ip->destination());
  sum.add_u16(17);
  sum.add_u16(41);
  sum.add(ip->payload());
  EXPECT_TRUE(sum.is_valid());
}

TEST_F(CaptureSessionTest, KeepsTheOptionsOfAnIpv4Header) {
  const Bytes options = {0x94, 4, 0, 0, 1};  // router alert, and a filler
  const policy::Endpoint here{datapath::test::address("192.0.2.1"), 0}, there{datapath::test::address("192.0.2.2"), 0};
  const Bytes packet = to_ip_packet(
      {.from = here, .to = there, .protocol = 50, .extensions = options, .marker = {}, .payload = options});
  const auto ip = wire::IpPacket::parse(packet);
  ASSERT_TRUE(ip);
  EXPECT_TRUE(ip->has_valid_header_checksum());
  EXPECT_EQ(ip->header_size(), 28U);
  EXPECT_EQ(ip->payload().size(), options.size());
}

TEST_F(CaptureSessionTest, LeavesOutWhatIsOfOtherConnections) {
  const auto session = begin({.connection = "another"});
  send(*session);
  answer(*session);
  ike(*session, "192.0.2.2");
  EXPECT_TRUE(taken(*session).empty());
  EXPECT_EQ(session->missing(), 0U);  // nobody misses them
}

TEST_F(CaptureSessionTest, LeavesOutOtherChildrenOfAConnection) {
  const std::string connection = pair.here().name(policy::ChildSaId{1})->connection;
  const auto of_child = begin({.connection = connection, .child = "lan"});
  send(*of_child);
  EXPECT_EQ(taken(*of_child).size(), 2U);
  const auto of_another = begin({.connection = connection, .child = "wan"});
  send(*of_another);
  EXPECT_TRUE(taken(*of_another).empty());
}

TEST_F(CaptureSessionTest, LeavesOutOtherPeers) {
  const auto session = begin({.peer = datapath::test::address("192.0.2.99")});
  send(*session);
  answer(*session);
  ike(*session, "192.0.2.2");
  EXPECT_TRUE(taken(*session).empty());
  ike(*session, "192.0.2.99");
  EXPECT_EQ(taken(*session).size(), 1U);
}

TEST_F(CaptureSessionTest, TakesOnlyTheKindsThatAreWanted) {
  const auto session = begin({.inner = false, .outer = false});
  send(*session);
  answer(*session);
  EXPECT_TRUE(taken(*session).empty());
  ike(*session, "192.0.2.2");
  ASSERT_EQ(taken(*session).size(), 1U);
  EXPECT_TRUE(session->has_seen_ike_sa(0x1111111111111111));
  EXPECT_FALSE(session->has_seen_ike_sa(0x2222222222222222));
}

TEST_F(CaptureSessionTest, TakesWhatIsOfNoSaUnlessAConnectionIsNamed) {
  Bytes nonsense(40, 0x77);
  const datapath::Datagram datagram{.bytes = nonsense,
                                    .local = {datapath::test::address("192.0.2.1"), 4500},
                                    .remote = {datapath::test::address("203.0.113.9"), 4500},
                                    .udp_encap = true};
  const auto all = begin({});
  all->on_protected_in(pair.now, pair.here(), {&datagram, 1});
  const auto packets = taken(*all);
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_THAT(packets[0].rest, HasSubstr("no SA"));
  const auto of_one = begin({.connection = pair.here().name(policy::ChildSaId{1})->connection});
  of_one->on_protected_in(pair.now, pair.here(), {&datagram, 1});
  EXPECT_TRUE(taken(*of_one).empty());
}

TEST_F(CaptureSessionTest, EndsWhenItHasAsManyPacketsAsAreWanted) {
  const auto session = begin({.packets = 3});
  send(*session);
  EXPECT_FALSE(session->is_over(pair.now));
  send(*session);
  EXPECT_TRUE(session->is_over(pair.now));
  send(*session);
  EXPECT_EQ(taken(*session).size(), 3U);
}

TEST_F(CaptureSessionTest, EndsBeforeTheFileIsLargerThanItMayBe) {
  const auto session = begin({.octets = 1000});
  for (int i = 0; i < 100; ++i) send(*session);
  EXPECT_TRUE(session->is_over(pair.now));
  EXPECT_LE(session->octets(), 1000U);
  EXPECT_GE(session->packets(), 2U);
  EXPECT_EQ(session->missing(), 1U);
}

TEST_F(CaptureSessionTest, EndsWithItsTime) {
  const auto session = begin({.duration = std::chrono::seconds(5)});
  pair.now += std::chrono::seconds(4);
  send(*session);
  EXPECT_FALSE(session->is_over(pair.now));
  pair.now += std::chrono::seconds(1);
  EXPECT_TRUE(session->is_over(pair.now));
  send(*session);
  EXPECT_EQ(taken(*session).size(), 2U);
}

TEST_F(CaptureSessionTest, CountsWhatCameTooFast) {
  const auto session = begin({.packets_per_second = 10});
  for (int i = 0; i < 10; ++i) send(*session);  // 20 packets
  EXPECT_EQ(session->packets(), 10U);
  EXPECT_EQ(session->missing(), 10U);
  pair.now += std::chrono::milliseconds(500);
  for (int i = 0; i < 5; ++i) send(*session);
  EXPECT_EQ(session->packets(), 15U);
}

TEST_F(CaptureSessionTest, HoldsNoMoreThanItMayForAClientThatDoesNotRead) {
  const auto session = begin({.octets = 1 << 30, .packets_per_second = 10'000'000});
  for (int i = 0; i < 4000; ++i) send(*session, {.size = 1400});
  EXPECT_LE(session->waiting_octets(), CaptureSession::kMostWaiting + 2000);
  EXPECT_GT(session->missing(), 0U);
  EXPECT_EQ(session->packets() + session->missing(), 8000U);
  const std::size_t before = session->packets();
  taken(*session);
  send(*session);
  EXPECT_EQ(session->packets(), before + 2);
}

TEST_F(CaptureSessionTest, KeepsTheBeginningOfPacketsAndSaysHowLongTheyWere) {
  const auto session = begin({.packet_octets = 40});
  send(*session, {.size = 900});
  const auto packets = taken(*session);
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[0].packet.size(), 40U);
  EXPECT_EQ(packets[0].size, 900U);
}

TEST_F(CaptureSessionTest, SaysAtTheEndHowMuchIsMissing) {
  const auto session = begin({.packets_per_second = 1});
  send(*session);
  session->finish(pair.now);
  Bytes last;
  while (session->has_waiting()) last = session->take();
  EXPECT_EQ(load_be32(last.data()), 5U);
  EXPECT_EQ(load_be32(&last[8]), 1U);   // the protected ones
  EXPECT_EQ(load_be64(&last[24]), 1U);  // one was seen
  EXPECT_EQ(load_be64(&last[36]), 1U);  // and it is missing
  send(*session);
  EXPECT_FALSE(session->has_waiting());
}

TEST_F(CaptureSessionTest, ChangesNothingOfWhatBecomesOfPackets) {
  const auto session = begin({});
  for (int i = 0; i < 3; ++i) send(*session);
  EXPECT_EQ(pair.here().status(policy::ChildSaId{1})->sequence_out, 3U);
  EXPECT_EQ(pair.here().counters().drops.total(), 0U);
  EXPECT_EQ(pair.here().counters().outbound.packets, 3U);
}

}  // namespace
}  // namespace sallyport::daemon
