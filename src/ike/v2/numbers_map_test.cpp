#include "ike/v2/numbers_map.h"

#include <gtest/gtest.h>

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using crypto::KeyExchangeMethod;
using policy::Protocol;

/// ESP with AES-GCM and 64-bit sequence numbers, and what else is offered.
w::SaPayload an_offer(std::initializer_list<w::Transform> further, bool with_numbers = true) {
  auto words = policy::parse_proposal(Protocol::esp, with_numbers ? "aes128gcm16-esn" : "aes128gcm16");
  w::SaPayload sa = offer({*words}, Bytes{1, 2, 3, 4});
  auto& transforms = sa.proposals[0].transforms;
  if (!with_numbers)
    std::erase_if(transforms,
                  [](const auto& each) { return each.type == w::TransformType::extended_sequence_numbers; });
  transforms.insert(transforms.end(), further);
  return sa;
}
w::Transform key_exchange(std::uint16_t id) { return {w::TransformType::key_exchange, id, {}}; }
w::Transform numbers(std::uint16_t id) { return {w::TransformType::extended_sequence_numbers, id, {}}; }

std::optional<policy::Choice> chosen(std::string_view configured, const w::SaPayload& offered,
                                     bool ignore_key_exchange = false) {
  return policy::choose({*policy::parse_proposal(Protocol::esp, configured)}, read_offer(offered), ignore_key_exchange);
}

constexpr std::uint16_t kUnknown = 0x7777;

TEST(ReadOffer, WithKeyExchangesThatWeDoNotHaveIsNotOneWithout) {
  EXPECT_TRUE(chosen("aes128gcm16", an_offer({})));
  EXPECT_FALSE(chosen("aes128gcm16", an_offer({key_exchange(kUnknown)})));
  EXPECT_FALSE(chosen("aes128gcm16-x25519-none", an_offer({key_exchange(kUnknown)})));
}

TEST(ReadOffer, HasItsOtherKeyExchangesBesideOneThatWeDoNotHave) {
  const auto choice = chosen("aes128gcm16-x25519", an_offer({key_exchange(kUnknown), key_exchange(31)}));
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->suite.key_exchange, KeyExchangeMethod::x25519);
  EXPECT_TRUE(chosen("aes128gcm16", an_offer({key_exchange(kUnknown), key_exchange(0)})));
}

TEST(ReadOffer, OfIkeAuthIsReadWithoutItsKeyExchanges) {
  EXPECT_TRUE(chosen("aes128gcm16", an_offer({key_exchange(kUnknown)}), true));
}

TEST(ReadOffer, WithSequenceNumbersThatWeDoNotHaveIsNotOneWithout) {
  EXPECT_TRUE(chosen("aes128gcm16-noesn", an_offer({}, false)));
  EXPECT_FALSE(chosen("aes128gcm16-noesn", an_offer({numbers(2)}, false)));
}

TEST(ReadChoice, OfAKeyExchangeThatWeDoNotHaveIsNone) {
  EXPECT_TRUE(read_choice(an_offer({}), Protocol::esp));
  EXPECT_FALSE(read_choice(an_offer({key_exchange(kUnknown)}), Protocol::esp));
}

}  // namespace
}  // namespace sallyport::ike::v2
