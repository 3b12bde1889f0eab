#include "datapath/fragmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  EXPECT_FALSE(cut(build({.size = 1000, .more_fragments = true}), 600).done);
  Bytes with_option = packet;
  with_option[0] = 0x46;
  EXPECT_FALSE(cut(with_option, 600).done);
}

}  // namespace
}  // namespace sallyport::datapath
