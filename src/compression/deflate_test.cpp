#include "compression/deflate.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace sallyport::compression {
namespace {

Bytes text(std::size_t size) {
  constexpr std::string_view words = "a packet of words is a packet that is worth to be compressed, ";
  Bytes octets;
  while (octets.size() < size) append(octets, as_bytes(words));
  octets.resize(size);
  return octets;
}
Bytes noise(std::size_t size) {
  SeededRandom random(5);
  Bytes octets(size);
  random.fill(octets);
  return octets;
}
Bytes deflated(ByteView from) {
  Deflater deflater;
  Bytes to(from.size() + 100);
  const auto size = deflater.deflate(from, to);
  EXPECT_TRUE(size);
  to.resize(size.value_or(0));
  return to;
}

TEST(Deflate, GivesBackWhatWasPutIn) {
  Inflater inflater;
  for (const Bytes& octets : {text(0), text(1), text(1400), text(65000), noise(1400), Bytes(9000, 7)}) {
    const Bytes small = deflated(octets);
    Bytes out(octets.size() + 10);
    const auto size = inflater.inflate(small, out);
    ASSERT_TRUE(size);
    out.resize(*size);
    EXPECT_EQ(out, octets);
  }
}

// RFC 1951 §3.2.6, by hand: one block with fixed codes, the octets "a", "b" and "c", and the end of it.
TEST(Deflate, ReadsWhatOthersWrite) {
  Inflater inflater;
  Bytes out(100);
  ASSERT_EQ(inflater.inflate(*from_hex("4b4c4a0600"), out), 3u);
  EXPECT_EQ(as_text(ByteView(out).first(3)), "abc");
  // A block that is not compressed: its length, and that again, inverted.
  ASSERT_EQ(inflater.inflate(*from_hex("010200fdff7879"), out), 2u);
  EXPECT_EQ(as_text(ByteView(out).first(2)), "xy");
}

TEST(Deflate, RemembersNothingOfThePacketBefore) {
  Deflater deflater;
  Bytes first(2000), second(2000);
  const auto size = deflater.deflate(text(1000), first);
  EXPECT_EQ(deflater.deflate(text(1000), second), size);
  EXPECT_EQ(first, second);
}

TEST(Deflate, SaysWhenThereIsNoRoom) {
  Deflater deflater;
  Bytes room(1400);
  EXPECT_FALSE(deflater.deflate(noise(1400), room)) << "noise only grows";
  EXPECT_TRUE(deflater.deflate(text(1400), room)) << "and the next packet is none the worse";
}

TEST(Inflate, GoesNoFurtherThanTheRoomThatItIsGiven) {
  const Bytes bomb = deflated(Bytes(4 * 1024 * 1024));
  EXPECT_LT(bomb.size(), 20000u);
  Inflater inflater;
  Bytes room(65535);
  EXPECT_FALSE(inflater.inflate(bomb, room));
  EXPECT_TRUE(inflater.inflate(deflated(text(1400)), room));
}

TEST(Inflate, RefusesWhatIsDamagedOrIncomplete) {
  const Bytes small = deflated(text(1400));
  Inflater inflater;
  Bytes room(65535);
  for (std::size_t size = 0; size < small.size(); ++size)
    EXPECT_FALSE(inflater.inflate(ByteView(small).first(size), room)) << size;
  EXPECT_FALSE(inflater.inflate(*from_hex("ffffffff"), room)) << "no such kind of block";
  EXPECT_FALSE(inflater.inflate(*from_hex("010200fffe7879"), room)) << "a length that contradicts itself";
  Bytes more = small;
  more.resize(small.size() + 40);
  EXPECT_EQ(inflater.inflate(more, room), 1400u) << "what stands behind the end does not matter";
}

}  // namespace
}  // namespace sallyport::compression
