#include "crypto/openssl/ccm.h"

#include <openssl/err.h>

#include "base/secret.h"
#include "crypto/packet_layout.h"

namespace sallyport::crypto::openssl {
namespace {

using CcmSalt = std::array<std::uint8_t, 3>;

class CcmPacketCipher final : public PacketCipher {
 public:
  CcmPacketCipher(const PacketKeys& keys, const EVP_CIPHER* cipher)
      : cipher_(keys.encryption.cipher),
        extended_(keys.extended_sequence_numbers),
        iv_source_(crypto::iv_source(keys)),
        sealing_(cipher, key_of(keys), kNonce, shape(cipher_).icv, Ccm::Direction::seal),
        opening_(cipher, key_of(keys), kNonce, shape(cipher_).icv, Ccm::Direction::open) {
    std::ranges::copy(keys.encryption_key.last(salt_.size()), salt_.begin());
  }
  ~CcmPacketCipher() override { wipe(salt_); }

  std::size_t iv_size() const override { return shape(cipher_).iv; }
  std::size_t icv_size() const override { return shape(cipher_).icv; }
  std::size_t alignment() const override { return text_alignment(cipher_); }

  void seal(std::span<PacketJob> burst) override {
    for (const PacketJob& job : burst) {
      ASSERT(has_valid_size(job, 1));
      write_iv(job, iv_source_);
      std::array<std::uint8_t, 12> room;
      sealing_.seal(nonce_of(salt_, job, iv_source_), additional_data(job, extended_, room), {job.text, job.text_size},
                    {job.icv, icv_size()});
    }
  }
  void open(std::span<PacketJob> burst) override {
    for (PacketJob& job : burst) {
      std::array<std::uint8_t, 12> room;
      job.ok = has_valid_size(job, 1) &&
               opening_.open(nonce_of(salt_, job, iv_source_), additional_data(job, extended_, room),
                             {job.text, job.text_size}, {job.icv, icv_size()});
    }
  }

 private:
  static constexpr std::size_t kNonce = std::tuple_size_v<CcmSalt> + 8;
  static ByteView key_of(const PacketKeys& keys) { return keys.encryption_key.first(keys.encryption.key_bits / 8u); }

  Cipher cipher_;
  bool extended_;
  IvSource iv_source_;
  CcmSalt salt_;
  Ccm sealing_, opening_;
};

}  // namespace

Ccm::Ccm(const EVP_CIPHER* cipher, ByteView key, std::size_t nonce_size, std::size_t icv_size, Direction direction)
    : direction_(direction) {
  EVP_CIPHER_CTX* context = context_.get();
  const int sealing = direction == Direction::seal;
  must(EVP_CipherInit_ex2(context, cipher, nullptr, nullptr, sealing, nullptr));
  must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(nonce_size), nullptr));
  must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(icv_size), nullptr));
  ASSERT(static_cast<int>(key.size()) == EVP_CIPHER_CTX_get_key_length(context));
  must(EVP_CipherInit_ex2(context, nullptr, key.data(), nullptr, sealing, nullptr));
}

void Ccm::seal(ByteView nonce, ByteView aad, ByteSpan text, ByteSpan icv) {
  start(nonce, aad, text.size());
  ASSERT(transform(text));
  must(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(icv.size()), icv.data()));
}

bool Ccm::open(ByteView nonce, ByteView aad, ByteSpan text, ByteView icv) {
  must(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(icv.size()),
                           const_cast<std::uint8_t*>(icv.data())));
  start(nonce, aad, text.size());
  if (transform(text)) return true;
  ERR_clear_error();
  return false;
}

void Ccm::start(ByteView nonce, ByteView aad, std::size_t text_size) {
  EVP_CIPHER_CTX* context = context_.get();
  ASSERT(static_cast<int>(nonce.size()) == EVP_CIPHER_CTX_get_iv_length(context));
  must(EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), direction_ == Direction::seal, nullptr));
  int done = 0;
  must(EVP_CipherUpdate(context, nullptr, &done, nullptr, static_cast<int>(text_size)));
  if (!aad.empty()) must(EVP_CipherUpdate(context, nullptr, &done, aad.data(), static_cast<int>(aad.size())));
}

bool Ccm::transform(ByteSpan text) {
  std::uint8_t nothing = 0;  // a text of no octets needs an address, too
  std::uint8_t* at = text.empty() ? &nothing : text.data();
  int done = 0;
  return EVP_CipherUpdate(context_.get(), at, &done, at, static_cast<int>(text.size())) > 0;
}

std::unique_ptr<PacketCipher> make_ccm(const PacketKeys& keys, const EVP_CIPHER* cipher) {
  return std::make_unique<CcmPacketCipher>(keys, cipher);
}

}  // namespace sallyport::crypto::openssl
