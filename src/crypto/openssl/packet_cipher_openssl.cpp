#include "crypto/openssl/packet_cipher_openssl.h"

#include <openssl/err.h>

#include "base/secret.h"
#include "crypto/openssl/ccm.h"
#include "crypto/openssl/gmac.h"
#include "crypto/openssl/keyed_cipher.h"
#include "crypto/openssl/keyed_mac.h"
#include "crypto/openssl/symmetric.h"
#include "crypto/packet_layout.h"

namespace sallyport::crypto {
namespace openssl {
namespace {

// GCM and ChaCha20-Poly1305.
class CombinedPacketCipher final : public PacketCipher {
 public:
  CombinedPacketCipher(const PacketKeys& keys, const EVP_CIPHER* cipher)
      : cipher_(keys.encryption.cipher),
        extended_(keys.extended_sequence_numbers),
        iv_source_(crypto::iv_source(keys)),
        sealing_(cipher, keys.encryption_key, true),
        opening_(cipher, keys.encryption_key, false) {
    std::ranges::copy(keys.encryption_key.last(salt_.size()), salt_.begin());
  }
  ~CombinedPacketCipher() override { wipe(salt_); }

  std::size_t iv_size() const override { return shape(cipher_).iv; }
  std::size_t icv_size() const override { return shape(cipher_).icv; }
  std::size_t alignment() const override { return text_alignment(cipher_); }

  void seal(std::span<PacketJob> burst) override {
    for (PacketJob& job : burst) {
      ASSERT(has_valid_size(job, 1));
      write_iv(job, iv_source_);
      start(sealing_, job);
      sealing_.transform(job.text, job.text_size);
      ASSERT(sealing_.finish());
      sealing_.get_icv(job.icv, icv_size());
    }
  }

  void open(std::span<PacketJob> burst) override {
    for (PacketJob& job : burst) {
      job.ok = false;
      if (!has_valid_size(job, 1)) continue;
      start(opening_, job);
      opening_.set_icv(job.icv, icv_size());
      opening_.transform(job.text, job.text_size);
      job.ok = opening_.finish();
      if (!job.ok) ERR_clear_error();
    }
  }

 private:
  void start(KeyedCipher& cipher, const PacketJob& job) {
    std::array<std::uint8_t, 12> room;
    cipher.start(nonce_of(salt_, job, iv_source_).data());
    cipher.add_aad(additional_data(job, extended_, room));
  }

  Cipher cipher_;
  bool extended_;
  IvSource iv_source_;
  Salt salt_;
  KeyedCipher sealing_, opening_;
};

// CBC, CTR and null, with HMAC or a MAC of AES.
class SeparatePacketCipher final : public PacketCipher {
 public:
  SeparatePacketCipher(const PacketKeys& keys, const EVP_CIPHER* cipher)
      : cipher_(keys.encryption.cipher),
        integrity_(keys.integrity),
        extended_(keys.extended_sequence_numbers),
        mac_(make_keyed_mac(keys.integrity, keys.integrity_key)) {
    if (cipher == nullptr) return;
    sealing_.emplace(cipher, keys.encryption_key, true);
    opening_.emplace(cipher, keys.encryption_key, false);
    if (cipher_ == Cipher::aes_ctr) std::ranges::copy(keys.encryption_key.last(salt_.size()), salt_.begin());
  }
  ~SeparatePacketCipher() override { wipe(salt_); }

  std::size_t iv_size() const override { return shape(cipher_).iv; }
  std::size_t icv_size() const override { return crypto::icv_size(integrity_); }
  std::size_t alignment() const override { return text_alignment(cipher_); }

  void seal(std::span<PacketJob> burst) override {
    for (PacketJob& job : burst) {
      ASSERT(has_valid_size(job, shape(cipher_).block));
      encrypt(job);
      mac(job, {job.icv, icv_size()});
    }
  }

  void open(std::span<PacketJob> burst) override {
    for (PacketJob& job : burst) {
      job.ok = false;
      if (!has_valid_size(job, shape(cipher_).block)) continue;
      std::array<std::uint8_t, 64> room;
      const ByteSpan expected(room.data(), icv_size());
      mac(job, expected);
      job.ok = equal_icv(expected.data(), job.icv, icv_size());
      if (job.ok) decrypt(job);
    }
  }

 private:
  void encrypt(const PacketJob& job) {
    if (!sealing_) return;
    write_counter(job.iv, iv_size(), job.sequence);
    if (cipher_ == Cipher::aes_ctr) {
      sealing_->start(counter_block(job).data());
      sealing_->transform(job.text, job.text_size);
    } else {
      constexpr std::array<std::uint8_t, 16> zero{};
      sealing_->start(zero.data());
      sealing_->transform(job.iv, iv_size() + job.text_size);
    }
    ASSERT(sealing_->finish());
  }

  void decrypt(const PacketJob& job) {
    if (!opening_) return;
    opening_->start(cipher_ == Cipher::aes_ctr ? counter_block(job).data() : job.iv);
    opening_->transform(job.text, job.text_size);
    ASSERT(opening_->finish());
  }

  /// RFC 3686 §4: nonce, IV, and a counter that starts at 1.
  std::array<std::uint8_t, 16> counter_block(const PacketJob& job) const {
    std::array<std::uint8_t, 16> block{};
    std::ranges::copy(nonce_of(salt_, job.iv), block.begin());
    block.back() = 1;
    return block;
  }

  void mac(const PacketJob& job, ByteSpan out) const {
    std::array<std::uint8_t, 4> high;
    store_be32(high.data(), high_half(job.sequence));
    const std::array<ByteView, 2> parts = {ByteView(job.packet, job.text + job.text_size), high};
    mac_->mac(std::span(parts).first(extended_ ? 2 : 1), out);
  }

  Cipher cipher_;
  Integrity integrity_;
  bool extended_;
  Salt salt_{};
  std::optional<KeyedCipher> sealing_, opening_;  // none for null
  std::unique_ptr<KeyedMac> mac_;
};

class OpenSslFactory final : public PacketCipherFactory {
 public:
  Result<std::unique_ptr<PacketCipher>> make(const PacketKeys& keys) override {
    TRY(check(keys));
    CipherAlgorithm cipher;
    if (const char* name = evp_name(keys.encryption)) {
      cipher.reset(EVP_CIPHER_fetch(nullptr, name, nullptr));
      if (!cipher) {
        ERR_clear_error();
        return fail(ErrorCode::unsupported);
      }
    }
    switch (keys.encryption.cipher) {
      case Cipher::aes_ccm_8:
      case Cipher::aes_ccm_12:
      case Cipher::aes_ccm_16:
      case Cipher::aes_ccm_8_iiv: return make_ccm(keys, cipher.get());
      case Cipher::aes_gmac: return make_gmac(keys, cipher.get());
      default: break;
    }
    if (is_combined(keys.encryption.cipher)) return std::make_unique<CombinedPacketCipher>(keys, cipher.get());
    if (is_gmac(keys.integrity)) return make_authentication_gmac(keys);
    return std::make_unique<SeparatePacketCipher>(keys, cipher.get());
  }
};

}  // namespace
}  // namespace openssl

std::unique_ptr<PacketCipherFactory> make_openssl_factory() { return std::make_unique<openssl::OpenSslFactory>(); }

}  // namespace sallyport::crypto
