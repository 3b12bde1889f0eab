#include "sim/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/pcapng.h"
#include "sim/timeline.h"
#include "sim/udp_host.h"
#include "sim/world.h"

namespace sallyport::sim {
namespace {

using namespace std::chrono_literals;
using policy::IpAddress;
using testing::HasSubstr;

constexpr Instant t0 = Schedule::start_of_time;
const Bytes packet = {1, 2, 3, 4, 5, 6, 7, 8, 9};

std::uint64_t digest_of(Instant at, Direction direction, Fate fate, ByteView bytes) {
  Trace trace;
  const LinkId link = trace.add_link("a", "b");
  trace.packet(at, link, direction, fate, bytes);
  return trace.digest();
}

TEST(Trace, DigestTellsWhateverDiffers) {
  const auto digest = digest_of(t0, Direction::a_to_b, Fate::delivered, packet);
  EXPECT_EQ(digest, digest_of(t0, Direction::a_to_b, Fate::delivered, packet));
  EXPECT_NE(digest, digest_of(t0 + 1ns, Direction::a_to_b, Fate::delivered, packet));
  EXPECT_NE(digest, digest_of(t0, Direction::b_to_a, Fate::delivered, packet));
  EXPECT_NE(digest, digest_of(t0, Direction::a_to_b, Fate::lost, packet));
  for (std::size_t i = 0; i < packet.size(); ++i) {
    Bytes other = packet;
    other[i] ^= 0x80;
    EXPECT_NE(digest, digest_of(t0, Direction::a_to_b, Fate::delivered, other)) << i;
  }
  EXPECT_NE(digest, digest_of(t0, Direction::a_to_b, Fate::delivered, ByteView(packet).first(8)));
}

TEST(Trace, DigestCountsNotesAndNoRemarks) {
  Trace with, without;
  with.keep(10);
  with.remark(t0, "alice", "only for people");
  EXPECT_EQ(with.digest(), without.digest());
  with.note(t0, "alice", "for the record");
  EXPECT_NE(with.digest(), without.digest());
}

TEST(Trace, DigestIsTheSameWhetherPacketsAreKeptOrNot) {
  Trace keeping, counting;
  keeping.keep(2);
  for (Trace* trace : {&keeping, &counting}) {
    const LinkId link = trace->add_link("a", "b");
    for (int i = 0; i < 5; ++i) trace->packet(t0, link, Direction::a_to_b, Fate::delivered, packet);
  }
  EXPECT_EQ(keeping.digest(), counting.digest());
}

TEST(Trace, KeepsNoMoreThanItWasTold) {
  Trace trace;
  trace.keep(3);
  const LinkId link = trace.add_link("a", "b");
  for (std::uint8_t i = 0; i < 10; ++i) {
    trace.packet(t0, link, Direction::a_to_b, Fate::delivered, Bytes{i});
    trace.note(t0, "a", "tick");
  }
  ASSERT_EQ(trace.packets().size(), 3U);
  EXPECT_EQ(trace.packets().front().bytes, Bytes{7});
  EXPECT_EQ(trace.packets_forgotten(), 7U);
  EXPECT_EQ(trace.notes().size(), 3U);
}

TEST(Timeline, TellsPacketsFatesAndNotesInOrder) {
  World world(1);
  world.trace().keep(100);
  auto& alice = world.add<UdpHost>("alice", IpAddress::v4(192, 0, 2, 1));
  auto& bob = world.add<UdpHost>("bob", IpAddress::v4(192, 0, 2, 2));
  Link& link = world.connect(alice, bob, {.delay = 1500ms});
  alice.send_udp(4500, {bob.address(), 4500}, Bytes{0xff});
  world.run_for(1500ms);
  world.trace().note(world.now(), "bob", "heard it");
  link.set_up(false);
  bob.send_udp(53, {alice.address(), 53}, as_bytes("?"));
  EXPECT_EQ(to_timeline(world.trace()),
            "+0.000000  alice -> bob  192.0.2.1:4500 > 192.0.2.2:4500  NAT keepalive, 29 octets\n"
            "+1.500000  bob: heard it\n"
            "+1.500000  bob -> alice  192.0.2.2:53 > 192.0.2.1:53  protocol 17, 29 octets  (link down)\n");
}

TEST(Pcapng, ConsistsOfWholeBlocks) {
  Trace trace;
  trace.keep(10);
  const LinkId link = trace.add_link("alice", "bob");
  for (std::size_t size = 0; size < 9; ++size)
    trace.packet(t0 + 1s, link, Direction::a_to_b, size % 2 ? Fate::lost : Fate::delivered, Bytes(size, 0x45));
  const Bytes file = to_pcapng(trace);
  std::vector<std::uint32_t> types;
  for (std::size_t at = 0; at < file.size();) {
    ASSERT_LE(at + 12, file.size());
    const std::uint32_t length = load_be32(&file[at + 4]);
    ASSERT_EQ(length % 4, 0U);
    ASSERT_LE(at + length, file.size());
    EXPECT_EQ(load_be32(&file[at + length - 4]), length);
    types.push_back(load_be32(&file[at]));
    at += length;
  }
  std::vector<std::uint32_t> expected = {0x0a0d0d0a, 1};
  expected.insert(expected.end(), 9, 6);
  EXPECT_EQ(types, expected);
  EXPECT_THAT(as_text(file), HasSubstr("alice - bob"));
  EXPECT_THAT(as_text(file), HasSubstr("lost"));
}

}  // namespace
}  // namespace sallyport::sim
