#include <gtest/gtest.h>

#include "crypto/openssl/provider_openssl.h"

namespace sallyport::crypto {
namespace {

constexpr KeyExchangeMethod kModp[] = {
    KeyExchangeMethod::modp768,  KeyExchangeMethod::modp1024, KeyExchangeMethod::modp1536, KeyExchangeMethod::modp2048,
    KeyExchangeMethod::modp3072, KeyExchangeMethod::modp4096, KeyExchangeMethod::modp6144, KeyExchangeMethod::modp8192,
};
constexpr KeyExchangeMethod kCurves[] = {
    KeyExchangeMethod::ecp256,       KeyExchangeMethod::ecp384,       KeyExchangeMethod::ecp521,
    KeyExchangeMethod::brainpool224, KeyExchangeMethod::brainpool256, KeyExchangeMethod::brainpool384,
    KeyExchangeMethod::brainpool512,
};
constexpr KeyExchangeMethod kMontgomery[] = {KeyExchangeMethod::x25519, KeyExchangeMethod::x448};

bool is_curve(KeyExchangeMethod method) { return std::ranges::find(kCurves, method) != std::end(kCurves); }
bool is_montgomery(KeyExchangeMethod method) { return std::ranges::find(kMontgomery, method) != std::end(kMontgomery); }

std::string name_of(const testing::TestParamInfo<KeyExchangeMethod>& info) {
  return std::string(to_string(info.param));
}

class KeyExchangeOf : public testing::TestWithParam<KeyExchangeMethod> {
 protected:
  std::unique_ptr<KeyExchange> start(std::uint64_t seed) {
    SeededRandom random(seed);
    return *provider_->start_key_exchange(GetParam(), random);
  }
  std::unique_ptr<Provider> provider_ = make_openssl_provider();
};
INSTANTIATE_TEST_SUITE_P(Modp, KeyExchangeOf, testing::ValuesIn(kModp), name_of);
INSTANTIATE_TEST_SUITE_P(Curve, KeyExchangeOf, testing::ValuesIn(kCurves), name_of);
INSTANTIATE_TEST_SUITE_P(Montgomery, KeyExchangeOf, testing::ValuesIn(kMontgomery), name_of);

class KeyExchangeOnCurve : public KeyExchangeOf {};
INSTANTIATE_TEST_SUITE_P(Curve, KeyExchangeOnCurve, testing::ValuesIn(kCurves), name_of);

TEST_P(KeyExchangeOf, GivesBothSidesTheSameSecretOfFixedSize) {
  ASSERT_TRUE(provider_->supports(GetParam()));
  const auto ours = start(1);
  const auto theirs = start(2);
  EXPECT_EQ(ours->method(), GetParam());
  EXPECT_EQ(ours->public_value().size(), public_value_size(GetParam()));
  const auto a = ours->shared_secret(theirs->public_value());
  const auto b = theirs->shared_secret(ours->public_value());
  ASSERT_TRUE(a && b);
  EXPECT_TRUE(*a == *b);
  EXPECT_EQ(a->size(), public_value_size(GetParam()) / (is_curve(GetParam()) ? 2 : 1));
}

TEST_P(KeyExchangeOf, DependsOnNothingButTheRandomSource) {
  EXPECT_TRUE(equal(start(3)->public_value(), start(3)->public_value()));
  EXPECT_FALSE(equal(start(3)->public_value(), start(4)->public_value()));
}

TEST_P(KeyExchangeOf, OutlivesItsProvider) {
  const auto ours = start(5);
  const auto theirs = start(6);
  provider_.reset();
  EXPECT_TRUE(ours->shared_secret(theirs->public_value()));
}

TEST_P(KeyExchangeOf, RejectsAPublicValueOfAnotherSize) {
  const auto ours = start(7);
  const Bytes value = to_bytes(start(8)->public_value());
  Bytes longer = {0};
  append(longer, value);
  EXPECT_EQ(ours->shared_secret(longer), fail(ErrorCode::out_of_range));
  EXPECT_EQ(ours->shared_secret(ByteView(value).first(value.size() - 1)), fail(ErrorCode::out_of_range));
  EXPECT_EQ(ours->shared_secret({}), fail(ErrorCode::out_of_range));
  EXPECT_TRUE(ours->shared_secret(value)) << "a refused value must not spoil the exchange";
}

TEST_P(KeyExchangeOf, RejectsZeroAndOne) {
  const auto ours = start(9);
  Bytes value(public_value_size(GetParam()));
  EXPECT_EQ(ours->shared_secret(value), fail(ErrorCode::out_of_range));
  (is_montgomery(GetParam()) ? value.front() : value.back()) = 1;
  EXPECT_EQ(ours->shared_secret(value), fail(ErrorCode::out_of_range));
}

TEST_P(KeyExchangeOf, RejectsValuesAboveTheFieldUnlessMontgomery) {
  const Bytes value(public_value_size(GetParam()), 0xff);
  const auto shared = start(10)->shared_secret(value);
  if (is_montgomery(GetParam()))
    EXPECT_TRUE(shared) << "RFC 7748 §5 reduces them";
  else
    EXPECT_EQ(shared, fail(ErrorCode::out_of_range));
}

TEST_P(KeyExchangeOnCurve, RejectsAPointBesideTheCurve) {
  Bytes value = to_bytes(start(11)->public_value());
  value.back() ^= 1;
  EXPECT_EQ(start(12)->shared_secret(value), fail(ErrorCode::out_of_range));
}

TEST_P(KeyExchangeOf, IsAnsweredInOneGo) {
  SeededRandom random(13);
  const auto ours = start(14);
  const auto answer = provider_->answer_key_exchange(GetParam(), ours->public_value(), random);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(*ours->shared_secret(answer->public_value) == answer->shared_secret);
  Bytes longer = to_bytes(ours->public_value());
  longer.push_back(0);
  EXPECT_EQ(provider_->answer_key_exchange(GetParam(), longer, random).error(), (Error{ErrorCode::out_of_range}));
}

class MlKemOf : public KeyExchangeOf {
 protected:
  void SetUp() override {
    if (!provider_->supports(GetParam())) GTEST_SKIP() << "OpenSSL has it from 3.5 on";
  }
};
INSTANTIATE_TEST_SUITE_P(Size, MlKemOf,
                         testing::Values(KeyExchangeMethod::ml_kem_512, KeyExchangeMethod::ml_kem_768,
                                         KeyExchangeMethod::ml_kem_1024),
                         name_of);

TEST_P(MlKemOf, GivesBothSidesTheSameSecret) {
  SeededRandom random(2);
  const auto ours = start(1);
  EXPECT_EQ(ours->public_value().size(), public_value_size(GetParam()));
  const auto answer = provider_->answer_key_exchange(GetParam(), ours->public_value(), random);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(*ours->shared_secret(answer->public_value) == answer->shared_secret);
  EXPECT_EQ(answer->shared_secret.size(), 32U);
}

TEST_P(MlKemOf, GivesAnotherSecretForACiphertextThatIsAnothers) {
  SeededRandom random(2);
  const auto ours = start(1);
  auto answer = *provider_->answer_key_exchange(GetParam(), ours->public_value(), random);
  answer.public_value[7] ^= 1;
  const auto secret = ours->shared_secret(answer.public_value);
  ASSERT_TRUE(secret);
  EXPECT_FALSE(*secret == answer.shared_secret);
}

TEST_P(MlKemOf, RefusesWhatHasAnotherSize) {
  SeededRandom random(2);
  const auto ours = start(1);
  Bytes answer = provider_->answer_key_exchange(GetParam(), ours->public_value(), random)->public_value;
  answer.pop_back();
  EXPECT_EQ(ours->shared_secret(answer), fail(ErrorCode::out_of_range));
  const ByteView cut = ours->public_value().first(ours->public_value().size() - 1);
  EXPECT_EQ(provider_->answer_key_exchange(GetParam(), cut, random).error(), (Error{ErrorCode::out_of_range}));
}

TEST(KeyExchange, OfNoMethodIsUnsupported) {
  SeededRandom random(1);
  const auto provider = make_openssl_provider();
  EXPECT_FALSE(provider->supports(KeyExchangeMethod::none));
  EXPECT_EQ(provider->start_key_exchange(KeyExchangeMethod::none, random).error(), (Error{ErrorCode::unsupported}));
}

}  // namespace
}  // namespace sallyport::crypto
