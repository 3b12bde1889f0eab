#include "crypto/openssl/symmetric.h"

#include <openssl/err.h>

#include "crypto/openssl/ccm.h"

namespace sallyport::crypto::openssl {
namespace {

int size_of(ByteView bytes) {
  ASSERT(bytes.size() <= 0x7fffffff);
  return static_cast<int>(bytes.size());
}

}  // namespace

const char* evp_name(Encryption encryption) {
  if (!has_valid_key_size(encryption)) return nullptr;
  const auto for_size = [&](const char* with_128, const char* with_192, const char* with_256) {
    return encryption.key_bits == 128 ? with_128 : encryption.key_bits == 192 ? with_192 : with_256;
  };
  switch (encryption.cipher) {
    case Cipher::null: return nullptr;
    case Cipher::triple_des_cbc: return "DES-EDE3-CBC";
    case Cipher::aes_cbc: return for_size("AES-128-CBC", "AES-192-CBC", "AES-256-CBC");
    case Cipher::aes_ctr: return for_size("AES-128-CTR", "AES-192-CTR", "AES-256-CTR");
    case Cipher::aes_ccm_8:
    case Cipher::aes_ccm_12:
    case Cipher::aes_ccm_16:
    case Cipher::aes_ccm_8_iiv: return for_size("AES-128-CCM", "AES-192-CCM", "AES-256-CCM");
    case Cipher::aes_gcm_8:
    case Cipher::aes_gcm_12:
    case Cipher::aes_gcm_16:
    case Cipher::aes_gmac:
    case Cipher::aes_gcm_16_iiv: return for_size("AES-128-GCM", "AES-192-GCM", "AES-256-GCM");
    case Cipher::chacha20_poly1305:
    case Cipher::chacha20_poly1305_iiv: return "ChaCha20-Poly1305";
  }
  return nullptr;
}

// One use of the shared context: keyed at the start, and reset at the end, which frees and wipes the expanded key.
class Symmetric::Use {
 public:
  Use(EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher, ByteView key, ByteView iv, Direction direction)
      : context_(context) {
    const int encrypting = direction == Direction::encrypt;
    must(EVP_CipherInit_ex2(context_, cipher, nullptr, nullptr, encrypting, nullptr));
    ASSERT(static_cast<int>(key.size()) == EVP_CIPHER_CTX_get_key_length(context_));
    ASSERT(static_cast<int>(iv.size()) == EVP_CIPHER_CTX_get_iv_length(context_));
    must(EVP_CipherInit_ex2(context_, nullptr, key.data(), iv.data(), encrypting, nullptr));
    EVP_CIPHER_CTX_set_padding(context_, 0);
  }
  ~Use() { EVP_CIPHER_CTX_reset(context_); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  void add_aad(ByteView aad) {
    int done = 0;
    if (!aad.empty()) must(EVP_CipherUpdate(context_, nullptr, &done, aad.data(), size_of(aad)));
  }
  void transform(ByteSpan text) {
    int done = 0;
    if (!text.empty()) must(EVP_CipherUpdate(context_, text.data(), &done, text.data(), size_of(text)));
    ASSERT(static_cast<std::size_t>(done) == text.size());
  }
  bool finish() {
    std::uint8_t nothing_more[EVP_MAX_BLOCK_LENGTH];
    int done = 0;
    return EVP_CipherFinal_ex(context_, nothing_more, &done) == 1;
  }
  void control(int command, int size, void* data) { must(EVP_CIPHER_CTX_ctrl(context_, command, size, data)); }

 private:
  EVP_CIPHER_CTX* context_;
};

const EVP_CIPHER* Symmetric::fetched(Encryption encryption) {
  const char* name = evp_name(encryption);
  if (name == nullptr) return nullptr;
  const std::size_t by_size = encryption.key_bits == 128 ? 0 : encryption.key_bits == 192 ? 1 : 2;
  auto& slot = fetched_[static_cast<std::size_t>(encryption.cipher)][by_size];
  if (!slot) slot.reset(EVP_CIPHER_fetch(nullptr, name, nullptr));
  if (!slot) ERR_clear_error();
  return slot.get();
}

bool Symmetric::supports(Encryption encryption) {
  if (encryption == Encryption{Cipher::null, 0}) return true;
  const bool for_packets_alone = has_implicit_iv(encryption.cipher) || encryption.cipher == Cipher::aes_gmac;
  return !for_packets_alone && fetched(encryption) != nullptr;
}

void Symmetric::seal(Encryption encryption, ByteView key, ByteView nonce, ByteView aad, ByteSpan text, ByteSpan icv) {
  ASSERT(icv.size() == shape(encryption.cipher).icv && !icv.empty());
  if (is_ccm(encryption.cipher))
    return Ccm(must(fetched(encryption)), key, nonce.size(), icv.size(), Ccm::Direction::seal)
        .seal(nonce, aad, text, icv);
  Use use(context_.get(), must(fetched(encryption)), key, nonce, Direction::encrypt);
  use.add_aad(aad);
  use.transform(text);
  ASSERT(use.finish());
  use.control(EVP_CTRL_AEAD_GET_TAG, size_of(icv), icv.data());
}

Result<void> Symmetric::open(Encryption encryption, ByteView key, ByteView nonce, ByteView aad, ByteSpan text,
                             ByteView icv) {
  ASSERT(icv.size() == shape(encryption.cipher).icv && !icv.empty());
  if (is_ccm(encryption.cipher)) {
    Ccm ccm(must(fetched(encryption)), key, nonce.size(), icv.size(), Ccm::Direction::open);
    if (ccm.open(nonce, aad, text, icv)) return {};
    return fail(ErrorCode::unauthentic);
  }
  Use use(context_.get(), must(fetched(encryption)), key, nonce, Direction::decrypt);
  use.control(EVP_CTRL_AEAD_SET_TAG, size_of(icv), const_cast<std::uint8_t*>(icv.data()));
  use.add_aad(aad);
  use.transform(text);
  if (!use.finish()) {
    ERR_clear_error();
    return fail(ErrorCode::unauthentic);
  }
  return {};
}

void Symmetric::transform(Encryption encryption, ByteView key, ByteView iv, ByteSpan text, Direction direction) {
  if (encryption.cipher == Cipher::null) return;
  const CipherShape layout = shape(encryption.cipher);
  ASSERT(layout.icv == 0 && text.size() % layout.block == 0);
  Use use(context_.get(), must(fetched(encryption)), key, iv, direction);
  use.transform(text);
  ASSERT(use.finish());
}

void Symmetric::encrypt(Encryption encryption, ByteView key, ByteView iv, ByteSpan text) {
  transform(encryption, key, iv, text, Direction::encrypt);
}

void Symmetric::decrypt(Encryption encryption, ByteView key, ByteView iv, ByteSpan text) {
  transform(encryption, key, iv, text, Direction::decrypt);
}

}  // namespace sallyport::crypto::openssl
