#include "linux/address_set.h"

#include <gtest/gtest.h>

#include <random>

namespace sallyport::linux {
namespace {

using policy::AddressRange;
using policy::IpAddress;

AddressRange range(std::string_view text) { return AddressRange::parse(text).value(); }

std::string text(const AddressSet& set) {
  std::string all;
  for (const AddressRange& each : set.ranges()) all += to_string(each) + " ";
  return all;
}

TEST(AddressSet, JoinsWhatOverlapsOrTouches) {
  AddressSet set;
  set.add({range("10.0.0.8/29"), range("10.0.0.0/29"), range("10.0.0.4-10.0.0.9"), range("10.0.1.0/24")});
  EXPECT_EQ(text(set), "10.0.0.0/28 10.0.1.0/24 ");
}

TEST(AddressSet, KeepsNeighboursWithAGapApart) {
  AddressSet set;
  set.add({range("10.0.0.0"), range("10.0.0.2")});
  EXPECT_EQ(set.ranges().size(), 2u);
}

TEST(AddressSet, RemovesFromTheMiddleAndAcrossRanges) {
  AddressSet set;
  set.add({range("10.0.0.0/24"), range("10.0.2.0/24")});
  set.remove(range("10.0.0.128-10.0.2.127"));
  EXPECT_EQ(text(set), "10.0.0.0/25 10.0.2.128/25 ");
  set.remove(range("10.0.0.1"));
  EXPECT_EQ(text(set), "10.0.0.0 10.0.0.2-10.0.0.127 10.0.2.128/25 ");
}

TEST(AddressSet, ReachesBothEndsOfTheAddressSpace) {
  AddressSet set(range("0.0.0.0/0"));
  set.remove(range("0.0.0.0"));
  set.remove(range("255.255.255.255"));
  EXPECT_EQ(text(set), "0.0.0.1-255.255.255.254 ");
  set.add(range("255.255.255.255"));
  set.add(range("0.0.0.0"));
  EXPECT_EQ(text(set), "0.0.0.0/0 ");
  set.remove(range("0.0.0.0/0"));
  EXPECT_TRUE(set.empty());
}

TEST(AddressSet, TakesOneFamilyAlone) {
  AddressSet set(range("::/0"));
  set.add(range("10.0.0.0/8"));
  EXPECT_EQ(text(set), "::/0 ");
  set.remove(range("10.0.0.0/8"));
  EXPECT_EQ(text(set), "::/0 ");
}

TEST(AddressSet, AgreesWithASetOfBits) {
  std::minstd_rand random(1);
  for (int world = 0; world < 200; ++world) {
    AddressSet set;
    std::array<bool, 256> bits{};
    for (int step = 0; step < 12; ++step) {
      auto first = static_cast<std::uint8_t>(random()), last = static_cast<std::uint8_t>(random());
      if (last < first) std::swap(first, last);
      const AddressRange some{IpAddress::v4(10, 0, 0, first), IpAddress::v4(10, 0, 0, last)};
      const bool add = random() % 3 != 0;
      add ? set.add(some) : set.remove(some);
      for (int i = first; i <= last; ++i) bits[static_cast<std::size_t>(i)] = add;
    }
    for (int i = 0; i < 256; ++i)
      ASSERT_EQ(set.contains(IpAddress::v4(10, 0, 0, static_cast<std::uint8_t>(i))), bits[static_cast<std::size_t>(i)]);
    AddressSet again;
    for (const auto& prefix : set.prefixes()) again.add(AddressRange::of(prefix));
    ASSERT_EQ(again, set);
  }
}

}  // namespace
}  // namespace sallyport::linux
