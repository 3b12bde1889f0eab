#include "linux/datagram_sorting.h"

#include <gmock/gmock.h>

namespace sallyport::linux {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A datagram of 8 octets: an SPI, and its first letter again.
Bytes datagram(std::uint32_t spi) {
  Bytes bytes(8, 'x');
  store_be32(bytes.data(), spi);
  return bytes;
}

struct Sorted {
  std::vector<std::size_t> esp;  // octets of each run
  std::vector<std::string> ike;
  SortedOut others;
};
Sorted sort(Bytes bytes, std::uint16_t segment_size) {
  Sorted sorted;
  ReceivedPacket packet{.bytes = bytes, .segment_size = segment_size, .local = {}, .remote = {}};
  sorted.others = sort_datagrams(
      packet, [&](ByteSpan run) { sorted.esp.push_back(run.size()); },
      [&](ByteView message) { sorted.ike.emplace_back(as_text(message)); });
  return sorted;
}

TEST(DatagramSorting, TellsKindsApartWithinATrain) {
  Bytes train;
  for (const std::uint32_t spi : {0x1000u, 0x1001u, 0u, 0x1000u, 0u}) append(train, datagram(spi));
  train.push_back(0xff);
  const Sorted sorted = sort(train, 8);
  EXPECT_THAT(sorted.esp, ElementsAre(16, 8));
  EXPECT_THAT(sorted.ike, ElementsAre("xxxx", "xxxx"));
  EXPECT_EQ(sorted.others.keepalives, 1u);
  EXPECT_EQ(sorted.others.malformed, 0u);
}

TEST(DatagramSorting, CountsWhatIsNeither) {
  EXPECT_EQ(sort({1, 2, 3}, 0).others.malformed, 1u);
  EXPECT_THAT(sort({}, 0).esp, IsEmpty());
}

TEST(DatagramSorting, DividesATrainByTheShareOfItsSpis) {
  Bytes train;
  for (const std::uint32_t spi : {6u, 9u, 10u, 11u, 12u}) append(train, datagram(spi));
  train.resize(train.size() - 1);  // the last may be shorter
  std::vector<std::tuple<std::uint32_t, std::size_t, int>> parts;
  for_each_share({.bytes = train, .segment_size = 8}, 3, [&](std::uint32_t share, const datapath::Datagram& part) {
    parts.emplace_back(share, part.bytes.size(), part.segment_size);
  });
  EXPECT_THAT(parts, ElementsAre(std::tuple(0, 16, 8), std::tuple(1, 8, 0), std::tuple(2, 8, 0), std::tuple(0, 7, 0)));
}

TEST(DatagramSorting, GivesWhatHasNoSpiToTheFirst) {
  Bytes stump{1, 2, 3};
  std::vector<std::uint32_t> shares;
  for_each_share({.bytes = stump}, 3, [&](std::uint32_t share, const datapath::Datagram&) { shares.push_back(share); });
  EXPECT_THAT(shares, ElementsAre(0));
}

}  // namespace
}  // namespace sallyport::linux
