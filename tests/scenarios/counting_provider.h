// CountingProvider: passes all on to a real provider, and counts what is dear: the two halves of a Diffie-Hellman
// computation.
#pragma once

#include "crypto/provider.h"

namespace sallyport::scenarios {

class CountingProvider : public crypto::Provider {
 public:
  explicit CountingProvider(crypto::Provider& real) : real_(real) {}

  /// Public values made.
  std::uint64_t key_pairs() const { return key_pairs_; }
  /// Shared secrets computed.
  std::uint64_t shared_secrets() const { return shared_secrets_; }

  bool supports(crypto::Encryption e) const override { return real_.supports(e); }
  bool supports(crypto::Integrity i) const override { return real_.supports(i); }
  bool supports(crypto::Prf p) const override { return real_.supports(p); }
  bool supports(crypto::KeyExchangeMethod m) const override { return real_.supports(m); }
  void seal(crypto::Encryption e, ByteView key, ByteView nonce, ByteView aad, ByteSpan text, ByteSpan icv) override {
    real_.seal(e, key, nonce, aad, text, icv);
  }
  Result<void> open(crypto::Encryption e, ByteView key, ByteView nonce, ByteView aad, ByteSpan text,
                    ByteView icv) override {
    return real_.open(e, key, nonce, aad, text, icv);
  }
  void encrypt(crypto::Encryption e, ByteView key, ByteView iv, ByteSpan text) override {
    real_.encrypt(e, key, iv, text);
  }
  void decrypt(crypto::Encryption e, ByteView key, ByteView iv, ByteSpan text) override {
    real_.decrypt(e, key, iv, text);
  }
  void mac(crypto::Integrity i, ByteView key, std::span<const ByteView> parts, ByteSpan out) override {
    real_.mac(i, key, parts, out);
  }
  Secret prf(crypto::Prf prf, ByteView key, std::span<const ByteView> parts) override {
    return real_.prf(prf, key, parts);
  }
  void hash(crypto::Hash hash, std::span<const ByteView> parts, ByteSpan out) override { real_.hash(hash, parts, out); }
  Result<std::unique_ptr<crypto::KeyExchange>> start_key_exchange(crypto::KeyExchangeMethod method,
                                                                  RandomSource& random) override {
    ++key_pairs_;
    auto real = real_.start_key_exchange(method, random);
    if (!real) return real;
    return std::make_unique<Counted>(std::move(*real), shared_secrets_);
  }
  Result<crypto::KeyExchangeAnswer> answer_key_exchange(crypto::KeyExchangeMethod method, ByteView peer_public_value,
                                                        RandomSource& random) override {
    ++key_pairs_;
    ++shared_secrets_;
    return real_.answer_key_exchange(method, peer_public_value, random);
  }

 private:
  class Counted final : public crypto::KeyExchange {
   public:
    Counted(std::unique_ptr<crypto::KeyExchange> real, std::uint64_t& count) : real_(std::move(real)), count_(count) {}
    crypto::KeyExchangeMethod method() const override { return real_->method(); }
    ByteView public_value() const override { return real_->public_value(); }
    Result<Secret> shared_secret(ByteView peer_public_value) override {
      ++count_;
      return real_->shared_secret(peer_public_value);
    }

   private:
    std::unique_ptr<crypto::KeyExchange> real_;
    std::uint64_t& count_;
  };

  crypto::Provider& real_;
  std::uint64_t key_pairs_ = 0, shared_secrets_ = 0;
};

}  // namespace sallyport::scenarios
