#include "wire/esp.h"

#include <gtest/gtest.h>

#include "tests/vectors/wire/spaced_hex.h"
#include "tests/vectors/wire/vector_file.h"

namespace sallyport::wire {
namespace {

std::optional<EspTrailer> trailer_of(std::string_view hex) { return read_esp_trailer(vectors::spaced_hex(hex)); }

TEST(EspHeader, NeedsEightOctets) {
  const Bytes octets = vectors::spaced_hex("f4dc0ae500000103ff");
  EXPECT_EQ(read_esp_header(octets), (EspHeader{0xf4dc0ae5, 0x103}));
  for (std::size_t size = 0; size < 8; ++size) EXPECT_FALSE(read_esp_header(ByteView(octets).first(size)));
  std::array<std::uint8_t, 8> written{};
  write_esp_header(written.data(), {0xf4dc0ae5, 0x103});
  EXPECT_TRUE(equal(written, ByteView(octets).first(8)));
}

TEST(EspTrailer, ReadsAndRewritesDecryptedCaptures) {
  for (const auto& block : vectors::read_blocks(SALLYPORT_SOURCE_DIR "/tests/vectors/wire/esp_texts.txt")) {
    SCOPED_TRACE(block.name());
    const Bytes text = block.hex("hex");
    const auto trailer = read_esp_trailer(text);
    ASSERT_TRUE(trailer);
    EXPECT_EQ(trailer->payload_size, std::stoul(block.at("payload_size")));
    EXPECT_EQ(trailer->pad_length, std::stoul(block.at("pad_length")));
    EXPECT_EQ(static_cast<int>(trailer->next_header), std::stoi(block.at("next_header")));

    Bytes rewritten(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(trailer->payload_size));
    rewritten.resize(esp_text_size(trailer->payload_size, 16));
    ASSERT_EQ(rewritten.size(), text.size());
    write_esp_trailer(rewritten.data(), rewritten.size(), trailer->payload_size, trailer->next_header);
    EXPECT_EQ(rewritten, text);
  }
}

TEST(EspTrailer, PadsToTheAlignmentAndNoFurther) {
  EXPECT_EQ(esp_text_size(0, 4), 4u);
  EXPECT_EQ(esp_text_size(2, 4), 4u);
  EXPECT_EQ(esp_text_size(3, 4), 8u);
  EXPECT_EQ(esp_text_size(14, 16), 16u);
  EXPECT_EQ(esp_text_size(15, 16), 32u);
  EXPECT_EQ(esp_text_size(65535, 4), 65540u);
}

TEST(EspTrailer, ComesBackForEveryPadLength) {
  for (std::size_t padding = 0; padding <= 255; ++padding) {
    Bytes text(7 + padding + 2, 0xee);
    write_esp_trailer(text.data(), text.size(), 7, IpProtocol::ipv6);
    EXPECT_EQ(read_esp_trailer(text), (EspTrailer{7, static_cast<std::uint8_t>(padding), IpProtocol::ipv6}));
  }
}

TEST(EspTrailer, RefusesTextsShorterThanIt) {
  EXPECT_FALSE(trailer_of(""));
  EXPECT_FALSE(trailer_of("04"));
  EXPECT_EQ(trailer_of("0004"), (EspTrailer{0, 0, IpProtocol::ipv4}));
}

TEST(EspTrailer, RefusesPaddingLongerThanTheText) {
  EXPECT_FALSE(trailer_of("0104"));
  EXPECT_FALSE(trailer_of("010203 0404"));
  EXPECT_EQ(trailer_of("01020304 0404"), (EspTrailer{0, 4, IpProtocol::ipv4}));
  EXPECT_FALSE(trailer_of("01020304 ff04"));
}

TEST(EspTrailer, RefusesPaddingThatDoesNotCount) {
  EXPECT_FALSE(trailer_of("aa 00 0104"));
  EXPECT_FALSE(trailer_of("aa 000102 0304"));
  EXPECT_FALSE(trailer_of("aa 010203ff 0404"));
  EXPECT_TRUE(trailer_of("aa 010203 0304"));
}

}  // namespace
}  // namespace sallyport::wire
