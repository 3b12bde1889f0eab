#include "ike/v2/intermediate.h"

#include <gtest/gtest.h>

#include "crypto/openssl/provider_openssl.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;

const policy::Suite kSuite{.protocol = policy::Protocol::ike,
                           .encryption = {crypto::Cipher::aes_gcm_16, 128},
                           .prf = crypto::Prf::hmac_sha2_256,
                           .key_exchange = crypto::KeyExchangeMethod::x25519};

class IntAuth : public testing::Test {
 protected:
  wire::IkeHeader header() const {
    return {.initiator_spi = 0x0102030405060708,
            .responder_spi = 0x1112131415161718,
            .next_payload = 0,
            .major_version = 2,
            .minor_version = 0,
            .exchange_type = w::number(w::ExchangeType::ike_intermediate),
            .flags = w::flag_initiator,
            .message_id = 1,
            .length = 0};
  }
  w::PayloadChain payloads() const {
    return w::PayloadChain().add(w::KePayload{w::KeyExchangeId::x25519, Bytes(32, 0xaa)});
  }
  Bytes sealed(const Plaintext& plain) {
    SeededRandom random(1);
    return *seal_whole(*provider_, random, kSuite, {encryption_, integrity_}, 1, plain);
  }

  std::unique_ptr<crypto::Provider> provider_ = crypto::make_openssl_provider();
  const Secret encryption_{16 + 4}, integrity_;
};

/// Octet by octet what RFC 9242 §3.3.2 draws.
TEST_F(IntAuth, CoversAMessageAsIfItWereInClear) {
  const Plaintext plain = *write_plaintext(header(), payloads());
  Bytes expected = {1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18};
  append(expected,
         Bytes{46, 0x20, 43, 0x08, 0, 0, 0, 1, 0, 0, 0, 28 + 4 + 40});  // SK, 2.0, IKE_INTERMEDIATE, id, length
  append(expected, Bytes{34, 0, 0, 4 + 40});                            // SK: KE is the first in it
  append(expected, Bytes{0, 0, 0, 40, 0, 31, 0, 0});                    // KE: the last one, Curve25519
  append(expected, Bytes(32, 0xaa));
  EXPECT_EQ(covered_by_int_auth(plain.header, plain.first, plain.inner), expected);
}

TEST_F(IntAuth, IsTheSameOfAMessageThatCameWholeAndOfOneInFragments) {
  const Plaintext plain = *write_plaintext(header(), payloads());
  const Bytes message = sealed(plain);
  const auto parsed = w::parse_message(message);
  const auto* sk = parsed->payloads.find<w::SkPayload>();
  const auto opened = open_message(*provider_, kSuite, {encryption_, integrity_}, message, *sk);
  ASSERT_TRUE(opened);
  // The header of a fragment names another payload and another length.
  wire::IkeHeader of_fragment = parsed->header;
  of_fragment.next_payload = w::number(w::PayloadType::skf);
  of_fragment.length = 99;
  EXPECT_EQ(covered_by_int_auth(message, sk->body.size(), opened->inner),
            covered_by_int_auth(of_fragment, plain.first, opened->inner));
}

TEST_F(IntAuth, IsTheSameForASender) {
  const Plaintext plain = *write_plaintext(header(), payloads());
  const Bytes message = sealed(plain);
  const auto parsed = w::parse_message(message);
  EXPECT_EQ(covered_by_int_auth(message, parsed->payloads.find<w::SkPayload>()->body.size(), plain.inner),
            covered_by_int_auth(plain.header, plain.first, plain.inner));
}

TEST_F(IntAuth, IsNothingWithoutSuchAnExchangeAndElseBothChainsAndTheIdOfIkeAuth) {
  v2::Setup setup;
  EXPECT_TRUE(int_auth_of(setup).empty());
  setup.intermediate.auth_i = {1, 1};
  setup.intermediate.auth_r = {2, 2};
  setup.intermediate.count = 2;
  EXPECT_EQ(int_auth_of(setup), (Bytes{1, 1, 2, 2, 0, 0, 0, 3}));
}

TEST_F(IntAuth, ThereIsAnEndToWhatAStrangerMayAskInBetween) {
  IntermediateExchanges before;
  EXPECT_FALSE(takes_another(before));  // it was never agreed on
  before.agreed = true;
  for (; before.count < policy::kMostAdditional + 1; ++before.count) EXPECT_TRUE(takes_another(before));
  EXPECT_FALSE(takes_another(before));
}

TEST_F(IntAuth, ChainsMessages) {
  const Secret key(32);
  const Bytes one = extend_int_auth(*provider_, kSuite.prf, key, {}, Bytes{1});
  const Bytes two = extend_int_auth(*provider_, kSuite.prf, key, one, Bytes{2});
  Bytes joined = one;
  joined.push_back(2);
  EXPECT_EQ(two, extend_int_auth(*provider_, kSuite.prf, key, {}, joined));
  EXPECT_NE(two, extend_int_auth(*provider_, kSuite.prf, key, {}, Bytes{2}));
}

}  // namespace
}  // namespace sallyport::ike::v2
