#include "ike/v1/fragmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sallyport::ike::v1 {
namespace {

using namespace std::chrono_literals;
namespace w = wire::ikev1;

const policy::Endpoint alice{policy::IpAddress::v4(192, 0, 2, 1), 500};
const policy::Endpoint mallory{policy::IpAddress::v4(203, 0, 113, 9), 500};
constexpr Reassembly::Limits limits{.message = 3000, .octets = 6000, .messages = 4, .patience = 30s};

/// A message in the clear with a payload of `size` octets, each of them `octet`.
Bytes message(std::size_t size, std::uint8_t octet = 0xaa, std::uint64_t cookie_r = 2) {
  const wire::IkeHeader header{.initiator_spi = 1,
                               .responder_spi = cookie_r,
                               .major_version = 1,
                               .exchange_type = w::number(w::ExchangeType::main_mode)};
  return *w::serialize_message(header, w::PayloadChain().add(w::KePayload{Bytes(size, octet)}));
}
/// A fragment written by hand, of the message id that most peers give to all of theirs.
Bytes fragment(std::uint8_t number, bool is_last, Bytes data, std::uint16_t id = 1, std::uint64_t cookie_r = 2) {
  const wire::IkeHeader header{.initiator_spi = 1,
                               .responder_spi = cookie_r,
                               .major_version = 1,
                               .exchange_type = w::number(w::ExchangeType::main_mode)};
  return *w::serialize_message(header,
                               w::PayloadChain().add(w::FragmentPayload{
                                   .id = id, .fragment_number = number, .is_last = is_last, .data = std::move(data)}));
}
/// `whole` in fragments of `size` octets of data, with one id.
std::vector<Bytes> fragments(const Bytes& whole, std::size_t size, std::uint16_t id = 1) {
  std::vector<Bytes> all;
  for (std::size_t at = 0; at < whole.size(); at += size) {
    const std::size_t end = std::min(at + size, whole.size());
    all.push_back(fragment(static_cast<std::uint8_t>(all.size() + 1), end == whole.size(),
                           to_bytes(ByteView(whole).subspan(at, end - at)), id));
  }
  return all;
}

class Reassembling : public testing::Test {
 protected:
  Result<std::optional<Bytes>> take(const Bytes& datagram, const policy::Endpoint& from = alice) {
    return reassembly.take(now, limits, from, datagram);
  }
  /// Of all these, what the last one completed.
  std::optional<Bytes> take_all(const std::vector<Bytes>& datagrams) {
    std::optional<Bytes> whole;
    for (const Bytes& each : datagrams) {
      const auto taken = take(each);
      whole = taken ? *taken : std::nullopt;
    }
    return whole;
  }

  Instant now{1h};
  Reassembly reassembly;
};

// ---- Cutting

TEST(CutIntoFragments, LeavesAloneWhatFits) {
  EXPECT_TRUE(cut_into_fragments(message(100), message(100).size()).empty());
  EXPECT_EQ(cut_into_fragments(message(101), message(100).size()).size(), 2U);
}

TEST(CutIntoFragments, MakesNoneLargerThanAllowedAndEndsWithTheLast) {
  const Bytes whole = message(1000);
  const auto cut = cut_into_fragments(whole, 200);
  ASSERT_EQ(cut.size(), 7U);  // 1032 octets, 164 of them in each
  Bytes joined;
  for (std::size_t i = 0; i < cut.size(); ++i) {
    EXPECT_LE(cut[i].size(), 200U);
    const auto parsed = w::parse_message(cut[i]);
    ASSERT_TRUE(parsed);
    const auto* piece = parsed->payloads.find<w::FragmentPayload>();
    ASSERT_TRUE(piece);
    EXPECT_EQ(piece->fragment_number, i + 1);
    EXPECT_EQ(piece->is_last, i + 1 == cut.size());
    EXPECT_EQ(parsed->header.initiator_spi, 1U);
    EXPECT_EQ(parsed->header.responder_spi, 2U);
    append(joined, piece->data);
  }
  EXPECT_EQ(joined, whole);
}

TEST(CutIntoFragments, NeverSaysThatAFragmentIsEncrypted) {
  Bytes sealed = message(500);
  sealed[w::flags_offset] |= w::flag_encryption;
  for (const Bytes& each : cut_into_fragments(sealed, 200)) EXPECT_EQ(each[w::flags_offset] & w::flag_encryption, 0);
}

TEST(CutIntoFragments, RepeatsItselfAndTellsMessagesApart) {
  EXPECT_EQ(cut_into_fragments(message(500), 200), cut_into_fragments(message(500), 200));
  EXPECT_NE(w::parse_message(cut_into_fragments(message(500, 1), 200)[0])->payloads.find<w::FragmentPayload>()->id,
            w::parse_message(cut_into_fragments(message(500, 2), 200)[0])->payloads.find<w::FragmentPayload>()->id);
}

TEST(CutIntoFragments, GivesUpWhereThereWouldBeTooMany) {
  EXPECT_EQ(cut_into_fragments(message(255 * 10 - 32), 46).size(), 255U);
  EXPECT_TRUE(cut_into_fragments(message(255 * 10 - 31), 46).empty());
  EXPECT_TRUE(cut_into_fragments(message(500), 36).empty());
}

TEST(LongestMessage, LeavesRoomForTheHeadersInFront) {
  EXPECT_EQ(longest_message(1280, alice), 1280U - 20 - 8);
  EXPECT_EQ(longest_message(1280, {alice.address, 4500}), 1280U - 20 - 8 - 4);
  EXPECT_EQ(longest_message(1280, {*policy::IpAddress::parse("2001:db8::1"), 500}), 1280U - 40 - 8);
  EXPECT_EQ(longest_message(20, alice), 0U);
}

// ---- Putting together

TEST_F(Reassembling, GivesBackWhatWasCut) {
  const Bytes whole = message(1000);
  EXPECT_EQ(take_all(cut_into_fragments(whole, 200)), whole);
  EXPECT_EQ(reassembly.octets(), 0U);
}

TEST_F(Reassembling, TakesFragmentsInAnyOrder) {
  const Bytes whole = message(700);
  auto cut = fragments(whole, 100);
  std::ranges::reverse(cut);
  EXPECT_EQ(take_all(cut), whole);
}

TEST_F(Reassembling, TakesAFragmentTwice) {
  const Bytes whole = message(300);
  const auto cut = fragments(whole, 100);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(take_all({cut[0], cut[2], cut[0], cut[3]}), std::nullopt);
  EXPECT_EQ(take(cut[1]), whole);
}

TEST_F(Reassembling, CompletesByARepetitionWhatLostAFragment) {
  const Bytes whole = message(300);
  const auto cut = fragments(whole, 100);
  EXPECT_EQ(take_all({cut[0], cut[2], cut[3]}), std::nullopt);
  EXPECT_EQ(take_all({cut[0], cut[1]}), whole);
}

TEST_F(Reassembling, TakesASingleFragmentForAWholeMessage) {
  const Bytes whole = message(20);
  EXPECT_EQ(take(fragment(1, true, whole)), whole);
}

// Peers that give all messages one id: what is left of an older one gives way to the newer, piece by piece.
TEST_F(Reassembling, FollowsTheNewerOfTwoMessagesOfOneId) {
  const Bytes longer = message(500, 1), shorter = message(250, 2);
  const auto old = fragments(longer, 100), young = fragments(shorter, 100);
  EXPECT_EQ(take_all({old[0], old[1], old[4]}), std::nullopt);
  EXPECT_EQ(take_all(young), shorter);

  const auto remains = fragments(shorter, 100), next = fragments(longer, 100);
  EXPECT_EQ(take_all({remains[0], remains[2]}), std::nullopt);
  EXPECT_EQ(take_all(next), std::nullopt);  // the older end made it look complete too early
  EXPECT_EQ(take_all({next[0], next[1]}), longer);

  auto reversed = fragments(longer, 100);
  std::ranges::reverse(reversed);
  EXPECT_EQ(take_all({remains[1], remains[2]}), std::nullopt);
  EXPECT_EQ(take_all(reversed), longer);
}

TEST_F(Reassembling, KeepsMessagesOfSeveralIdsApart) {
  const Bytes one = message(300, 1), two = message(300, 2);
  const auto a = fragments(one, 100, 7), b = fragments(two, 100, 8);
  EXPECT_EQ(take_all({a[0], b[0], a[1], b[1], b[2], a[2]}), std::nullopt);
  EXPECT_EQ(take(a[3]), one);
  EXPECT_EQ(take(b[3]), two);
}

TEST_F(Reassembling, MixesNothingOfSomebodyElse) {
  const auto cut = fragments(message(300), 100);
  EXPECT_EQ(take_all({cut[0], cut[1], cut[2]}), std::nullopt);
  EXPECT_EQ(*take(cut[3], mallory), std::nullopt);
  EXPECT_EQ(*take(fragment(4, true, Bytes(10), 1, 77)), std::nullopt);  // of another ISAKMP SA
  EXPECT_EQ(take(cut[3]), message(300));
}

TEST_F(Reassembling, RefusesWhatIsNoFragment) {
  EXPECT_FALSE(take(message(20)));
  EXPECT_FALSE(take(Bytes(10)));
  EXPECT_FALSE(take(fragment(1, true, {})));
  Bytes numbered_zero = fragment(1, true, Bytes(30));
  numbered_zero[34] = 0;
  EXPECT_FALSE(take(numbered_zero));
  const wire::IkeHeader header{.initiator_spi = 1, .responder_spi = 2, .major_version = 1, .exchange_type = 2};
  const w::FragmentPayload payload{.id = 1, .fragment_number = 1, .is_last = true, .data = message(20)};
  EXPECT_FALSE(take(*w::serialize_message(header, w::PayloadChain().add(payload).add(payload))));
  EXPECT_EQ(reassembly.octets(), 0U);
}

TEST_F(Reassembling, RefusesAMessageThatCannotStandInTheFragmentsPlace) {
  for (const Bytes& whole : {message(20, 0, 77), fragment(1, true, message(20)), Bytes(50, 1), Bytes(5, 1)}) {
    EXPECT_FALSE(take(fragment(1, true, whole)));
    EXPECT_EQ(reassembly.octets(), 0U);
  }
}

TEST_F(Reassembling, ForgetsWhatWaitedTooLong) {
  const auto cut = fragments(message(300), 100);
  EXPECT_EQ(reassembly.next_expiry(limits), std::nullopt);
  take_all({cut[0], cut[1]});
  EXPECT_EQ(reassembly.next_expiry(limits), now + 30s);
  now += 29s;
  take(cut[2]);  // no more patience for that
  EXPECT_EQ(reassembly.next_expiry(limits), now + 1s);
  now += 1s;
  EXPECT_EQ(*take(cut[3]), std::nullopt);
  EXPECT_LT(reassembly.octets(), 100U);
  now += 30s;
  reassembly.expire(now, limits);
  EXPECT_EQ(reassembly.octets(), 0U);
}

TEST_F(Reassembling, KeepsNothingOfAMessageThatIsTooLong) {
  for (std::uint8_t number = 1; number <= 3; ++number) EXPECT_TRUE(take(fragment(number, false, Bytes(1000))));
  EXPECT_EQ(reassembly.octets(), 3000U);
  EXPECT_FALSE(take(fragment(4, false, Bytes(1))));
  EXPECT_EQ(reassembly.octets(), 0U);
}

TEST_F(Reassembling, IsBoundedWhateverComes) {
  SeededRandom random(5);
  for (int i = 0; i < 20000; ++i) {
    const auto number = static_cast<std::uint8_t>(1 + random.below(255));
    take(fragment(number, random.below(4) == 0, Bytes(1 + random.below(900)), static_cast<std::uint16_t>(random.u32()),
                  random.below(3)),
         random.below(2) == 0 ? alice : mallory);
    ASSERT_LE(reassembly.octets(), limits.octets);
  }
  // And when the flood is over, a message comes through.
  EXPECT_EQ(take_all(fragments(message(1000), 100)), message(1000));
}

}  // namespace
}  // namespace sallyport::ike::v1
