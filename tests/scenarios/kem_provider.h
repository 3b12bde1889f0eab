// KemProvider: a real provider that has ML-KEM-768 in any case. Where OpenSSL is older than 3.5 it is made of X25519,
// as KEMs of elliptic curves are: of the same sizes, and as one-sided, so that all but the arithmetic is what it would
// be.
#pragma once

#include "tests/scenarios/counting_provider.h"

namespace sallyport::scenarios {

class KemProvider final : public CountingProvider {
 public:
  using CountingProvider::CountingProvider;
  static constexpr auto kMethod = crypto::KeyExchangeMethod::ml_kem_768;

  bool supports(crypto::KeyExchangeMethod m) const override { return m == kMethod || CountingProvider::supports(m); }
  Result<std::unique_ptr<crypto::KeyExchange>> start_key_exchange(crypto::KeyExchangeMethod method,
                                                                  RandomSource& random) override {
    if (method != kMethod || CountingProvider::supports(method))
      return CountingProvider::start_key_exchange(method, random);
    return std::make_unique<StandIn>(TRY(CountingProvider::start_key_exchange(kCurve, random)));
  }
  Result<crypto::KeyExchangeAnswer> answer_key_exchange(crypto::KeyExchangeMethod method, ByteView peer_public_value,
                                                        RandomSource& random) override {
    if (method != kMethod || CountingProvider::supports(method))
      return CountingProvider::answer_key_exchange(method, peer_public_value, random);
    if (peer_public_value.size() != kKeySize) return fail(ErrorCode::out_of_range);
    auto answer = TRY(CountingProvider::answer_key_exchange(kCurve, peer_public_value.first(kPointSize), random));
    answer.public_value.resize(kCiphertextSize);
    return answer;
  }

 private:
  static constexpr auto kCurve = crypto::KeyExchangeMethod::x25519;
  static constexpr std::size_t kPointSize = 32, kKeySize = 1184, kCiphertextSize = 1088;

  class StandIn final : public crypto::KeyExchange {
   public:
    explicit StandIn(std::unique_ptr<crypto::KeyExchange> curve)
        : curve_(std::move(curve)), key_(to_bytes(curve_->public_value())) {
      key_.resize(kKeySize);
    }
    crypto::KeyExchangeMethod method() const override { return kMethod; }
    ByteView public_value() const override { return key_; }
    Result<Secret> shared_secret(ByteView ciphertext) override {
      if (ciphertext.size() != kCiphertextSize) return fail(ErrorCode::out_of_range);
      return curve_->shared_secret(ciphertext.first(kPointSize));
    }

   private:
    std::unique_ptr<crypto::KeyExchange> curve_;
    Bytes key_;
  };
};

}  // namespace sallyport::scenarios
