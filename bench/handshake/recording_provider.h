// RecordingProvider: a Provider that notes every operation it passes on, so that the same operations can be done once
// more with nothing around them: what a handshake would cost if protocol were free.
#pragma once

#include <functional>
#include <vector>

#include "crypto/provider.h"

namespace sallyport::bench {

class RecordingProvider final : public crypto::Provider {
 public:
  explicit RecordingProvider(crypto::Provider& real) : real_(real) {}

  /// The bare operations, each with inputs of the sizes that were seen, in order.
  std::vector<std::function<void()>> take_operations() { return std::move(operations_); }

  bool supports(crypto::Encryption e) const override { return real_.supports(e); }
  bool supports(crypto::Integrity i) const override { return real_.supports(i); }
  bool supports(crypto::Prf p) const override { return real_.supports(p); }
  bool supports(crypto::KeyExchangeMethod m) const override { return real_.supports(m); }
  void seal(crypto::Encryption encryption, ByteView key, ByteView nonce, ByteView aad, ByteSpan text,
            ByteSpan icv) override;
  Result<void> open(crypto::Encryption encryption, ByteView key, ByteView nonce, ByteView aad, ByteSpan text,
                    ByteView icv) override;
  void encrypt(crypto::Encryption encryption, ByteView key, ByteView iv, ByteSpan text) override;
  void decrypt(crypto::Encryption encryption, ByteView key, ByteView iv, ByteSpan text) override;
  void mac(crypto::Integrity integrity, ByteView key, std::span<const ByteView> parts, ByteSpan out) override;
  Secret prf(crypto::Prf prf, ByteView key, std::span<const ByteView> parts) override;
  void hash(crypto::Hash hash, std::span<const ByteView> parts, ByteSpan out) override;
  Result<std::unique_ptr<crypto::KeyExchange>> start_key_exchange(crypto::KeyExchangeMethod method,
                                                                  RandomSource& random) override;
  void note(std::function<void()> operation) { operations_.push_back(std::move(operation)); }
  crypto::Provider& real() { return real_; }

 private:
  crypto::Provider& real_;
  std::vector<std::function<void()>> operations_;
};

}  // namespace sallyport::bench
