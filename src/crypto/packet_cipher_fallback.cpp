#include "crypto/packet_cipher_fallback.h"

#include "base/check.h"

namespace sallyport::crypto {
namespace {

class FactoryWithFallback final : public PacketCipherFactory {
 public:
  FactoryWithFallback(std::unique_ptr<PacketCipherFactory> preferred, std::unique_ptr<PacketCipherFactory> fallback)
      : preferred_(std::move(preferred)), fallback_(std::move(fallback)) {
    ASSERT(preferred_ && fallback_);
  }

  Result<std::unique_ptr<PacketCipher>> make(const PacketKeys& keys) override {
    auto cipher = preferred_->make(keys);
    if (cipher || cipher.error().code != ErrorCode::unsupported) return cipher;
    return fallback_->make(keys);
  }

 private:
  std::unique_ptr<PacketCipherFactory> preferred_, fallback_;
};

}  // namespace

std::unique_ptr<PacketCipherFactory> make_factory_with_fallback(std::unique_ptr<PacketCipherFactory> preferred,
                                                                std::unique_ptr<PacketCipherFactory> fallback) {
  return std::make_unique<FactoryWithFallback>(std::move(preferred), std::move(fallback));
}

}  // namespace sallyport::crypto
