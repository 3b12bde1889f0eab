#include "recording_provider.h"

namespace sallyport::bench {
namespace {

Bytes joined(std::span<const ByteView> parts) {
  Bytes all;
  for (const ByteView part : parts) append(all, part);
  return all;
}

/// Passes on, and notes the derivation of the shared secret.
class RecordingKeyExchange final : public crypto::KeyExchange {
 public:
  RecordingKeyExchange(std::unique_ptr<crypto::KeyExchange> real, RecordingProvider& recorder)
      : real_(std::move(real)), recorder_(recorder) {}
  crypto::KeyExchangeMethod method() const override { return real_->method(); }
  ByteView public_value() const override { return real_->public_value(); }
  Result<Secret> shared_secret(ByteView peer) override {
    recorder_.note([real = real_, value = to_bytes(peer)] { (void)real->shared_secret(value); });
    return real_->shared_secret(peer);
  }

 private:
  std::shared_ptr<crypto::KeyExchange> real_;
  RecordingProvider& recorder_;
};

}  // namespace

void RecordingProvider::seal(crypto::Encryption encryption, ByteView key, ByteView nonce, ByteView aad, ByteSpan text,
                             ByteSpan icv) {
  note([this, encryption, key = to_bytes(key), nonce = to_bytes(nonce), aad = to_bytes(aad), text = to_bytes(text),
        icv = Bytes(icv.size())]() mutable { real_.seal(encryption, key, nonce, aad, text, icv); });
  real_.seal(encryption, key, nonce, aad, text, icv);
}

Result<void> RecordingProvider::open(crypto::Encryption encryption, ByteView key, ByteView nonce, ByteView aad,
                                     ByteSpan text, ByteView icv) {
  note([this, encryption, key = to_bytes(key), nonce = to_bytes(nonce), aad = to_bytes(aad), text = to_bytes(text),
        icv = to_bytes(icv)]() mutable { (void)real_.open(encryption, key, nonce, aad, text, icv); });
  return real_.open(encryption, key, nonce, aad, text, icv);
}

void RecordingProvider::encrypt(crypto::Encryption encryption, ByteView key, ByteView iv, ByteSpan text) {
  note([this, encryption, key = to_bytes(key), iv = to_bytes(iv), text = to_bytes(text)]() mutable {
    real_.encrypt(encryption, key, iv, text);
  });
  real_.encrypt(encryption, key, iv, text);
}

void RecordingProvider::decrypt(crypto::Encryption encryption, ByteView key, ByteView iv, ByteSpan text) {
  note([this, encryption, key = to_bytes(key), iv = to_bytes(iv), text = to_bytes(text)]() mutable {
    real_.decrypt(encryption, key, iv, text);
  });
  real_.decrypt(encryption, key, iv, text);
}

void RecordingProvider::mac(crypto::Integrity integrity, ByteView key, std::span<const ByteView> parts, ByteSpan out) {
  note([this, integrity, key = to_bytes(key), input = joined(parts), out = Bytes(out.size())]() mutable {
    const ByteView part[] = {input};
    real_.mac(integrity, key, part, out);
  });
  real_.mac(integrity, key, parts, out);
}

Secret RecordingProvider::prf(crypto::Prf prf, ByteView key, std::span<const ByteView> parts) {
  note([this, prf, key = to_bytes(key), input = joined(parts)] {
    const ByteView part[] = {input};
    (void)real_.prf(prf, key, part);
  });
  return real_.prf(prf, key, parts);
}

void RecordingProvider::hash(crypto::Hash hash, std::span<const ByteView> parts, ByteSpan out) {
  note([this, hash, input = joined(parts), out = Bytes(out.size())]() mutable {
    const ByteView part[] = {input};
    real_.hash(hash, part, out);
  });
  real_.hash(hash, parts, out);
}

Result<std::unique_ptr<crypto::KeyExchange>> RecordingProvider::start_key_exchange(crypto::KeyExchangeMethod method,
                                                                                   RandomSource& random) {
  note([this, method, source = std::make_shared<SeededRandom>(7)] { (void)real_.start_key_exchange(method, *source); });
  auto real = real_.start_key_exchange(method, random);
  if (!real) return real;
  return std::make_unique<RecordingKeyExchange>(std::move(*real), *this);
}

}  // namespace sallyport::bench
