#include "wire/udp_encap.h"

#include <gtest/gtest.h>

#include "tests/vectors/wire/vector_file.h"
#include "wire/esp.h"

namespace sallyport::wire {
namespace {

UdpEncapKind kind_of(std::string_view hex) { return classify_udp_encap(*from_hex(hex)).kind; }

TEST(UdpEncap, TellsCapturedDatagramsApart) {
  for (const auto& block : vectors::read_blocks(SALLYPORT_SOURCE_DIR "/tests/vectors/wire/udp_4500.txt")) {
    SCOPED_TRACE(block.name());
    const Bytes datagram = block.hex("hex");
    const UdpEncap encap = classify_udp_encap(datagram);
    const std::string& kind = block.at("kind");
    EXPECT_EQ(encap.kind, kind == "ike"         ? UdpEncapKind::ike
                          : kind == "esp"       ? UdpEncapKind::esp
                          : kind == "keepalive" ? UdpEncapKind::keepalive
                                                : UdpEncapKind::malformed);
    EXPECT_TRUE(equal(encap.content, ByteView(datagram).subspan(kind == "ike" ? 4 : 0)));
    if (block.all("spi").empty()) continue;
    const auto header = read_esp_header(encap.content);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->spi, load_be32(block.hex("spi").data()));
    EXPECT_EQ(header->sequence, std::stoul(block.at("sequence")));
  }
}

TEST(UdpEncap, CallsOnlyTheOneOctetFFAKeepalive) {
  EXPECT_EQ(kind_of("ff"), UdpEncapKind::keepalive);
  EXPECT_EQ(kind_of("fe"), UdpEncapKind::malformed);
  EXPECT_EQ(kind_of("00"), UdpEncapKind::malformed);
  EXPECT_EQ(kind_of("ffff"), UdpEncapKind::malformed);
  EXPECT_EQ(kind_of("ffffffff"), UdpEncapKind::esp);
}

TEST(UdpEncap, FindsNothingInFewerThanFourOctets) {
  for (const char* hex : {"", "00", "0000", "000000", "010203"})
    EXPECT_EQ(kind_of(hex), UdpEncapKind::malformed) << hex;
}

TEST(UdpEncap, TakesAnyZeroSpiForTheMarkerOfIke) {
  const Bytes marker_alone(4);
  EXPECT_EQ(classify_udp_encap(marker_alone).kind, UdpEncapKind::ike);
  EXPECT_TRUE(classify_udp_encap(marker_alone).content.empty());
  EXPECT_EQ(kind_of("00000001"), UdpEncapKind::esp);
  EXPECT_EQ(kind_of("80000000"), UdpEncapKind::esp);
}

}  // namespace
}  // namespace sallyport::wire
