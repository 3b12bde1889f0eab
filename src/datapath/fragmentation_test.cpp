#include "datapath/fragmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/test_fragments.h"
#include "datapath/test_support.h"

namespace sallyport::datapath {
namespace {

using namespace test;

struct Cut {
  bool done;
  std::vector<Bytes> fragments;
};
Cut cut(ByteView packet, std::size_t mtu) {
  Arena arena;
  std::vector<ByteView> views;
  Cut result{cut_into_fragments(packet, mtu, 0x01020304, arena, views), {}};
  for (const ByteView view : views) result.fragments.push_back(to_bytes(view));
  return result;
}

TEST(Fragmentation, FragmentsJoinToThePacket) {
  for (const char* family : {"192.0.2.1", "2001:db8::1"}) {
    const Bytes packet = build({.source = family, .destination = family, .size = 3000});
    const auto whole = wire::IpPacket::parse(packet);
    for (const std::size_t mtu : {600u, 1280u, 1500u, 2999u}) {
      const auto [done, fragments] = cut(packet, mtu);
      ASSERT_TRUE(done);
      Bytes joined;
      for (const Bytes& octets : fragments) {
        const auto ip = wire::IpPacket::parse(octets);
        ASSERT_TRUE(ip);
        EXPECT_LE(octets.size(), mtu);
        EXPECT_TRUE(ip->has_valid_header_checksum());
        EXPECT_EQ(ip->octets().size(), octets.size());
        EXPECT_EQ(ip->protocol(), wire::IpProtocol::udp);
        EXPECT_EQ(ip->fragment_offset(), joined.size());
        EXPECT_EQ(ip->more_fragments(), &octets != &fragments.back());
        EXPECT_EQ(ip->fragment_id(), ip->is_v4() ? whole->fragment_id() : 0x01020304u);
        append(joined, ip->payload());
      }
      EXPECT_EQ(to_hex(joined), to_hex(whole->payload()));
    }
  }
}

TEST(Fragmentation, RefusesWhatCannotBeCut) {
  const Bytes packet = build({.size = 1000});
  EXPECT_FALSE(cut(packet, 27).done);
  EXPECT_FALSE(cut(ByteView(packet).first(19), 600).done);
  EXPECT_FALSE(cut(build_fragment({.v6 = true, .content = Bytes(1000)}), 600).done) << "routers do not";
  Bytes with_option = packet;
  with_option[0] = 0x46;
  with_option[20] = 0x83;
  for (const int length : {0, 1, 5}) {
    with_option[21] = static_cast<std::uint8_t>(length);
    EXPECT_FALSE(cut(with_option, 600).done) << length;
  }
}

TEST(Fragmentation, CutsFragmentsFurther) {
  const Bytes fragment = build_fragment({.offset = 800, .more = true, .content = Bytes(1000, 7)});
  const auto [done, fragments] = cut(fragment, 600);
  ASSERT_TRUE(done);
  ASSERT_EQ(fragments.size(), 2u);
  std::size_t offset = 800;
  for (const Bytes& octets : fragments) {
    const auto ip = wire::IpPacket::parse(octets);
    ASSERT_TRUE(ip && ip->has_valid_header_checksum());
    EXPECT_EQ(ip->fragment_offset(), offset);
    EXPECT_TRUE(ip->more_fragments()) << "the end of the datagram is elsewhere";
    offset += ip->payload().size();
  }
  EXPECT_EQ(offset, 1800u);
}

TEST(Fragmentation, CopiesThoseOptionsThatBelongIntoEachFragment) {
  Bytes packet = build({.size = 1000 + 12});
  packet[0] = 0x48;
  const Bytes options = *from_hex(
      "01"
      "44040500"
      "82030a"
      "94040000");  // no operation, timestamp, security, router alert
  std::ranges::copy(options, packet.begin() + 20);
  const auto [done, fragments] = cut(packet, 600);
  ASSERT_TRUE(done);
  ASSERT_EQ(fragments.size(), 2u);
  EXPECT_EQ(to_hex(ByteView(fragments[0]).subspan(20, 12)), to_hex(options));
  const auto later = wire::IpPacket::parse(fragments[1]);
  ASSERT_TRUE(later && later->has_valid_header_checksum());
  EXPECT_EQ(later->header_size(), 28u);
  EXPECT_EQ(to_hex(ByteView(fragments[1]).subspan(20, 8)), "82030a9404000000");
}

}  // namespace
}  // namespace sallyport::datapath
