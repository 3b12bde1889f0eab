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
    switch (keys.encryption.cipher) {
      case Cipher::aes_ccm_8:
      case Cipher::aes_ccm_12:
      case Cipher::aes_ccm_16:
      case Cipher::aes_ccm_8_iiv:
        if (keys.encryption.key_bits == 192) return fail(ErrorCode::unsupported);  // not in the library
        return make_ccm(lanes_, keys);
      case Cipher::aes_gmac: return make_gmac(lanes_, keys);
      case Cipher::chacha20_poly1305:
      case Cipher::chacha20_poly1305_iiv: return make_chacha20_poly1305(lanes_, keys);
      default: break;
    }
    if (is_combined(keys.encryption.cipher)) return make_gcm(lanes_, keys);
    if (is_gmac(keys.integrity)) return make_authentication_gmac(lanes_, keys);
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
