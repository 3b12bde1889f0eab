#include "crypto/ipsec_mb/packet_cipher_ipsec_mb.h"

#include "crypto/ipsec_mb/ciphers.h"
#include "crypto/ipsec_mb/multi_buffer.h"
#include "crypto/packet_layout.h"

namespace sallyport::crypto {
namespace ipsec_mb {
namespace {

class IpsecMbFactory final : public PacketCipherFactory {
 public:
  explicit IpsecMbFactory(std::shared_ptr<MultiBuffer> lanes) : lanes_(std::move(lanes)) {}

  Result<std::unique_ptr<PacketCipher>> make(const PacketKeys& keys) override {
    TRY(check(keys));
    // The library has lanes for 3DES with AVX-512 only; its other code takes fifty times as long as OpenSSL's.
    if (keys.encryption.cipher == Cipher::triple_des_cbc && lanes_->instruction_set() < InstructionSet::avx512)
      return fail(ErrorCode::unsupported);
    if (keys.encryption.cipher == Cipher::chacha20_poly1305) return make_chacha20_poly1305(lanes_, keys);
    if (is_combined(keys.encryption.cipher)) return make_gcm(lanes_, keys);
    return make_separate_integrity(lanes_, keys);
  }

 private:
  std::shared_ptr<MultiBuffer> lanes_;
};

}  // namespace
}  // namespace ipsec_mb

std::unique_ptr<PacketCipherFactory> make_ipsec_mb_factory(InstructionSet widest) {
  auto lanes = ipsec_mb::MultiBuffer::create(widest);
  if (!lanes) return nullptr;
  return std::make_unique<ipsec_mb::IpsecMbFactory>(std::move(lanes));
}

}  // namespace sallyport::crypto
