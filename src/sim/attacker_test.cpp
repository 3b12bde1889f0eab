#include <gtest/gtest.h>

#include <set>

#include "sim/off_path_attacker.h"
#include "sim/on_path_attacker.h"
#include "sim/router.h"
#include "sim/udp_host.h"
#include "sim/world.h"

namespace sallyport::sim {
namespace {

using namespace std::chrono_literals;
using policy::Endpoint;
using policy::IpAddress;
using wire::ikev2::ExchangeType;

constexpr bool request = false, response = true;

Bytes ike_message(ExchangeType exchange, bool is_response, std::size_t body = 100) {
  Bytes message;
  Writer writer(message);
  wire::serialize_ike_header(writer, {.initiator_spi = 0x1122334455667788,
                                      .major_version = 2,
                                      .exchange_type = wire::ikev2::number(exchange),
                                      .flags = is_response ? wire::ikev2::flag_response : wire::ikev2::flag_initiator,
                                      .length = static_cast<std::uint32_t>(wire::ike_header_size + body)});
  writer.zeros(body);
  return message;
}

class AttackerTest : public testing::Test {
 protected:
  World world{1};
  UdpHost& alice = world.add<UdpHost>("alice", IpAddress::v4(192, 0, 2, 1));
  UdpHost& bob = world.add<UdpHost>("bob", IpAddress::v4(192, 0, 2, 2));
  Router& router = world.add<Router>("router");
  Link& alice_link = router.attach(alice, alice.address());
  Link& bob_link = router.attach(bob, bob.address());
  OnPathAttacker mallory{alice_link};

  void send(ExchangeType exchange, bool is_response) {
    alice.send_udp(500, {bob.address(), 500}, ike_message(exchange, is_response));
  }
  std::size_t bob_heard() {
    world.run_until_idle(1min);
    return bob.received().size();
  }
};

TEST_F(AttackerTest, TakesJustTheMessageItChose) {
  mallory.take(OnPathAttacker::ike(ExchangeType::ike_auth, request), 1);
  send(ExchangeType::ike_sa_init, request);
  send(ExchangeType::ike_auth, response);
  send(ExchangeType::ike_auth, request);
  send(ExchangeType::ike_auth, request);
  EXPECT_EQ(bob_heard(), 3U);
  EXPECT_EQ(mallory.struck(), 1U);
}

TEST_F(AttackerTest, TakesEverythingUntilToldOtherwise) {
  mallory.take(OnPathAttacker::everything());
  for (int i = 0; i < 5; ++i) send(ExchangeType::ike_auth, request);
  EXPECT_EQ(bob_heard(), 0U);
  mallory.forget_rules();
  send(ExchangeType::ike_auth, request);
  EXPECT_EQ(bob_heard(), 1U);
}

TEST_F(AttackerTest, StrikesInOneDirectionAlone) {
  mallory.take(OnPathAttacker::only(Direction::b_to_a, OnPathAttacker::everything()));
  bob.echo();
  send(ExchangeType::ike_auth, request);
  EXPECT_EQ(bob_heard(), 1U);
  EXPECT_TRUE(alice.received().empty());
}

TEST_F(AttackerTest, AltersInAWayThatIsStillDelivered) {
  mallory.alter(OnPathAttacker::ike(), [](Bytes& packet) { packet.back() = 0xee; });
  send(ExchangeType::ike_auth, request);
  ASSERT_EQ(bob_heard(), 1U);
  EXPECT_EQ(bob.received()[0].payload.back(), 0xee);
}

TEST_F(AttackerTest, ReplaysWhatItRecorded) {
  mallory.record(10);
  send(ExchangeType::ike_auth, request);
  send(ExchangeType::ike_sa_init, request);
  EXPECT_EQ(bob_heard(), 2U);
  EXPECT_EQ(mallory.replay(OnPathAttacker::ike(ExchangeType::ike_auth, request)), 1U);
  ASSERT_EQ(bob_heard(), 3U);
  EXPECT_EQ(bob.received()[2].payload, bob.received()[0].payload);
}

TEST_F(AttackerTest, RecordsNoMoreThanItsLimit) {
  mallory.record(3);
  for (int i = 0; i < 10; ++i) send(ExchangeType::ike_auth, request);
  EXPECT_EQ(mallory.recorded().size(), 3U);
}

TEST_F(AttackerTest, LeavesTheLinkAloneWhenItGoes) {
  {
    OnPathAttacker other(bob_link);
    other.take(OnPathAttacker::everything());
  }
  send(ExchangeType::ike_auth, request);
  EXPECT_EQ(bob_heard(), 1U);
}

TEST_F(AttackerTest, FloodsFromAllOverTheNet) {
  auto& eve = world.add<OffPathAttacker>("eve");
  router.attach(eve, IpAddress::v4(198, 51, 100, 1));
  const Bytes original =
      build_udp({alice.address(), 500}, {bob.address(), 500}, ike_message(ExchangeType::ike_sa_init, request));
  eve.flood(1000, 10s, [&](RandomSource& random) { return OffPathAttacker::spoofed_ike_sa_init(original, random); });
  ASSERT_EQ(bob_heard(), 1000U);
  std::set<IpAddress> sources;
  std::set<Bytes> spis;
  for (const auto& received : bob.received()) {
    sources.insert(received.source.address);
    spis.insert(Bytes(received.payload.begin(), received.payload.begin() + 8));
  }
  EXPECT_GT(sources.size(), 990U);
  EXPECT_EQ(spis.size(), 1000U);
}

TEST_F(AttackerTest, MakesGarbageThatArrives) {
  SeededRandom random(5);
  const Endpoint target{bob.address(), 500};
  for (int i = 0; i < 500; ++i) {
    const auto ip = parse_ip(OffPathAttacker::garbage(target, random));
    ASSERT_TRUE(ip);
    EXPECT_EQ(ip->fields.destination, bob.address());
  }
}

TEST(Sniff, TellsIkeEspAndKeepalivesApart) {
  const Endpoint a{IpAddress::v4(192, 0, 2, 1), 4500}, b{IpAddress::v4(192, 0, 2, 2), 4500};
  const Endpoint a500{a.address, 500}, b500{b.address, 500};
  const Bytes message = ike_message(ExchangeType::ike_auth, response);
  Bytes marked(4);
  append(marked, message);
  const Bytes esp = {0, 0, 0x10, 1, 0, 0, 0, 9, 0xaa};

  EXPECT_TRUE(sniff(build_udp(a500, b500, message)).is_ike(ExchangeType::ike_auth, response));
  EXPECT_TRUE(sniff(build_udp(a, b, marked)).is_ike(ExchangeType::ike_auth, response));
  EXPECT_FALSE(sniff(build_udp(a, b, marked)).is_ike(ExchangeType::ike_auth, request));
  EXPECT_EQ(sniff(build_udp(a, b, Bytes{0xff})).kind, Sniffed::Kind::keepalive);
  const Bytes encapsulated_packet = build_udp(a, b, esp);
  const Sniffed encapsulated = sniff(encapsulated_packet);
  EXPECT_EQ(encapsulated.kind, Sniffed::Kind::esp);
  EXPECT_TRUE(encapsulated.udp_encap);
  const Bytes raw_packet =
      build_ip({.source = a.address, .destination = b.address, .protocol = wire::IpProtocol::esp}, esp);
  const Sniffed raw = sniff(raw_packet);
  EXPECT_EQ(raw.kind, Sniffed::Kind::esp);
  EXPECT_EQ(raw.spi, 0x1001U);
  EXPECT_EQ(raw.sequence, 9U);
}

TEST(Sniff, TakesNothingForWhatItIsNot) {
  const Endpoint a{IpAddress::v4(192, 0, 2, 1), 500}, b{IpAddress::v4(192, 0, 2, 2), 500};
  const Endpoint dns{a.address, 53}, client{b.address, 5353};
  const Bytes message = ike_message(ExchangeType::ike_auth, response);
  EXPECT_EQ(sniff({}).kind, Sniffed::Kind::not_ip);
  EXPECT_EQ(sniff(Bytes(10, 0x45)).kind, Sniffed::Kind::not_ip);
  EXPECT_EQ(sniff(build_udp(dns, client, message)).kind, Sniffed::Kind::other);
  EXPECT_EQ(sniff(build_udp(a, b, ByteView(message).first(27))).kind, Sniffed::Kind::other);
}

}  // namespace
}  // namespace sallyport::sim
