#include "wire/pcapng.h"

#include <gtest/gtest.h>

#include "base/reader.h"

namespace sallyport::wire {
namespace {

/// Every block has its length in front and behind, and is made of words; the type of each.
std::vector<std::uint32_t> block_types(ByteView file) {
  std::vector<std::uint32_t> types;
  while (!file.empty()) {
    EXPECT_GE(file.size(), 12U);
    const std::uint32_t length = load_be32(file.data() + 4);
    EXPECT_EQ(length % 4, 0U);
    EXPECT_LE(length, file.size());
    if (length < 12 || length > file.size()) break;
    EXPECT_EQ(load_be32(file.data() + length - 4), length);
    types.push_back(load_be32(file.data()));
    file = file.subspan(length);
  }
  return types;
}

TEST(Pcapng, IsWholeBlocksWhateverIsInThem) {
  Bytes file;
  write_capture_section(file, "odd");
  write_capture_interface(file, "an interface", 128);
  for (std::size_t size : {0, 1, 2, 3, 4, 5}) write_captured_packet(file, {.bytes = Bytes(size), .comment = "12345"});
  write_capture_statistics(file, 0, 1, 6, 0);
  EXPECT_EQ(block_types(file), (std::vector<std::uint32_t>{0x0a0d0d0a, 1, 6, 6, 6, 6, 6, 6, 5}));
}

TEST(Pcapng, SaysHowLongAPacketWasOfWhichOnlyTheBeginningIsKept) {
  Bytes file;
  const Bytes kept(60);
  write_captured_packet(file, {.interface = 1, .time = 0x0102030405060708, .bytes = kept, .size = 1500});
  EXPECT_EQ(load_be32(file.data() + 8), 1U);
  EXPECT_EQ(load_be32(file.data() + 12), 0x01020304U);
  EXPECT_EQ(load_be32(file.data() + 16), 0x05060708U);
  EXPECT_EQ(load_be32(file.data() + 20), 60U);
  EXPECT_EQ(load_be32(file.data() + 24), 1500U);
}

TEST(Pcapng, CutsACommentThatAnOptionCannotHold) {
  Bytes file;
  const std::string comment(70000, 'x');
  write_captured_packet(file, {.comment = comment});
  EXPECT_EQ(block_types(file), std::vector<std::uint32_t>{6});
  EXPECT_EQ(load_be16(file.data() + 28 + 2), 65535U);
}

}  // namespace
}  // namespace sallyport::wire
